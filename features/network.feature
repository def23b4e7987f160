@issue-630
Feature: Network
  Networks fail and orchestrators restart. Within the grace window a worker comes back as what it was, and is
  whole: listed, labelled, given work.

  @uat-14 @network @network-break-same-member
  Scenario: A worker whose network breaks comes back as the same pool member
    Given a workflow with the steps:
      | step  | runs on    | work          |
      | build | any worker | works at once |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can fail
    When the network of "alpha" has failed
    And the workflow starts
    And the step "build" waits in the queue
    And the network of "alpha" heals
    Then the run succeeds
    And these steps began, and no others:
      | step  | worker |
      | build | alpha  |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | completed | yes   |
    And the worker "alpha" is connected as the same pool member as before

  @uat-14 @network @network-silence-same-member
  Scenario: A worker whose network goes silent comes back as the same pool member
    Given a workflow with the steps:
      | step  | runs on    | work          |
      | build | any worker | works at once |
    And an orchestrator that soon notices a silent connection
    And the enrolled worker "alpha" on a network that can fail
    When the network of "alpha" goes silent until the orchestrator notices
    And the workflow starts
    And the step "build" waits in the queue
    And the network of "alpha" heals
    Then the run succeeds
    And these steps began, and no others:
      | step  | worker |
      | build | alpha  |
    And the worker "alpha" is connected as the same pool member as before

  @uat-14 @network @unnoticed-break-stays-connected
  Scenario: A worker that is back before its orchestrator noticed a break stays connected
    Given a workflow with the steps:
      | step  | runs on    | work          |
      | build | any worker | works at once |
    And an orchestrator
    And the enrolled worker "alpha" without a cache directory, on a network that can fail
    When the network of "alpha" breaks, and the orchestrator notices only when the worker is back
    And the workflow starts
    Then the run succeeds
    And these steps began, and no others:
      | step  | worker |
      | build | alpha  |
    And the worker "alpha" is connected as the same pool member as before

  @uat-14 @network @short-silence-disconnects-nobody
  Scenario: A short silence of the network disconnects nobody
    Given a workflow with the steps:
      | step  | runs on    | work          |
      | build | any worker | works at once |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can fail
    When the network of "alpha" goes silent
    And the workflow starts
    And the step "build" has been handed to "alpha"
    And the network of "alpha" heals after a third of the time that the orchestrator allows
    Then the run succeeds
    And these steps began, and no others:
      | step  | worker |
      | build | alpha  |
    And the worker "alpha" has not been disconnected

  @uat-14 @network @worker-retries-without-listener
  Scenario: A worker keeps trying while nobody listens
    Given an orchestrator
    And the enrolled worker "alpha" on a network that can fail
    When the network of "alpha" refuses connections until it has tried 4 times or given up
    And the network of "alpha" heals
    Then the worker "alpha" is connected as the same pool member as before

  @uat-14 @network @attempts-counted-anew-after-return
  Scenario: A worker counts failed attempts anew each time that it has come back
    Given an orchestrator
    And the enrolled worker "alpha" on a network that can fail
    When the network of "alpha" refuses 2 attempts and heals, 2 times
    Then the worker "alpha" is connected as the same pool member as before

  @uat-14 @network @reconnection-distinct-in-json
  Scenario: A worker that reports in JSON tells a reconnection from a first enrollment
    Given an orchestrator
    And workers report in JSON
    And the enrolled worker "alpha" on a network that can fail
    When the network of "alpha" has failed
    And the network of "alpha" heals
    Then the worker "alpha" is connected as the same pool member as before
    And the worker "alpha" says that it has reconnected

  # Twice each: the second return must leave nothing of the first behind.
  @uat-14 @network @slow @returned-workers-whole-after-grace
  Scenario: Workers that came back are whole after the grace windows of their absence
    Given a workflow with the steps:
      | step    | runs on          | work                                   | after | queue limit |
      | seed    | the orchestrator | writes resources                       |       |             |
      | local   | the orchestrator | reads data, its own and that of others | seed  |             |
      | killed  | pool=a           | reads data, its own and that of others | seed  | 20 s        |
      | cut     | pool=b           | reads data, its own and that of others | seed  | 20 s        |
      | stopped | pool=c           | reads data, its own and that of others | seed  | 20 s        |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=a"
    And the enrolled worker "beta" with the labels "pool=b" on a network that can fail
    And the enrolled worker "gamma" with the labels "pool=c"
    When the worker "alpha" is killed and comes back, 2 times
    And the network of "beta" fails and heals, 3 times
    And the worker "gamma" is stopped and comes back, 2 times
    And the workflow starts once the grace window of every absence has passed
    Then the run succeeds
    And the steps "killed, cut, stopped" were given back the same as the step "local"
    And the pool shows, in text and in JSON:
      | worker | status | connected | slots | labels |
      | alpha  | idle   | yes       | 0/1   | pool=a |
      | beta   | idle   | yes       | 0/1   | pool=b |
      | gamma  | idle   | yes       | 0/1   | pool=c |

  @uat-14 @network @worker-whole-after-orchestrator-restart
  Scenario Outline: A worker is whole after its orchestrator <ends> and starts again
    Given a workflow with the steps:
      | step  | runs on          | work                                   | after |
      | seed  | the orchestrator | writes resources                       |       |
      | local | the orchestrator | reads data, its own and that of others | seed  |
      | build | pool=b           | reads data, its own and that of others | seed  |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=b" on a network that can fail
    When the orchestrator <ends> and starts again, 2 times
    And the workflow starts
    Then the run succeeds
    And these steps began, and no others:
      | step  | worker           |
      | build | alpha            |
      | local | the orchestrator |
      | seed  | the orchestrator |
    And the step "build" was given back the same as the step "local"
    And the pool shows, in text and in JSON:
      | worker | status | connected | labels |
      | alpha  | idle   | yes       | pool=b |

    Examples:
      | ends       |
      | is killed  |
      | is stopped |
