@issue-630
Feature: Extensions and large artifacts
  A worker needs nothing but swamp: what a step runs comes to it from the orchestrator, once, whole and in the
  right version. What a step makes goes back to the orchestrator however large it is, whole or not at all.

  @uat-23 @network @pulled-extension-runs-on-worker
  Scenario: A pulled extension runs on a worker that has no extensions
    Given a workflow with the steps:
      | step  | runs on    | work                               |
      | build | any worker | shows what came with its extension |
    And a registry that offers version "2026.01.01.1" of an extension
    And the operator has pulled the extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is watched
    When the workflow starts
    Then the run succeeds
    And these steps began, and no others:
      | step  | worker |
      | build | alpha  |
    And the step "build" found these versions of its extension, whole:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
    And the worker "alpha" was sent of extensions:
      | what    | different | sent |
      | program | 1         | 1    |
      | file    | 4         | 4    |
    And on the machine of "alpha" the extension is in the cache and nowhere else

  @uat-23 @network @extension-sent-once
  Scenario: An extension is sent to a worker once
    Given a workflow with the steps:
      | step  | runs on    | work                               |
      | build | any worker | shows what came with its extension |
    And a registry that offers version "2026.01.01.1" of an extension
    And the operator has pulled the extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is watched
    When the workflow has run to its end
    And the workflow starts
    Then the run succeeds
    And the step "build" found these versions of its extension, whole:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.01.1 | 2026.01.01.1 |
    And the worker "alpha" was sent of extensions:
      | what    | different | sent |
      | program | 1         | 1    |
      | file    | 4         | 4    |

  @uat-23 @network @extensions-survive-worker-restart
  Scenario: A worker that starts again still has its extensions
    Given a workflow with the steps:
      | step  | runs on    | work                               |
      | build | any worker | shows what came with its extension |
    And a registry that offers version "2026.01.01.1" of an extension
    And the operator has pulled the extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is watched
    When the workflow has run to its end
    And the worker "alpha" is stopped
    And the worker "alpha" starts again
    And the worker "alpha" is enrolled
    And the workflow starts
    Then the run succeeds
    And the worker "alpha" was sent of extensions:
      | what    | different | sent |
      | program | 1         | 1    |
      | file    | 4         | 4    |

  @uat-23 @network @new-extension-version-sent-once
  Scenario: A new version of an extension is sent once, and is what runs from then on
    Given a workflow with the steps:
      | step  | runs on    | work                               |
      | build | any worker | shows what came with its extension |
    And a registry that offers version "2026.01.01.1" of an extension
    And the operator has pulled the extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is watched
    When the workflow has run to its end
    And the operator pulls version "2026.01.02.1" with a new program and new files, and the orchestrator is restarted
    And the workflow has run to its end
    And the workflow starts
    Then the run succeeds
    And the step "build" found these versions of its extension, whole:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.02.1 | 2026.01.02.1 |
      | 3     | 2026.01.02.1 | 2026.01.02.1 |
    And the worker "alpha" was sent of extensions:
      | what    | different | sent |
      | program | 2         | 2    |
      | file    | 8         | 8    |

  @uat-23 @network @new-extension-files-are-used
  Scenario: A new version of an extension of which only files are new runs with the new files
    Given a workflow with the steps:
      | step  | runs on    | work                               |
      | build | any worker | shows what came with its extension |
    And a registry that offers version "2026.01.01.1" of an extension
    And the operator has pulled the extension
    And an orchestrator
    And the enrolled worker "alpha" on a network that is watched
    When the workflow has run to its end
    And the operator pulls version "2026.01.02.1" with new files only, and the orchestrator is restarted
    And the workflow starts
    Then the run succeeds
    And the step "build" found these versions of its extension, whole:
      | start | program      | files        |
      | 1     | 2026.01.01.1 | 2026.01.01.1 |
      | 2     | 2026.01.01.1 | 2026.01.02.1 |

  @uat-26 @artifact-arrives-bit-for-bit
  Scenario Outline: An artifact that a step <work> arrives bit for bit
    Given a workflow with the steps:
      | step  | runs on    | work   |
      | build | any worker | <work> |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the run has had the time that large artifacts take
    Then the run succeeds
    And the artifact of the step "build" is there, bit for bit

    Examples:
      | work                     |
      | makes 100 MB in a file   |
      | makes 50 MB in one piece |

  @uat-26 @artifact-read-on-another-worker
  Scenario: A step on another worker reads an artifact bit for bit
    Given a workflow with the steps:
      | step  | runs on        | work                          | after |
      | build | worker "alpha" | makes 100 MB as a stream      |       |
      | ship  | worker "beta"  | reads the artifact of "build" | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the run has had the time that large artifacts take
    Then the run succeeds
    And the step "ship" has read the artifact of the step "build", bit for bit

  # From none at all to some megabytes, on both sides of the blocks in which bytes travel; one has a hard name.
  @uat-26 @artifacts-of-all-sizes-intact
  Scenario: Artifacts of all sizes arrive and are read bit for bit
    Given a workflow with the steps:
      | step  | runs on          | work                           | after |
      | build | worker "alpha"   | makes artifacts of all sizes   |       |
      | ship  | worker "beta"    | reads the artifacts of "build" | build |
      | keep  | the orchestrator | reads the artifacts of "build" | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the run has had the time that large artifacts take
    Then the run succeeds
    And the artifacts of all sizes of the step "build" are there, bit for bit
    And the step "ship" has read the artifacts of all sizes of the step "build", bit for bit
    And the step "keep" has read the artifacts of all sizes of the step "build", bit for bit

  @uat-26 @tls @large-artifact-no-more-memory
  Scenario Outline: <who> takes no more memory for a large artifact than for a small one
    Given a workflow with the steps:
      | step  | runs on    | work                     | after |
      | small | any worker | makes 30 MB as a stream  |       |
      | large | any worker | makes 300 MB as a stream | small |
    And an orchestrator with a certificate of the authority
    And everybody trusts the authority
    And the enrolled worker "alpha"
    And the memory of <watched> is watched
    When the workflow starts
    And the run has had the time that large artifacts take
    Then the run succeeds
    And the artifact of the step "large" is there, bit for bit
    And <watched> took no more memory for the artifact of the step "large" than for that of "small"

    Examples:
      | who              | watched            |
      | A worker         | the worker "alpha" |
      | The orchestrator | the orchestrator   |

  @uat-26 @simultaneous-artifacts-intact
  Scenario: Artifacts that are sent at the same time arrive bit for bit
    Given a workflow with the steps:
      | step   | runs on        | work                                                 |
      | first  | worker "alpha" | makes 30 MB as a stream, meeting two others half way |
      | second | worker "alpha" | makes 30 MB as a stream, meeting two others half way |
      | third  | worker "beta"  | makes 30 MB as a stream, meeting two others half way |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    And the enrolled worker "beta"
    When the workflow starts
    And the run has had the time that large artifacts take
    Then the run succeeds
    And the artifact of the step "first" is there, bit for bit
    And the artifact of the step "second" is there, bit for bit
    And the artifact of the step "third" is there, bit for bit

  @uat-26 @slow @partial-artifact-is-unreadable
  Scenario: Nothing can be read of an artifact whose worker was killed half way
    Given a workflow with the steps:
      | step  | runs on    | work                                      |
      | build | any worker | makes 30 MB as a stream, holding half way |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" has sent half of its artifact
    And the worker "alpha" is killed
    Then the run fails because its worker was lost after the step had written
    And nothing can be read of the artifact of the step "build"

  @uat-26 @artifact-intact-after-rerun
  Scenario: An artifact whose worker was killed half way arrives bit for bit when its step runs again
    Given a workflow with the steps:
      | step  | runs on    | work                                      |
      | build | any worker | makes 30 MB as a stream, holding half way |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" has sent half of its artifact
    And the worker "alpha" is killed
    And the worker "alpha" starts again
    And the worker "alpha" is enrolled
    And the workflow starts
    Then the run succeeds
    And the artifact of the step "build" is there, bit for bit
