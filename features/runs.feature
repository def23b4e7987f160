@issue-630
Feature: Runs
  A worker can be lost while it runs a step. If the step had not written, it runs again; if it had, the run fails, so
  that nothing is written twice. A run that the operator cancels ends on every worker.

  @uat-15 @uat-19 @posix @killed-worker-step-reruns-same-machine
  Scenario: Steps run again on the same machine after their worker crashed, if no other worker fits
    Given a workflow with the steps:
      | step  | runs on        | work                |
      | build | pool=a         | pauses, then writes |
      | pack  | worker "alpha" | runs a program      |
    And an orchestrator
    And the enrolled worker "abel" with 3 slots
    And the enrolled worker "alpha" with the labels "pool=a" and 2 slots
    When the workflow starts
    And the steps "build, pack" are running
    And the worker "alpha" crashes
    And the worker "alpha" starts again
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
      | pack  | alpha  |
      | pack  | alpha  |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | because              | wrote |
      | build | alpha  | expired   | its worker came back | no    |
      | build | alpha  | completed |                      | yes   |
      | pack  | alpha  | expired   | its worker came back | no    |
      | pack  | alpha  | completed |                      | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | result | 1       | alpha      |
      | pack  | result | 1       | alpha      |
    And no process of a step is left on the machine of "alpha"

  @uat-15 @uat-16 @network @restarted-orchestrator-holds-nothing
  Scenario: A step that had written when its orchestrator was killed keeps no worker busy after the restart
    Given a workflow with the steps:
      | step  | runs on    | work                         |
      | build | any worker | writes, pauses, writes again |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" has written
    And the orchestrator is killed and starts again
    Then the worker "alpha" can run another step
    And the operator sees these dispatches, and no others:
      | step    | worker | lease     | because                    | wrote |
      | another | alpha  | completed |                            | yes   |
      | build   | alpha  | expired   | the orchestrator restarted | yes   |
    And no process of a step is left on the machine of "alpha"
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | idle   | yes       | 0/1   |

  @uat-15 @unwritten-step-reruns-elsewhere
  Scenario: A step that has not written runs again on another worker
    Given a workflow with the steps:
      | step  | runs on | work                |
      | build | pool=a  | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=a"
    And the token "beta"
    When the workflow starts with the tags "team=blue"
    And the step "build" is running
    And the worker "beta" starts with the labels "pool=a"
    And the worker "alpha" is killed
    And the worker "alpha" starts again with the labels "pool=b"
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | beta   |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | result | 1       | beta       |
    And all data of the step "build" has the tags "team=blue"

  @uat-15 @lost-worker-awaited-in-grace
  Scenario: A step waits for its lost worker within the grace window, also when this worker has come back before
    Given a workflow with the steps:
      | step  | runs on    | work                | after |
      | build | any worker | pauses, then writes |       |
      | test  | any worker | pauses, then writes | build |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" is killed and starts again
    And the step "test" is running
    And the worker "alpha" is killed
    And the orchestrator notices that "alpha" is gone
    And the worker "beta" starts and is enrolled
    Then the worker "beta" can run another step
    And these steps started, and no others:
      | step    | worker |
      | another | beta   |
      | build   | alpha  |
      | build   | alpha  |
      | test    | alpha  |
    And the pool shows, including past members:
      | worker | status       | connected | slots |
      | alpha  | disconnected | no        | 0/1   |
      | beta   | idle         | yes       | 0/1   |

  @uat-15 @network @posix @network-reset-reruns-step-once
  Scenario: Steps run again after a network reset, once at a time
    Given a workflow with the steps:
      | step  | runs on    | work                                               |
      | build | any worker | prints a word, pauses, prints another, then writes |
      | pack  | any worker | runs a program                                     |
      | sign  | any worker | runs a program from a script                       |
    And an orchestrator
    And the enrolled worker "alpha" with 3 slots, on a network that can be cut
    And the operator's output is in text
    When the workflow starts
    And the steps "build, pack, sign" are running
    And the network of "alpha" is reset
    Then the run succeeds
    And the operator saw the last output of the step "build" exactly once
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
      | pack  | alpha  |
      | pack  | alpha  |
      | sign  | alpha  |
      | sign  | alpha  |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | expired   | no    |
      | build | alpha  | completed | yes   |
      | pack  | alpha  | expired   | no    |
      | pack  | alpha  | completed | yes   |
      | sign  | alpha  | expired   | no    |
      | sign  | alpha  | completed | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | result | 1       | alpha      |
      | pack  | result | 1       | alpha      |
      | sign  | result | 1       | alpha      |
    And no process of a step is left on the machine of "alpha"

  # Reading is not writing, and what another step has written on the same worker does not count.
  @uat-15 @network @reading-step-reruns-every-loss
  Scenario: A step that has only read runs again each time its worker is lost
    Given a workflow with the steps:
      | step  | runs on    | work                                                      | after |
      | seed  | any worker | writes at once                                            |       |
      | build | any worker | reads the result of "seed", pauses each time, then writes | seed  |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" is running
    And the network of "alpha" is reset 4 times, and the step "build" starts again each time
    And the step "build" continues
    Then the run succeeds
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | expired   | no    |
      | build | alpha  | expired   | no    |
      | build | alpha  | expired   | no    |
      | build | alpha  | expired   | no    |
      | build | alpha  | completed | yes   |
      | seed  | alpha  | completed | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | result | 1       | alpha      |
      | seed  | result | 1       | alpha      |
    And no process of a step is left on the machine of "alpha"

  @uat-15 @uat-16 @only-unwritten-step-reruns
  Scenario: Of two steps whose worker was killed, only the one that had not written runs again
    Given a workflow with the steps:
      | job     | step  | runs on    | work                         | after |
      | check   | test  | any worker | pauses, then writes          |       |
      | check   | pack  | any worker | pauses, then writes          |       |
      | release | build | any worker | writes, pauses, writes again |       |
      | release | ship  | any worker | writes at once               | build |
    And an orchestrator
    And the enrolled worker "alpha" with 3 slots
    And the operator's output is in text
    When the workflow starts
    And the step "build" has written
    And the step "pack" continues
    And the step "test" is running and the step "pack" has ended
    And the worker "alpha" is killed and starts again
    Then the run fails because its worker was lost after the step had written
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | pack  | alpha  |
      | test  | alpha  |
      | test  | alpha  |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | because              | wrote |
      | build | alpha  | failed    | the step had written | yes   |
      | pack  | alpha  | completed |                      | yes   |
      | test  | alpha  | expired   | its worker came back | no    |
      | test  | alpha  | completed |                      | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | before | 1       | alpha      |
      | pack  | result | 1       | alpha      |
      | test  | result | 1       | alpha      |

  @uat-15 @uat-16 @slow @written-step-not-rerun-when-gone
  Scenario: Of two steps whose worker never returns, only the one that had not written runs on another worker
    Given a workflow with the steps:
      | step  | runs on    | work                         | queue limit |
      | build | any worker | writes, pauses, writes again |             |
      | test  | any worker | pauses, then writes          | 4 s         |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    When the workflow starts
    And the step "build" has written
    And the step "test" is running
    And the worker "alpha" is killed
    And the worker "beta" starts and is enrolled
    Then the run fails because its worker was lost after the step had written
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | test  | alpha  |
      | test  | beta   |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | because                | wrote |
      | build | alpha  | failed    | the step had written   | yes   |
      | test  | alpha  | expired   | its worker stayed away | no    |
      | test  | beta   | completed |                        | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | before | 1       | alpha      |
      | test  | result | 1       | beta       |
    And the operator can read what the step "build" wrote into "before"

  # Without the timeout that other scenarios set, the silence of a network is noticed before a grace window is over.
  @uat-14 @uat-15 @slow @network @gone-worker-enrolls-with-all-slots
  Scenario: A step whose worker has left the pool runs again on it when it has enrolled anew; a silent worker is away
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta" without labels, on a network that can be cut
    When the network of "beta" goes silent
    And the workflow starts
    And the step "build" is running
    And the worker "alpha" is killed
    And the pool no longer shows "alpha" after the grace window
    And the worker "alpha" starts again
    Then the run succeeds
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | because                | wrote |
      | build | alpha  | expired   | its worker stayed away | no    |
      | build | alpha  | completed |                        | yes   |
    And the pool shows, including past members:
      | worker | status       | slots |
      | alpha  | idle         | 0/1   |
      | beta   | disconnected | 0/1   |

  # A write is recorded before it is answered, so "build" has written as soon as it pauses.
  @uat-16 @network @written-step-not-rerun-after-reset
  Scenario: A step that had written is not run again after a network reset
    Given a workflow with the steps:
      | step  | runs on    | work                         | after | model |
      | seed  | any worker | writes, pauses, writes again |       | app   |
      | build | any worker | writes, pauses, writes again | seed  | app   |
      | ship  | any worker | writes at once               | build | app   |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "seed" is running
    And the step "seed" continues
    And the step "build" is running
    And the network of "alpha" is reset
    Then the run fails because its worker was lost after the step had written
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | seed  | alpha  |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | failed    | yes   |
      | seed  | alpha  | completed | yes   |
    And this data is recorded, and no other:
      | data   | version | written on |
      | before | 2       | alpha      |
      | after  | 1       | alpha      |
      | before | 1       | alpha      |
    And the worker "alpha" can run another step

  @uat-15 @uat-16 @written-second-run-not-rerun
  Scenario: A step that runs again, and has written by then, is not run a third time, and the run names its last worker
    Given a workflow with the steps:
      | step  | runs on | work                                 |
      | build | pool=a  | pauses, writes, pauses, writes again |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=a" and 2 slots
    And the enrolled worker "beta" with the labels "pool=a"
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" is killed and returns with the labels "pool=b"
    And the step "build" has written
    And the worker "beta" is killed and starts again
    Then the run fails because the worker "beta" was lost after the step "build" had written
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | beta   |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease   | because              | wrote |
      | build | alpha  | expired | its worker came back | no    |
      | build | beta   | failed  | the step had written | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | before | 1       | beta       |

  @uat-16 @network @written-lines-survive-lost-worker
  Scenario: The lines that a step had written can be read after its worker was lost
    Given a workflow with the steps:
      | step  | runs on    | work                                       |
      | build | any worker | writes a line, pauses, writes another line |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" has written
    And the network of "alpha" is reset
    Then the run fails because its worker was lost after the step had written
    And this data is recorded, and no other:
      | step  | data  | version |
      | build | trace | 1       |
    And the operator can read what the step "build" wrote into "trace"

  @uat-16 @network @history-shows-lost-run-failed
  Scenario: The history of all runs shows a run whose worker was lost as failed
    Given a workflow with the steps:
      | step  | runs on    | work                         |
      | build | any worker | writes, pauses, writes again |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" has written
    And the network of "alpha" is reset
    Then the run fails because its worker was lost after the step had written
    And the history of all runs shows the run as failed

  @uat-17 @uat-20 @cancelled-step-keeps-its-slot
  Scenario: A cancelled step that ignores the request to stop keeps its slot until it has ended
    Given a workflow with the steps:
      | step  | runs on    | work                                   |
      | build | any worker | pauses and ignores the request to stop |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the operator cancels the run
    Then the worker "alpha" can run another step
    And the operator sees these dispatches, and no others:
      | step    | worker | lease     |
      | another | alpha  | completed |
      | build   | alpha  | failed    |
    And the step "another" started after the lease of the step "build" had ended

  @uat-17 @step-that-ignores-its-end-leaves-others
  Scenario: The end of a cancelled step that ignores the request to stop leaves a step that started later
    Given a workflow with the steps:
      | step  | runs on    | work                                   |
      | build | any worker | pauses and ignores the request to stop |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" runs a step of another workflow, which pauses
    And the operator cancels the run by the id of the first run
    Then the first run is cancelled
    And the history shows these runs, and no others:
      | workflow | status    |
      | release  | cancelled |
      | another  | running   |
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | busy   | yes       | 1/4   |

  @uat-17 @cancelled-run-ends-step
  Scenario Outline: Cancelling a run ends its step that <work>
    Given a workflow with the steps:
      | step  | runs on    | work   |
      | build | any worker | <work> |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the operator cancels the run
    Then the run is cancelled
    And the command did not report the run as cancelled while the step "build" still ran
    And the lease of the step "build" ended at most 10 seconds after the command
    And the operator sees these dispatches, and no others:
      | step  | worker | lease  | wrote |
      | build | alpha  | failed | no    |
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | idle   | yes       | 0/1   |
    And no process of a step is left on the machine of "alpha"

    Examples:
      | work                                   |
      | pauses and ignores the request to stop |

    @posix
    Examples: with a shell
      | work                         |
      | runs a program               |
      | runs a program from a script |

  @uat-17 @cancellation-awaits-every-step
  Scenario: A run is reported as cancelled only when every step has ended
    Given a workflow with the steps:
      | step  | runs on    | work                                   |
      | build | any worker | pauses, then writes                    |
      | test  | any worker | pauses and ignores the request to stop |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    When the workflow starts
    And the steps "build, test" are running
    And the operator cancels the run
    Then the run is cancelled
    And the command did not report the run as cancelled while the step "test" still ran

  @uat-17 @cancel-told-to-operator
  Scenario Outline: The cancel command reports that the run is cancelled, in <output>
    Given a workflow with the steps:
      | step  | runs on    | work                         |
      | build | any worker | writes, pauses, writes again |
    And an orchestrator
    And the enrolled worker "alpha"
    And the operator's output is in <output>
    When the workflow starts
    And the step "build" has written
    And the operator cancels the run
    Then the command confirms that it cancels the run
    And nothing of the run was left when the command reported the cancellation
    And the run is cancelled
    And the step "build" was asked to stop and stopped before it had finished
    And the worker "alpha" reported these events, one on each line:
      | event            | step  |
      | connecting       |       |
      | enrolled         |       |
      | dispatch_started | build |
      | dispatch_failed  |       |
    And the operator sees these dispatches, and no others:
      | step  | worker | lease  | wrote |
      | build | alpha  | failed | yes   |

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-17 @cancelled-run-drops-queued-step
  Scenario: A queued step of a cancelled run never starts
    Given a workflow with the steps:
      | step  | runs on | work           |
      | build | pool=b  | writes at once |
    And an orchestrator
    And the token "beta"
    And the operator's output is in JSON
    When the workflow starts
    And the step "build" waits in the queue
    And the operator cancels the run with the orchestrator's address in a variable
    And the worker "beta" starts with the labels "pool=b"
    Then the command confirms that it cancels the run
    And nothing of the run was left when the command reported the cancellation
    And the run is cancelled
    And the worker "beta" can run another step
    And these steps started, and no others:
      | step    | worker |
      | another | beta   |

  @uat-15 @uat-17 @cancelled-run-ends-all-steps
  Scenario: Cancelling a run ends all its steps, on every worker, also a step that runs again
    Given a workflow with the steps:
      | step  | runs on        | work                                                      | after |
      | seed  | worker "beta"  | writes at once                                            |       |
      | build | worker "alpha" | reads the result of "seed", pauses each time, then writes | seed  |
      | test  | worker "beta"  | pauses, then writes                                       | seed  |
      | ship  | any worker     | writes at once                                            | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the steps "build, test" are running
    And the worker "alpha" is killed and starts again
    And the step "build" starts again
    And the operator cancels the run
    Then the run is cancelled
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | expired   | no    |
      | build | alpha  | failed    | no    |
      | seed  | beta   | completed | yes   |
      | test  | beta   | failed    | no    |
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | idle   | yes       | 0/1   |
      | beta   | idle   | yes       | 0/1   |
    And no process of a step is left on the machines of "alpha, beta"

  @uat-17 @cancelled-run-leaves-other-run
  Scenario: Cancelling a run lets its step clean up, and leaves that of another run; a run is cancelled only once
    Given a workflow with the steps:
      | step  | runs on    | work                                                            |
      | build | any worker | pauses, and cleans up for some seconds when it is asked to stop |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    When the worker "alpha" runs a step of another workflow, which pauses
    And the workflow starts
    And the step "build" is running
    And the operator cancels the run
    And the run has ended
    And the operator cancels the run
    Then the command fails because the run is not in progress
    And the run is cancelled
    And the step "build" had the time to clean up before it ended
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | busy   | yes       | 1/4   |

  @uat-17 @cancelled-run-leaves-run-of-same-workflow
  Scenario: Cancelling a run leaves another run of the same workflow
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
      | ship  | pool=b     | writes at once      |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    When the workflow starts
    And the step "build" is running
    And the workflow starts
    And the operator cancels the run
    Then the run is cancelled
    And the queue shows:
      | step | waits for |
      | ship | pool=b    |
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | busy   | yes       | 1/4   |

  @uat-17 @ctrl-c-cancels-run
  Scenario: Ctrl-C at the terminal of a run cancels the run
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts at a terminal
    And the step "build" is running
    And the operator presses Ctrl-C
    Then the run is cancelled
    And the operator sees these dispatches, and no others:
      | step  | worker | lease  | wrote |
      | build | alpha  | failed | no    |
    And no process of a step is left on the machine of "alpha"
    And the worker "alpha" can run another step

  @uat-17 @cancel-while-worker-lost
  Scenario: A run can be cancelled while its worker is lost
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" is killed
    And the orchestrator notices that "alpha" is gone
    And the operator cancels the run
    And the worker "alpha" starts again
    Then the run is cancelled
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And the worker "alpha" can run another step
    And the operator sees these dispatches, and no others:
      | step    | worker | lease     | wrote |
      | another | alpha  | completed | yes   |
      | build   | alpha  | failed    | no    |

  @uat-17 @resumed-run-can-be-cancelled
  Scenario: A run that goes on after an approval can be cancelled, and what it has written stays
    Given a workflow whose models exist, with the steps:
      | step  | runs on          | work                         | after |
      | gate  | the orchestrator | waits for approval           |       |
      | build | any worker       | writes, pauses, writes again | gate  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator, and follows it
    And the step "build" is running
    And the operator cancels the run
    Then the run is cancelled
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | before | 1       | alpha      |
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | idle   | yes       | 0/1   |
    And no process of a step is left on the machine of "alpha"

  @uat-17 @cancel-by-name-keeps-orchestrator
  Scenario: Cancelling a workflow by its name leaves the orchestrator running
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the operator cancels the run by the name of its workflow
    Then the orchestrator still answers
    And the worker "alpha" is connected
    And the run is cancelled

  @uat-34 @placed-run-resumes-from-failed-step
  Scenario: A failed run goes on from its failed step on a worker
    Given a workflow with the steps:
      | step   | runs on    | work                              | after  |
      | first  | any worker | writes at once                    |        |
      | second | any worker | fails the first time, then writes | first  |
      | third  | any worker | writes at once                    | second |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow runs to its end
    And the operator resumes the run from the step "second" through the orchestrator
    Then the command succeeds
    And these steps started, and no others:
      | step   | worker |
      | first  | alpha  |
      | second | alpha  |
      | second | alpha  |
      | third  | alpha  |
    And the operator sees these dispatches, and no others:
      | step   | worker | lease     | wrote |
      | first  | alpha  | completed | yes   |
      | second | alpha  | failed    | no    |
      | second | alpha  | completed | yes   |
      | third  | alpha  | completed | yes   |
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | succeeded |         |

  @uat-34 @local-run-resumes-from-failed-step
  Scenario Outline: A failed run of the orchestrator's own steps goes on from its failed step with its input, in <output>
    Given a workflow with the steps:
      | job   | job after | step   | runs on          | work                              | after  |
      | check |           | lint   | the orchestrator | writes at once                    |        |
      | build | check     | first  | the orchestrator | writes at once                    |        |
      | build | check     | second | the orchestrator | fails the first time, then writes | first  |
      | build | check     | third  | the orchestrator | writes the input of the run       | second |
      | build | check     | sign   | the orchestrator | writes at once                    |        |
      | ship  | build     | last   | the orchestrator | writes at once                    |        |
    And an orchestrator
    And the operator's output is in <output>
    When the workflow runs to its end
    And the operator resumes the run from the step "second"
    Then the command succeeds
    And these steps started, and no others:
      | step   | worker           |
      | first  | the orchestrator |
      | last   | the orchestrator |
      | lint   | the orchestrator |
      | second | the orchestrator |
      | second | the orchestrator |
      | sign   | the orchestrator |
      | third  | the orchestrator |
    And this data is recorded, and no other:
      | step   | data   | version | word      |
      | first  | result | 1       |           |
      | last   | result | 1       |           |
      | lint   | result | 1       |           |
      | second | result | 1       |           |
      | sign   | result | 1       |           |
      | third  | result | 1       | the input |
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | succeeded |         |
    And the history of the run shows these steps, and no others:
      | step   | status    |
      | first  | succeeded |
      | last   | succeeded |
      | lint   | succeeded |
      | second | succeeded |
      | sign   | succeeded |
      | third  | succeeded |

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-34 @crashed-run-resumes-from-step
  Scenario: A run that a crash of the orchestrator interrupted goes on from the step that had not ended
    Given a workflow with the steps:
      | job   | job after | step  | runs on          | work                | after |
      | check |           | test  | the orchestrator | writes at once      |       |
      | build | check     | build | the orchestrator | pauses, then writes |       |
      | build | check     | ship  | the orchestrator | writes at once      | build |
    And an orchestrator
    When the workflow starts
    And the step "build" is running
    And the orchestrator crashes and starts again
    And the operator resumes the run from the step "build"
    Then the command succeeds
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | build | the orchestrator |
      | ship  | the orchestrator |
      | test  | the orchestrator |
    And the history of the run shows these steps, and no others:
      | step  | status    |
      | build | succeeded |
      | ship  | succeeded |
      | test  | succeeded |

  @uat-34 @resume-needs-step-and-failed-run
  Scenario Outline: A run <that cannot be resumed> starts no step, in <output>
    Given a workflow with the steps:
      | step  | runs on          | work   |
      | build | the orchestrator | <work> |
    And an orchestrator
    And the operator's output is in <output>
    When the workflow runs to its end
    And the operator resumes the run from the step "<step>"
    Then the command fails because <reason>
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |

    Examples:
      | that cannot be resumed             | work           | step   | output | reason                |
      | without the step that is asked for | fails          | builds | JSON   | there is no such step |
      | that has succeeded                 | writes at once | build  | text   | no run has failed     |

  @uat-34 @resumed-run-fails-again
  Scenario: A run that is resumed from a list, and fails again, can be resumed again with another input
    Given a workflow with the steps:
      | job   | job after | step   | runs on          | work                              | for each of | item in its name | after  |
      | check |           | first  | the orchestrator | fails the first time, then writes | a, b        | no               |        |
      | build | check     | second | the orchestrator | fails the first time, then writes |             |                  |        |
      | build | check     | third  | the orchestrator | fails                             |             |                  | second |
      | build | check     | fourth | the orchestrator | writes the input of the run       |             |                  | second |
    And an orchestrator
    When the workflow runs to its end
    And the operator resumes the run from the step "first"
    And the operator resumes the run from the step "second" with the input "later"
    Then the command exits with exit code 1
    And these steps started, and no others:
      | step    | worker           |
      | first-a | the orchestrator |
      | first-a | the orchestrator |
      | first-b | the orchestrator |
      | first-b | the orchestrator |
      | fourth  | the orchestrator |
      | second  | the orchestrator |
      | second  | the orchestrator |
      | third   | the orchestrator |
    And this data is recorded, and no other:
      | step    | data   | version | word  |
      | first-a | result | 1       |       |
      | first-b | result | 1       |       |
      | fourth  | result | 1       | later |
      | second  | result | 1       |       |
    And the history of the run shows these steps, and no others:
      | step    | status    |
      | first-a | succeeded |
      | first-b | succeeded |
      | fourth  | succeeded |
      | second  | succeeded |
      | third   | failed    |

  # The command names the step as the workflow does, with the expression for its item.
  @uat-34 @run-resumes-from-named-items
  Scenario: A run that failed at a list with the items in the names of its steps runs all of them again
    Given a workflow with the steps:
      | step  | runs on          | work                              | for each of |
      | build | the orchestrator | fails the first time, then writes | a, b        |
    And an orchestrator
    And the operator's output is in text
    When the workflow runs to its end
    And the operator resumes the run from the step "build"
    Then these steps started, and no others:
      | step    | worker           |
      | build-a | the orchestrator |
      | build-a | the orchestrator |
      | build-b | the orchestrator |
      | build-b | the orchestrator |
    And the command succeeds

  # The first run fails at the first step, and the second run at the second.
  @uat-34 @named-run-of-two-resumes
  Scenario: Of two failed runs, only the named one goes on, and a resume that names none starts no step
    Given a workflow with the steps:
      | step   | runs on          | work                              | after |
      | first  | the orchestrator | fails the first time, then writes |       |
      | second | the orchestrator | fails the first time, then writes | first |
    And an orchestrator
    When the workflow runs to its end
    And the workflow runs to its end
    And the operator resumes the run from the step "second"
    And the operator resumes the run from the step "first" by the id of the first run
    Then the command succeeds
    And these steps started, and no others:
      | step   | worker           |
      | first  | the orchestrator |
      | first  | the orchestrator |
      | first  | the orchestrator |
      | second | the orchestrator |
      | second | the orchestrator |
    And the history of the run shows these steps, and no others:
      | step   | status    |
      | first  | succeeded |
      | second | failed    |

  @uat-46 @run-ends-at-time-limit
  Scenario: An orchestrator with a time limit ends a run at that limit, with the step that it runs
    Given a workflow with the steps:
      | step  | runs on    | work                | after |
      | build | any worker | pauses, then writes |       |
      | ship  | any worker | writes at once      | build |
    And an orchestrator that ends long runs
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    Then the run is cancelled
    And the run ended at its time limit
    And no process of a step is left on the machine of "alpha"
    And the worker "alpha" can run another step
    And the operator sees these dispatches, and no others:
      | step    | worker | lease     | wrote |
      | another | alpha  | completed | yes   |
      | build   | alpha  | failed    | no    |
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | cancelled |         |
      | another  | succeeded |         |

  @uat-46 @waiting-run-ends-at-time-limit
  Scenario: The time that steps wait for a worker counts for the time limit of their run, and none of them waits on
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
      | ship  | any worker | writes at once |
    And an orchestrator that ends long runs
    When the workflow starts
    And the step "build" waits in the queue
    And the step "ship" waits in the queue
    Then the run is cancelled
    And the run ended at its time limit
    And the queue is empty
    And no step started

  @uat-46 @method-ends-at-time-limit
  Scenario: An orchestrator with a time limit ends a method at that limit
    Given the model "build"
    And an orchestrator that ends long runs
    When a method that pauses, then writes starts with the tags "team=blue"
    And the method of "build" has come to an end
    Then the step "build" was asked to stop and stopped before it had finished

  @uat-46 @run-above-limit-refused
  Scenario: An orchestrator refuses a run above its limit of runs, and nothing of it is recorded
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator that allows 2 runs at a time
    And the enrolled worker "alpha" with 4 slots
    When the worker "alpha" runs a step of another workflow, which pauses
    And the workflow starts
    And the step "build" is running
    And the operator runs the workflow through the orchestrator, in text and in JSON
    Then both commands fail because too many runs are in progress, with the same exit code
    And these steps started, and no others:
      | step    | worker |
      | another | alpha  |
      | build   | alpha  |
    And the history shows these runs, and no others:
      | workflow | status  | because |
      | another  | running |         |
      | release  | running |         |

  @uat-46 @ended-run-gives-its-place
  Scenario: When a run has ended, another one may start, also after refused ones and after runs without a workflow
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator that allows 1 run at a time
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" is running
    And the operator runs the workflow through the orchestrator, in text and in JSON
    And the operator cancels the run
    And the run has ended
    And the operator runs a missing workflow through the orchestrator, in text and in JSON
    Then the run is cancelled
    And the worker "alpha" can run another step
    And the history shows these runs, and no others:
      | workflow | status    | because |
      | release  | cancelled |         |
      | another  | succeeded |         |

  @uat-46 @method-counts-for-limit
  Scenario: A method in progress counts for the limit of runs
    Given the model "build"
    And an orchestrator that allows 1 run at a time
    When a method that pauses, then writes starts with the tags "team=blue"
    And the step "build" is running
    And the operator runs a missing workflow through the orchestrator, in text and in JSON
    Then both commands fail because too many runs are in progress, with the same exit code

  # A check before a method runs on the orchestrator; it cannot see the machine of a worker.
  @uat-22 @uat-49 @placed-step-runs-unchecked
  Scenario: A step on a worker runs without the checks that its model requires; its data has the tags of model, workflow and run
    Given a workflow whose models require their checks, whose models have the tags "shelf=top, place=lab", with the tags "env=staging", with the steps:
      | step  | runs on                         | work                                                     | after |
      | build | any worker                      | writes at once if its check allows it, which it does not |       |
      | pack  | worker "alpha"                  | writes at once if its check allows it, which it does not | build |
      | ship  | this system of any architecture | writes at once if its check allows it, which it does not | pack  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts with the tags "shelf=low"
    Then the run succeeds
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | completed | yes   |
      | pack  | alpha  | completed | yes   |
      | ship  | alpha  | completed | yes   |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | result | 1       | alpha      |
      | pack  | result | 1       | alpha      |
      | ship  | result | 1       | alpha      |
    And all data of the steps "build, pack, ship" has the tags "shelf=low, place=lab, env=staging"

  @uat-49 @local-step-stopped-by-its-check
  Scenario: A step on the orchestrator does not start if a check of its method fails, also beside steps on workers
    Given a workflow with the steps:
      | job   | step  | runs on          | work                                                     | after |
      | build | build | any worker       | writes at once if its check allows it, which it does not |       |
      | test  | test  | the orchestrator | writes at once if its check allows it, which it does not |       |
      | test  | ship  | any worker       | writes at once                                           | test  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run fails because a check of its step failed
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | result | 1       | alpha      |
