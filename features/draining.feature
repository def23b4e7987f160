Feature: Workers that finish their work before they stop
  An operator who stops a worker loses no work: the worker finishes its steps, takes no others and exits. Whoever has no
  time stops it a second time. A worker can also stop by itself: after a number of steps, or when it has been idle.

  @uat-36 @network @ctrl-c-finishes-steps
  Scenario: A returned worker that is stopped with Ctrl-C finishes all its steps, and another worker runs the next step
    Given a workflow with the steps:
      | job   | step  | runs on        | work                | after | queue limit |
      | build | build | worker "alpha" | pauses, then writes |       | 9 s         |
      | build | ship  | any worker     | writes at once      | build |             |
      | test  | test  | worker "alpha" | pauses, then writes |       | 9 s         |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots, on a network that can be cut
    And the enrolled worker "beta"
    When the network of "alpha" is cut and heals
    And the workflow starts
    And the steps "build, test" are running
    And the worker "alpha" is stopped with Ctrl-C, and then the steps "build, test" continue one after the other
    Then the worker "alpha" exits with exit code 0
    And the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | ship  | beta   |
      | test  | alpha  |
    And the pool shows, including past members:
      | worker | status       | connected            |
      | alpha  | disconnected | not in the live pool |
      | beta   | idle         | yes                  |

  @uat-36 @posix @closed-terminal-finishes-step
  Scenario: A worker whose terminal is closed finishes its step, which fails, and then exits without an error
    Given a workflow with the steps:
      | step  | runs on    | work               |
      | build | any worker | pauses, then fails |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the terminal of the worker "alpha" is closed, and then the step "build" continues
    Then the worker "alpha" exits with exit code 0
    And the run fails because its step failed

  @uat-36 @draining-worker-shown
  Scenario: The pool shows that a worker finishes its work before it stops
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" is asked to stop
    Then the pool shows, in text and in JSON:
      | worker | status   | connected | slots |
      | alpha  | draining | yes       | 1/2   |

  @uat-36 @free-worker-takes-the-step
  Scenario: A step runs on a free worker and does not wait for one that finishes its work
    Given a workflow with the steps:
      | job    | step  | runs on        | work                | after |
      | build  | build | worker "alpha" | pauses, then writes |       |
      | deploy | gate  | worker "beta"  | pauses, then writes |       |
      | deploy | ship  | any worker     | writes at once      | gate  |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    And the enrolled worker "beta"
    When the workflow starts
    And the steps "build, gate" are running
    And the worker "alpha" is asked to stop
    And the step "gate" continues
    Then the step "ship" starts on "beta" while the step "build" still runs

  @uat-36 @second-stop-ends-at-once
  Scenario: A worker that is asked to stop a second time ends at once, with its steps
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" is asked to stop
    And the worker "alpha" is asked to stop again
    Then the worker "alpha" exits with exit code 1
    And no process of a step is left on the machine of "alpha"
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |

  @uat-36 @twice-stopped-worker-reruns-step
  Scenario: A step that a second stop has ended runs again when its worker is back
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" is asked to stop
    And the worker "alpha" is asked to stop again
    And the worker "alpha" starts again
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | expired   | no    |
      | build | alpha  | completed | yes   |

  # Of two idle workers, the first by name gets a step.
  @uat-50 @step-limit-ends-worker
  Scenario: A worker with a limit of steps exits when so many have ended, and the next step runs on another worker
    Given a workflow with the steps:
      | step  | runs on    | work                 | after | may fail |
      | build | any worker | fails                |       | yes      |
      | pack  | any worker | ends its own process | build | yes      |
      | ship  | any worker | writes at once       | pack  |          |
    And an orchestrator
    And the enrolled worker "alpha" configured by variables, with a limit of 2 steps
    And the enrolled worker "beta"
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | pack  | alpha  |
      | ship  | beta   |
    And the worker "alpha" exits with exit code 0

  @uat-50 @step-limit-lets-others-finish
  Scenario: A worker that has reached its limit of steps finishes the steps that still run there
    Given a workflow with the steps:
      | job    | step  | runs on    | work                |
      | build  | build | any worker | pauses, then writes |
      | deploy | ship  | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots and a limit of 1 step, with other settings in variables
    When the workflow starts
    And the steps "build, ship" are running
    And the step "build" continues
    And the step "build" has ended
    And the step "ship" continues
    Then the run succeeds
    And the worker "alpha" exits with exit code 0
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | completed | yes   |
      | ship  | alpha  | completed | yes   |

  @uat-50 @step-limit-reported
  Scenario Outline: A worker that has reached its limit of steps reports that in <output>
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha" with a limit of 1 step, with output in <output>
    When the workflow runs to its end
    Then the worker "alpha" exits with exit code 0
    And the worker "alpha" reported these events, one on each line:
      | event             | step  |
      | connecting        |       |
      | enrolled          |       |
      | dispatch_started  | build |
      | draining          |       |
      | dispatch_finished |       |
      | drain_complete    |       |
      | disconnected      |       |
      | stopped           |       |
      | exit code 0       |       |
    And the pool shows, including past members:
      | worker | status       | connected            |
      | alpha  | disconnected | not in the live pool |

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-50 @partly-busy-worker-not-idle
  Scenario: A worker with an idle time is not idle while a step runs in one of its slots
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
      | pack  | any worker | pauses, then writes |
    And an orchestrator
    And the token "alpha"
    When the workflow starts
    And the step "pack" waits in the queue
    And the worker "alpha" starts with an idle time of 3 seconds and 4 slots, with other settings in variables
    And the steps "build, pack" are running
    And the step "pack" continues
    And the step "pack" has ended
    And the idle time of "alpha" passes
    And the step "build" continues
    Then the worker "alpha" exits with exit code 0
    And the worker "alpha" was idle after its last step as long as its idle time

  @uat-50 @idle-worker-stops
  Scenario Outline: A worker with an idle time exits when it has had no step for so long, and reports that in <output>
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the token "alpha"
    When the workflow starts
    And the step "build" waits in the queue
    And the worker "alpha" starts with an idle time of 3 seconds and output in <output>
    And the step "build" is running
    And the idle time of "alpha" passes
    And the step "build" continues
    Then the worker "alpha" exits with exit code 0
    And the worker "alpha" was idle after its last step as long as its idle time
    And the worker "alpha" reported these events, one on each line:
      | event             | step  |
      | connecting        |       |
      | enrolled          |       |
      | dispatch_started  | build |
      | dispatch_finished |       |
      | draining          |       |
      | drain_complete    |       |
      | disconnected      |       |
      | stopped           |       |
      | exit code 0       |       |
    And the run succeeds

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-50 @network @worker-without-a-step-stops
  Scenario: A worker with an idle time exits also if it never had a step, and its connection was reset
    Given an orchestrator
    And the token "alpha"
    When the worker "alpha" starts with an idle time of 5 seconds, configured by variables, on a network that can be cut
    And the worker "alpha" is enrolled
    And the network of "alpha" is reset
    Then the worker "alpha" exits with exit code 0
    And the pool shows, including past members:
      | worker | status       | connected            |
      | alpha  | disconnected | not in the live pool |

  @uat-50 @wrong-limits-told-in-both-modes
  Scenario Outline: An operator who <errs> sees which value is wrong, in text and in JSON
    Given a repository
    When the operator <errs>, in text and in JSON
    Then both commands fail because <reason>, with the same exit code

    Examples:
      | errs                                      | reason                             |
      | starts a worker with a limit of no steps  | a number of steps must be positive |
      | starts a worker with no slots             | a number of slots must be positive |
      | starts a worker with an idle time of zero | an idle time must be positive      |
