@issue-630
Feature: Secrets
  A step on a worker receives the secrets that it needs. After the step, nothing of them is left on the worker's
  machine, and no file, log or output shows a secret.

  @uat-24 @secret-stays-home
  Scenario Outline: A secret is not revealed when a step <work>
    Given a workflow with the steps:
      | step  | runs on    | work   |
      | build | any worker | <work> |
    And an orchestrator
    And the vault holds the secret "api-key"
    And workers log everything
    And the enrolled worker "alpha"
    And the operator's output is in <output>
    When the workflow starts
    Then <ending>
    And the step "build" received the secret "api-key"
    And only the vault holds the secret "api-key"
    And no output about the run shows the secret "api-key"

    Examples:
      | work                                     | output | ending                                |
      | writes a secret into a resource          | JSON   | the run succeeds                      |
      | writes a secret into a file              | text   | the run succeeds                      |
      | writes a secret into a file as bytes     | text   | the run succeeds                      |
      | writes a secret into a file by its path  | text   | the run succeeds                      |
      | writes a secret into a file line by line | JSON   | the run succeeds                      |
      | writes a secret into tags                | text   | the run succeeds                      |
      | writes a secret into its log             | text   | the run succeeds                      |
      | prints a secret on the console           | JSON   | the run succeeds                      |
      | reports a secret in an event             | text   | the run succeeds                      |
      | fails with a secret in its error         | JSON   | the run fails because its step failed |

    @posix
    Examples: with a shell
      | work                                    | output | ending                                |
      | passes a secret to a program            | text   | the run succeeds                      |
      | passes a secret to a program that fails | JSON   | the run fails because its step failed |

  @uat-24 @streamed-secret-stays-home
  Scenario: A secret that a step writes letter by letter is not revealed, and the text around it is kept
    Given a workflow with the steps:
      | step  | runs on    | work                                    |
      | build | any worker | writes a secret into a file as a stream |
    And an orchestrator
    And the vault holds the secret "api-key"
    And workers log everything
    And the enrolled worker "alpha"
    And the operator's output is in JSON
    When the workflow starts
    Then the run succeeds
    And the step "build" received the secret "api-key"
    And only the vault holds the secret "api-key"
    And no output about the run shows the secret "api-key"
    And the operator can read the text around the secret that the step "build" wrote into "file"

  @uat-24 @several-secrets-stay-home
  Scenario: A step that receives several secrets reveals none of them
    Given a workflow with the steps:
      | step  | runs on          | work                                                                        |
      | build | any worker       | writes three secrets, one from a list and one of its model, into a resource |
      | pack  | any worker       | writes the input of the run, which its method takes for sensitive           |
      | ship  | the orchestrator | writes the input of the run, which its method takes for sensitive           |
    And an orchestrator
    And the vault holds the secret "api-key", of three letters
    And the vault holds the secret "other-key", which begins with the secret "api-key"
    And the vault holds the secret "model-key"
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "build" received the secrets "api-key, other-key, model-key"
    And only the vault holds the secrets "api-key, other-key, model-key"
    And no output about the run shows the secrets "api-key, other-key, model-key"
    And this data is recorded, and no other:
      | step | data   | version | word |
      | pack | result | 1       | ***  |
      | ship | result | 1       | ***  |

  # Such as a private key: with quotes, letters of all kinds and different line endings.
  @uat-24 @multiline-secret-intact-and-home
  Scenario Outline: A changed secret with several lines is received unchanged and not revealed when a step <work>
    Given a workflow with the steps:
      | step  | runs on    | work   |
      | build | any worker | <work> |
    And an orchestrator
    And the vault holds the secret "api-key"
    And workers log everything
    And the enrolled worker "alpha"
    When the workflow runs to its end
    And the operator changes the secret "api-key" in the vault to one with several lines
    And the workflow starts
    Then the run succeeds
    And the step "build" received the secret "api-key"
    And only the vault holds the secret "api-key"
    And no output about the run shows the secret "api-key"

    Examples:
      | work                            |
      | writes a secret into a resource |

    @posix
    Examples: with a shell
      | work                         |
      | passes a secret to a program |

  @uat-24 @posix @program-keeps-two-secrets
  Scenario: A program that receives two secrets reveals neither
    Given a workflow with the steps:
      | step  | runs on    | work                            |
      | build | any worker | passes two secrets to a program |
    And an orchestrator
    And the vault holds the secret "api-key", of three letters
    And the vault holds the secret "other-key", which begins with the secret "api-key"
    And workers log everything
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "build" received the secret "api-key"
    And only the vault holds the secret "api-key"
    And only the vault holds the secret "other-key"
    And no output about the run shows the secret "api-key"
    And no output about the run shows the secret "other-key"

  @uat-15 @uat-24 @uat-28 @network @posix @rerun-program-keeps-secret
  Scenario: A program that runs again after a network reset reveals no secret, and all else that it prints is shown
    Given a workflow with the steps:
      | step  | runs on    | work                                            |
      | build | any worker | runs a program, then passes a secret to another |
    And an orchestrator
    And the vault holds the secret "api-key"
    And the enrolled worker "alpha" on a network that can be cut
    And the operator's output is in text
    When the workflow starts
    And the step "build" is running
    And the network of "alpha" is reset
    Then the run succeeds
    And the step "build" received the secret "api-key"
    And only the vault holds the secret "api-key"
    And no output about the run shows the secret "api-key"
    And the operator saw the start, the output and the end of each of the steps "build" exactly once

  @uat-01 @uat-24 @posix @terminal @secret-stays-home-in-verbose-output
  Scenario: A secret is not revealed at any log level of workers and orchestrator, and neither is that of a token
    Given a workflow with the steps:
      | step   | runs on          | work                         | after  |
      | first  | worker "alpha"   | passes a secret to a program |        |
      | second | worker "beta"    | passes a secret to a program | first  |
      | third  | worker "gamma"   | passes a secret to a program | second |
      | fourth | worker "delta"   | passes a secret to a program | third  |
      | fifth  | worker "epsilon" | passes a secret to a program | fourth |
      | sixth  | worker "zeta"    | passes a secret to a program | fifth  |
    And the vault holds the secret "api-key"
    And an orchestrator that logs everything
    And these enrolled workers:
      | worker  | log level | output |
      | alpha   | debug     | text   |
      | beta    | info      | text   |
      | gamma   | warning   | text   |
      | delta   | error     | text   |
      | epsilon | fatal     | text   |
      | zeta    | trace     | JSON   |
    When the workflow starts at a terminal
    Then the run succeeds
    And every step received the secret "api-key"
    And only the vault holds the secret "api-key"
    And only the vault holds the secret of the token "alpha"
    And only the vault holds the secret of the token "zeta"
    And no output about the run shows the secret "api-key"

  # Files of the killed worker are those that it had while its step ran.
  @uat-24 @interrupted-step-leaves-no-secret
  Scenario: A step that is cancelled, or whose worker is killed, leaves nothing of its secret behind
    Given a workflow with the steps:
      | step   | runs on        | work                                                 |
      | first  | worker "alpha" | receives a secret, then pauses                       |
      | second | worker "beta"  | writes a secret into a file by its path, then pauses |
    And an orchestrator
    And the vault holds the secret "api-key"
    And these enrolled workers:
      | worker | log level | output |
      | alpha  | trace     | text   |
      | beta   | trace     | JSON   |
    When the workflow starts
    And the step "first" is running
    And the step "second" is running
    And the worker "alpha" is killed
    And the operator cancels the run
    Then the run is cancelled
    And every step received the secret "api-key"
    And only the vault holds the secret "api-key"
    And no output about the run shows the secret "api-key"

  @uat-24 @running-step-keeps-secret-out-of-cache
  Scenario: While a step has its secret in a file, the cache directory of its worker has nothing of it
    Given a workflow with the steps:
      | step  | runs on    | work                                                 |
      | build | any worker | writes a secret into a file by its path, then pauses |
    And an orchestrator
    And the vault holds the secret "api-key"
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    Then the step "build" received the secret "api-key"
    And the cache directory of "alpha" has nothing of the secret "api-key"

  @uat-24 @other-secret-unreadable
  Scenario: A step cannot read the orchestrator's own secrets, nor a secret that it did not receive
    Given a workflow with the steps:
      | step  | runs on    | work                                                 |
      | pry   | any worker | asks the vault for the enrollment token of "alpha"   |
      | build | any worker | receives a secret and asks the vault for "other-key" |
    And an orchestrator
    And the vault holds the secret "api-key"
    And the vault holds the secret "other-key"
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "build" received the secret "api-key"
    And the vault refused the step "pry" the secret that it asked for
    And the vault refused the step "build" the secret that it asked for
    And only the vault holds the secret of the token "alpha"
    And only the vault holds the secret "other-key"

  @uat-24 @vault-gives-handed-secret
  Scenario: A step can ask the vault for the secret that it received, also after the operator has changed it
    Given a workflow with the steps:
      | step  | runs on    | work                                               |
      | build | any worker | receives a secret and asks the vault for "api-key" |
    And an orchestrator
    And the vault holds the secret "api-key"
    And the enrolled worker "alpha"
    When the workflow runs to its end
    And the operator changes the secret "api-key" in the vault
    And the workflow starts
    Then the run succeeds
    And the step "build" received the secret "api-key"
    And the vault gave the step "build" the secret "api-key"
    And only the vault holds the secret "api-key"
