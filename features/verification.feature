Feature: Verification of workers
  A worker can connect and still be unable to run steps, for example because it cannot send their data. An operator who
  verifies the workers finds that out. An orchestrator that verifies workers when they enroll shows it to the operator,
  and gives such a worker no step.

  @uat-38 @verified-worker-runs-steps
  Scenario: A worker that passes its verification is idle and runs steps, and so it does when it returns
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator that verifies workers when they enroll
    And the enrolled worker "alpha"
    When the workflow runs to its end
    And the worker "alpha" is killed and starts again
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
    And the pool shows:
      | worker | status | connected |
      | alpha  | idle   | yes       |

  @uat-38 @network @worker-verified-again-after-network-break
  Scenario: A worker is verified again when its network heals, and runs the steps that wait for it
    Given a workflow with the steps:
      | step  | runs on        | work           |
      | build | any worker     | writes at once |
      | ship  | worker "alpha" | writes at once |
    And an orchestrator that verifies workers when they enroll
    And the enrolled worker "alpha" with 2 slots, on a network that can be cut
    When the workflow runs to its end
    And the network of "alpha" is cut
    And the orchestrator notices that "alpha" is gone
    And the workflow starts
    And the step "ship" waits in the queue
    And the network of "alpha" heals
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
      | ship  | alpha  |
      | ship  | alpha  |

  @uat-38 @waiting-steps-take-verified-worker-in-turn
  Scenario: Steps that wait for a worker run one after the other when it has passed its verification
    Given a workflow with the steps:
      | step  | runs on        | work           |
      | build | any worker     | writes at once |
      | ship  | worker "alpha" | writes at once |
    And an orchestrator that verifies workers when they enroll
    And the token "alpha"
    When the workflow starts
    And the step "ship" waits in the queue
    And the worker "alpha" starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | ship  | alpha  |

  @uat-38 @unfit-worker-shown-as-unverified
  Scenario Outline: The pool of an orchestrator <set up> shows which worker has not passed
    Given an orchestrator <set up>
    And the token "farm" for 2 machines
    And the enrolled worker "beta" with the token "farm"
    And the enrolled worker "alpha" with the token "farm", that cannot send data
    When the orchestrator notices that "alpha" cannot run steps
    Then the pool shows, in text and in JSON:
      | worker | status     |
      | alpha  | unverified |
      | beta   | idle       |

    Examples:
      | set up                                                |
      | that verifies workers when they enroll                |
      | that verifies workers when they enroll, by a variable |

  @uat-38 @unfit-worker-stays-unverified
  Scenario: A worker that has not passed its verification is still unverified after the operator has verified it
    Given an orchestrator that verifies workers when they enroll
    And the enrolled worker "alpha" that cannot send data
    When the orchestrator notices that "alpha" cannot run steps
    And the operator verifies the workers, in text and in JSON
    Then the pool shows:
      | worker | status     |
      | alpha  | unverified |

  @uat-38 @reason-of-unfit-worker-shown
  Scenario: The list of workers shows why a worker has not passed its verification
    Given an orchestrator that verifies workers when they enroll
    And the enrolled worker "alpha" that cannot send data
    When the orchestrator notices that "alpha" cannot run steps
    Then the list of workers shows why "alpha" cannot run steps, in text and in JSON

  @uat-38 @unfit-worker-gets-no-step
  Scenario: A worker that has not passed its verification gets no step, and another worker runs it
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator that verifies workers when they enroll
    And the enrolled worker "alpha" that cannot send data
    And the enrolled worker "beta"
    When the orchestrator notices that "alpha" cannot run steps
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | beta   |

  @uat-38 @step-waits-for-unfit-worker
  Scenario: A step that names a worker that has not passed its verification waits until its queue limit
    Given a workflow with the steps:
      | step  | runs on        | work           |
      | build | worker "alpha" | writes at once |
    And an orchestrator that verifies workers when they enroll, with a queue limit of 2 seconds
    And the enrolled worker "alpha" that cannot send data
    When the orchestrator notices that "alpha" cannot run steps
    And the workflow starts
    Then the run fails because no matching worker came in time
    And no step started

  @uat-38 @mended-worker-runs-steps
  Scenario: A worker that has not passed its verification runs steps when it has enrolled again and passes
    Given a workflow with the steps:
      | step  | runs on        | work           |
      | build | worker "alpha" | writes at once |
    And an orchestrator that verifies workers when they enroll
    And the enrolled worker "alpha" that cannot send data
    When the orchestrator notices that "alpha" cannot run steps
    And the worker "alpha" is stopped and returns with the right address for its data
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And the pool shows:
      | worker | status | connected |
      | alpha  | idle   | yes       |

  @uat-51 @verification-finds-unfit-worker
  Scenario: An operator who verifies the workers finds the one that cannot run steps, and no other
    Given an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta" that cannot send data
    And the enrolled worker "gamma" with 4 slots
    When the operator verifies the workers, in text and in JSON
    Then both verifications fail, with exit code 1, and show these workers:
      | worker | verified |
      | alpha  | yes      |
      | beta   | no       |
      | gamma  | yes      |

  @uat-51 @selected-verification-passes
  Scenario: A verification of selected workers passes, whatever is wrong with the others
    Given an orchestrator
    And the enrolled worker "alpha" with the labels "pool=a" that cannot send data
    And the enrolled worker "beta" with the labels "pool=b"
    When the operator verifies the workers with the label "pool=b", in text and in JSON
    Then text and JSON list "beta" as the only verified worker

  @uat-51 @mended-worker-passes-verification
  Scenario: A worker that is repaired passes the next verification, and a stopped one is not verified
    Given an orchestrator
    And the enrolled worker "alpha" that cannot send data
    And the enrolled worker "beta" that cannot send data
    And the enrolled worker "gamma"
    When the operator verifies the workers, in text and in JSON
    And the worker "alpha" is stopped and returns with the right address for its data
    And the worker "beta" is stopped
    Then every verification of the workers shows:
      | worker | verified |
      | alpha  | pass     |
      | gamma  | pass     |
