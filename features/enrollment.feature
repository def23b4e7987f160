@issue-630
Feature: Enrollment and machine binding
  A worker connects to its orchestrator and presents a token. The token is bound to the first machine that
  presents it. That machine may return until the token expires or is revoked; other machines are rejected.

  # A worker of another release may enroll: only the protocol version must match. Names may look like numbers or dates.
  # A worker may start before its orchestrator can be reached.
  @uat-05 @uat-10 @network @worker-enrolls-into-pool
  Scenario: Workers enroll and the pool shows them
    Given an orchestrator
    And the token "2026-11-27" for any number of machines
    When the worker "alpha" starts with the labels "region=us-east, gpu=true, disk=size=2", with other settings in variables and output in text, on a network that refuses 2 connections and heals
    And the worker "1e3" starts with the labels "build=007, region=us-west, version=1.10, zones=a,b" and output in JSON
    And the worker "gamma" starts with the token "2026-11-27" and the labels "fleet=blue", with another platform and another release
    Then the workers "alpha, 1e3, gamma" are enrolled
    And the worker "alpha" tried to connect 3 times
    And the pool shows, in text and in JSON:
      | worker | status | connected | labels                                          | platform        |
      | 1e3    | idle   | yes       | build=007,region=us-west,version=1.10,zones=a,b | this machine    |
      | alpha  | idle   | yes       | disk=size=2,gpu=true,region=us-east             | this machine    |
      | gamma  | idle   | yes       | fleet=blue                                      | another machine |

  @uat-01 @uat-05 @bad-credential-does-not-enroll
  Scenario: Workers with bad credentials do not enroll
    Given an orchestrator
    And the token "alpha"
    When the worker "alpha" starts with a wrong secret
    And the worker "beta" starts with the secret of the token "alpha" alone
    And the worker "gamma" starts with a credential that was never minted
    Then the worker "alpha" is rejected because its secret is wrong
    And the worker "beta" is rejected because its token is malformed
    And the worker "gamma" is rejected because its token was never minted
    And the pool is empty
    And the token list shows:
      | token | state  | machine |
      | alpha | unused | none    |
    And only the vault holds the secret of the token "alpha"

  # Anybody who reaches the orchestrator can try this, without a credential.
  @uat-05 @unknown-token-leaves-no-trace
  Scenario: A token that was never minted leaves no trace in the repository
    Given an orchestrator
    When the worker "alpha" starts with a credential that was never minted
    Then the worker "alpha" is rejected because its token was never minted
    And no file of the repository mentions the token "never-minted"

  # A token is bound to a machine, not a machine to a token: whoever outlives a token mints another one.
  @uat-02 @uat-05 @name-presented-before-is-free
  Scenario: A token can be minted although a worker presented its name before, or a similar name is taken
    Given an orchestrator
    And the token "never_minted"
    And the operator's output is in text
    When the worker "early" starts with a credential that was never minted
    And the orchestrator has answered "early"
    And the operator mints the token "never-minted"
    And the worker "alpha" starts with the token "never-minted" from the machine of "early"
    And the worker "beta" starts with the token "never_minted" from the machine of "early"
    Then the command succeeds
    And the worker "alpha" is enrolled
    And the worker "beta" is enrolled

  # The orchestrator keeps records of tokens and of workers, whose names must not get into each other's way.
  @uat-02 @uat-05 @token-named-like-a-record
  Scenario: A worker enrolls although the name of another token begins with "worker-" and ends with its own
    Given an orchestrator
    And the token "worker-beta"
    And the token "beta"
    When the worker "beta" starts
    And the orchestrator has answered "beta"
    Then the pool shows:
      | worker | status | connected |
      | beta   | idle   | yes       |

  @uat-06 @uat-20 @restarted-worker-same-member
  Scenario: Workers that are killed or stopped and start again are the same pool members
    Given an orchestrator
    And the enrolled worker "alpha" configured by arguments, with other settings in variables
    And the enrolled worker "beta" configured by variables
    When the worker "alpha" is killed
    And the worker "beta" is stopped
    And the worker "alpha" starts again with a slot for each processor
    And the worker "beta" starts again with a slot for each processor
    Then the worker "alpha" is enrolled
    And the worker "beta" is enrolled
    And the workers "alpha, beta" have a slot for each processor
    And the pool shows, including past members:
      | worker | status | connected |
      | alpha  | idle   | yes       |
      | beta   | idle   | yes       |
    And the token "alpha" is still bound to the machine of "alpha" only
    And the token "beta" is still bound to the machine of "beta" only

  @uat-06 @restarted-worker-new-labels
  Scenario: A worker that returns with other labels and slots has the new ones only
    Given a workflow with the steps:
      | step   | runs on | work                  | queue limit |
      | first  | pool=b  | writes after a moment | 20 s        |
      | second | pool=b  | writes after a moment | 20 s        |
      | third  | zone=y  | writes after a moment | 20 s        |
      | fourth | zone=y  | writes after a moment | 20 s        |
      | fifth  | pool=a  | writes at once        | 4 s         |
      | sixth  | zone=x  | writes at once        | 4 s         |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=a, gpu=yes" and 1 slot
    And the enrolled worker "beta" with the labels "zone=x, disk=fast" and 2 slots
    And the operator's output is in JSON
    When the worker "alpha" is killed and returns with the labels "pool=b" and 2 slots
    And the worker "beta" is stopped and returns with the labels "zone=y" and 1 slot
    And the workflow starts
    Then the run fails because no matching worker came in time
    And these steps started, and no others:
      | step   | worker |
      | first  | alpha  |
      | fourth | beta   |
      | second | alpha  |
      | third  | beta   |
    And the largest number of steps that ran on "alpha" at the same time is 2
    And the largest number of steps that ran on "beta" at the same time is 1
    And the pool shows:
      | worker | status | connected | slots | labels |
      | alpha  | idle   | yes       | 0/2   | pool=b |
      | beta   | idle   | yes       | 0/1   | zone=y |

  # A name may look like a number.
  @uat-06 @same-member-after-full-reboot
  Scenario: A worker is the same pool member after all machines have rebooted
    Given an orchestrator that verifies workers when they enroll
    And the token "fleet" for 2 machines
    And the enrolled worker "1e3" configured by variables, with the labels "region=us-east, gpu=true, disk=size=2, build=007"
    And the enrolled worker "beta" with the labels "region=us-west" and 2 slots
    And the enrolled worker "gamma" with the token "fleet" and the labels "fleet=blue"
    And the enrolled worker "delta" with the labels "region=us-west" that cannot send data
    When the orchestrator notices that "delta" cannot run steps
    And every machine reboots, and those of "beta, delta, gamma" stay off
    Then the worker "1e3" is enrolled
    And the pool shows, including past members:
      | worker | status       | connected            | slots | labels                                        |
      | 1e3    | idle         | yes                  | 0/1   | build=007,disk=size=2,gpu=true,region=us-east |
      | beta   | disconnected | not in the live pool | 0/2   | region=us-west                                |
      | delta  | disconnected | not in the live pool | 0/1   | region=us-west                                |
      | gamma  | disconnected | not in the live pool | 0/1   | fleet=blue                                    |
    And the token "1e3" is still bound to the machine of "1e3" only

  @uat-07 @worker-without-cache-cannot-return
  Scenario: Workers without a cache directory cannot return
    Given an orchestrator
    And the enrolled worker "alpha" without a cache directory, without reconnecting, with output in text
    And the enrolled worker "runner-of-the-datacenter-in-frankfurt" without a cache directory, with output in JSON and a limit of 2 steps
    When the workers "alpha, runner-of-the-datacenter-in-frankfurt" are killed and start again
    Then the worker "alpha" is rejected because its token is bound to another machine
    And the worker "runner-of-the-datacenter-in-frankfurt" is rejected because its token is bound to another machine
    And the worker "alpha" tried to connect 1 time
    And the worker "runner-of-the-datacenter-in-frankfurt" tried to connect 1 time
    And the token "alpha" is still bound to the machine of "alpha" only

  @uat-08 @second-machine-turned-away
  Scenario: Other machines are rejected
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "second" starts with the token "alpha" and output in text
    And the worker "third" starts with the token "alpha" and output in JSON, from a machine whose id begins like that of "alpha"
    Then the worker "second" is rejected because its token is bound to another machine
    And the worker "third" is rejected because its token is bound to another machine
    And the worker "second" was rejected at most 8 seconds after its first attempt to connect
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | busy   | yes       | 1/1   |
    And the worker "alpha" has stayed connected since "second" started
    And the token "alpha" is still bound to the machine of "alpha" only

  @uat-08 @rejections-do-not-shut-out
  Scenario: A worker stays connected and may return, however often others were rejected with its token
    Given an orchestrator
    And the enrolled worker "alpha"
    When the worker "second" starts with the token "alpha" and a wrong secret, from the machine of "alpha"
    And the worker "third" starts with the token "alpha"
    And the worker "fourth" starts with the token "alpha", half of its secret and output in JSON
    And the orchestrator has answered "second, third, fourth"
    And the worker "alpha" is killed and starts again
    Then the worker "second" is rejected because its secret is wrong
    And the worker "third" is rejected because its token is bound to another machine
    And the worker "fourth" is rejected because its secret is wrong
    And the worker "alpha" is enrolled
    And the worker "alpha" reported no disconnection

  @uat-08 @simultaneous-machines-one-admitted
  Scenario: When two machines present a token at the same moment, one is enrolled
    Given an orchestrator
    And the token "alpha"
    When the workers "first" and "second" present the token "alpha" at the same moment
    Then exactly one of "first" and "second" is enrolled, called "winner" from here on, and the other "loser"
    And the worker "loser" is rejected because its token is bound to another machine
    And the worker "loser" tried to connect 1 time
    And the worker "winner" is connected
    And the worker "winner" has stayed connected
    And the token list shows:
      | token | state    | machine          |
      | alpha | enrolled | that of "winner" |

  @uat-01 @uat-06 @uat-08 @fleet-token-admits-its-number
  Scenario: A token for two machines enrolls two, lets each of them return, and rejects a third
    Given an orchestrator
    And the token "fleet" for 2 machines
    And the enrolled worker "alpha" with the token "fleet"
    When the worker "alpha" is killed
    And the worker "beta" starts with the token "fleet"
    And the orchestrator has answered "beta"
    And the worker "alpha" starts again
    And the worker "gamma" starts with the token "fleet"
    Then the worker "alpha" is enrolled
    And the worker "beta" is enrolled
    And the worker "gamma" is rejected because its token is bound to another machine
    And the token list shows:
      | token | state    | machine                     |
      | fleet | enrolled | those of "alpha" and "beta" |
    And only the vault holds the secret of the token "fleet"

  @uat-06 @uat-09 @fleet-member-returns-and-runs-once
  Scenario: A machine of a token for two machines returns as the same pool member, and connects only once
    Given an orchestrator
    And the token "fleet" for 2 machines
    And the enrolled worker "alpha" with the token "fleet"
    And the enrolled worker "beta" with the token "fleet"
    When the worker "alpha" is killed
    And the worker "alpha" starts again
    And the worker "twin" starts with the token "fleet" from the machine of "beta"
    Then the worker "alpha" is enrolled
    And the worker "twin" is rejected because the worker is already connected
    And the worker "twin" reports that the pool member of "beta" is already connected
    And the worker "beta" has stayed connected since "twin" started
    And the pool shows, including past members:
      | worker | status | connected |
      | alpha  | idle   | yes       |
      | beta   | idle   | yes       |

  @uat-40 @unlimited-fleet-grows
  Scenario: A token for any number of machines enrolls one after the other, and each keeps its name
    Given an orchestrator
    And the token "farm" for any number of machines
    And the enrolled worker "alpha" with the token "farm"
    And the enrolled worker "beta" with the token "farm"
    When the orchestrator is killed and starts again
    And the worker "gamma" starts with the token "farm"
    Then the worker "gamma" is enrolled
    And the pool shows, including past members:
      | worker | status | connected | labels              |
      | alpha  | idle   | yes       | fleet=farm,pool=any |
      | beta   | idle   | yes       | fleet=farm,pool=any |
      | gamma  | idle   | yes       | fleet=farm,pool=any |
    And the token list shows:
      | token | state    | machine                              |
      | farm  | enrolled | those of "alpha", "beta" and "gamma" |

  @uat-40 @last-place-taken-once
  Scenario: When two machines present a token at the same moment that allows one more, one is enrolled
    Given an orchestrator
    And the token "farm" for 2 machines
    And the enrolled worker "alpha" with the token "farm"
    When the workers "first" and "second" present the token "farm" at the same moment
    Then exactly one of "first" and "second" is enrolled, called "winner" from here on, and the other "loser"
    And the worker "loser" is rejected because its token is bound to another machine
    And the worker "loser" tried to connect 1 time
    And the worker "alpha" has stayed connected
    And the token list shows:
      | token | state    | machine                       |
      | farm  | enrolled | those of "alpha" and "winner" |

  @uat-07 @uat-40 @each-start-without-cache-takes-a-place
  Scenario: A worker without a cache directory takes another place of its token each time that it starts
    Given an orchestrator
    And the token "farm" for 2 machines
    And the enrolled worker "alpha" with the token "farm", without a cache directory
    When the worker "alpha" is killed
    And the worker "alpha" starts again
    And the worker "alpha" is enrolled
    And the worker "alpha" is killed
    And the worker "alpha" starts again
    Then the worker "alpha" is rejected because its token is bound to another machine
    And the worker "alpha" tried to connect 1 time

  @uat-01 @uat-09 @network @second-live-worker-turned-away
  Scenario: Further workers from one machine, or a clone of it, are rejected while the first is connected again
    Given an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the network of "alpha" is cut and heals
    And the worker "clone" starts with the token "alpha" and 2 slots from a clone of the machine of "alpha" with output in JSON over a recorded connection
    And the worker "twin" starts with the token "alpha" and 2 slots from the machine of "alpha" with output in text
    Then the worker "clone" is rejected because the worker is already connected
    And the rejection of the worker "clone" has the code "already_connected"
    And the worker "twin" is rejected because the worker is already connected
    And the worker "twin" tried to connect 3 times
    And the worker "alpha" has stayed connected since "clone" started
    And the token "alpha" is still bound to the machine of "alpha" only
    And the machine id of "alpha" is kept in its cache directory
    And only the vault holds the secret of the token "alpha"

  @uat-09 @simultaneous-twins-one-admitted
  Scenario: When two workers from one machine present its token at the same moment, one is enrolled
    Given an orchestrator that verifies workers when they enroll
    And the enrolled worker "alpha"
    When the worker "alpha" is killed
    And the orchestrator notices that "alpha" is gone
    And the workers "first" and "second" present the token "alpha" at the same moment, from the machine of "alpha"
    Then exactly one of "first" and "second" is enrolled, called "winner" from here on, and the other "loser"
    And the worker "loser" is rejected because the worker is already connected
    And the worker "winner" is connected
    And the token "alpha" is still bound to the machine of "alpha" only

  @uat-08 @uat-09 @working-worker-not-disturbed
  Scenario: A worker that runs a step stays connected when others present its token
    Given a workflow with the steps:
      | step  | runs on    | work                | after | queue limit |
      | build | any worker | pauses, then writes |       |             |
      | ship  | any worker | writes at once      | build | 20 s        |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "intruder" starts with the token "alpha"
    And the worker "twin" starts with the token "alpha" and the labels "pool=b" from the machine of "alpha"
    And the orchestrator has answered "intruder, twin"
    And the step "build" continues
    Then the worker "intruder" is rejected because its token is bound to another machine
    And the worker "twin" is rejected because the worker is already connected
    And the run succeeds
    And the worker "alpha" has stayed connected since "intruder" started

  @uat-10 @other-protocol-version-turned-away
  Scenario: Workers of an older or a newer protocol version are rejected
    Given an orchestrator
    And the token "alpha"
    And the token "fleet" for 2 machines
    When the worker "alpha" starts with an older protocol version and output in text
    And the worker "beta" starts with the token "fleet" and a newer protocol version and output in JSON
    Then the worker "alpha" is rejected because its protocol version differs
    And the worker "beta" is rejected because its protocol version differs
    And the worker "alpha" reports that it has an older protocol version than its orchestrator
    And the worker "beta" reports that it has a newer protocol version than its orchestrator
    And the worker "alpha" tried to connect 1 time
    And the worker "beta" tried to connect 1 time
    And the pool is empty
    And the token list shows:
      | token | state  | machine |
      | alpha | unused | none    |
      | fleet | unused | none    |

  @uat-10 @member-of-other-protocol-turned-away
  Scenario: A worker that returns with a much older protocol version, or without one, is rejected
    Given an orchestrator
    And the enrolled worker "alpha"
    When the worker "alpha" is killed
    And the worker "older" starts with the token "alpha" from the machine of "alpha", with a much older protocol version
    And the worker "silent" starts with the token "alpha" and output in JSON from the machine of "alpha", without a protocol version
    Then the worker "older" is rejected because its protocol version differs
    And the rejection of the worker "older" has the code "protocol_mismatch"
    And the worker "silent" is rejected because its protocol version is missing
    And the worker "older" tried to connect 1 time
    And the token "alpha" is still bound to the machine of "alpha" only

  @uat-10 @other-binary @other-protocol-release-turned-away
  Scenario: A worker of a release with another protocol version is rejected
    Given an orchestrator
    And the token "alpha"
    When the worker "alpha" starts with the binary of the other release
    Then the worker "alpha" is rejected because its protocol version differs
    And the worker "alpha" tried to connect 1 time
    And the pool is empty
    And the token list shows:
      | token | state  | machine |
      | alpha | unused | none    |
