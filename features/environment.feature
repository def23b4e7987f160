@issue-630
Feature: Environment
  A step on a worker finds the current variables of the orchestrator. After the step, nothing of them is left on
  the worker's machine.

  @uat-25 @orchestrator-variables-reach-step
  Scenario Outline: A step that <work> finds the variables of the orchestrator and of its machine
    Given a workflow with the steps:
      | step  | runs on    | work   |
      | build | any worker | <work> |
    And an orchestrator with the variables "REGION, CLASH, PATH, PWD, USER, LOGNAME, SHELL, HOSTNAME, TERM, XDG_FOO, DENO_FOO, SWAMP_FOO, MY_SWAMP_URL, APP_DENO_DIR, OLD_XDG_FOO, MY_PATH, PATHS, SWAMPY"
    And the enrolled worker "alpha" with the variables "OWN, CLASH, PATH, USER, LOGNAME, SHELL, HOSTNAME, TERM, XDG_FOO, DENO_FOO, SWAMP_FOO"
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | variable     | value of         |
      | build | REGION       | the orchestrator |
      | build | CLASH        | the orchestrator |
      | build | OWN          | alpha            |
      | build | HOME         | alpha            |
      | build | TMPDIR       | alpha            |
      | build | PATH         | alpha            |
      | build | PWD          | alpha            |
      | build | USER         | alpha            |
      | build | LOGNAME      | alpha            |
      | build | SHELL        | alpha            |
      | build | HOSTNAME     | alpha            |
      | build | TERM         | alpha            |
      | build | XDG_FOO      | alpha            |
      | build | DENO_FOO     | alpha            |
      | build | SWAMP_FOO    | alpha            |
      | build | MY_SWAMP_URL | the orchestrator |
      | build | APP_DENO_DIR | the orchestrator |
      | build | OLD_XDG_FOO  | the orchestrator |
      | build | MY_PATH      | the orchestrator |
      | build | PATHS        | the orchestrator |
      | build | SWAMPY       | the orchestrator |

    Examples:
      | work                    |
      | records its environment |

    @posix
    Examples: with a shell
      | work                                 |
      | records the environment of a program |

  @uat-25 @machine-variables-kept-from-step
  Scenario: A step does not find variables that belong to the orchestrator's machine
    Given a workflow with the steps:
      | step  | runs on    | work                    |
      | build | any worker | records its environment |
    And an orchestrator with the variables "REGION, HOSTNAME, XDG_FOO, DENO_FOO, SWAMP_FOO, SWAMP_SERVER_TOKEN, logname, Xdg_Bar, deno_bar, swamp_bar"
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | variable           | value of         |
      | build | REGION             | the orchestrator |
      | build | HOSTNAME           | nobody           |
      | build | XDG_FOO            | nobody           |
      | build | DENO_FOO           | nobody           |
      | build | SWAMP_FOO          | nobody           |
      | build | SWAMP_SERVER_TOKEN | nobody           |
      | build | logname            | nobody           |
      | build | Xdg_Bar            | nobody           |
      | build | deno_bar           | nobody           |
      | build | swamp_bar          | nobody           |

  # Windows is left out: the orchestrator itself needs these variables there.
  @uat-25 @posix @temporary-folder-kept-from-step
  Scenario: A step does not find the orchestrator's folder for temporary files
    Given a workflow with the steps:
      | step  | runs on    | work                    |
      | build | any worker | records its environment |
    And an orchestrator with the variables "REGION, TEMP, TMP"
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | variable | value of         |
      | build | REGION   | the orchestrator |
      | build | TEMP     | alpha            |
      | build | TMP      | alpha            |

  @uat-25 @network @variables-do-not-stay-on-worker
  Scenario: The orchestrator's variables leave nothing behind on a worker
    Given a workflow with the steps:
      | step  | runs on    | work                    |
      | build | any worker | records its environment |
    And an orchestrator with the variables "REGION, CLASH"
    And the enrolled worker "alpha" on a network that can be cut, with the variables "CLASH, OWN"
    When the workflow runs to its end
    And the network of "alpha" is cut and heals, 2 times
    And the workflow runs to its end
    And the orchestrator is stopped and starts again without its variables
    And the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | start | variable | value of         |
      | build | 1     | REGION   | the orchestrator |
      | build | 1     | CLASH    | the orchestrator |
      | build | 2     | REGION   | the orchestrator |
      | build | 2     | CLASH    | the orchestrator |
      | build | 2     | OWN      | alpha            |
      | build | 3     | REGION   | nobody           |
      | build | 3     | CLASH    | alpha            |
      | build | 3     | OWN      | alpha            |

  @uat-25 @failed-step-leaves-no-variables
  Scenario: A step that fails leaves none of the orchestrator's variables behind on a worker
    Given a workflow with the steps:
      | job   | step  | runs on    | work                    |
      | trial | break | any worker | fails                   |
      | notes | build | any worker | records its environment |
    And an orchestrator with the variables "REGION, CLASH"
    And the enrolled worker "alpha" on a network that can be cut, with the variables "CLASH"
    When the workflow runs to its end
    And the orchestrator is stopped and starts again without its variables
    And the workflow starts
    Then the run fails because its step failed
    And the steps on "alpha" found these variables:
      | step  | start | variable | value of         |
      | build | 1     | REGION   | the orchestrator |
      | build | 1     | CLASH    | the orchestrator |
      | build | 2     | REGION   | nobody           |
      | build | 2     | CLASH    | alpha            |

  @uat-25 @cancelled-step-leaves-no-variables
  Scenario: A step that is cancelled leaves none of the orchestrator's variables behind on a worker
    Given a workflow with the steps:
      | step  | runs on    | work                    | after |
      | hold  | any worker | pauses, then writes     |       |
      | build | any worker | records its environment | hold  |
    And an orchestrator with the variables "REGION, CLASH"
    And the enrolled worker "alpha" on a network that can be cut, with the variables "CLASH"
    When the workflow starts
    And the step "hold" is running
    And the operator cancels the run
    And the orchestrator is stopped and starts again without its variables
    And the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | variable | value of |
      | build | REGION   | nobody   |
      | build | CLASH    | alpha    |

  @uat-25 @network @posix @variables-same-after-network-reset
  Scenario: A step that runs again after a network reset finds the same variables, and no others
    Given a workflow with the steps:
      | step  | runs on    | work                                              |
      | build | any worker | records the environment of a program, then pauses |
    And an orchestrator with the variables "REGION, CLASH, HOSTNAME"
    And the enrolled worker "alpha" on a network that can be cut, with the variables "OWN, CLASH, region"
    When the workflow starts
    And the step "build" is running
    And the network of "alpha" is reset
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | start | variable | value of         |
      | build | 1     | REGION   | the orchestrator |
      | build | 1     | CLASH    | the orchestrator |
      | build | 1     | OWN      | alpha            |
      | build | 1     | region   | alpha            |
      | build | 1     | HOSTNAME | nobody           |
      | build | 2     | REGION   | the orchestrator |
      | build | 2     | CLASH    | the orchestrator |
      | build | 2     | OWN      | alpha            |
      | build | 2     | region   | alpha            |
      | build | 2     | HOSTNAME | nobody           |
    And the step "build" found no control-plane variable on "alpha"

  # Values with several lines, quotes, blanks and letters of all kinds; empty ones, very long ones, a list of paths.
  @uat-25 @network @variables-exact-and-current
  Scenario: A step finds the exact and current values of the orchestrator's variables
    Given a workflow with the steps:
      | step  | runs on    | work                    |
      | build | any worker | records its environment |
    And an orchestrator with the variables "SEVERAL, LETTERS, QUOTES, BLANKS, EQUALS, NUMBER, VERY_LONG, PLACES, EMPTY, EMPTIED, REGION"
    And the enrolled worker "alpha" on a network that can be cut, with the variables "SEVERAL, EMPTY, EMPTIED, NUMBER, QUOTES"
    When the workflow runs to its end
    And the orchestrator is stopped and starts again with new values of "SEVERAL, LETTERS, EMPTIED" alone
    And the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step  | start | variable  | value of                   |
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
  Scenario Outline: A step finds no control-plane variable on a worker configured by <means>
    Given a workflow with the steps:
      | step  | runs on    | work                    |
      | build | any worker | records its environment |
    And an orchestrator with the variables "REGION"
    And the enrolled worker "alpha" configured by <means>
    When the workflow starts
    Then the run succeeds
    And the step "build" found no control-plane variable on "alpha"
    And the steps on "alpha" found these variables:
      | step  | variable | value of         |
      | build | REGION   | the orchestrator |

    Examples:
      | means                                       |
      | arguments                                   |
      | variables                                   |
      | arguments, with a credential for the server |

  @uat-25 @step-environment-not-shared
  Scenario: A step does not find variables that another step has set
    Given a workflow with the steps:
      | step   | runs on    | work                                         | after |
      | first  | any worker | sets variables, then records its environment |       |
      | second | any worker | records its environment                      | first |
    And an orchestrator with the variables "REGION"
    And the enrolled worker "alpha" with the variables "OWN"
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step   | variable  | value of         |
      | first  | SET_FIRST | that of first    |
      | first  | REGION    | that of first    |
      | first  | OWN       | that of first    |
      | second | SET_FIRST | nobody           |
      | second | REGION    | the orchestrator |
      | second | OWN       | alpha            |

  @uat-25 @posix @other-step-variables-hidden
  Scenario: A step does not find the variables that the workflow gives to another step
    Given a workflow with the steps:
      | step   | runs on    | work                 |
      | first  | any worker | has its own variable |
      | second | any worker | has its own variable |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    When the workflow starts
    Then the run succeeds
    And the steps on "alpha" found these variables:
      | step   | variable   | value of       |
      | first  | OWN_FIRST  | that of first  |
      | first  | OWN_SECOND | nobody         |
      | second | OWN_SECOND | that of second |
      | second | OWN_FIRST  | nobody         |
