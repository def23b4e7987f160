@issue-630
Feature: Expiry enforcement
  The lifetime of a token is a hard deadline. After it, no worker can enroll or return with the token, and the
  orchestrator disconnects the workers that are still connected.

  @uat-11 @slow @idle-worker-ends-at-deadline
  Scenario: A connected worker is disconnected at its deadline and leaves the pool
    Given an orchestrator
    And the token "alpha" with a short lifetime
    And the enrolled worker "alpha"
    When the lifetime of the token "alpha" passes
    Then the worker "alpha" is disconnected at the deadline
    And the worker "alpha" is rejected because its token has expired
    And the worker "alpha" tried to connect 2 times
    And the pool shows, including past members:
      | worker | status       | connected |
      | alpha  | disconnected | no        |
    And every list of tokens shows:
      | token | state   | machine         |
      | alpha | expired | that of "alpha" |
    And the token "alpha" is recorded as expired
    And the pool no longer shows "alpha" after the grace window
    And every list of workers shows no worker and how many it leaves out

  @uat-11 @slow @steps-at-deadline-end-as-lost
  Scenario: Steps that run at the deadline of their worker end as if the worker were lost
    Given a workflow with the steps:
      | job     | step  | runs on    | work                         |
      | reading | read  | any worker | pauses, then writes          |
      | writing | build | any worker | writes, pauses, writes again |
    And an orchestrator
    And the token "alpha" with a short lifetime
    And the enrolled worker "alpha" with 2 slots
    When the workflow starts
    And the step "read" is running
    And the step "build" has written
    And the worker "beta" starts and is enrolled
    And the lifetime of the token "alpha" passes
    Then the worker "alpha" is disconnected at the deadline
    And the run fails because its worker was lost after the step had written
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | failed    | yes   |
      | read  | alpha  | expired   | no    |
      | read  | beta   | completed | yes   |
    And no process of a step is left on the machine of "alpha"

  @uat-11 @slow @lease-ends-at-deadline
  Scenario: The lease of a step ends at the deadline of its worker
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the token "alpha" with a short lifetime
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "beta" starts and is enrolled
    And the lifetime of the token "alpha" passes
    Then the run succeeds
    And the lease of the step "build" on "alpha" ended at most 8 seconds after the deadline

  # A new enrollment must keep the deadline of the first one, and so must the attempt of another machine or worker.
  @uat-09 @uat-11 @slow @network @returned-workers-end-at-deadline
  Scenario: Workers that returned are disconnected at their deadlines
    Given an orchestrator
    And the token "alpha" with a short lifetime
    And the enrolled worker "alpha" on a network that can be cut
    And the token "beta" with a short lifetime
    And the enrolled worker "beta"
    When the network of "alpha" is cut and heals, 2 times
    And the worker "beta" is killed and returns, 2 times
    And the worker "intruder" starts with the token "beta"
    And the worker "twin" starts with the token "alpha" from the machine of "alpha"
    And the orchestrator has answered "intruder, twin"
    And the lifetime of the token "beta" passes
    Then the workers "alpha, beta" are disconnected at the deadline
    And the token "alpha" is recorded as expired

  @uat-11 @slow @fleet-ends-at-deadline
  Scenario: Every worker of a token is disconnected at its deadline, and no worker of another token
    Given an orchestrator that verifies workers when they enroll
    And the token "fleet" with a short lifetime, for 2 machines
    And the enrolled worker "alpha" with the token "fleet"
    And the enrolled worker "beta" with the token "fleet" and output in JSON, that cannot send data
    And the enrolled worker "fleet-2"
    When the orchestrator notices that "beta" cannot run steps
    And the lifetime of the token "fleet" passes
    Then the workers "alpha, beta" are disconnected at the deadline
    And the workers "alpha, beta" are rejected because their token has expired
    And the worker "fleet-2" has stayed connected
    And the token "fleet" is recorded as expired
    And the token list shows:
      | token   | state    | machine                     |
      | fleet   | expired  | those of "alpha" and "beta" |
      | fleet-2 | enrolled | that of "fleet-2"           |

  @uat-11 @slow @network @deadline-survives-orchestrator-restart
  Scenario: A worker is disconnected at its deadline although its orchestrator was restarted
    Given an orchestrator
    And the token "beta" with a lifetime of 1mo
    And the token "alpha" with a short lifetime
    And the enrolled worker "alpha" on a network that can be cut
    When the orchestrator is killed and starts again
    And the worker "alpha" is enrolled
    And the worker "beta" starts
    And the lifetime of the token "alpha" passes
    Then the worker "alpha" is disconnected at the deadline
    And the worker "alpha" is rejected because its token has expired
    And the worker "beta" is connected

  @uat-12 @slow @expired-token-cannot-enroll
  Scenario: No worker can enroll with a token that expired before its first use
    Given an orchestrator
    And the token "alpha" with a short lifetime
    And the token "fleet" with a short lifetime, for any number of machines
    When the lifetime of the token "fleet" passes
    And the worker "alpha" starts
    And the worker "beta" starts with the token "fleet" and output in JSON, configured by variables
    Then the worker "alpha" is rejected because its token has expired
    And the worker "beta" is rejected because its token has expired
    And the worker "alpha" tried to connect 1 time
    And the pool is empty
    And the token list shows, in text and in JSON:
      | token | state   | machine |
      | alpha | expired | none    |
      | fleet | expired | none    |

  @uat-13 @slow @network @expired-while-cut-off
  Scenario: A worker whose token expires while its network is down cannot return
    Given an orchestrator
    And the token "alpha" with a short lifetime
    And the enrolled worker "alpha" on a network that can be cut
    When half of the lifetime of the token "alpha" passes
    And the network of "alpha" is cut
    And the orchestrator notices that "alpha" is gone
    And the lifetime of the token "alpha" passes
    And the network of "alpha" heals
    Then the worker "alpha" is rejected because its token has expired
    And the pool shows, including past members:
      | worker | status       | connected |
      | alpha  | disconnected | no        |
    And the token list shows:
      | token | state   | machine         |
      | alpha | expired | that of "alpha" |
    And the token "alpha" is recorded as expired
    And the pool no longer shows "alpha" after the grace window

  @uat-13 @slow @expired-while-worker-down
  Scenario: A worker whose token expires while it is down cannot return
    Given an orchestrator
    And the token "alpha" with a short lifetime
    And the workers' output is in JSON
    And the enrolled worker "alpha"
    When half of the lifetime of the token "alpha" passes
    And the worker "alpha" is killed
    And the orchestrator notices that "alpha" is gone
    And the lifetime of the token "alpha" passes
    And the worker "alpha" starts again
    Then the worker "alpha" is rejected because its token has expired
    And the worker "alpha" tried to connect 1 time
    And the pool shows, including past members:
      | worker | status       | connected |
      | alpha  | disconnected | no        |
    And the token list shows:
      | token | state   | machine         |
      | alpha | expired | that of "alpha" |

  @uat-03 @uat-12 @uat-13 @slow @expired-while-orchestrator-down
  Scenario: A worker whose token expires while its orchestrator is down cannot return, and an unused token expires too
    Given an orchestrator
    And the token "gamma" with a short lifetime
    And the token "alpha" with a short lifetime
    And the enrolled worker "alpha"
    When the worker "alpha" is killed
    And the orchestrator notices that "alpha" is gone
    And the orchestrator is killed and starts again after the lifetime of the token "alpha"
    And the worker "alpha" starts again
    And the worker "beta" starts with the token "alpha"
    Then the worker "alpha" is rejected because its token has expired
    And the worker "alpha" tried to connect 1 time
    And the worker "beta" is rejected because its token has expired
    And the token list shows:
      | token | state   | machine         |
      | alpha | expired | that of "alpha" |
      | gamma | expired | none            |
