Feature: Workers that finish their work before they stop
  An operator who stops a worker loses no work: the worker finishes its steps, takes no others and exits. Whoever has no
  time stops it a second time.

  @uat-36 @ctrl-c-finishes-steps
  Scenario: A worker that is stopped with Ctrl-C finishes all its steps, and the next step runs on another worker
    Given a workflow with the steps:
      | job   | step  | runs on        | work                | after |
      | build | build | worker "alpha" | pauses, then writes |       |
      | build | ship  | any worker     | writes at once      | build |
      | test  | test  | worker "alpha" | pauses, then writes |       |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    And the enrolled worker "beta"
    When the workflow starts
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
