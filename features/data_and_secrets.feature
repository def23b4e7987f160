@issue-630
Feature: Secrets and environment
  A step on a worker finds what it would find on the orchestrator: the secrets that it was handed, and the
  orchestrator's environment. When it is over, nothing of that is left on the worker's machine, and no secret
  stands in anything that is kept or shown.

  @uat-24 @secret-stays-home
  Scenario Outline: A secret stays home when a step <work>
    Given a workflow with the steps:
      | step  | runs on    | work   |
      | build | any worker | <work> |
    And the vault holds the secret "api-key"
    And an orchestrator
    And workers log everything
    And the enrolled worker "alpha"
    And the operator asks for answers in <output>
    When the workflow starts
    Then <ending>
    And the step "build" was handed the secret "api-key"
    And the secret of "api-key" is nowhere outside the vault
    And no answer about the run shows the secret of "api-key"

    Examples:
      | work                                 | output | ending                                |
      | says a secret in a resource          | JSON   | the run succeeds                      |
      | says a secret in a file              | text   | the run succeeds                      |
      | says a secret in the bytes of a file | text   | the run succeeds                      |
      | says a secret in a file of its own   | text   | the run succeeds                      |
      | says a secret in the lines of a file | JSON   | the run succeeds                      |
      | says a secret in tags                | text   | the run succeeds                      |
      | says a secret in its log             | text   | the run succeeds                      |
      | says a secret on the console         | JSON   | the run succeeds                      |
      | says a secret in an event            | text   | the run succeeds                      |
      | says a secret in its error           | JSON   | the run fails because its step failed |

    @posix
    Examples: with a shell
      | work                                   | output | ending                                |
      | gives a secret to a program            | text   | the run succeeds                      |
      | gives a secret to a program that fails | JSON   | the run fails because its step failed |

  @uat-24 @streamed-secret-stays-home
  Scenario: A secret that a step streams letter by letter stays home, and the text around it arrives
    Given a workflow with the steps:
      | step  | runs on    | work                      |
      | build | any worker | says a secret in a stream |
    And the vault holds the secret "api-key"
    And an orchestrator
    And workers log everything
    And the enrolled worker "alpha"
    And the operator asks for answers in JSON
    When the workflow starts
    Then the run succeeds
    And the step "build" was handed the secret "api-key"
    And the secret of "api-key" is nowhere outside the vault
    And no answer about the run shows the secret of "api-key"
    And the operator can read the text around the secret that the step "build" wrote into "file"

  @uat-24 @several-secrets-stay-home
  Scenario: A step that is handed several secrets tells none of them
    Given a workflow with the steps:
      | step  | runs on    | work                           |
      | build | any worker | says two secrets in a resource |
    And the vault holds the secret "api-key"
    And the vault holds the secret "other-key", which begins with the secret "api-key"
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "build" was handed the secrets "api-key, other-key"
    And the secret of "api-key" is nowhere outside the vault
    And the secret of "other-key" is nowhere outside the vault
    And no answer about the run shows the secret of "other-key"

  # Such as a private key: with quotes, letters of all kinds and several ends of lines.
  @uat-24 @multiline-secret-intact-and-home
  Scenario Outline: A secret of many lines arrives as it is, and stays home, when a step <work>
    Given a workflow with the steps:
      | step  | runs on    | work   |
      | build | any worker | <work> |
    And the vault holds the secret "api-key", of many lines
    And an orchestrator
    And workers log everything
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "build" was handed the secret "api-key"
    And the secret of "api-key" is nowhere outside the vault
    And no answer about the run shows the secret of "api-key"

    Examples:
      | work                        |
      | says a secret in a resource |

    @posix
    Examples: with a shell
      | work                        |
      | gives a secret to a program |

  @uat-24 @posix @program-keeps-two-secrets
  Scenario: A program that is given two secrets tells neither
    Given a workflow with the steps:
      | step  | runs on    | work                           |
      | build | any worker | gives two secrets to a program |
    And the vault holds the secret "api-key"
    And the vault holds the secret "other-key", which begins with the secret "api-key"
    And an orchestrator
    And workers log everything
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "build" was handed the secret "api-key"
    And the secret of "other-key" is nowhere outside the vault
    And no answer about the run shows the secret of "other-key"

  @uat-24 @posix @terminal @secret-stays-home-in-verbose-output
  Scenario: A secret stays home however much workers and their orchestrator tell
    Given a workflow with the steps:
      | step   | runs on          | work                        | after  |
      | first  | worker "alpha"   | gives a secret to a program |        |
      | second | worker "beta"    | gives a secret to a program | first  |
      | third  | worker "gamma"   | gives a secret to a program | second |
      | fourth | worker "delta"   | gives a secret to a program | third  |
      | fifth  | worker "epsilon" | gives a secret to a program | fourth |
      | sixth  | worker "zeta"    | gives a secret to a program | fifth  |
    And the vault holds the secret "api-key"
    And an orchestrator that logs everything
    And these enrolled workers:
      | worker  | log level | reports in |
      | alpha   | debug     | text       |
      | beta    | info      | text       |
      | gamma   | warning   | text       |
      | delta   | error     | text       |
      | epsilon | fatal     | text       |
      | zeta    | trace     | JSON       |
    When the workflow starts at a terminal
    Then the run succeeds
    And every step was handed the secret "api-key"
    And the secret of "api-key" is nowhere outside the vault
    And no answer about the run shows the secret of "api-key"

  @uat-24 @orchestrator-secrets-unreadable
  Scenario: A step cannot read the orchestrator's own secrets
    Given a workflow with the steps:
      | step  | runs on    | work                                     |
      | build | any worker | asks for the enrollment token of "alpha" |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "build" was refused what it asked the vault for
    And the secret of "alpha" is nowhere outside the vault

  @uat-24 @other-secret-unreadable
  Scenario: A step cannot read a secret that it was not handed
    Given a workflow with the steps:
      | step  | runs on    | work                                        |
      | build | any worker | is handed a secret and asks for "other-key" |
    And the vault holds the secret "api-key"
    And the vault holds the secret "other-key"
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "build" was handed the secret "api-key"
    And the step "build" was refused what it asked the vault for
    And the secret of "other-key" is nowhere outside the vault

  @uat-24 @vault-gives-handed-secret
  Scenario: A step can ask the vault for the secret that it was handed
    Given a workflow with the steps:
      | step  | runs on    | work                                      |
      | build | any worker | is handed a secret and asks for "api-key" |
    And the vault holds the secret "api-key"
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the vault gave the step "build" the secret "api-key"
    And the secret of "api-key" is nowhere outside the vault

  @uat-25 @orchestrator-variables-reach-step
  Scenario Outline: A step that <work> finds the orchestrator's variables, and its machine's own
    Given a workflow with the steps:
      | step  | runs on    | work   |
      | build | any worker | <work> |
    And an orchestrator with the variables "REGION, CLASH, PATH, USER, LOGNAME, SHELL, HOSTNAME, TERM, XDG_FOO, DENO_FOO, SWAMP_FOO"
    And the enrolled worker "alpha" with the variables "OWN, CLASH, PATH, USER, LOGNAME, SHELL, HOSTNAME, TERM, XDG_FOO, DENO_FOO, SWAMP_FOO"
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | variable  | found that of    |
      | build | REGION    | the orchestrator |
      | build | CLASH     | the orchestrator |
      | build | OWN       | alpha            |
      | build | HOME      | alpha            |
      | build | TMPDIR    | alpha            |
      | build | PATH      | alpha            |
      | build | USER      | alpha            |
      | build | LOGNAME   | alpha            |
      | build | SHELL     | alpha            |
      | build | HOSTNAME  | alpha            |
      | build | TERM      | alpha            |
      | build | XDG_FOO   | alpha            |
      | build | DENO_FOO  | alpha            |
      | build | SWAMP_FOO | alpha            |

    Examples:
      | work                  |
      | notes its environment |

    @posix
    Examples: with a shell
      | work                               |
      | notes the environment of a program |

  @uat-25 @machine-variables-kept-from-step
  Scenario: A step does not find what only the orchestrator's machine should have
    Given a workflow with the steps:
      | step  | runs on    | work                  |
      | build | any worker | notes its environment |
    And an orchestrator with the variables "REGION, HOSTNAME, XDG_FOO, DENO_FOO, SWAMP_FOO, SWAMP_SERVER_TOKEN"
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | variable           | found that of    |
      | build | REGION             | the orchestrator |
      | build | HOSTNAME           | nobody           |
      | build | XDG_FOO            | nobody           |
      | build | DENO_FOO           | nobody           |
      | build | SWAMP_FOO          | nobody           |
      | build | SWAMP_SERVER_TOKEN | nobody           |

  # On Windows the orchestrator itself could not do without them.
  @uat-25 @posix @temporary-folder-kept-from-step
  Scenario: A step does not find where the orchestrator keeps its temporary files
    Given a workflow with the steps:
      | step  | runs on    | work                  |
      | build | any worker | notes its environment |
    And an orchestrator with the variables "REGION, TEMP, TMP"
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | variable | found that of    |
      | build | REGION   | the orchestrator |
      | build | TEMP     | alpha            |
      | build | TMP      | alpha            |

  @uat-25 @network @variables-do-not-stay-on-worker
  Scenario: The orchestrator's variables do not stay behind on a worker
    Given a workflow with the steps:
      | step  | runs on    | work                  |
      | build | any worker | notes its environment |
    And an orchestrator with the variables "REGION, CLASH"
    And the enrolled worker "alpha" on a network that can fail, with the variables "CLASH, OWN"
    When the workflow has run to its end
    And the network of "alpha" fails and heals, 2 times
    And the workflow has run to its end
    And the orchestrator is restarted without its variables
    And the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | start | variable | found that of    |
      | build | 1     | REGION   | the orchestrator |
      | build | 1     | CLASH    | the orchestrator |
      | build | 2     | REGION   | the orchestrator |
      | build | 2     | CLASH    | the orchestrator |
      | build | 2     | OWN      | alpha            |
      | build | 3     | REGION   | nobody           |
      | build | 3     | CLASH    | alpha            |
      | build | 3     | OWN      | alpha            |

  @uat-25 @network @posix @variables-same-after-network-reset
  Scenario: A step that runs again after a reset of the network finds the same variables, and no others
    Given a workflow with the steps:
      | step  | runs on    | work                                           |
      | build | any worker | notes the environment of a program, then holds |
    And an orchestrator with the variables "REGION, CLASH, HOSTNAME"
    And the enrolled worker "alpha" on a network that can fail, with the variables "OWN, CLASH"
    When the workflow starts
    And the step "build" is running
    And the network of "alpha" is reset
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | start | variable | found that of    |
      | build | 1     | REGION   | the orchestrator |
      | build | 1     | CLASH    | the orchestrator |
      | build | 1     | OWN      | alpha            |
      | build | 1     | HOSTNAME | nobody           |
      | build | 2     | REGION   | the orchestrator |
      | build | 2     | CLASH    | the orchestrator |
      | build | 2     | OWN      | alpha            |
      | build | 2     | HOSTNAME | nobody           |
    And the step "build" found nothing of the control plane on "alpha"

  # Of several lines, empty, with quotes, blanks and letters of all kinds, very long, such as a list of places.
  @uat-25 @network @variables-exact-and-current
  Scenario: A step finds the orchestrator's variables as they are, and as they have become
    Given a workflow with the steps:
      | step  | runs on    | work                  |
      | build | any worker | notes its environment |
    And an orchestrator with the variables "SEVERAL, LETTERS, QUOTES, BLANKS, EQUALS, NUMBER, VERY_LONG, PLACES, EMPTY, EMPTIED, REGION"
    And the enrolled worker "alpha" on a network that can fail, with the variables "SEVERAL, EMPTY, EMPTIED, NUMBER, QUOTES"
    When the workflow has run to its end
    And the orchestrator is restarted with new values of "SEVERAL, LETTERS, EMPTIED" alone
    And the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | start | variable  | found that of              |
      | build | 1     | SEVERAL   | the orchestrator           |
      | build | 1     | LETTERS   | the orchestrator           |
      | build | 1     | QUOTES    | the orchestrator           |
      | build | 1     | BLANKS    | the orchestrator           |
      | build | 1     | EQUALS    | the orchestrator           |
      | build | 1     | NUMBER    | the orchestrator           |
      | build | 1     | VERY_LONG | the orchestrator           |
      | build | 1     | PLACES    | the orchestrator           |
      | build | 1     | EMPTY     | the orchestrator           |
      | build | 1     | EMPTIED   | the orchestrator           |
      | build | 1     | REGION    | the orchestrator           |
      | build | 2     | SEVERAL   | the restarted orchestrator |
      | build | 2     | LETTERS   | the restarted orchestrator |
      | build | 2     | EMPTIED   | the restarted orchestrator |
      | build | 2     | PLACES    | nobody                     |
      | build | 2     | VERY_LONG | nobody                     |
      | build | 2     | REGION    | nobody                     |
      | build | 2     | EMPTY     | alpha                      |
      | build | 2     | NUMBER    | alpha                      |
      | build | 2     | QUOTES    | alpha                      |

  @uat-25 @control-plane-variables-hidden
  Scenario Outline: A step finds nothing of the control plane on a worker configured by <means>
    Given a workflow with the steps:
      | step  | runs on    | work                  |
      | build | any worker | notes its environment |
    And an orchestrator with the variables "REGION"
    And the enrolled worker "alpha" configured by <means>
    When the workflow starts
    Then the run succeeds
    And the step "build" found nothing of the control plane on "alpha"
    And the steps on "alpha" found these variables:
      | step  | variable | found that of    |
      | build | REGION   | the orchestrator |

    Examples:
      | means                                       |
      | arguments                                   |
      | variables                                   |
      | arguments, with a credential for the server |

  @uat-25 @step-environment-not-shared
  Scenario: A step does not find what another step has set in its own environment
    Given a workflow with the steps:
      | step   | runs on    | work                           | after |
      | first  | any worker | sets variables, and notes them |       |
      | second | any worker | notes its environment          | first |
    And an orchestrator with the variables "REGION"
    And the enrolled worker "alpha" with the variables "OWN"
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step   | variable  | found that of    |
      | first  | SET_FIRST | that of first    |
      | first  | REGION    | that of first    |
      | first  | OWN       | that of first    |
      | second | SET_FIRST | nobody           |
      | second | REGION    | the orchestrator |
      | second | OWN       | alpha            |

  @uat-25 @posix @other-step-variables-hidden
  Scenario: A step does not find the variables of another step
    Given a workflow with the steps:
      | step   | runs on    | work                      |
      | first  | any worker | has a variable of its own |
      | second | any worker | has a variable of its own |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step   | variable   | found that of  |
      | first  | OWN_FIRST  | that of first  |
      | first  | OWN_SECOND | nobody         |
      | second | OWN_SECOND | that of second |
      | second | OWN_FIRST  | nobody         |
