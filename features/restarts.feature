Feature: Restarts
  An orchestrator crashes, is stopped or is replaced while runs are in progress. No run, step or worker stays active
  for ever, nothing is left running, and operators see why a run ended and which of its steps had run.

  # A run is in progress whose steps run on a worker and on the orchestrator, and another run beside it.
  @uat-32 @network @crash-ends-every-run
  Scenario: After a crash of the orchestrator no run stays active, and the next run succeeds
    Given a workflow with the steps:
      | step  | runs on          | work                |
      | build | worker "alpha"   | pauses, then writes |
      | pack  | the orchestrator | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots, on a network that can be cut
    When the worker "alpha" runs a step of another workflow, which pauses
    And the workflow starts
    And the steps "build, pack" are running
    And the orchestrator crashes and starts again
    And the workflow starts
    Then the run succeeds
    And the operator sees these dispatches, and no others:
      | step    | worker | lease     | because                    | wrote |
      | another | alpha  | expired   | the orchestrator restarted | no    |
      | build   | alpha  | expired   | the orchestrator restarted | no    |
      | build   | alpha  | completed |                            | yes   |
    And the history shows these runs, and no others:
      | workflow | status      | because                  |
      | another  | interrupted | the orchestrator crashed |
      | release  | interrupted | the orchestrator crashed |
      | release  | succeeded   |                          |
    And no process of a step is left on the machine of "alpha"

  @uat-32 @crash-empties-queue
  Scenario: A step that waited when the orchestrator crashed never starts, in none of its runs
    Given a workflow with the steps:
      | step | runs on | work           |
      | ship | pool=b  | writes at once |
    And an orchestrator
    When the workflow starts
    And the step "ship" waits in the queue
    And the workflow starts
    And the orchestrator crashes and starts again
    And the worker "beta" starts with the labels "pool=b"
    Then the command that follows the run fails
    And the queue is empty
    And the check of all runs finds none that is active or stale
    And the worker "beta" can run another step
    And these steps started, and no others:
      | step    | worker |
      | another | beta   |
    And the history shows these runs, and no others:
      | workflow | status      | because                  |
      | release  | interrupted | the orchestrator crashed |
      | release  | interrupted | the orchestrator crashed |
      | another  | succeeded   |                          |

  @uat-32 @network @second-crash-shows-finished-job
  Scenario: After a second crash, the history shows a job that ended before the first, and no absent worker is busy
    Given a workflow with the steps:
      | job   | job after | step  | runs on    | work                | after |
      | check |           | test  | any worker | writes at once      |       |
      | check |           | lint  | any worker | writes at once      | test  |
      | build | check     | build | any worker | pauses, then writes |       |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" is running
    And the orchestrator crashes and starts again
    And the worker "alpha" runs a step of another workflow, which pauses
    And every machine reboots, and those of "alpha" stay off
    Then the history of the run shows these steps, among others:
      | step | status    |
      | lint | succeeded |
      | test | succeeded |
    And the history shows these runs, and no others:
      | workflow | status      | because                  |
      | release  | interrupted | the orchestrator crashed |
      | another  | interrupted | the orchestrator crashed |
    And the operator sees these dispatches, and no others:
      | step    | worker | lease     | because                    |
      | another | alpha  | expired   | the orchestrator restarted |
      | build   | alpha  | expired   | the orchestrator restarted |
      | lint    | alpha  | completed |                            |
      | test    | alpha  | completed |                            |
    And the pool shows, including past members:
      | worker | status       | connected            | slots |
      | alpha  | disconnected | not in the live pool | 0/1   |

  @uat-32 @network @crash-shows-which-steps-ran
  Scenario: The history shows which steps had run when the orchestrator crashed
    Given a workflow with the steps:
      | step  | runs on    | work                | after |
      | test  | any worker | writes at once      |       |
      | build | any worker | pauses, then writes | test  |
      | ship  | any worker | writes at once      | build |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" is running
    And the orchestrator crashes and starts again
    Then the history of the run shows these steps, and no others:
      | step  | status    |
      | build | failed    |
      | ship  | pending   |
      | test  | succeeded |

  @uat-32 @network @crash-reason-in-history
  Scenario: The history of a run shows that the orchestrator crashed
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" is running
    And the orchestrator crashes and starts again
    Then the history of the run shows, in text and in JSON, that the orchestrator crashed

  @uat-32 @posix @crash-leaves-no-local-program
  Scenario: A crash of the orchestrator leaves no program of a step on its machine
    Given a workflow with the steps:
      | step  | runs on          | work           |
      | build | the orchestrator | runs a program |
    And an orchestrator
    When the workflow starts
    And the step "build" is running
    And the orchestrator crashes and starts again
    Then no process of a step is left on the machine of the orchestrator

  @uat-32 @crash-ends-methods
  Scenario: After a crash of the orchestrator no method is active
    Given the model "build"
    And an orchestrator
    When a method that pauses, then writes starts with the tags "team=blue"
    And the step "build" is running
    And the orchestrator crashes and starts again
    Then the check of all runs finds none that is active or stale

  @uat-32 @resumed-run-ends-with-crash
  Scenario: After a crash of the orchestrator, a run that went on after an approval has ended
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
    And the orchestrator crashes and starts again
    Then the history shows these runs, and no others:
      | workflow | status      | because                  |
      | release  | interrupted | the orchestrator crashed |
    And the check of all runs finds none that is active or stale

  @uat-33 @stop-lets-runs-finish
  Scenario: An orchestrator that reports in JSON lets its runs go on to their end when it is stopped
    Given a workflow with the steps:
      | step  | runs on          | work                | after |
      | build | any worker       | pauses, then writes |       |
      | pack  | any worker       | pauses, then writes | build |
      | ship  | the orchestrator | pauses, then writes | pack  |
    And an orchestrator with output in JSON
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the orchestrator is stopped, and then the steps "build, pack, ship" continue one after the other
    Then the run succeeds
    And the orchestrator exits with exit code 0
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | succeeded |         |
    And these steps started, and no others:
      | step  | worker           |
      | build | alpha            |
      | pack  | alpha            |
      | ship  | the orchestrator |

  @uat-33 @stop-lets-method-finish
  Scenario: An orchestrator that is stopped lets a method go on to its end
    Given the model "build"
    And an orchestrator
    When a method that pauses, then writes starts with the tags "team=blue"
    And the step "build" is running
    And the orchestrator is stopped, and then the step "build" continues
    Then the method succeeds
    And the orchestrator exits with exit code 0

  @uat-33 @ctrl-c-lets-method-finish
  Scenario: An orchestrator that is stopped with Ctrl-C lets a method go on to its end
    Given the model "build"
    And an orchestrator
    When a method that pauses, then writes starts with the tags "team=blue"
    And the step "build" is running
    And the orchestrator is stopped with Ctrl-C, and then the step "build" continues
    Then the orchestrator exits with exit code 0
    And the method succeeds

  # It handles the requests to reload and to stop in another way than others.
  @uat-33 @posix @reloading-orchestrator-lets-method-finish
  Scenario: An orchestrator that can reload its extensions lets a method go on to its end when it is stopped
    Given the model "build"
    And an orchestrator that can reload its extensions
    When a method that pauses, then writes starts with the tags "team=blue"
    And the step "build" is running
    And the orchestrator is stopped, and then the step "build" continues
    Then the method succeeds
    And the orchestrator exits with exit code 0

  # The orchestrator may refuse the other workflow instead; then the history does not have its run.
  @uat-33 @run-during-stop-not-lost
  Scenario: A run that an orchestrator accepts while it waits for its runs goes on to its end
    Given a workflow with the steps:
      | step  | runs on        | work                |
      | build | worker "alpha" | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    When the workflow starts
    And the step "build" is running
    And the orchestrator is stopped, another workflow starts on "alpha", and then the step "build" continues
    Then the orchestrator exits with exit code 0
    And every run in the history succeeded

  @uat-33 @slow @stop-interrupts-resumed-run
  Scenario: An orchestrator that is stopped interrupts a run that went on after an approval and takes too long
    Given a workflow whose models exist, with the steps:
      | step  | runs on          | work                | after |
      | gate  | the orchestrator | waits for approval  |       |
      | build | the orchestrator | pauses, then writes | gate  |
      | test  | the orchestrator | pauses, then writes | gate  |
    And an orchestrator
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator, and follows it
    And the steps "build, test" are running
    And the orchestrator is stopped, and then the step "test" continues
    And the orchestrator starts again
    Then the history shows these runs, and no others:
      | workflow | status      | because                      |
      | release  | interrupted | the orchestrator was stopped |

  @uat-33 @network @slow @stop-interrupts-long-runs
  Scenario: An orchestrator that is stopped interrupts the runs that take too long
    Given a workflow with the steps:
      | step  | runs on        | work                | after |
      | test  | worker "alpha" | writes at once      |       |
      | build | worker "alpha" | pauses, then writes | test  |
      | ship  | worker "alpha" | writes at once      | build |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots, on a network that can be cut
    When the worker "alpha" runs a step of another workflow, which pauses
    And the workflow starts
    And the step "build" is running
    And the orchestrator is stopped, and then the step "another" continues
    And the orchestrator starts again
    Then the orchestrator ended right after the time that it gives to its runs
    And the history shows these runs, and no others:
      | workflow | status      | because                      |
      | another  | succeeded   |                              |
      | release  | interrupted | the orchestrator was stopped |
    And the history of the run shows these steps, and no others:
      | step  | status    |
      | build | failed    |
      | ship  | pending   |
      | test  | succeeded |
    And the operator sees these dispatches, and no others:
      | step    | worker | lease     | wrote |
      | another | alpha  | completed | yes   |
      | build   | alpha  | failed    | no    |
      | test    | alpha  | completed | yes   |
    And no process of a step is left on the machine of "alpha"

  # The other release has a secret in the vault; the tokens "alpha" and "fleet" (for 2 machines), with which the workers
  # "alpha" and "delta" have enrolled; the unused token "beta" and the revoked token "gamma"; a run with data; and a run
  # that was in progress on "alpha" when the orchestrator was killed.
  @uat-31 @other-binary @posix @upgrade-keeps-records
  Scenario: An upgrade keeps tokens, data and history, and ends the run that was in progress
    Given a repository that the other release has used
    And an orchestrator
    When the operator lists the tokens through the orchestrator
    Then the tokens "alpha, beta, fleet, gamma" are listed as the other release listed them
    And the operator reads the data of the other release as before
    And the history shows these runs, and no others:
      | workflow | status      | because                  |
      | release  | succeeded   |                          |
      | another  | interrupted | the orchestrator crashed |
    And the operator sees these dispatches, and no others:
      | step    | worker | lease     | because                    |
      | another | alpha  | expired   | the orchestrator restarted |
      | build   | alpha  | completed |                            |

  @uat-31 @other-binary @posix @upgraded-workers-return
  Scenario: After an upgrade of everything, machines return, and a step receives its secret
    Given a repository that the other release has used
    And an orchestrator
    When the worker "alpha" starts from the machine where it enrolled before
    And the worker "delta" starts with the token "fleet" and the labels "pool=b", from the machine where it enrolled before
    And the worker "beta" starts with the labels "pool=c"
    And the worker "gamma" starts
    And the workflow starts
    Then the run succeeds
    And the worker "beta" is enrolled
    And the worker "delta" is enrolled under the same name as before
    And the worker "gamma" is rejected because its token is revoked
    And the tokens "alpha, fleet, gamma" are listed as the other release listed them
    And the step "build" received the secret "api-key"

  @uat-31 @other-binary @posix @upgraded-data-has-one-latest
  Scenario: After an upgrade, only the newest data of a step is its latest
    Given a repository that the other release has used
    And an orchestrator
    When the worker "alpha" starts from the machine where it enrolled before
    And the workflow starts
    Then the run succeeds
    And this data is recorded, and no other:
      | step  | data   | version |
      | build | result | 2       |

  @uat-31 @other-binary @posix @old-worker-turned-away
  Scenario: A worker of the other release is turned away, and leaves no trace
    Given a repository that the other release has used
    And an orchestrator
    When the worker "old" starts with the token "beta" and the binary of the other release
    And the worker "alpha" starts from the machine where it enrolled before
    Then the worker "old" is rejected because its protocol version differs
    And the worker "old" tried to connect 1 time
    And the worker "alpha" is enrolled
    And the tokens "alpha, beta, fleet, gamma" are listed as the other release listed them
    And the pool shows:
      | worker | status | connected |
      | alpha  | idle   | yes       |

  @uat-31 @earlier-binary @old-worker-stays-through-upgrade
  Scenario: A worker of an earlier release with the same protocol returns by itself after an upgrade, and works on
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator of the earlier release
    And the enrolled worker "alpha" with the binary of the earlier release
    When the workflow runs to its end
    And the orchestrator is replaced by one of the release under test
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
    And the operator can read what the step "build" wrote into "result"
    And the pool shows:
      | worker | status | connected |
      | alpha  | idle   | yes       |

  @uat-31 @earlier-binary @waiting-run-stays-through-upgrade
  Scenario: A run that waits for approval since an earlier release goes on after an upgrade
    Given a workflow whose models exist, with the steps:
      | step | runs on          | work               | after |
      | gate | the orchestrator | waits for approval |       |
      | ship | the orchestrator | writes at once     | gate  |
    And an orchestrator of the earlier release
    When the workflow starts
    And the run waits for approval
    And the orchestrator is replaced by one of the release under test
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator
    Then the command succeeds
    And these steps started, and no others:
      | step | worker           |
      | ship | the orchestrator |
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | succeeded |         |

  @uat-31 @earlier-binary @new-worker-stays-through-downgrade
  Scenario: A worker returns by itself to an orchestrator of an earlier release with the same protocol, and works on
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow runs to its end
    And the orchestrator is replaced by one of the earlier release
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
    And the operator can read what the step "build" wrote into "result"

  @uat-31 @earlier-binary @old-client-works
  Scenario: An operator with an earlier release sees the pool and runs a workflow through the orchestrator
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha"
    When the operator uses the earlier release from now on
    And the workflow starts
    Then the run succeeds
    And every list of workers shows:
      | worker | status | slots | labels         |
      | alpha  | idle   | 0/1   | the usual ones |
    And every list of tokens shows:
      | token | state    | machine         |
      | alpha | enrolled | that of "alpha" |
    And the operator can read what the step "build" wrote into "result"

  @uat-31 @other-binary @posix @downgrade-keeps-records
  Scenario: A downgrade keeps tokens and data, and a step receives its secret
    Given a repository that the other release has used
    And an orchestrator
    When the worker "alpha" starts from the machine where it enrolled before
    And the workflow runs to its end
    And the worker "alpha" is stopped
    And the orchestrator is replaced by one of the other release
    And the worker "old" starts with the token "alpha" and the binary of the other release, from the machine of "alpha"
    And the workflow runs to its end
    Then these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | old    |
    And the tokens "alpha, beta, fleet, gamma" are listed as the other release listed them
    And the operator reads the data of the other release as before
    And the step "build" received the secret "api-key"
