@issue-630
Feature: JSON mode
  Each command has its output in text for people and in JSON for scripts, with the same content and the same exit
  code. The JSON is one document that keeps its contract; a command that streams prints one object on each line.

  # A new command of swamp fails here until the table says which scenarios test it, or why none does.
  @uat-27 @every-worker-command-known
  Scenario: The help lists the worker commands that this suite knows, and no others
    Given a repository
    When the operator asks for help on the worker commands
    Then the help lists these worker commands, and no others:
      | command               | tested in                                        |
      | worker connect        | 27, and every scenario with workers in JSON      |
      | worker daemon disable | nowhere: it would change this machine's services |
      | worker daemon enable  | nowhere: it would change this machine's services |
      | worker daemon status  | 27                                               |
      | worker list           | 5, 27                                            |
      | worker queue          | 18, 27                                           |
      | worker token create   | 1, 2, 27                                         |
      | worker token list     | 3, 27                                            |
      | worker token revoke   | 4, 27                                            |
      | worker verify         | 27                                               |

  @uat-27 @nothing-to-show-same-in-both-modes
  Scenario Outline: An operator who <asks> when there are none sees an empty list, in text and in JSON
    Given an orchestrator
    When the operator <asks>, in text and in JSON
    Then text and JSON list the same 0 entries

    Examples:
      | asks                    |
      | lists the tokens        |
      | lists the workers       |
      | lists the waiting steps |
      | verifies the workers    |

  # Each list is asked for in text and in JSON, in the repository and through the orchestrator.
  @uat-05 @uat-27 @lists-same-in-both-modes
  Scenario: Every list shows the same in text and in JSON
    Given a workflow with the steps:
      | step  | runs on                 | work                |
      | hold  | worker "alpha"          | pauses, then writes |
      | brief | worker "alpha"          | writes at once      |
      | build | zone=west, note=it's 5% | writes at once      |
      | pack  | note=it's 5%, zone=west | writes at once      |
      | ship  | worker "gamma"          | writes at once      |
      | sign  | worker "gamma"          | writes at once      |
    And an orchestrator
    And the enrolled worker "gamma" without labels, with 3 slots
    And the enrolled worker "alpha" with 4 slots
    And the enrolled worker "beta" with the labels "city=Köln, note=it's: $HOME #1, query=a=b=c, sum=1 + 1, zero=0", with other values of "query, zero" in a variable, and the labels "shelf=b" in a variable
    When the worker "gamma" is killed
    And the orchestrator notices that "gamma" is gone
    And the workflow starts
    And the step "hold" is running and the step "brief" has ended
    Then every list of workers shows:
      | worker | status | slots | labels                                                             |
      | alpha  | busy   | 1/4   | the usual ones                                                     |
      | beta   | idle   | 0/1   | city=Köln,note=it's: $HOME #1,query=a=b=c,shelf=b,sum=1 + 1,zero=0 |
    And every list of workers, including past members, shows:
      | worker | status       | slots | labels                                                             |
      | alpha  | busy         | 1/4   | the usual ones                                                     |
      | beta   | idle         | 0/1   | city=Köln,note=it's: $HOME #1,query=a=b=c,shelf=b,sum=1 + 1,zero=0 |
      | gamma  | disconnected | 0/3   | none                                                               |
    And every list of waiting steps shows:
      | step  | waits for              |
      | build | note=it's 5%,zone=west |
      | pack  | note=it's 5%,zone=west |
      | ship  | target=gamma           |
      | sign  | target=gamma           |
    And every verification of the workers shows:
      | worker | verified |
      | alpha  | pass     |
      | beta   | pass     |

  @uat-27 @verify-selects-only-its-workers
  Scenario Outline: An operator who verifies <selection> verifies no other worker
    Given an orchestrator
    And the enrolled worker "east" with the labels "region=east, shelf=a=b"
    And the enrolled worker "eastern" with the labels "region=eastern, zone=east, shelf=a=b"
    When the operator verifies <selection>, in text and in JSON
    Then text and JSON list "east" as the only verified worker

    Examples:
      | selection                                            |
      | the worker "east"                                    |
      | the workers with the label "region=east"             |
      | the workers with the labels "region=east, shelf=a=b" |

  # The verification runs as a step of the worker, so a worker without a free slot does not pass it.
  @uat-27 @failed-verification-fails-command
  Scenario: A verification that a worker fails ends with exit code 1, in text and in JSON
    Given a workflow with the steps:
      | step | runs on        | work                |
      | hold | worker "alpha" | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" with 1 slot
    When the workflow starts
    And the step "hold" is running
    And the operator verifies the workers, in text and in JSON
    Then text and JSON list "alpha" as the only worker, not verified, with exit code 1

  @uat-27 @daemon-state-in-both-modes
  Scenario: The state of the daemon is the same in text and in JSON
    Given a repository
    When the operator asks for the state of the daemon, in text and in JSON
    Then text and JSON list the same 1 entry

  @uat-27 @mistakes-told-in-both-modes
  Scenario Outline: An operator who <errs> sees why it fails, in text and in JSON
    Given a repository
    When the operator <errs>, in text and in JSON
    Then both commands fail because <reason>, with the same exit code

    Examples:
      | errs                                                      | reason                                     |
      | revokes a token that does not exist                       | there is no such token                     |
      | lists the tokens of a folder that is no repository        | there is no repository                     |
      | mints a token without a lifetime                          | an option is missing                       |
      | mints a token with a lifetime of bananas                  | the lifetime is not understood             |
      | verifies workers without naming an orchestrator           | no orchestrator was named                  |
      | starts a worker without naming an orchestrator            | no orchestrator was named                  |
      | mints a token for no machines                             | a number of machines must be positive      |
      | starts a worker without a token                           | no token was given                         |
      | starts a worker with a label without a value              | a label has no value                       |
      | starts a worker with a label whose value is empty         | a label has no value                       |
      | starts a worker with the address of a web page            | the address is not that of an orchestrator |
      | starts a worker whose cache directory is a file           | the cache directory cannot be used         |
      | starts an orchestrator with a certificate without its key | the key of the certificate is missing      |
      | gives a command that does not exist                       | there is no such command                   |
      | gives an option that does not exist                       | there is no such option                    |
      | asks an orchestrator that does not run                    | the orchestrator cannot be reached         |
      | trusts a file of certificates that does not exist         | the file of certificates cannot be read    |

  @uat-27 @group-alone-shows-help
  Scenario Outline: An operator who <errs> sees the help in text, and why it fails in JSON
    Given a repository
    When the operator <errs>, in text and in JSON
    Then the command in text shows the help with the commands "<commands>"
    And the command in JSON fails because no command was named, with exit code 1

    Examples:
      | errs                              | commands                                    |
      | names only a group of commands    | connect, daemon, list, queue, token, verify |
      | names only a group within a group | create, list, revoke                        |

  @uat-27 @stopped-worker-finishes-its-step
  Scenario Outline: A worker that is stopped finishes its step first, in <output>
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the workers' output is in <output>
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" is stopped, and then the step "build" continues
    Then the run succeeds
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
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | completed | yes   |
    And the pool shows, including past members:
      | worker | status       | connected            |
      | alpha  | disconnected | not in the live pool |

    Examples:
      | output |
      | text   |
      | JSON   |
