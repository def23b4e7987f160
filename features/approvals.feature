Feature: Approvals
  A step can wait until an operator has approved it. Its run is suspended: no step of it runs, the command that started it
  ends, and the orchestrator may be restarted. When the step is approved, the operator resumes the run, which goes on with
  the remaining steps. When the step is rejected, the run has failed.

  @uat-45 @suspended-run-asks-for-approval
  Scenario Outline: A run that needs an approval is suspended, asks the operator in <output>, and stays so after a <restart>
    Given a workflow with the steps:
      | job    | job after | step  | runs on          | work                        | after |
      | build  |           | build | any worker       | writes at once              |       |
      | build  |           | gate  | the orchestrator | waits for approval          | build |
      | build  |           | ship  | any worker       | writes the input of the run | gate  |
      | deploy | build     | pack  | any worker       | writes at once              |       |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator's output is in <output>
    When the workflow starts
    And the run waits for approval
    And the orchestrator <ends and starts again>
    Then the run is suspended
    And the command that followed the run asks to approve the step "gate"
    And the list of approvals shows, in each place, in text and in JSON:
      | workflow | step |
      | release  | gate |
    And the history of the run shows these steps, and no others:
      | step  | status           |
      | build | succeeded        |
      | gate  | waiting_approval |
      | pack  | pending          |
      | ship  | pending          |
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | suspended |         |

    Examples:
      | restart | output | ends and starts again       |
      | crash   | text   | crashes and starts again    |
      | stop    | JSON   | is stopped and starts again |

  @uat-45 @approved-run-goes-on
  Scenario: An approved run goes on with its remaining steps on a worker, after the orchestrator has crashed
    Given a workflow whose models exist, with the steps:
      | job    | job after | step  | runs on          | work                        | after | may fail |
      | build  |           | build | any worker       | writes at once              |       |          |
      | build  |           | lint  | any worker       | fails                       |       | yes      |
      | build  |           | gate  | the orchestrator | waits for approval          | build |          |
      | build  |           | ship  | any worker       | writes the input of the run | gate  |          |
      | deploy | build     | pack  | any worker       | writes at once              |       |          |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator's output is in text
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" in the repository
    And the orchestrator crashes and starts again
    And the operator resumes the run through the orchestrator, and follows it
    Then the run succeeds
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | completed | yes   |
      | lint  | alpha  | failed    | no    |
      | pack  | alpha  | completed | yes   |
      | ship  | alpha  | completed | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on | word      |
      | build | result | 1       | alpha      |           |
      | pack  | result | 1       | alpha      |           |
      | ship  | result | 1       | alpha      | the input |
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | succeeded |         |

  @uat-45 @approval-comes-first
  Scenario: A run that is resumed before its step is approved still waits
    Given a workflow with the steps:
      | step | runs on          | work               | after |
      | gate | the orchestrator | waits for approval |       |
      | ship | the orchestrator | writes at once     | gate  |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the operator resumes the run through the orchestrator
    Then the command fails because its step still waits for approval
    And the list of approvals shows, in each place, in text and in JSON:
      | workflow | step |
      | release  | gate |
    And no step started

  @uat-45 @approval-too-late
  Scenario: A step can no longer be approved when the time for it is over
    Given a workflow with the steps:
      | step | runs on          | work                             | after |
      | gate | the orchestrator | waits for approval, for a second |       |
      | ship | the orchestrator | writes at once                   | gate  |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the time for the approval of the step "gate" passes
    And the operator approves the step "gate" through the orchestrator
    Then the command fails because the time for the approval is over
    And no step waits for approval
    And no step started

  @uat-45 @rejected-run-has-ended
  Scenario Outline: A rejection <place> ends the run, which cannot be resumed
    Given a workflow with the steps:
      | step  | runs on          | work               | after |
      | build | any worker       | writes at once     |       |
      | gate  | the orchestrator | waits for approval | build |
      | ship  | any worker       | writes at once     | gate  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the run waits for approval
    And the operator rejects the step "gate" <place>, with the note "two tests are red"
    And the operator resumes the run through the orchestrator
    Then the command fails because no run waits for approval
    And no step waits for approval
    And the history of the run shows the note "two tests are red", in text and in JSON
    And the history shows these runs, and no others:
      | workflow | status | because |
      | release  | failed |         |
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |

    Examples:
      | place                    |
      | in the repository        |
      | through the orchestrator |

  @uat-45 @named-run-of-two-goes-on
  Scenario: Of two runs that wait for approval, only the named one is approved and goes on; the command fails as it does
    Given a workflow whose models exist, with the steps:
      | step | runs on          | work               | after |
      | gate | the orchestrator | waits for approval |       |
      | ship | any worker       | fails              | gate  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the run waits for approval
    And the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" by the id of the first run, through the orchestrator
    And the operator resumes the run by the id of the first run, through the orchestrator
    Then the command exits with exit code 1
    And the list of approvals shows, in each place, in text and in JSON:
      | workflow | step | run        |
      | release  | gate | the second |
    And these steps started, and no others:
      | step | worker |
      | ship | alpha  |

  @uat-45 @named-run-goes-on-in-repository
  Scenario: In the repository, too, only the named run is approved and goes on; the command fails as it does
    Given a workflow whose models exist, with the steps:
      | step  | runs on          | work                        | after |
      | gate  | the orchestrator | waits for approval          |       |
      | build | the orchestrator | writes the input of the run | gate  |
      | test  | the orchestrator | fails                       | build |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" by the id of the first run, in the repository
    And the operator resumes the run by the id of the first run, in the repository, with the input "later" in a file
    Then the command exits with exit code 1
    And the list of approvals shows, in each place, in text and in JSON:
      | workflow | step | run        |
      | release  | gate | the second |
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | test  | the orchestrator |
    And this data is recorded, and no other:
      | step  | data   | version | word  |
      | build | result | 1       | later |

  @uat-45 @named-run-of-two-rejected
  Scenario: Of two runs that wait for approval, only the named one is rejected, and the other goes on
    Given a workflow whose models exist, with the steps:
      | step | runs on          | work               | after |
      | gate | the orchestrator | waits for approval |       |
      | ship | the orchestrator | writes at once     | gate  |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the workflow starts
    And the run waits for approval
    And the operator rejects the step "gate" by the id of the first run, through the orchestrator
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator, and follows it
    Then the run succeeds
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | failed    |         |
      | release  | succeeded |         |
    And these steps started, and no others:
      | step | worker           |
      | ship | the orchestrator |

  @uat-45 @ambiguous-approval-refused
  Scenario: Of two runs that wait for approval, an approval that names none changes neither, nor one that was rejected
    Given a workflow with the steps:
      | step | runs on          | work               | after |
      | gate | the orchestrator | waits for approval |       |
      | ship | the orchestrator | writes at once     | gate  |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the workflow starts
    And the run waits for approval
    And the operator rejects the step "gate" by the id of the first run, in the repository
    And the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator
    Then the command fails because several runs wait for approval
    And the list of approvals shows, in each place, in text and in JSON:
      | workflow | step | run        |
      | release  | gate | the second |
      | release  | gate | the third  |

  @uat-45 @run-waits-at-each-gate
  Scenario: A run that needs two approvals waits for each, and keeps a new input, also if the orchestrator crashes in between
    Given a workflow whose models exist, with the steps:
      | job    | job after | step  | runs on          | work                                 | after |
      | build  |           | build | any worker       | writes at once                       |       |
      | build  |           | gate  | the orchestrator | waits for approval                   | build |
      | build  |           | ship  | any worker       | writes the input of the run          | gate  |
      | deploy | build     | check | the orchestrator | waits for approval, for five minutes |       |
      | deploy | build     | pack  | any worker       | writes the input of the run          | check |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator, with the input "hurry"
    And the orchestrator crashes and starts again
    And the operator approves the step "check" through the orchestrator
    And the operator resumes the run through the orchestrator
    Then the command succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | pack  | alpha  |
      | ship  | alpha  |
    And this data is recorded, and no other:
      | step  | data   | version | word  |
      | build | result | 1       |       |
      | pack  | result | 1       | hurry |
      | ship  | result | 1       | hurry |

  @uat-45 @each-item-needs-approval
  Scenario: A step that needs an approval for each of its items lets the run go on when all of them are approved
    Given a workflow whose models exist, with the steps:
      | job    | job after | step | for each of | runs on          | work                        |
      | build  |           | gate | a, b        | the orchestrator | waits for approval          |
      | deploy | build     | ship |             | the orchestrator | writes the input of the run |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate-b" through the orchestrator
    And the operator resumes the run through the orchestrator
    And the operator approves the step "gate-a" in the repository
    And the operator resumes the run through the orchestrator, with the input "later" on standard input
    Then the command succeeds
    And these steps started, and no others:
      | step | worker           |
      | ship | the orchestrator |
    And the history of the run shows these steps, and no others:
      | step   | status    |
      | gate-a | succeeded |
      | gate-b | succeeded |
      | ship   | succeeded |
    And this data is recorded, and no other:
      | step | data   | version | word  |
      | ship | result | 1       | later |

  @uat-45 @decision-recorded
  Scenario: The record of a run shows who approves a step in the repository, and with what note
    Given a workflow with the steps:
      | step | runs on          | work               | after |
      | gate | the orchestrator | waits for approval |       |
      | ship | the orchestrator | writes at once     | gate  |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" in the repository, as "the release manager", with the note "see ticket 4711"
    Then the step "gate" is recorded as approved by "the release manager", with the note "see ticket 4711"
    And no step started
    And no step waits for approval

  @uat-45 @rejection-recorded
  Scenario: A resumed run asks for the next approval, and its record shows who rejects that step, and with what note
    Given a workflow with the steps:
      | step  | runs on          | work               | after |
      | gate  | the orchestrator | waits for approval |       |
      | check | the orchestrator | waits for approval | gate  |
      | ship  | the orchestrator | writes at once     | check |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" in the repository
    And the operator resumes the run through the orchestrator, and follows it
    And the run waits for approval
    And the operator rejects the step "check" in the repository, as "the release manager", with the note "see ticket 4711"
    Then the command that followed the run asks to approve the step "check"
    And the step "check" is recorded as rejected by "the release manager", with the note "see ticket 4711"
    And no step started

  @uat-45 @decision-through-orchestrator-recorded
  Scenario: The record of a run shows who approves a step through the orchestrator, and with what note
    Given a workflow with the steps:
      | step | runs on          | work               | after |
      | gate | the orchestrator | waits for approval |       |
      | ship | the orchestrator | writes at once     | gate  |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator, as "the release manager", with the note "see ticket 4711"
    Then the step "gate" is recorded as approved by "the release manager", with the note "see ticket 4711"

  @uat-45 @types-after-approval
  Scenario: An approved run goes on with steps that name the types of their models
    Given a workflow with the steps:
      | step  | runs on          | work               | after |
      | build | any worker       | writes at once     |       |
      | gate  | the orchestrator | waits for approval | build |
      | ship  | any worker       | writes at once     | gate  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator
    Then these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | ship  | alpha  |
    And the command succeeds

  @uat-45 @tags-after-approval
  Scenario: The data that a run writes after an approval has the tags of the run, also where its models have others
    Given a workflow whose models have the tags "team=red, place=lab", with the steps:
      | step  | runs on          | work               | after |
      | build | any worker       | writes at once     |       |
      | gate  | the orchestrator | waits for approval | build |
      | ship  | any worker       | writes at once     | gate  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts with the tags "team=blue"
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator
    Then the command succeeds
    And all data of the steps "build, ship" has the tags "place=lab, team=blue"

  @uat-45 @step-beside-approval-runs-once
  Scenario: A step that runs while another one is approved runs to its end, and not again
    Given a workflow whose models exist, with the steps:
      | job   | step  | runs on          | work                | after |
      | build | build | any worker       | pauses, then writes |       |
      | check | test  | any worker       | writes at once      |       |
      | check | gate  | the orchestrator | waits for approval  | test  |
      | check | ship  | any worker       | writes at once      | gate  |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    When the workflow starts
    And the step "build" is running
    And the step "gate" waits for approval
    And the operator approves the step "gate" through the orchestrator
    And the step "build" continues
    And the command that follows the run ends
    And the operator resumes the run through the orchestrator
    Then the command succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | ship  | alpha  |
      | test  | alpha  |

  @uat-45 @refused-approval-shows-clear-message
  Scenario: An approval that is refused in the repository shows one clear message, without a stack trace
    Given a workflow with the steps:
      | step | runs on          | work               | after |
      | gate | the orchestrator | waits for approval |       |
      | ship | the orchestrator | writes at once     | gate  |
    And an orchestrator
    And the operator's output is in text
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "ship"
    Then the command fails because the step does not wait for approval
