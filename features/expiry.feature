@issue-630
Feature: Expiry enforcement
  The lifetime of a token is a hard deadline. It bounds enrolling and coming back, and when it has
  passed the orchestrator disconnects a worker that is still connected.

  @uat-11 @slow @idle-worker-ends-at-deadline
  Scenario: A connected worker is disconnected at its deadline and leaves the pool
    Given an orchestrator
    And the short-lived token "alpha"
    And the enrolled worker "alpha"
    When the lifetime of the token "alpha" has passed
    Then the worker "alpha" is disconnected at the deadline
    And the worker "alpha" is rejected because its token has expired
    And the worker "alpha" made 2 attempts
    And the pool shows, past members included:
      | worker | status       | connected |
      | alpha  | disconnected | no        |
    And the token list shows, in text and in JSON:
      | token | state   | machine         |
      | alpha | expired | that of "alpha" |
    And the token "alpha" is recorded as expired
    And the pool no longer holds "alpha" once the grace window is over
    And every list of workers shows no worker, and how many it leaves out

  @uat-11 @slow @steps-at-deadline-end-as-lost
  Scenario: Steps that run at the deadline of their worker end as on a lost worker
    Given a workflow with the steps:
      | job     | step  | runs on    | work                        |
      | reading | read  | any worker | holds, then writes          |
      | writing | build | any worker | writes, holds, writes again |
    And an orchestrator
    And the short-lived token "alpha"
    And the enrolled worker "alpha" with 2 slots
    When the workflow starts
    And the step "read" is running
    And the step "build" has written
    And the worker "beta" joins
    And the lifetime of the token "alpha" has passed
    Then the run fails because its worker was lost after the step had written
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | failed    | yes   |
      | read  | alpha  | expired   | no    |
      | read  | beta   | completed | yes   |
    And nothing of a step is left running on the machine of "alpha"

  @uat-11 @slow @lease-ends-at-deadline
  Scenario: The lease of a step ends at the deadline of its worker
    Given a workflow with the steps:
      | step  | runs on    | work               |
      | build | any worker | holds, then writes |
    And an orchestrator
    And the short-lived token "alpha"
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "beta" joins
    And the lifetime of the token "alpha" has passed
    Then the run succeeds
    And the lease of the step "build" on "alpha" ended at most 8 seconds after the deadline

  @uat-11 @slow @busy-worker-ends-at-deadline
  Scenario: A worker at work is disconnected at its deadline
    Given a workflow with the steps:
      | step  | runs on    | work               |
      | build | any worker | holds, then writes |
    And an orchestrator
    And the short-lived token "alpha"
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the lifetime of the token "alpha" has passed
    Then the worker "alpha" is disconnected at the deadline
    And the worker "alpha" is rejected because its token has expired
    And nothing of a step is left running on the machine of "alpha"

  # A new enrollment must not lose the deadline of the one before.
  @uat-11 @slow @network @returned-workers-end-at-deadline
  Scenario: Workers that came back are disconnected at their deadlines
    Given an orchestrator
    And the short-lived token "alpha"
    And the enrolled worker "alpha" on a network that can fail
    And the short-lived token "beta"
    And the enrolled worker "beta"
    When the network of "alpha" fails and heals, 2 times
    And the worker "beta" is killed and comes back, 2 times
    And the lifetime of the token "beta" has passed
    Then the worker "alpha" is disconnected at the deadline
    And the worker "beta" is disconnected at the deadline

  @uat-11 @slow @fleet-ends-at-deadline
  Scenario: Every worker of a token is disconnected at its deadline, and no worker of another token
    Given an orchestrator
    And the short-lived token "fleet" for 2 machines
    And the enrolled worker "alpha" with the token "fleet"
    And the enrolled worker "beta" with the token "fleet"
    And the enrolled worker "fleet-2"
    When the lifetime of the token "fleet" has passed
    Then the worker "alpha" is disconnected at the deadline
    And the worker "beta" is disconnected at the deadline
    And the worker "beta" is rejected because its token has expired
    And the worker "fleet-2" has not been disconnected
    And the token "fleet" is recorded as expired
    And the token list shows:
      | token   | state    | machine                     |
      | fleet   | expired  | those of "alpha" and "beta" |
      | fleet-2 | enrolled | that of "fleet-2"           |

  @uat-11 @slow @network @deadline-survives-orchestrator-restart
  Scenario: A worker is disconnected at its deadline after its orchestrator has started again
    Given an orchestrator
    And the short-lived token "alpha"
    And the enrolled worker "alpha" on a network that can fail
    When the orchestrator is killed and starts again
    And the lifetime of the token "alpha" has passed
    Then the worker "alpha" is disconnected at the deadline

  @uat-12 @slow @expired-token-cannot-enroll
  Scenario: A token that expired before its first use cannot enroll
    Given an orchestrator
    And the short-lived token "alpha"
    When the lifetime of the token "alpha" has passed
    And the worker "alpha" connects
    Then the worker "alpha" is rejected because its token has expired
    And the worker "alpha" made 1 attempt
    And the pool is empty
    And the token list shows:
      | token | state   | machine |
      | alpha | expired | none    |

  @uat-13 @slow @network @expired-while-cut-off
  Scenario: A token that expires while its worker is cut off lets nobody back
    Given an orchestrator
    And the short-lived token "alpha"
    And the enrolled worker "alpha" on a network that can fail
    And half of the lifetime of the token "alpha" has passed
    And the network of "alpha" has failed
    When the lifetime of the token "alpha" has passed
    And the network of "alpha" heals
    Then the worker "alpha" is rejected because its token has expired
    And the pool shows, past members included:
      | worker | status       | connected |
      | alpha  | disconnected | no        |
    And the token list shows:
      | token | state   | machine         |
      | alpha | expired | that of "alpha" |
    And the token "alpha" is recorded as expired

  @uat-13 @slow @expired-while-worker-down
  Scenario: A token that expires while its worker is down lets nobody back
    Given an orchestrator
    And the short-lived token "alpha"
    And workers report in JSON
    And the enrolled worker "alpha"
    And half of the lifetime of the token "alpha" has passed
    And the worker "alpha" has been killed
    When the lifetime of the token "alpha" has passed
    And the worker "alpha" starts again
    Then the worker "alpha" is rejected because its token has expired
    And the worker "alpha" made 1 attempt
    And the pool shows, past members included:
      | worker | status       | connected |
      | alpha  | disconnected | no        |
    And the token list shows:
      | token | state   | machine         |
      | alpha | expired | that of "alpha" |

  @uat-13 @slow @expired-while-orchestrator-down
  Scenario: A token that expires while its orchestrator is down lets nobody back
    Given an orchestrator
    And the short-lived token "alpha"
    And the enrolled worker "alpha"
    And the worker "alpha" has been killed
    When the orchestrator is killed, and starts again once the lifetime of the token "alpha" has passed
    And the worker "alpha" starts again
    Then the worker "alpha" is rejected because its token has expired
    And the worker "alpha" made 1 attempt
    And the token list shows:
      | token | state   | machine         |
      | alpha | expired | that of "alpha" |
