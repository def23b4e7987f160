@issue-630
Feature: Dispatch and scheduling
  A step runs on a worker that matches its labels, or on the worker that it names. If none is free, the step waits,
  and the queue shows it. A worker runs as many steps at a time as it has slots. A list of items is spread over all
  workers.

  @uat-18 @uat-19 @step-needs-every-label
  Scenario: Each step runs only where it says, by a worker or by every label, or else where its job says
    Given a workflow with the steps:
      | job    | job runs on                    | step   | runs on                                                | work           | queue limit | for each of |
      | test   |                                | east   | region=east                                            | writes at once |             |             |
      | test   |                                | west   | region=west, this platform                             | writes at once |             |             |
      | test   |                                | train  | region=east, gpu=true, query=a=b=c, city=Köln, v=1/2.x | writes at once | 60 s        |             |
      | build  | pool=a                         | first  | as its job                                             | writes at once | 20 s        |             |
      | build  | pool=a                         | second | pool=b                                                 | writes at once | 20 s        |             |
      | build  | pool=a                         | third  | the orchestrator                                       | writes at once | 20 s        |             |
      | build  | pool=a                         | fourth | worker "beta"                                          | writes at once | 20 s        |             |
      | deploy | pool=b                         | fifth  | as its job                                             | writes at once | 20 s        |             |
      | check  | the present instance of "beta" | sixth  | as its job                                             | writes at once | 20 s        |             |
      | spread | the worker named by its item   | each   | as its job                                             | writes at once | 20 s        | alpha, beta |
      | pools  |                                | pool   | the pool named by its item                             | writes at once | 20 s        | a, b        |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "region=east, pool=a" and 3 slots
    And the enrolled worker "beta" with the labels "region=west, gpu=true, pool=b" and 6 slots
    And the token "gamma"
    When the workflow starts
    And the step "train" waits in the queue
    And the worker "gamma" starts with the labels "region=east, gpu=true, query=a=b=c, city=Köln, v=1/2.x"
    Then the run succeeds
    And these steps started, and no others:
      | step       | worker           |
      | each-alpha | alpha            |
      | each-beta  | beta             |
      | east       | alpha            |
      | fifth      | beta             |
      | first      | alpha            |
      | fourth     | beta             |
      | pool-a     | alpha            |
      | pool-b     | beta             |
      | second     | beta             |
      | sixth      | beta             |
      | third      | the orchestrator |
      | train      | gamma            |
      | west       | beta             |
    And the queue is empty

  @uat-18 @nearly-right-label-no-match
  Scenario: A step that no worker matches exactly waits, and the queue shows for what
    Given a workflow with the steps:
      | step      | runs on                              | work           |
      | starts    | zone=a                               | writes at once |
      | longer    | region=us-east-1                     | writes at once |
      | ends      | tier=gold                            | writes at once |
      | case      | os=linux                             | writes at once |
      | pattern   | release=1.2                          | writes at once |
      | number    | slot=1                               | writes at once |
      | equals    | query=a=b=c                          | writes at once |
      | key       | gpu=yes                              | writes at once |
      | one-wrong | rack=7, disk=ssd                     | writes at once |
      | letters   | city=Köln, disk=ssd                  | writes at once |
      | nothing   | grade=, disk=ssd                     | writes at once |
      | ship      | worker "beta"                        | writes at once |
      | cross     | region=us-east, another architecture | writes at once |
      | port      | region=us-east, another system       | writes at once |
    And an orchestrator without a queue limit
    And the enrolled worker "alpha" with the labels "zone=a1, region=us-east, tier=not-gold, os=Linux, release=1x2, slot=01, query=a=b, cpu=yes, GPU=yes, gpus=yes, rack=8, disk=ssd, city=Koln"
    When the workflow starts
    Then the queue shows, in text and in JSON:
      | step      | waits for                                    |
      | case      | os=linux                                     |
      | cross     | platform=another architecture,region=us-east |
      | ends      | tier=gold                                    |
      | equals    | query=a=b=c                                  |
      | key       | gpu=yes                                      |
      | letters   | city=Köln,disk=ssd                           |
      | longer    | region=us-east-1                             |
      | nothing   | disk=ssd,grade=                              |
      | number    | slot=1                                       |
      | one-wrong | disk=ssd,rack=7                              |
      | pattern   | release=1.2                                  |
      | port      | platform=another system,region=us-east       |
      | ship      | target=beta                                  |
      | starts    | zone=a                                       |
    And no step started

  @uat-18 @uat-44 @misspelt-placement-refused
  Scenario Outline: A workflow with the misspelt key <key> at the <level> level does not start, and the answer names the key
    Given a workflow with the unknown key "<key>" at the <level> level
    And an orchestrator
    When the operator runs the workflow through the orchestrator, in text and in JSON
    Then both commands fail because a key of the workflow is unknown, with the same exit code
    And both answers name the unknown key "<key>" at the <level> level, and suggest "<meant>"
    And no step started

    Examples:
      | level    | key         | meant        |
      | step     | label       | labels       |
      | job      | queueTimout | queueTimeout |
      | workflow | Labels      | labels       |

  @uat-44 @key-of-another-level-refused
  Scenario: A workflow whose step has a key that only jobs and workflows have does not start
    Given a workflow with the unknown key "affinity" at the step level
    And an orchestrator
    When the operator runs the workflow through the orchestrator, in text and in JSON
    Then both commands fail because a key of the workflow is unknown, with the same exit code
    And both answers name the unknown key "affinity" at the step level
    And no step started

  @uat-44 @validation-names-misspelt-key
  Scenario Outline: The operator <validates>, and the validation fails and names the misspelt key
    Given a workflow with the unknown key "<key>" at the <level> level
    When the operator <validates>, in text and in JSON
    Then both answers name the unknown key "<key>" at the <level> level, and suggest "<meant>"
    And both validations fail, with exit code 1

    Examples:
      | validates               | level | key         | meant        |
      | validates the workflow  | step  | label       | labels       |
      | validates all workflows | job   | queueTimout | queueTimeout |

  @uat-44 @remote-validation-names-misspelt-key
  Scenario Outline: The operator <validates> through the orchestrator, and the validation fails and names the misspelt key
    Given a workflow with the unknown key "<key>" at the <level> level
    And an orchestrator
    When the operator <validates> through the orchestrator, in text and in JSON
    Then both answers name the unknown key "<key>" at the <level> level, and suggest "<meant>"
    And both validations fail, with exit code 1

    Examples:
      | validates               | level    | key    | meant  |
      | validates the workflow  | step     | label  | labels |
      | validates all workflows | workflow | tarjet | target |

  @uat-18 @running-step-no-longer-waits
  Scenario: A step leaves the queue when a worker comes for it, although an earlier step still waits
    Given a workflow with the steps:
      | job   | step  | runs on          | work                | after |
      | train | train | gpu=true         | writes at once      |       |
      | build | gate  | the orchestrator | writes at once      |       |
      | build | build | any worker       | pauses, then writes | gate  |
    And an orchestrator
    And the token "alpha"
    When the workflow starts
    And the step "train" waits in the queue
    And the step "build" waits in the queue
    And the worker "alpha" starts
    And the worker "alpha" is enrolled
    Then the step "build" is running
    And the queue shows:
      | step  | waits for |
      | train | gpu=true  |

  @uat-18 @changed-workflow-runs-as-changed
  Scenario: A workflow that the operator changes between two runs runs as changed
    Given a workflow with the steps:
      | step  | runs on | work           |
      | build | pool=a  | writes at once |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=a"
    When the workflow runs to its end
    And the operator changes the workflow, so that the step "build" runs on "pool=b"
    And the workflow starts
    Then the queue shows:
      | step  | waits for |
      | build | pool=b    |
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |

  @uat-18 @slow @unlimited-step-waits-on
  Scenario: A step without a queue limit still waits after the limit of another step
    Given a workflow with the steps:
      | step  | runs on  | work           | queue limit |
      | brief | gpu=true | writes at once | 20 s        |
      | train | gpu=true | writes at once |             |
    And an orchestrator
    When the workflow starts
    And the step "brief" waits in the queue
    And the queue limit of the step "brief" passes
    Then the queue shows:
      | step  | waits for |
      | train | gpu=true  |

  @uat-18 @zero-queue-limit-waits-on
  Scenario: A step with a queue limit of zero still waits after the orchestrator's queue limit
    Given a workflow with the steps:
      | step  | runs on  | work           | queue limit |
      | brief | gpu=true | writes at once |             |
      | train | gpu=true | writes at once | 0 s         |
    And an orchestrator with a queue limit of 3 seconds
    When the workflow starts
    And the step "brief" waits in the queue
    And the queue limit of the step "brief" passes
    Then the queue shows:
      | step  | waits for |
      | train | gpu=true  |

  @uat-18 @uat-15 @step-waits-again-after-loss
  Scenario: A step that loses its worker waits in the queue again
    Given a workflow with the steps:
      | step  | runs on | work                |
      | build | pool=a  | pauses, then writes |
    And an orchestrator
    And the token "alpha"
    When the workflow starts
    And the step "build" waits in the queue
    And the worker "alpha" starts with the labels "pool=a"
    And the step "build" is running
    And the worker "alpha" is killed
    And the worker "alpha" starts again with the labels "pool=b"
    And the step "build" has ended
    Then the queue shows:
      | step  | waits for |
      | build | pool=a    |
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |

  @uat-18 @uat-15 @step-of-lost-worker-taken-by-next
  Scenario: A step that lost its worker, and waits again, runs on the next worker with its labels
    Given a workflow with the steps:
      | step  | runs on | work                |
      | build | pool=a  | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=a"
    And the operator's output is in text
    When the workflow starts
    And the step "build" is running
    And the worker "alpha" is killed and returns with the labels "pool=b"
    And the step "build" waits in the queue
    And the worker "beta" starts with the labels "pool=a"
    Then the run succeeds
    And the command that follows the run reported these waits, and no others:
      | waits for |
      | pool=a    |
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | beta   |
    And the queue is empty

  @uat-19 @named-worker-beats-labels
  Scenario: A step runs on the worker that it names, whatever its labels are
    Given a workflow with the steps:
      | step     | runs on                                     | work           | queue limit | after   |
      | by-uuid  | the present instance of "beta", region=east | writes at once | 20 s        |         |
      | by-name  | worker "beta", region=east                  | writes at once | 20 s        | by-uuid |
      | by-label | region=east                                 | writes at once |             |         |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "region=east"
    And the enrolled worker "beta" with the labels "region=west"
    When the worker "beta" is killed
    And the worker "beta" starts again
    And the worker "beta" is enrolled
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step     | worker |
      | by-label | alpha  |
      | by-name  | beta   |
      | by-uuid  | beta   |
    And the operator sees these dispatches, and no others:
      | step     | worker | lease     |
      | by-label | alpha  | completed |
      | by-name  | beta   | completed |
      | by-uuid  | beta   | completed |

  @uat-18 @uat-19 @missing-worker-runs-nowhere-else
  Scenario: A step fails after the orchestrator's queue limit if no worker has its labels or the name that it asks for
    Given a workflow with the steps:
      | step    | runs on                                                | work           |
      | train   | region=east, gpu=true                                  | writes at once |
      | lost    | worker "nobody", region=east                           | writes at once |
      | shorter | worker "alph", region=east                             | writes at once |
      | longer  | worker "alpha-2", region=east                          | writes at once |
      | ending  | worker "lpha", region=east                             | writes at once |
      | case    | worker "Alpha", region=east                            | writes at once |
      | stem    | worker "beta", region=east                             | writes at once |
      | part    | the first half of the instance of "alpha", region=east | writes at once |
      | useful  | region=east                                            | writes at once |
    And an orchestrator with a queue limit of 3 seconds
    And the enrolled worker "alpha" with the labels "region=east"
    And the enrolled worker "beta-2" with the labels "region=west"
    And the operator's output is in text
    When the workflow starts
    Then the run fails because no matching worker came in time
    And these steps started, and no others:
      | step   | worker |
      | useful | alpha  |
    And the queue is empty

  @uat-18 @uat-19 @evaluated-list-shows-its-places
  Scenario: An evaluated workflow shows for each item of a list on which worker its step runs
    Given a workflow with the steps:
      | step | runs on                      | work           | for each of |
      | each | the worker named by its item | writes at once | alpha, beta |
      | pool | the pool named by its item   | writes at once | a, b        |
    When the operator evaluates the workflow
    Then the evaluated workflow shows where its steps run:
      | step       | runs on        |
      | each-alpha | worker "alpha" |
      | each-beta  | worker "beta"  |
      | pool-a     | pool=a         |
      | pool-b     | pool=b         |

  # Else it would run in the repository, on the machine of the operator.
  @uat-18 @uat-19 @placed-step-needs-an-orchestrator
  Scenario: A step for a worker does not run without an orchestrator
    Given a workflow with the steps:
      | step  | runs on        | work           |
      | build | any worker     | writes at once |
      | ship  | worker "alpha" | writes at once |
      | port  | this platform  | writes at once |
    When the operator runs the workflow in the repository, in text and in JSON
    Then no step started
    And both commands fail because no orchestrator runs it, with exit code 1

  @uat-19 @step-waits-for-named-worker
  Scenario: A step waits for its busy worker while another worker is free
    Given a workflow with the steps:
      | job    | step     | runs on                         | work                | after |
      | build  | first    | worker "alpha"                  | pauses, then writes |       |
      | deploy | gate     | worker "beta"                   | writes at once      |       |
      | deploy | by-name  | worker "alpha", zone=b          | writes at once      | gate  |
      | deploy | by-uuid  | the present instance of "alpha" | writes at once      | gate  |
      | deploy | by-label | zone=a                          | writes at once      | gate  |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "zone=a"
    And the enrolled worker "beta" with the labels "zone=b"
    And the operator's output is in text
    When the workflow starts
    And the step "first" is running
    And the step "gate" has ended
    Then the queue shows:
      | step     | waits for                              |
      | by-label | zone=a                                 |
      | by-name  | target=alpha,zone=b                    |
      | by-uuid  | target=the present instance of "alpha" |
    And the command that follows the run reported these waits, and no others:
      | waits for                              |
      | target=alpha                           |
      | target=the present instance of "alpha" |
      | zone=a                                 |
    And these steps started, and no others:
      | step  | worker |
      | first | alpha  |
      | gate  | beta   |

  # A worker that finishes its work takes no further step, even if it has free slots.
  @uat-19 @step-waits-for-stopped-worker
  Scenario: A step whose worker finishes its work before it stops waits until the worker returns
    Given a workflow with the steps:
      | job    | step  | runs on        | work                | after |
      | build  | build | worker "alpha" | pauses, then writes |       |
      | deploy | gate  | worker "beta"  | pauses, then writes |       |
      | deploy | ship  | worker "alpha" | writes at once      | gate  |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    And the enrolled worker "beta"
    When the workflow starts
    And the steps "build, gate" are running
    And the worker "alpha" is stopped, and then the steps "gate, build" continue one after the other
    And the worker "alpha" starts again
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | gate  | beta   |
      | ship  | alpha  |

  @uat-20 @slots-limit-steps-at-once
  Scenario: A worker runs as many steps at the same time as it has slots
    Given a workflow with the steps:
      | step   | runs on        | work                  |
      | first  | worker "alpha" | writes after a moment |
      | second | worker "alpha" | writes after a moment |
      | third  | worker "beta"  | writes after a moment |
      | fourth | worker "beta"  | writes after a moment |
      | fifth  | worker "beta"  | writes after a moment |
      | sixth  | worker "alpha" | writes after a moment |
    And an orchestrator
    And the enrolled worker "alpha" with 1 slot
    And the enrolled worker "beta" with 2 slots
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step   | worker |
      | fifth  | beta   |
      | first  | alpha  |
      | fourth | beta   |
      | second | alpha  |
      | sixth  | alpha  |
      | third  | beta   |
    And the operator sees these dispatches, and no others:
      | step   | worker | lease     | wrote |
      | fifth  | beta   | completed | yes   |
      | first  | alpha  | completed | yes   |
      | fourth | beta   | completed | yes   |
      | second | alpha  | completed | yes   |
      | sixth  | alpha  | completed | yes   |
      | third  | beta   | completed | yes   |
    And the largest number of steps that ran on "alpha" at the same time is 1
    And the largest number of steps that ran on "beta" at the same time is 2

  @uat-20 @failed-step-frees-its-slot
  Scenario: A step that fails frees its slot on the worker
    Given a workflow with the steps:
      | job    | step   | runs on        | work           |
      | build  | first  | worker "alpha" | fails          |
      | deploy | second | worker "alpha" | writes at once |
    And an orchestrator
    And the enrolled worker "alpha" with 1 slot
    When the workflow runs to its end
    And the workflow starts
    Then the run fails because its step failed
    And these steps started, and no others:
      | step   | worker |
      | first  | alpha  |
      | first  | alpha  |
      | second | alpha  |
      | second | alpha  |
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | idle   | yes       | 0/1   |

  # The gate runs elsewhere, so the next step comes while the first one runs.
  @uat-37 @later-step-takes-free-slot
  Scenario: A worker with free slots runs a step that comes while another one runs there
    Given a workflow with the steps:
      | job    | step  | runs on        | work                | after |
      | build  | build | worker "alpha" | pauses, then writes |       |
      | deploy | gate  | worker "beta"  | pauses, then writes |       |
      | deploy | ship  | worker "alpha" | pauses, then writes | gate  |
    And an orchestrator
    And the enrolled worker "alpha" configured by variables, with 4 slots
    And the enrolled worker "beta"
    When the workflow starts
    And the steps "build, gate" are running
    And the step "gate" continues
    Then the step "ship" starts on "alpha" while the step "build" still runs
    And the pool shows, in text and in JSON:
      | worker | status | connected | slots |
      | alpha  | busy   | yes       | 2/4   |
      | beta   | idle   | yes       | 0/1   |

  @uat-37 @last-slot-taken-later
  Scenario: A step that comes later takes the last free slot of its worker
    Given a workflow with the steps:
      | job    | step  | runs on        | work                | after |
      | build  | build | worker "alpha" | pauses, then writes |       |
      | deploy | gate  | worker "beta"  | pauses, then writes |       |
      | deploy | ship  | worker "alpha" | pauses, then writes | gate  |
      | sign   | lock  | worker "beta"  | pauses, then writes |       |
      | sign   | sign  | worker "alpha" | pauses, then writes | lock  |
    And an orchestrator
    And the enrolled worker "alpha" with 3 slots
    And the enrolled worker "beta" with 2 slots
    When the workflow starts
    And the steps "build, gate, lock" are running
    And the step "gate" continues
    And the step "ship" is running
    And the step "lock" continues
    Then the step "sign" starts on "alpha" while the step "build" still runs

  @uat-37 @most-free-slots-first
  Scenario: Steps run on the worker with the most free slots, even if another worker is idle
    Given a workflow with the steps:
      | step | runs on    | work                | for each of |
      | pack | any worker | pauses, then writes | apple, pear |
    And an orchestrator
    And the enrolled worker "alpha" with 1 slot
    And the enrolled worker "beta" with 5 slots
    When the workflow starts
    And the steps "pack-apple, pack-pear" are running
    Then these steps started, and no others:
      | step       | worker |
      | pack-apple | beta   |
      | pack-pear  | beta   |

  @uat-37 @crashed-step-leaves-other-slots
  Scenario: A step whose process ends fails alone, and the other steps of its worker finish
    Given a workflow with the steps:
      | job    | step  | runs on        | work                 |
      | build  | build | worker "alpha" | pauses, then writes  |
      | deploy | ship  | worker "alpha" | ends its own process |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    When the workflow starts
    And the step "build" is running and the step "ship" has ended
    And the step "build" continues
    Then the run fails because the process of its step ended
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | completed | yes   |
      | ship  | alpha  | failed    | no    |
    And the pool shows:
      | worker | status | connected | slots |
      | alpha  | idle   | yes       | 0/2   |
    And the worker "alpha" has stayed connected

  @uat-21 @list-spreads-every-item-once
  Scenario: A list is spread over several workers, every item once, in each run; a list without items has no steps
    Given a workflow with the steps:
      | step | runs on    | work                  | for each of       |
      | pack | any worker | writes after a moment | apple, pear, plum |
      | ship | any worker | writes after a moment | no item           |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow runs to its end
    And the workflow starts
    Then the run succeeds
    And each item of "pack" was processed 2 times
    And the workers "alpha, beta" ran steps, and no others
    And items of "pack" were processed at the same time
    And the operator sees these dispatches, and no others:
      | step       | started on              | lease     | wrote |
      | pack-apple | the worker of its lease | completed | yes   |
      | pack-apple | the worker of its lease | completed | yes   |
      | pack-pear  | the worker of its lease | completed | yes   |
      | pack-pear  | the worker of its lease | completed | yes   |
      | pack-plum  | the worker of its lease | completed | yes   |
      | pack-plum  | the worker of its lease | completed | yes   |
    And each item of "pack" has its result in version 2
    And the operator can still read version 1 of the result of each item of "pack"

  @uat-21 @step-after-list-runs
  Scenario: A step after a list runs when all items of the list have been processed
    Given a workflow with the steps:
      | step | runs on          | work           | for each of | item in its name | after |
      | pack | the orchestrator | writes at once | apple, pear | no               |       |
      | ship | the orchestrator | writes at once |             |                  | pack  |
    And an orchestrator
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step       | worker           |
      | pack-apple | the orchestrator |
      | pack-pear  | the orchestrator |
      | ship       | the orchestrator |

  @uat-21 @newest-version-is-read
  Scenario: What the items of a list wrote in a second run is the newest version that the operator reads
    Given a workflow with the steps:
      | step | runs on    | work                                                     | model | for each of |
      | pack | any worker | writes its item into a file of that item and of a region | box   | dev, prod   |
      | ship | any worker | writes at once                                           |       |             |
    And an orchestrator
    And the enrolled worker "alpha" with 3 slots
    When the workflow runs to its end
    And the workflow starts
    Then the run succeeds
    And the operator reads these versions as the newest:
      | step | data          | version |
      | box  | trace-dev-eu  | 2       |
      | box  | trace-prod-eu | 2       |
      | ship | result        | 2       |

  @uat-21 @list-spread-evenly
  Scenario: A list is spread evenly over workers with free slots
    Given a workflow with the steps:
      | step | runs on    | work                | for each of |
      | pack | any worker | pauses, then writes | 0, 1, 2, 3  |
    And an orchestrator
    And the enrolled worker "alpha" with 3 slots
    And the enrolled worker "beta" with 3 slots
    When the workflow starts
    Then the steps "pack-0, pack-1, pack-2, pack-3" are running
    And the largest number of steps that ran on "alpha" at the same time is 2
    And the largest number of steps that ran on "beta" at the same time is 2

  # The worker is up, so that it enrolls as soon as the steps wait.
  @uat-21 @network @waiting-items-start-together
  Scenario: Items that wait for a worker start together when it enrolls with enough slots
    Given a workflow with the steps:
      | step | runs on    | work                  | for each of             |
      | pack | any worker | writes after a moment | apple, pear, plum, sloe |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots, on a network that can be cut
    When the worker "alpha" is killed
    And the network of "alpha" holds back new connections
    And the worker "alpha" starts again
    And 1 new connection of "alpha" is held back
    And the workflow starts
    And the step "pack-sloe" waits in the queue
    And the network of "alpha" heals
    Then the run succeeds
    And the largest number of steps that ran on "alpha" at the same time is 4

  # Which worker a job gets is fixed by its first step; its further steps could run on any worker. They wait for that
  # one while it is busy.
  @uat-21 @uat-39 @job-stays-on-one-worker
  Scenario: Jobs that stay on one worker run all their steps there, each job on its own worker
    Given a workflow with the steps:
      | job   | job stays     | job at a time | step  | runs on        | work                  | for each of       | at a time | after |
      | ocean | on one worker |               | build | worker "alpha" | writes after a moment |                   |           |       |
      | ocean | on one worker |               | pack  | any worker     | writes after a moment | sand, shell, salt |           | build |
      | river | on one worker | 1             | test  | worker "beta"  | writes after a moment |                   |           |       |
      | river | on one worker | 1             | ship  | any worker     | writes after a moment | east, south, west | 2         | test  |
      | creek |               | 1             | sign  | worker "gamma" | writes after a moment | up, down          |           |       |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    And the enrolled worker "beta" with 4 slots
    And the enrolled worker "gamma" with 2 slots
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step       | worker |
      | build      | alpha  |
      | pack-salt  | alpha  |
      | pack-sand  | alpha  |
      | pack-shell | alpha  |
      | ship-east  | beta   |
      | ship-south | beta   |
      | ship-west  | beta   |
      | sign-down  | gamma  |
      | sign-up    | gamma  |
      | test       | beta   |
    And the largest number of steps that ran on "beta" at the same time is 2
    And the largest number of steps that ran on "gamma" at the same time is 1

  @uat-39 @workflow-stays-on-one-worker
  Scenario: A workflow that stays on one worker runs the steps of all its jobs there
    Given a workflow that stays on one worker, with the steps:
      | job   | job after | step  | runs on    | work                  |
      | build |           | build | any worker | writes after a moment |
      | pack  |           | pack  | any worker | writes after a moment |
      | ship  | build     | ship  | zone=a     | writes at once        |
      | sign  | ship      | sign  | zone=b     | writes at once        |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "pool=any, zone=a" and 4 slots
    And the enrolled worker "beta" with the labels "pool=any, zone=b" and 4 slots
    When the workflow starts
    Then the run succeeds
    And the steps "build, pack, ship, sign" started once, all on the same worker

  @uat-39 @worker-of-job-beats-labels
  Scenario: A step of a job that stays on one worker runs there, even if only another worker has its labels
    Given a workflow with the steps:
      | job   | job stays     | step  | runs on       | work           | after |
      | build | on one worker | build | worker "beta" | writes at once |       |
      | build | on one worker | ship  | zone=a        | writes at once | build |
    And an orchestrator
    And the enrolled worker "alpha" with the labels "zone=a"
    And the enrolled worker "beta"
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | beta   |
      | ship  | beta   |

  @uat-39 @job-without-its-worker-fails
  Scenario: A job that stays on one worker fails when this worker is gone, and no other worker runs its steps
    Given a workflow with the steps:
      | job   | job stays     | step  | runs on          | work                | after |
      | build | on one worker | build | worker "beta"    | writes at once      |       |
      | build | on one worker | gate  | the orchestrator | pauses, then writes | build |
      | build | on one worker | ship  | any worker       | writes at once      | gate  |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the step "gate" is running
    And the worker "beta" is killed
    And the orchestrator notices that "beta" is gone
    And the step "gate" continues
    Then the run fails because its job has lost its worker
    And these steps started, and no others:
      | step  | worker           |
      | build | beta             |
      | gate  | the orchestrator |

  @uat-39 @job-without-its-stopped-worker-fails
  Scenario: A job that stays on one worker fails when this worker was stopped between its steps
    Given a workflow with the steps:
      | job   | job stays     | step  | runs on          | work                | after |
      | build | on one worker | build | worker "beta"    | writes at once      |       |
      | build | on one worker | gate  | the orchestrator | pauses, then writes | build |
      | build | on one worker | ship  | any worker       | writes at once      | gate  |
    And an orchestrator with a queue limit of 5 seconds
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the step "gate" is running
    And the worker "beta" is stopped
    And the step "gate" continues
    Then the run fails because its job has lost its worker
    And these steps started, and no others:
      | step  | worker           |
      | build | beta             |
      | gate  | the orchestrator |

  @uat-39 @next-run-may-use-another-worker
  Scenario: A job that stays on one worker may use another worker in the next run
    Given a workflow with the steps:
      | job   | job stays     | step  | runs on    | work           | after |
      | build | on one worker | build | any worker | writes at once |       |
      | build | on one worker | ship  | any worker | writes at once | build |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow runs to its end
    And the worker "alpha" is stopped
    And the worker "beta" starts and is enrolled
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | beta   |
      | ship  | alpha  |
      | ship  | beta   |

  @uat-39 @step-of-job-not-rerun-elsewhere
  Scenario: A step of a job that stays on one worker does not run again when it loses this worker
    Given a workflow with the steps:
      | job   | job stays     | step  | runs on       | work                | after |
      | build | on one worker | build | worker "beta" | writes at once      |       |
      | build | on one worker | ship  | any worker    | pauses, then writes | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the step "ship" is running
    And the worker "beta" is killed and starts again
    Then the run fails because its job has lost its worker
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | beta   | completed | yes   |
      | ship  | beta   | expired   | no    |

  # All three fail, since any of them may come first.
  @uat-39 @failed-step-leaves-its-job
  Scenario: When the first step of a job that stays on one worker fails, the steps beside it still run there
    Given a workflow with the steps:
      | job   | job stays     | step  | runs on    | work  |
      | build | on one worker | build | any worker | fails |
      | build | on one worker | pack  | any worker | fails |
      | build | on one worker | ship  | any worker | fails |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    And the enrolled worker "beta" with 4 slots
    When the workflow runs to its end
    Then the steps "build, pack, ship" started once, all on the same worker

  @uat-39 @approved-job-keeps-its-worker
  Scenario: A job that stays on one worker stays there after an approval
    Given a workflow whose models exist, with the steps:
      | job   | job stays     | step  | runs on          | work               | after | model |
      | build | on one worker | build | worker "beta"    | writes at once     |       | app   |
      | build | on one worker | gate  | the orchestrator | waits for approval | build |       |
      | build | on one worker | ship  | any worker       | writes at once     | gate  | app   |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the run waits for approval
    And the operator approves the step "gate" through the orchestrator
    And the operator resumes the run through the orchestrator
    Then the command succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | beta   |
      | ship  | beta   |

  @uat-39 @allowed-failure-keeps-the-worker
  Scenario: A job that stays on one worker stays there after its first step, which may fail, has failed
    Given a workflow with the steps:
      | job   | job stays     | step  | runs on       | work           | after | may fail |
      | build | on one worker | build | worker "beta" | fails          |       | yes      |
      | build | on one worker | ship  | any worker    | writes at once | build |          |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | beta   |
      | ship  | beta   |

  @uat-21 @simultaneous-writes-one-version-each
  Scenario: Items that write one record at the same time write one version each
    Given a workflow with the steps:
      | step | runs on    | work                  | model | for each of       |
      | pack | any worker | writes after a moment | box   | apple, pear, plum |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    And the enrolled worker "beta"
    When the workflow starts
    Then the run succeeds
    And the items of "pack" wrote the versions 1 to 3 of the result of "box"
    And the operator sees these dispatches, and no others:
      | step       | started on              | lease     | wrote |
      | pack-apple | the worker of its lease | completed | yes   |
      | pack-pear  | the worker of its lease | completed | yes   |
      | pack-plum  | the worker of its lease | completed | yes   |

  @uat-21 @data-for-one-run-kept-apart
  Scenario: A step can write data for its run only while another run uses its worker
    Given a workflow with the steps:
      | step  | runs on    | work                         |
      | build | any worker | writes data for its run only |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    When the worker "alpha" runs a step of another workflow, which pauses
    And the workflow starts
    Then the run succeeds

  # A member has a name of its own, and the label "fleet" with the name of its token.
  @uat-40 @fleet-members-run-steps
  Scenario: Members of a token for several machines run steps by its label and by their names, and not by its name
    Given a workflow with the steps:
      | job    | step | runs on                   | work           | for each of |
      | build  | pack | fleet=farm                | writes at once | apple, pear |
      | deploy | ship | the pool member of "beta" | writes at once |             |
      | test   | test | worker "farm"             | writes at once |             |
    And an orchestrator with a queue limit of 2 seconds
    And the token "farm" for 2 machines
    And the enrolled worker "alpha" with the token "farm", with 4 slots
    And the enrolled worker "beta" with the token "farm", with 4 slots
    And the enrolled worker "another"
    When the worker "alpha" is killed and starts again
    And the orchestrator has answered "alpha"
    And the workflow starts
    Then the run fails because no matching worker came in time
    And the workers "alpha, beta" ran steps, and no others
    And the operator sees these dispatches, and no others:
      | step       | started on              | lease     |
      | pack-apple | the worker of its lease | completed |
      | pack-pear  | the worker of its lease | completed |
      | ship       | the worker of its lease | completed |
    And the pool shows, in text and in JSON:
      | worker  | status | labels              |
      | alpha   | idle   | fleet=farm,pool=any |
      | another | idle   | pool=any            |
      | beta    | idle   | fleet=farm,pool=any |

  @uat-47 @step-for-each-connected-worker
  Scenario: A step for each connected worker runs once on each, also on a busy one, and not for one that is gone
    Given a workflow with the steps:
      | step | runs on                     | work           | for each of           |
      | scan | the worker that is its item | writes at once | the connected workers |
    And an orchestrator with a queue limit of 2 seconds
    And the enrolled worker "alpha" with 4 slots
    And the enrolled worker "beta" with the labels "pool=b" and 4 slots
    And the enrolled worker "gamma"
    When the worker "gamma" is killed
    And the orchestrator notices that "gamma" is gone
    And the worker "beta" runs a step of another workflow, which pauses
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step       | worker |
      | another    | beta   |
      | scan-alpha | alpha  |
      | scan-beta  | beta   |

  @uat-47 @each-run-sees-connected-workers
  Scenario: Each run has steps for the workers that are connected when it starts, also for members of one token
    Given a workflow with the steps:
      | step | runs on                     | work           | for each of           |
      | scan | the worker that is its item | writes at once | the connected workers |
    And an orchestrator with a queue limit of 2 seconds
    And the token "farm" for 2 machines
    And the enrolled worker "alpha" with the token "farm"
    And the enrolled worker "beta" with the token "farm"
    When the workflow runs to its end
    And the worker "alpha" is stopped
    And the worker "gamma" starts and is enrolled
    And the workflow starts
    Then the run succeeds
    And the workers "alpha, beta, gamma" ran steps, and no others
    And the operator sees these dispatches, and no others:
      | started on              | lease     | wrote |
      | the worker of its lease | completed | yes   |
      | the worker of its lease | completed | yes   |
      | the worker of its lease | completed | yes   |
      | the worker of its lease | completed | yes   |

  @uat-52 @platform-with-labels-or-worker
  Scenario: A step for this platform runs where its labels say, and a step that names its worker runs there
    Given a workflow with the steps:
      | job    | job after | job runs on                             | step   | runs on                                           | work           | after |
      | build  |           |                                         | system | this system of any architecture, pool=a           | writes at once |       |
      | build  |           |                                         | whole  | this platform, pool=b                             | writes at once |       |
      | build  |           |                                         | named  | worker "beta", another system of any architecture | writes at once | whole |
      | deploy | build     | this system of any architecture, pool=b | ship   | as its job                                        | writes at once |       |
    And an orchestrator with a queue limit of 10 seconds
    And the enrolled worker "alpha" with the labels "pool=a"
    And the enrolled worker "beta" with the labels "pool=b" and 8 slots
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step   | worker |
      | named  | beta   |
      | ship   | beta   |
      | system | alpha  |
      | whole  | beta   |

  @uat-52 @step-for-another-platform-waits
  Scenario: A step for another platform does not run, whatever its labels, and a step for this platform does
    Given a workflow with the steps:
      | job    | job runs on                        | step  | runs on                                        | work           | after |
      | build  |                                    | build | this system of any architecture                | writes at once |       |
      | build  |                                    | test  | this platform                                  | writes at once | build |
      | port   |                                    | port  | another system of any architecture             | writes at once |       |
      | pack   |                                    | pack  | another system of any architecture, any worker | writes at once |       |
      | cross  |                                    | cross | another architecture                           | writes at once |       |
      | deploy | another system of any architecture | ship  | as its job                                     | writes at once |       |
      | deploy | another system of any architecture | sign  | any worker                                     | writes at once |       |
      | stage  | zone=b                             | stage | this platform                                  | writes at once |       |
    And an orchestrator with a queue limit of 2 seconds
    And the enrolled worker "alpha" with 8 slots
    When the workflow starts
    Then the run fails because no matching worker came in time
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | test  | alpha  |

  # A step or a job for the orchestrator has an empty place, which clears the place that it would inherit.
  @uat-21 @uat-42 @place-is-inherited
  Scenario: A step without a place runs where its job says, and a job without a place where its workflow says
    Given a workflow for workers with the labels "pool=a", with the steps:
      | job    | job runs on      | step    | runs on                | work           | for each of                        |
      | build  |                  | first   | as its job             | writes at once |                                    |
      | build  |                  | second  | pool=b                 | writes at once |                                    |
      | build  |                  | third   | worker "beta"          | writes at once |                                    |
      | build  |                  | fourth  | the orchestrator       | writes at once |                                    |
      | build  |                  | each    | as its job             | writes at once | x, y                               |
      | build  |                  | host    | the worker of its item | writes at once | x on "alpha", y on "beta"          |
      | build  |                  | pair    | the worker of its key  | writes at once | the keys x on "beta", y on "alpha" |
      | deploy | zone=b           | fifth   | as its job             | writes at once |                                    |
      | deploy | zone=b           | sixth   | pool=a                 | writes at once |                                    |
      | test   | worker "beta"    | seventh | as its job             | writes at once |                                    |
      | sign   | the orchestrator | eighth  | as its job             | writes at once |                                    |
      | sign   | the orchestrator | ninth   | pool=b                 | writes at once |                                    |
    And an orchestrator with a queue limit of 20 seconds
    And the enrolled worker "alpha" with the labels "pool=a" and 9 slots
    And the enrolled worker "beta" with the labels "pool=b, zone=b" and 9 slots
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step    | worker           |
      | each-x  | alpha            |
      | each-y  | alpha            |
      | eighth  | the orchestrator |
      | fifth   | beta             |
      | first   | alpha            |
      | fourth  | the orchestrator |
      | host-x  | alpha            |
      | host-y  | beta             |
      | ninth   | beta             |
      | pair-x  | beta             |
      | pair-y  | alpha            |
      | second  | beta             |
      | seventh | beta             |
      | sixth   | alpha            |
      | third   | beta             |

  @uat-42 @platform-is-inherited
  Scenario: A step runs on the platform that its workflow names, unless the step names another one
    Given a workflow for workers on another system, with the steps:
      | job   | step   | runs on                         | work           |
      | build | first  | as its job                      | writes at once |
      | build | second | any worker                      | writes at once |
      | test  | third  | this system of any architecture | writes at once |
    And an orchestrator with a queue limit of 3 seconds
    And the enrolled worker "alpha" with 3 slots
    When the workflow starts
    Then the run fails because no matching worker came in time
    And these steps started, and no others:
      | step  | worker |
      | third | alpha  |

  @uat-42 @empty-place-of-a-named-worker
  Scenario: A step for the orchestrator runs there, even if its job names a worker
    Given a workflow with the steps:
      | job    | job runs on    | step  | runs on          | work           |
      | deploy | worker "alpha" | build | as its job       | writes at once |
      | deploy | worker "alpha" | ship  | the orchestrator | writes at once |
    And an orchestrator with a queue limit of 3 seconds
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker           |
      | build | alpha            |
      | ship  | the orchestrator |

  @uat-43 @nearest-queue-limit-counts
  Scenario: The queue limit of a step counts before that of its job, its workflow and the orchestrator, and zero means none
    Given a workflow with a queue limit of 3 seconds, with the steps:
      | job    | job queue limit | step   | runs on         | work           | queue limit |
      | build  |                 | build  | worker "nobody" | writes at once |             |
      | build  |                 | late   | worker "alpha"  | writes at once | 4 s         |
      | deploy | 2 s             | pack   | worker "nobody" | writes at once |             |
      | deploy | 2 s             | ship   | worker "nobody" | writes at once | 5 s         |
      | deploy | 2 s             | linger | worker "nobody" | writes at once | 0 s         |
      | test   | 0 s             | test   | worker "nobody" | writes at once |             |
      | test   | 0 s             | flash  | worker "nobody" | writes at once | 0.5 s       |
    And an orchestrator with a queue limit of 9 seconds
    And the enrolled worker "alpha"
    When the worker "alpha" runs a step of another workflow, which pauses
    And the workflow starts
    Then these steps have waited for a worker so long, and no longer:
      | step   | seconds  |
      | build  | 3        |
      | flash  | 0.5      |
      | late   | 4        |
      | linger | no limit |
      | pack   | 2        |
      | ship   | 5        |
      | test   | no limit |
    And the queue shows:
      | step   | waits for     |
      | linger | target=nobody |
      | test   | target=nobody |
    And these steps started, and no others:
      | step    | worker |
      | another | alpha  |
