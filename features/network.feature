@issue-630
Feature: Network
  Networks fail and orchestrators restart. A worker that returns within the grace window is the same pool member as
  before, with its labels and slots, and runs steps.

  @uat-14 @uat-19 @network @network-break-same-member
  Scenario: A worker whose network is cut returns as the same pool member, and runs the steps that name it
    Given a workflow with the steps:
      | step    | runs on                         | work           |
      | by-name | worker "alpha"                  | writes at once |
      | by-uuid | the present instance of "alpha" | writes at once |
    And an orchestrator
    And the operator's output is in text
    And the enrolled worker "alpha" on a network that can be cut
    When the network of "alpha" is cut
    And the orchestrator notices that "alpha" is gone
    And the workflow starts
    And the step "by-uuid" waits in the queue
    And the network of "alpha" heals
    Then the run succeeds
    And the operator sees these dispatches, and no others:
      | step    | worker | started on              | lease     | wrote |
      | by-name | alpha  | the worker of its lease | completed | yes   |
      | by-uuid | alpha  | the worker of its lease | completed | yes   |
    And the command that follows the run warned that "alpha" is away, by its name and by its instance
    And the worker "alpha" is connected as the same pool member as before

  @uat-14 @network @network-silence-same-member
  Scenario: A worker whose network goes silent returns as the same pool member
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | fleet=farm | writes at once |
    And an orchestrator with a short timeout for silent connections
    And the token "farm" for 2 machines
    And the enrolled worker "alpha" with the token "farm", on a network that can be cut
    When the network of "alpha" goes silent
    And the orchestrator notices that "alpha" is gone
    And the workflow starts
    And the step "build" waits in the queue
    And the network of "alpha" heals
    Then the orchestrator noticed the silence of "alpha" within twice its timeout for silent connections
    And the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And the worker "alpha" is connected as the same pool member as before

  @uat-14 @network @step-waits-through-later-absence
  Scenario: A step that waits for its worker runs when the worker returns, also if the worker was away before
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the network of "alpha" is cut and heals, 2 times
    And the network of "alpha" is cut
    And the orchestrator notices that "alpha" is gone
    And the workflow starts
    And the step "build" waits in the queue
    And the network of "alpha" heals
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And the worker "alpha" is connected as the same pool member as before

  @uat-14 @uat-27 @network @unnoticed-break-stays-connected
  Scenario: A worker that reconnects before its orchestrator notices the reset is the same pool member
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha" without a cache directory, with output in JSON, on a network that can be cut
    When the network of "alpha" is reset, and the orchestrator notices only after the worker has reconnected
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And the worker "alpha" is connected as the same pool member as before
    And the worker "alpha" tried to connect again after the pauses that it reported

  @uat-14 @uat-15 @network @unnoticed-break-reruns-step
  Scenario: A step runs again whose worker reconnects before its orchestrator notices the reset
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" is running
    And the network of "alpha" is reset, and the orchestrator notices only after the worker has reconnected
    Then the run succeeds
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | expired   | no    |
      | build | alpha  | completed | yes   |
    And the worker "alpha" is connected as the same pool member as before
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | idle   | yes       | 0/1   |

  @uat-14 @network @short-silence-disconnects-nobody
  Scenario: A short silence of the network disconnects no worker
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the network of "alpha" goes silent
    And the workflow starts
    And the step "build" is dispatched to "alpha"
    And the network of "alpha" heals after a third of the silence that the orchestrator allows
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And the worker "alpha" has stayed connected

  @uat-14 @network @worker-retries-without-listener
  Scenario: A worker keeps trying to connect while its network refuses connections
    Given an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the network of "alpha" refuses connections until the worker has tried 4 times
    And the network of "alpha" heals
    Then the worker "alpha" is connected as the same pool member as before

  @uat-08 @uat-14 @network @slow @attempts-counted-anew-after-return
  Scenario: Each absence of a worker counts anew, and its machine keeps its token after the grace window
    Given an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    And the enrolled worker "beta"
    When the worker "beta" is killed
    And the network of "alpha" refuses 2 connections and heals, 2 times
    And the grace windows of all absences pass
    And the network of "alpha" refuses 2 connections and heals
    And the worker "intruder" starts with the token "beta"
    Then the worker "alpha" is connected as the same pool member as before
    And the list of workers shows that "alpha" was last seen after its network had healed
    And the worker "alpha" tried to connect as soon after its last disconnection as after its first
    And the worker "intruder" is rejected because its token is bound to another machine
    And the token "beta" is still bound to the machine of "beta" only

  @uat-14 @network @reconnection-distinct-in-json
  Scenario: A worker reports in JSON whether an enrollment is a reconnection
    Given an orchestrator
    And the workers' output is in JSON
    And the enrolled worker "alpha" on a network that can be cut
    When the network of "alpha" is cut
    And the orchestrator notices that "alpha" is gone
    And the network of "alpha" heals
    Then the worker "alpha" is connected as the same pool member as before
    And the worker "alpha" reports that it has reconnected

  @uat-14 @uat-50 @network @step-limit-counts-on-after-return
  Scenario: A worker that has returned exits at its limit of steps
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha" with a limit of 2 steps, on a network that can be cut
    When the workflow runs to its end
    And the network of "alpha" is cut
    And the orchestrator notices that "alpha" is gone
    And the network of "alpha" heals
    And the workflow starts
    Then the run succeeds
    And the worker "alpha" exits with exit code 0

  @uat-14 @uat-36 @network @lost-worker-stays-away
  Scenario: A worker that has lost its connection exits if it is not to reconnect, or is asked to stop
    Given an orchestrator
    And the enrolled worker "alpha" without reconnecting, on a network that can be cut
    And the enrolled worker "beta" on a network that can be cut
    When the network of "alpha" is reset
    And the network of "beta" refuses connections until the worker has tried 2 times
    And the worker "beta" is asked to stop
    Then the worker "alpha" exits with exit code 0
    And the worker "alpha" tried to connect 1 time
    And the worker "beta" exits with exit code 0

  # Several times each, also within the absence of another: the second return must work as well as the first.
  @uat-06 @uat-14 @network @slow @returned-workers-whole-after-grace
  Scenario: Workers that returned work as before after the grace windows of their absences
    Given a workflow with the steps:
      | step    | runs on          | work                                  | after | queue limit |
      | seed    | the orchestrator | writes resources                      |       |             |
      | local   | the orchestrator | reads its own data and that of others | seed  |             |
      | killed  | pool=a           | reads its own data and that of others | seed  | 20 s        |
      | first   | pool=b           | writes after a moment                 | seed  | 20 s        |
      | second  | pool=b           | writes after a moment                 | seed  | 20 s        |
      | third   | pool=b           | writes after a moment                 | seed  | 20 s        |
      | cut     | pool=b           | reads its own data and that of others | third | 20 s        |
      | stopped | pool=c           | reads its own data and that of others | seed  | 20 s        |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=a"
    And the enrolled worker "beta" with the labels "pool=b" and 3 slots, on a network that can be cut
    And the enrolled worker "gamma" with the labels "pool=c"
    When the worker "alpha" is killed, the network of "beta" is cut and heals, and the worker returns, 3 times
    And the worker "gamma" is stopped and returns, 2 times
    And the workflow starts after the grace windows of all absences
    Then the run succeeds
    And the largest number of steps that ran on "beta" at the same time is 3
    And the steps "killed, cut, stopped" got the same answers as the step "local"
    And the pool shows:
      | worker | status | connected | slots | labels |
      | alpha  | idle   | yes       | 0/1   | pool=a |
      | beta   | idle   | yes       | 0/3   | pool=b |
      | gamma  | idle   | yes       | 0/1   | pool=c |

  @uat-14 @network @worker-whole-after-orchestrator-restart
  Scenario: A worker works as before after its orchestrator was stopped, then killed, and started again
    Given a workflow with the steps:
      | step  | runs on          | work                                  | after |
      | seed  | the orchestrator | writes resources                      |       |
      | local | the orchestrator | reads its own data and that of others | seed  |
      | build | pool=b           | reads its own data and that of others | seed  |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=b" on a network that can be cut
    When the orchestrator is stopped and starts again
    And the orchestrator is killed and starts again
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker           |
      | build | alpha            |
      | local | the orchestrator |
      | seed  | the orchestrator |
    And the step "build" got the same answers as the step "local"
    And the pool shows:
      | worker | status | connected | labels |
      | alpha  | idle   | yes       | pool=b |
