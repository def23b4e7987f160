@issue-630
Feature: Remote client
  An operator can work with an orchestrator from any machine, with its address only and without a repository.

  @uat-28 @remote-workflow-runs
  Scenario Outline: A workflow runs from a machine without a repository, in <output>, with its input <input>
    Given a workflow with the steps:
      | step  | runs on          | work                                                     | after |
      | build | the orchestrator | writes at once if its check allows it, which it does not |       |
      | ship  | any worker       | writes the input of the run                              | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository
    And the operator's output is in <output>
    When the workflow starts with its input <input>, the tags "team=blue, query=id=42, city=Köln, note=it's $HOME", without slow checks and without the reports of its steps
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | ship  | alpha            |
    And the operator sees these dispatches, and no others:
      | step | worker | lease     | wrote |
      | ship | alpha  | completed | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on       | word      |
      | build | result | 1       | the orchestrator |           |
      | ship  | result | 1       | alpha            | the input |
    And all data of the steps "build, ship" has the tags "team=blue, query=id=42, city=Köln, note=it's $HOME"
    And a report of the run is recorded, and no report of its steps
    And nothing is left on the other machine

    Examples:
      | output | input               |
      | text   | in a file           |
      | JSON   | on the command line |

  @uat-28 @workflow-output-streams-live
  Scenario: The operator sees the output of a step while the step still runs
    Given a workflow with the steps:
      | step  | runs on          | work                                               | after |
      | build | the orchestrator | prints a word, pauses, prints another, then writes |       |
      | ship  | any worker       | prints a word, pauses, prints another, then writes | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository
    And the operator's output is in text
    When the workflow starts
    And the step "build" continues after the operator has seen its output
    And the step "ship" continues after the operator has seen its output
    Then the operator has seen the output of these steps while they still ran:
      | step  |
      | build |
      | ship  |
    And the run succeeds
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | ship  | alpha            |

  @uat-28 @network @follower-returns-after-network-break
  Scenario: An operator whose network is cut sees all output of the run once, and how it ends
    Given a workflow with the steps:
      | step  | runs on          | work                                               | after |
      | build | the orchestrator | prints a word, pauses, prints many, then writes    |       |
      | ship  | the orchestrator | prints a word, pauses, prints another, then writes | build |
    And an orchestrator
    And the operator is at another machine, without a repository, on a network that can be cut
    And the operator's output is in text
    When the workflow starts
    And the network of the operator is cut while the step "build" ends and the step "ship" starts
    Then the run succeeds
    And the operator saw the start, the output and the end of each of the steps "build, ship" exactly once

  @uat-28 @remote-step-failure-fails-run
  Scenario Outline: A failing step fails the run for an operator at another machine, in <output>
    Given a workflow with the steps:
      | step  | runs on    | work           | after |
      | build | any worker | fails          |       |
      | ship  | any worker | writes at once | build |
    And an orchestrator
    And the workers' output is in <output>
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository
    And the operator's output is in <output>
    When the workflow starts
    Then the run fails because its step failed
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease  | wrote |
      | build | alpha  | failed | no    |
    And nothing is left on the other machine
    And the worker "alpha" reported these events, one on each line:
      | event            | step  |
      | connecting       |       |
      | enrolled         |       |
      | dispatch_started | build |
      | dispatch_failed  |       |

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-28 @remote-method-runs
  Scenario: A method runs from a machine without a repository, without the checks that the operator skips
    Given the model "build"
    And an orchestrator
    And the operator is at another machine, without a repository
    When the operator runs a method without its slow checks, in text and in JSON
    Then both outputs show the result of the method
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | build | the orchestrator |
    And this data is recorded, and no other:
      | step  | data   | version | written on       |
      | build | result | 2       | the orchestrator |
    And nothing is left on the other machine

  @uat-28 @method-output-streams-live
  Scenario: The operator sees the output of a method while the method still runs
    Given the model "build"
    And an orchestrator
    And the operator is at another machine, without a repository
    When a method that prints a word, pauses, prints another, then writes starts with the tags "team=blue, query=id=42, city=Köln, note=it's $HOME"
    And the step "build" continues after the operator has seen its output
    Then the operator has seen the output of these steps while they still ran:
      | step  |
      | build |
    And the method succeeds
    And this data is recorded, and no other:
      | step  | data   | version | written on       |
      | build | result | 1       | the orchestrator |
    And all data of the step "build" has the tags "team=blue, query=id=42, city=Köln, note=it's $HOME"
    And nothing is left on the other machine

  @uat-28 @remote-operator-told-errors
  Scenario: An operator at another machine sees why a command fails
    Given the model "build"
    And an orchestrator
    And the operator is at another machine, without a repository
    When the operator runs these commands, in text and in JSON:
      | command                                  |
      | runs a workflow that does not exist      |
      | runs a model that does not exist         |
      | runs a method that does not exist        |
      | revokes a token that does not exist      |
      | mints a token with a lifetime of bananas |
      | runs a workflow where nobody listens     |
      | lists the workers where nobody listens   |
    Then these commands fail, in text and in JSON:
      | command                                  | reason                             | code in JSON       |
      | runs a workflow that does not exist      | there is no such workflow          | workflow_not_found |
      | runs a model that does not exist         | there is no such model             | model_not_found    |
      | runs a method that does not exist        | there is no such method            | unknown_method     |
      | revokes a token that does not exist      | there is no such token             | none               |
      | mints a token with a lifetime of bananas | the lifetime is not understood     | none               |
      | runs a workflow where nobody listens     | the orchestrator cannot be reached | none               |
      | lists the workers where nobody listens   | the orchestrator cannot be reached | none               |
    And no step started
    And nothing is left on the other machine

  @uat-28 @remote-method-failure-fails
  Scenario: A failing method fails for an operator at another machine
    Given the model "build"
    And an orchestrator
    And the operator is at another machine, without a repository
    When the operator runs a method that fails, in text and in JSON
    Then both commands fail because its step failed, with exit code 1
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | build | the orchestrator |
    And nothing is left on the other machine

  @uat-28 @batch-ends-at-first-failure
  Scenario: A workflow that runs for several inputs ends at the first run that fails; the command line overrides inputs
    Given a workflow with the steps:
      | step  | runs on          | work                        | after |
      | ship  | the orchestrator | writes the input of the run |       |
      | build | the orchestrator | fails                       | ship  |
      | sign  | the orchestrator | writes at once              | build |
    And an orchestrator
    And the operator is at another machine, without a repository
    When the operator runs the workflow for two inputs, overridden on the command line, in text and in JSON
    Then both commands fail because its step failed, with exit code 1
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | build | the orchestrator |
      | ship  | the orchestrator |
      | ship  | the orchestrator |
    And this data is recorded, and no other:
      | step | data   | version | word      |
      | ship | result | 2       | the input |
    And the operator reads each version of the data of "ship" at the other machine as in the repository

  @uat-28 @batch-runs-for-each-input
  Scenario: A workflow or a method that runs for several inputs runs once for each of them
    Given a workflow with the steps:
      | step | runs on          | work                        |
      | ship | the orchestrator | writes the input of the run |
    And the model "build"
    And an orchestrator
    And the operator is at another machine, without a repository
    When the operator runs these commands, in text and in JSON:
      | command                        |
      | runs a workflow for two inputs |
      | runs a method for two inputs   |
    Then these commands succeed, in text and in JSON:
      | command                        |
      | runs a workflow for two inputs |
      | runs a method for two inputs   |
    And this data is recorded, and no other:
      | step  | data   | version | word   |
      | build | result | 4       | second |
      | ship  | result | 4       | second |

  @uat-28 @query-shows-all-data
  Scenario: An operator at another machine sees all data that a query matches
    Given a workflow with the steps:
      | step  | runs on          | work                 |
      | build | the orchestrator | writes 120 resources |
    And an orchestrator
    And the operator is at another machine, without a repository
    When the workflow runs to its end
    Then a query of the operator at the other machine reads all 120 resources of "build"

  @uat-28 @last-evaluated-workflow-runs
  Scenario: An operator at another machine runs a workflow as it was evaluated last
    Given a workflow whose models exist, with the steps:
      | step | runs on          | work                        |
      | ship | the orchestrator | writes the input of the run |
    And an orchestrator
    And the operator is at another machine, without a repository
    When the operator evaluates the workflow and its models
    And the workflow starts with another input, as it was evaluated last
    Then the run succeeds
    And this data is recorded, and no other:
      | step | data   | version | word      |
      | ship | result | 1       | the input |

  @uat-28 @operator-time-limit-cancels-run
  Scenario: A run that takes longer than the operator allows is cancelled
    Given a workflow with the steps:
      | step  | runs on          | work                |
      | build | the orchestrator | pauses, then writes |
    And an orchestrator
    And the operator is at another machine, without a repository
    When the operator runs the workflow with a time limit of 6 seconds and with inputs on standard input
    Then the history shows these runs, and no others:
      | workflow | status    |
      | release  | cancelled |

  @uat-35 @killed-client-leaves-run
  Scenario: A run goes on to its end when the command that follows it is killed
    Given a workflow with the steps:
      | step  | runs on          | work                | after |
      | build | worker "alpha"   | pauses, then writes |       |
      | pack  | the orchestrator | pauses, then writes |       |
      | ship  | pool=b           | writes at once      | build |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the steps "build, pack" are running
    And the command that follows the run is killed
    And the step "build" continues
    And the step "pack" continues
    And the worker "beta" starts with the labels "pool=b"
    And the run has ended
    Then the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | succeeded |         |
    And these steps started, and no others:
      | step  | worker           |
      | build | alpha            |
      | pack  | the orchestrator |
      | ship  | beta             |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | completed | yes   |
      | ship  | beta   | completed | yes   |

  @uat-35 @killed-client-leaves-resumed-run
  Scenario: A run that was approved goes on when the command that follows it is killed
    Given a workflow whose models exist, with the steps:
      | step  | runs on          | work                | after |
      | gate  | the orchestrator | waits for approval  |       |
      | build | the orchestrator | pauses, then writes | gate  |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator, and follows it
    And the step "build" is running
    And the command that follows the run is killed
    And the step "build" continues
    And the run has ended
    Then the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | succeeded |         |

  @uat-35 @killed-client-leaves-queued-step
  Scenario: A step still waits for its worker when the command that follows its run was killed
    Given a workflow with the steps:
      | step  | runs on | work           |
      | build | pool=b  | writes at once |
    And an orchestrator
    When the workflow starts
    And the step "build" waits in the queue
    And the command that follows the run is killed
    And the worker "beta" starts with the labels "pool=b"
    And the run has ended
    Then the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | succeeded |         |
    And these steps started, and no others:
      | step  | worker |
      | build | beta   |

  @uat-35 @killed-client-leaves-method
  Scenario: A method goes on to its end when the command that follows it is killed
    Given the model "build"
    And an orchestrator
    When a method that pauses, then writes starts with the tags "team=blue"
    And the step "build" is running
    And the command that follows the run is killed
    And the step "build" continues
    And the method of "build" has come to an end
    Then these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
    And this data is recorded, and no other:
      | step  | data   | version | written on       |
      | build | result | 1       | the orchestrator |

  @uat-35 @network @reset-client-shows-method
  Scenario: An operator whose connection is reset sees all output of a method once, and how it ends
    Given the model "build"
    And an orchestrator
    And the operator is at another machine, without a repository, on a network that can be cut
    And the operator's output is in text
    When a method that prints a word, pauses, prints another, then writes starts with the tags "team=blue"
    And the network of the operator is reset while the step "build" is running, and the command that follows the run connects again
    And the step "build" continues
    Then the method succeeds
    And the operator saw the last output of the step "build" exactly once

  @uat-35 @network @cut-client-shows-all-once
  Scenario: An operator whose network is cut twice sees all output of the run once, and how it ends
    Given a workflow with the steps:
      | step  | runs on    | work                                               | after |
      | build | any worker | prints a word, pauses, prints many, then writes    |       |
      | pack  | any worker | prints a word, pauses, prints another, then writes | build |
      | ship  | any worker | prints a word, pauses, prints another, then writes | pack  |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository, on a network that can be cut
    And the operator's output is in text
    When the workflow starts
    And the network of the operator is cut while the step "build" ends, and heals when the step "pack" is running
    And the network of the operator is cut while the step "pack" ends, and heals when the step "ship" is running
    And the step "ship" continues
    Then the run succeeds
    And the operator saw the start, the output and the end of each of the steps "build, pack, ship" exactly once

  @uat-35 @network @six-resets-show-all-once
  Scenario: An operator whose connection is reset six times sees all output of the run once, and how it ends
    Given a workflow with the steps:
      | step  | runs on          | work                                               | after |
      | build | the orchestrator | prints a word, pauses, prints another, then writes |       |
      | lint  | the orchestrator | prints a word, pauses, prints another, then writes | build |
      | pack  | the orchestrator | prints a word, pauses, prints another, then writes | lint  |
      | scan  | the orchestrator | prints a word, pauses, prints another, then writes | pack  |
      | ship  | the orchestrator | prints a word, pauses, prints another, then writes | scan  |
      | sign  | the orchestrator | prints a word, pauses, prints another, then writes | ship  |
    And an orchestrator
    And the operator is at another machine, without a repository, on a network that can be cut
    And the operator's output is in text
    When the workflow starts
    And the network of the operator is reset during each of the steps "build, lint, pack, scan, ship, sign", and the command that follows the run connects again
    Then the run succeeds
    And the operator saw the start, the output and the end of each of the steps "build, lint, pack, scan, ship, sign" exactly once

  @uat-35 @network @reset-client-shows-failure
  Scenario Outline: An operator whose connection is reset sees that the run fails, in <output>
    Given a workflow with the steps:
      | step  | runs on    | work                                               | after |
      | build | any worker | prints a word, pauses, prints another, then writes |       |
      | ship  | any worker | fails                                              | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository, on a network that can be cut
    And the operator's output is in <output>
    When the workflow starts
    And the network of the operator is reset while the step "build" is running, and the command that follows the run connects again
    And the step "build" continues
    Then the run fails because its step failed

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-35 @network @refused-client-connects-again
  Scenario: An operator whose connections are refused for a while sees how the run ends
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository, on a network that can be cut
    And the operator's output is in text
    When the workflow starts
    And the step "build" is running
    And the network of the operator refuses 2 connections and heals
    And the step "build" continues
    And the run has ended
    Then the run succeeds

  @uat-35 @network @run-ends-while-client-away
  Scenario: An operator whose connection is cut while the run ends sees how it has ended
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository, on a network that can be cut
    And the operator's output is in text
    When the workflow starts
    And the step "build" is running
    And the network of the operator is cut
    And the step "build" continues
    And the run has ended
    And the network of the operator heals
    Then the run succeeds
