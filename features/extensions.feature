@issue-630
Feature: Extensions
  A worker needs only swamp. The orchestrator sends it the extensions that its steps run: once, complete and in the
  right version.

  @uat-23 @network @pulled-extension-runs-on-worker
  Scenario: A pulled extension runs on a worker that has no extensions
    Given a workflow with the steps:
      | step  | runs on    | work                                 |
      | build | any worker | records what came with its extension |
    And the operator has pulled version "2026.01.01.1" of an extension with 120 more files
    And an orchestrator
    And the enrolled worker "alpha" on a network that is measured
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And the step "build" ran these versions of its extension, complete:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
    And the worker "alpha" was sent these parts of extensions:
      | what    | different | sent |
      | program | 1         | 1    |
      | file    | 124       | 124  |
    And the machine of "alpha" holds the extension in its cache and nowhere else

  @uat-23 @network @extension-sent-once
  Scenario: An extension is sent once to a worker, even one without a cache directory, also if the orchestrator is stopped and starts again
    Given a workflow with the steps:
      | step  | runs on    | work                                 |
      | build | any worker | records what came with its extension |
    And the operator has pulled version "2026.01.01.1" of an extension
    And an orchestrator
    And the enrolled worker "alpha" without a cache directory, on a network that is measured
    When the workflow runs to its end
    And the orchestrator is stopped and starts again
    And the workflow runs to its end
    And the workflow starts
    Then the run succeeds
    And the step "build" ran these versions of its extension, complete:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.01.1 | 2026.01.01.1 |
      | 3     | 2026.01.01.1 | 2026.01.01.1 |
    And the worker "alpha" was sent these parts of extensions:
      | what    | different | sent |
      | program | 1         | 1    |
      | file    | 4         | 4    |

  @uat-23 @network @first-steps-at-once
  Scenario: Steps that receive their extension at the same moment all run
    Given a workflow with the steps:
      | step | runs on    | work           | for each of                                   |
      | pack | any worker | writes at once | fig, kiwi, lime, pear, plum, sloe, yuzu, date |
    And an orchestrator
    And the enrolled worker "alpha" without a cache directory, with 8 slots, on a network that can be cut
    When the network of "alpha" holds back new connections
    And the workflow starts
    And 8 new connections of "alpha" are held back
    And the network of "alpha" heals
    Then the run succeeds

  @uat-23 @network @different-extensions-at-once
  Scenario: Steps that receive different extensions at the same moment all run
    Given a workflow with the steps:
      | step  | runs on    | work                                 |
      | build | any worker | records what came with its extension |
      | pack  | any worker | writes at once                       |
    And the operator has pulled version "2026.01.01.1" of an extension
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots, on a network that can be cut
    When the network of "alpha" holds back new connections
    And the workflow starts
    And 2 new connections of "alpha" are held back
    And the network of "alpha" heals
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | pack  | alpha  |

  # A fetch that was interrupted leaves a cache that lacks some files.
  @uat-23 @network @extensions-survive-worker-restart
  Scenario: A worker keeps its extensions when it starts again, and fetches only the files that it lacks
    Given a workflow with the steps:
      | step  | runs on    | work                                 |
      | build | any worker | records what came with its extension |
    And the operator has pulled version "2026.01.01.1" of an extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is measured
    When the workflow runs to its end
    And the worker "alpha" is stopped
    And the cache of "alpha" loses one file of the extension
    And the worker "alpha" starts again
    And the worker "alpha" is enrolled
    And the workflow starts
    Then the run succeeds
    And the step "build" ran these versions of its extension, complete:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.01.1 | 2026.01.01.1 |
    And the worker "alpha" was sent these parts of extensions:
      | what    | different | sent |
      | program | 1         | 1    |
      | file    | 4         | 5    |

  @uat-23 @network @new-extension-version-sent-once
  Scenario: A new version of an extension is sent once, and steps run it from then on
    Given a workflow with the steps:
      | step  | runs on    | work                                 |
      | build | any worker | records what came with its extension |
    And the operator has pulled version "2026.01.01.1" of an extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is measured
    When the workflow runs to its end
    And the operator pulls version "2026.01.02.1" with a new program and new files
    And the orchestrator is stopped and starts again
    And the workflow runs to its end
    And the workflow starts
    Then the run succeeds
    And the step "build" ran these versions of its extension, complete:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.02.1 | 2026.01.02.1 |
      | 3     | 2026.01.02.1 | 2026.01.02.1 |
    And the worker "alpha" was sent these parts of extensions:
      | what    | different | sent |
      | program | 2         | 2    |
      | file    | 8         | 8    |

  @uat-23 @network @new-extension-files-are-used
  Scenario: A new version of an extension that changes only its files runs with the new files
    Given a workflow with the steps:
      | step  | runs on    | work                                 |
      | build | any worker | records what came with its extension |
    And the operator has pulled version "2026.01.01.1" of an extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is measured
    When the workflow runs to its end
    And the operator pulls version "2026.01.02.1" with new files only
    And the orchestrator is stopped and starts again
    And the workflow starts
    Then the run succeeds
    And the step "build" ran these versions of its extension, complete:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.01.1 | 2026.01.02.1 |

  @uat-23 @network @new-imported-module-is-used
  Scenario: A new version of an extension that changes only an imported module runs with the new module
    Given a workflow with the steps:
      | step  | runs on    | work                                 |
      | build | any worker | records what came with its extension |
    And the operator has pulled version "2026.01.01.1" of an extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is measured
    When the workflow runs to its end
    And the operator pulls version "2026.01.02.1" with a new imported module only
    And the orchestrator is stopped and starts again
    And the workflow starts
    Then the run succeeds
    And the step "build" ran these versions of its extension, complete:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.02.1 | 2026.01.01.1 |

  # swamp reloads extensions on Linux and macOS only (design/remote-execution.md, "Known Limitations").
  @uat-23 @network @posix @reloaded-extension-runs-on-worker
  Scenario: A worker runs the new version of an extension once the orchestrator has reloaded its extensions
    Given a workflow with the steps:
      | step  | runs on    | work                                 |
      | build | any worker | records what came with its extension |
    And the operator has pulled version "2026.01.01.1" of an extension
    And an orchestrator that can reload its extensions
    And the enrolled worker "alpha" on a network that is measured
    When the workflow runs to its end
    And the operator pulls version "2026.01.02.1" with a new program and new files
    And the operator makes the orchestrator reload its extensions
    And the workflow starts
    Then the run succeeds
    And the step "build" ran these versions of its extension, complete:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.02.1 | 2026.01.02.1 |
    And the worker "alpha" was sent these parts of extensions:
      | what    | different | sent |
      | program | 2         | 2    |
      | file    | 8         | 8    |
