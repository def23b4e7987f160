@issue-630
Feature: Operability
  An operator needs no repository to work with an orchestrator: its address is enough, from any machine. Over
  TLS, workers and operators know whom they talk to, or do not talk at all and say why.

  @uat-28 @remote-workflow-runs
  Scenario Outline: A workflow runs from a machine without a repository, told in <output>
    Given a workflow with the steps:
      | step  | runs on          | work                        | after |
      | build | the orchestrator | works at once               |       |
      | ship  | any worker       | writes the input of the run | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository
    And the operator asks for answers in <output>
    When the workflow starts with the tags "team=blue, query=id=42, city=Köln, note=it's $HOME"
    Then the run succeeds
    And these steps began, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | ship  | alpha            |
    And the operator sees these dispatches, and no others:
      | step | worker | lease     | wrote |
      | ship | alpha  | completed | yes   |
    And this data has been recorded, and no other:
      | step  | data   | version | written on       | word      |
      | build | result | 1       | the orchestrator |           |
      | ship  | result | 1       | alpha            | the input |
    And all data of the steps "build, ship" have the tags "team=blue, query=id=42, city=Köln, note=it's $HOME"
    And nothing was left on the other machine

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-28 @workflow-output-streams-live
  Scenario: The operator sees what a step says while it still runs
    Given a workflow with the steps:
      | step  | runs on          | work                            | after |
      | build | the orchestrator | says a word, holds, then writes |       |
      | ship  | any worker       | says a word, holds, then writes | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository
    And the operator asks for answers in text
    When the workflow starts
    And the step "build" goes on once the operator has seen what it says
    And the step "ship" goes on once the operator has seen what it says
    Then the operator has seen what these steps said while they still ran:
      | step  |
      | build |
      | ship  |
    And the run succeeds
    And these steps began, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | ship  | alpha            |

  @uat-28 @network @follower-returns-after-network-break
  Scenario: An operator whose network breaks is told everything once that the run says, and how it ends
    Given a workflow with the steps:
      | step  | runs on          | work                            | after |
      | build | the orchestrator | says a word, holds, then writes |       |
      | ship  | the orchestrator | says a word, holds, then writes | build |
    And an orchestrator
    And the operator is at another machine, without a repository, on a network that can fail
    And the operator asks for answers in text
    When the workflow starts
    And the network of the operator is down while "build" ends and "ship" begins
    Then the run succeeds
    And the operator was told once that each of the steps "build, ship" began, spoke and was done

  @uat-28 @remote-step-failure-fails-run
  Scenario Outline: A step that fails fails the run for an operator elsewhere, told in <output>
    Given a workflow with the steps:
      | step  | runs on    | work          | after |
      | build | any worker | fails         |       |
      | ship  | any worker | works at once | build |
    And an orchestrator
    And workers report in <output>
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository
    And the operator asks for answers in <output>
    When the workflow starts
    Then the run fails because its step failed
    And these steps began, and no others:
      | step  | worker |
      | build | alpha  |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease  | wrote |
      | build | alpha  | failed | no    |
    And nothing was left on the other machine
    And the worker "alpha" reported these events, one a line:
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
  Scenario: A method runs from a machine without a repository
    Given the model "build"
    And an orchestrator
    When the operator goes to another machine, without a repository
    Then an operator there who runs a method is shown its result, in text and in JSON
    And these steps began, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | build | the orchestrator |
    And this data has been recorded, and no other:
      | step  | data   | version | written on       |
      | build | result | 2       | the orchestrator |
    And nothing was left on the other machine

  @uat-28 @method-output-streams-live
  Scenario: The operator sees what a method says while it still runs
    Given the model "build"
    And an orchestrator
    And the operator is at another machine, without a repository
    When a method starts that says a word, holds, then writes, with the tags "team=blue, query=id=42, city=Köln, note=it's $HOME"
    And the step "build" goes on once the operator has seen what it says
    Then the operator has seen what these steps said while they still ran:
      | step  |
      | build |
    And the method succeeds
    And this data has been recorded, and no other:
      | step  | data   | version | written on       |
      | build | result | 1       | the orchestrator |
    And all data of the step "build" have the tags "team=blue, query=id=42, city=Köln, note=it's $HOME"
    And nothing was left on the other machine

  @uat-28 @remote-operator-told-errors
  Scenario: An operator elsewhere is told what went wrong
    Given the model "build"
    And an orchestrator
    When the operator goes to another machine, without a repository
    Then an operator there is told why, in text and in JSON, who:
      | errs                                    | reason                             |
      | runs a workflow that does not exist     | there is no such workflow          |
      | runs a model that does not exist        | there is no such model             |
      | runs a method that does not exist       | there is no such method            |
      | revokes a token that does not exist     | there is no such token             |
      | mints a token for a lifetime of bananas | the lifetime is not understood     |
      | runs a workflow where nobody listens    | the orchestrator cannot be reached |
      | lists the workers where nobody listens  | the orchestrator cannot be reached |
    And no step began
    And nothing was left on the other machine

  @uat-28 @remote-method-failure-fails
  Scenario: A method that fails fails for an operator elsewhere
    Given the model "build"
    And an orchestrator
    When the operator goes to another machine, without a repository
    Then an operator there who runs a method that fails is told so, in text and in JSON
    And these steps began, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | build | the orchestrator |
    And nothing was left on the other machine

  @uat-29 @tls @trusted-certificate-works
  Scenario Outline: A worker and an operator who trust <trust> work over TLS
    Given a workflow with the steps:
      | step  | runs on    | work          |
      | build | any worker | works at once |
    And an orchestrator with <certificate>
    And everybody trusts <trust>
    And the enrolled worker "alpha"
    And the operator is at another machine, without a repository
    When the workflow starts
    Then the run succeeds
    And these steps began, and no others:
      | step  | worker |
      | build | alpha  |
    And this data has been recorded, and no other:
      | step  | data   | version | written on |
      | build | result | 1       | alpha      |

    Examples:
      | certificate                    | trust                 |
      | a certificate of the authority | the authority         |
      | a self-signed certificate      | that very certificate |

  @uat-29 @tls @trusting-worker-enrolls-over-tls
  Scenario Outline: A worker that trusts <trust> enrolls over TLS
    Given an orchestrator with <certificate>
    And everybody trusts <trust>
    And the token "alpha"
    When the worker "alpha" connects
    Then the worker "alpha" is enrolled
    And the worker "alpha" is connected

    Examples:
      | certificate                    | trust                 |
      | a certificate of the authority | the authority         |
      | a self-signed certificate      | that very certificate |

  @uat-29 @tls @worker-refuses-untrusted-certificate
  Scenario Outline: A worker that trusts <trust> refuses an orchestrator with <certificate>
    Given an orchestrator with <certificate>
    And everybody trusts <trust>
    And the token "alpha"
    When the worker "alpha" connects
    Then the worker "alpha" ends, failing, and has not enrolled
    And the pool is empty
    And the token list shows:
      | token | state  | machine |
      | alpha | unused | none    |
    And the worker "alpha" says what is wrong with the certificate

    Examples:
      | certificate                        | trust                           |
      | a certificate of another authority | the authority                   |
      | a self-signed certificate          | the authority                   |
      | a self-signed certificate          | another self-signed certificate |
      | an expired certificate             | the authority                   |
      | a certificate for another host     | the authority                   |

  @uat-29 @tls @operator-refuses-untrusted-certificate
  Scenario Outline: An operator who trusts <trust> refuses an orchestrator with <certificate>
    Given an orchestrator with <certificate>
    And everybody trusts <trust>
    When the operator goes to another machine, without a repository
    Then an operator there is told why, in text and in JSON, who:
      | errs              | reason |
      | lists the workers | <flaw> |
      | runs a workflow   | <flaw> |
    And nothing was left on the other machine

    Examples:
      | certificate                        | trust                           | flaw                                |
      | a certificate of another authority | the authority                   | the certificate is not trusted      |
      | a self-signed certificate          | the authority                   | the certificate is not trusted      |
      | a self-signed certificate          | another self-signed certificate | the certificate is not trusted      |
      | an expired certificate             | the authority                   | the certificate has expired         |
      | a certificate for another host     | the authority                   | the certificate is for another host |
