@issue-630
Feature: Capabilities
  A step on a worker can do the same as on the orchestrator. It gets the same answer to each call, and leaves the same
  data behind. Only who wrote the data, where and when may differ.

  # The settings are a lifetime, a number of versions to keep, and tags. The orchestrator runs the method that a step on a
  # worker asks for at its end (design/remote-execution.md, "The remote `MethodContext`").
  @uat-22 @worker-writes-what-orchestrator-writes
  Scenario: Steps write the same on a worker as on the orchestrator
    Given a workflow with the steps:
      | step              | runs on          | work                                       |
      | local-resources   | the orchestrator | writes resources                           |
      | placed-resources  | any worker       | writes resources                           |
      | local-versions    | the orchestrator | writes one resource several times          |
      | placed-versions   | any worker       | writes one resource several times          |
      | local-sensitive   | the orchestrator | writes a sensitive field                   |
      | placed-sensitive  | any worker       | writes a sensitive field                   |
      | local-files       | the orchestrator | writes files                               |
      | placed-files      | any worker       | writes files                               |
      | local-configured  | the orchestrator | writes files with settings of its workflow |
      | placed-configured | any worker       | writes files with settings of its workflow |
      | local-vault       | the orchestrator | stores a secret in a vault                 |
      | placed-vault      | any worker       | stores a secret in a vault                 |
      | placed-chain      | any worker       | writes at once, then runs another method   |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts with the tags "ticket=id=42"
    Then the run succeeds
    And these steps started, and no others:
      | step              | worker           |
      | local-configured  | the orchestrator |
      | local-files       | the orchestrator |
      | local-resources   | the orchestrator |
      | local-sensitive   | the orchestrator |
      | local-vault       | the orchestrator |
      | local-versions    | the orchestrator |
      | placed-chain      | alpha            |
      | placed-chain      | the orchestrator |
      | placed-configured | alpha            |
      | placed-files      | alpha            |
      | placed-resources  | alpha            |
      | placed-sensitive  | alpha            |
      | placed-vault      | alpha            |
      | placed-versions   | alpha            |
    And the step "placed-resources" got the same answers and left the same data as the step "local-resources"
    And the step "placed-versions" got the same answers and left the same data as the step "local-versions"
    And the step "placed-sensitive" got the same answers and left the same data as the step "local-sensitive"
    And the step "placed-files" got the same answers and left the same data as the step "local-files"
    And the step "placed-configured" got the same answers and left the same data as the step "local-configured"
    And the step "placed-vault" got the same answers and left the same data as the step "local-vault"

  @uat-22 @worker-does-what-orchestrator-does
  Scenario Outline: A step that <work> does the same on a worker as on the orchestrator
    Given a workflow with the steps:
      | step   | runs on          | work   |
      | local  | the orchestrator | <work> |
      | placed | any worker       | <work> |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts with the tags "ticket=id=42"
    Then the run succeeds
    And these steps started, and no others:
      | step   | worker           |
      | local  | the orchestrator |
      | placed | alpha            |
    And the step "placed" got the same answers and left the same data as the step "local"

    # The settings are a lifetime, a number of versions to keep, and tags.
    Examples:
      | work                                    |
      | writes a resource with its own settings |
      | writes a file with its own settings     |
      | writes a file line by line              |
      | writes files from a stream              |

  @uat-22 @worker-deletes-same-as-orchestrator
  Scenario: A step deletes the same on a worker as on the orchestrator, and nothing else
    Given a workflow with the steps:
      | step   | runs on          | work               |
      | local  | the orchestrator | deletes a resource |
      | placed | any worker       | deletes a resource |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "placed" got the same answers and left the same data as the step "local"
    And the step "placed" got these answers:
      | asked for                    | answer  |
      | the deletion                 | nothing |
      | the resource that it deletes | nothing |
      | the resource that it spares  | spared  |

  @uat-22 @worker-deletes-every-version
  Scenario: A step deletes a resource with all its versions on a worker as on the orchestrator, itself or by its method
    Given a workflow with the steps:
      | step           | runs on          | work                                             | model  | after       |
      | seed-local     | the orchestrator | writes several versions of a resource and a file | local  |             |
      | seed-placed    | any worker       | writes several versions of a resource and a file | placed |             |
      | local          | the orchestrator | deletes the resource of an earlier step          |        | seed-local  |
      | placed         | any worker       | deletes the resource of an earlier step          |        | seed-placed |
      | local-removal  | the orchestrator | writes a resource that is gone when it has ended |        |             |
      | placed-removal | any worker       | writes a resource that is gone when it has ended |        |             |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "placed" got these answers:
      | asked for                    | answer  |
      | the versions of the resource | 1, 2    |
      | the deletion                 | nothing |
      | the resource that it deletes | nothing |
    And the step "placed" got the same answers and left the same data as the step "local"
    And the step "placed-removal" got the same answers and left the same data as the step "local-removal"

  @uat-22 @worker-deletes-one-version
  Scenario: A step deletes old versions on a worker as on the orchestrator, and no others, and writes no old number again
    Given a workflow with the steps:
      | step        | runs on          | work                                               | model  | after       |
      | seed-local  | the orchestrator | writes several versions of a resource and a file   | local  |             |
      | seed-placed | any worker       | writes several versions of a resource and a file   | placed |             |
      | local       | the orchestrator | deletes old versions of both, then writes the file |        | seed-local  |
      | placed      | any worker       | deletes old versions of both, then writes the file |        | seed-placed |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "placed" got the same answers and left the same data as the step "local"
    And the step "placed" got these answers:
      | asked for                     | answer  |
      | the versions of the resource  | 1, 2    |
      | the deletion                  | nothing |
      | the versions that are left    | 2       |
      | the latest version of its own | again   |
      | the next version of the file  | 4       |

  @uat-22 @worker-finds-what-orchestrator-finds
  Scenario Outline: A step that <work> gets the same answers on a worker as on the orchestrator
    Given a workflow with the steps:
      | step   | runs on          | work             | after |
      | seed   | the orchestrator | writes resources |       |
      | local  | the orchestrator | <work>           | seed  |
      | placed | any worker       | <work>           | seed  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step   | worker           |
      | local  | the orchestrator |
      | placed | alpha            |
      | seed   | the orchestrator |
    And the step "placed" got the same answers as the step "local"

    Examples:
      | work                                    |
      | reads the sensitive field that it wrote |
      | reads the handles of what it wrote      |
      | makes mistakes in its calls             |

  @uat-22 @worker-reads-data-and-expressions
  Scenario: Steps get correct answers, and a sensitive field is kept in the vault
    Given a workflow with the steps:
      | step            | runs on          | work                                  | after |
      | seed            | the orchestrator | writes resources                      |       |
      | reading         | any worker       | reads its own data and that of others | seed  |
      | local-reading   | the orchestrator | reads its own data and that of others | seed  |
      | computing       | any worker       | evaluates expressions                 | seed  |
      | local-computing | the orchestrator | evaluates expressions                 | seed  |
      | guarding        | any worker       | writes a sensitive field              |       |
      | streaming       | the orchestrator | writes files from a stream            |       |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "reading" got these answers:
      | asked for                             | answer                            |
      | its own before it writes again        | first                             |
      | the latest version of its own         | second                            |
      | the first version of its own          | first                             |
      | a resource that does not exist        | nothing                           |
      | the latest version, found by its name | 2                                 |
      | the first version, found by its name  | 1                                 |
      | the latest version, found by its id   | 2                                 |
      | the first version, found by its id    | 1                                 |
      | the versions that it wrote of another | 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 |
      | the latest version of another         | version 11                        |
      | the records of "seed"                 | plain, unexpected, zero           |
      | the records of "seed" with number 0   | zero                              |
    And the step "computing" got these answers:
      | asked for                  | answer  |
      | 1 + 2                      | 3       |
      | size('Grüße')              | 5       |
      | [1, 2, 3].map(n, n * 2)    | 2, 4, 6 |
      | team == 'blue' ? 'b' : 'x' | b       |
    And the step "reading" got the same answers as the step "local-reading"
    And the step "computing" got the same answers as the step "local-computing"
    And the vault holds the sensitive field of the step "guarding", and its data does not
    And the step "streaming" got these answers:
      | asked for                        | answer                              |
      | the lines of a stream            | one, twö, , last, without an end    |
      | two files that are open together | the first of two, the second of two |

  # Texts with line breaks, quotes, tabs and letters of all kinds; texts that look like numbers or code; very
  # long texts; numbers; null; empty values; deeply nested values.
  @uat-22 @values-arrive-and-return-unchanged
  Scenario: Values reach a step on a worker unchanged, and come back from it unchanged
    Given a workflow with the steps:
      | step  | runs on          | work                                   | after |
      | giver | any worker       | writes values and reads them back      |       |
      | taker | any worker       | receives the values that "giver" wrote | giver |
      | local | the orchestrator | receives the values that "giver" wrote | giver |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "giver" got every value back unchanged
    And the operator reads every value of the step "giver" unchanged
    And the step "taker" received every value unchanged
    And the step "local" received every value unchanged

  @uat-22 @data-queries-return-exact-matches
  Scenario: A query on a worker returns the data that match, and no others
    Given a workflow with the steps:
      | step   | runs on          | work                          | after |
      | seed   | the orchestrator | writes data of several kinds  |       |
      | many   | the orchestrator | writes 120 resources          | seed  |
      | other  | any worker       | writes data of several kinds  | many  |
      | placed | any worker       | queries data of several kinds | other |
      | local  | the orchestrator | queries data of several kinds | other |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "placed" got these answers:
      | asked for                           | answer                                                  |
      | all data of a model                 | seed note v1, seed plain v2, seed tune v1, seed zero v1 |
      | the records of a model              | seed plain v2, seed zero v1                             |
      | the recordings of a model           | seed tune v1                                            |
      | the texts of a model                | seed note v1                                            |
      | data of a kind with a similar name  | nothing                                                 |
      | data of a model with a similar name | nothing                                                 |
      | the resources of a model            | seed plain v2, seed tune v1, seed zero v1               |
      | the files of a model                | seed note v1                                            |
      | the recordings of every model       | other tune v1, seed tune v1                             |
      | the data with a tag                 | seed plain v2, seed zero v1                             |
      | the data with another tag           | seed tune v1                                            |
      | the data of a step                  | other plain v2, other zero v1                           |
      | the data of a run                   | other note v1, seed note v1                             |
      | the data of no run                  | nothing                                                 |
      | one record in its first version     | seed plain v1                                           |
      | one record in every version         | seed plain v1, seed plain v2                            |
      | the data with a number              | seed plain v2, seed tune v1                             |
      | the data with an empty text         | seed zero v1                                            |
      | the data of one model or another    | other note v1, seed note v1                             |
      | the data of an unknown model        | nothing                                                 |
      | the data with one of many names     | seed zero v1                                            |
      | the files of six bytes              | other note v1, seed note v1                             |
      | the number of data, limited to two  | 2                                                       |
      | the number of data of a large model | 120                                                     |
      | its run                             | this run                                                |
    And the step "placed" got the same answers as the step "local"

  @uat-22 @shared-name-read-as-current
  Scenario: What several steps write under one name is always read in its current version
    Given a workflow with the steps:
      | step   | runs on          | work               | after  | model  |
      | first  | worker "alpha"   | starts the ledger  |        | ledger |
      | second | worker "beta"    | adds to the ledger | first  | ledger |
      | third  | the orchestrator | adds to the ledger | second | ledger |
      | fourth | worker "alpha"   | adds to the ledger | third  | ledger |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow runs to its end
    And the workflow starts
    Then the run succeeds
    And the ledger holds these entries, and no others:
      | version | entry    | step   |
      | 1       | first 1  | first  |
      | 2       | second 2 | second |
      | 3       | third 3  | third  |
      | 4       | fourth 4 | fourth |
      | 5       | first 5  | first  |
      | 6       | second 6 | second |
      | 7       | third 7  | third  |
      | 8       | fourth 8 | fourth |
    And the ledger shows "fourth 8" as its newest entry, in version 8
    And the last run reports the entries that its steps wrote:
      | step   | version |
      | first  | 5       |
      | second | 6       |
      | third  | 7       |
      | fourth | 8       |
    And each step found the entries that were there before it, and then its own as well

  @uat-22 @remote-error-told-as-raised
  Scenario: The error of a step on a worker is shown as it was raised
    Given a workflow with the steps:
      | step  | runs on    | work                                  |
      | build | any worker | fails with a message of several lines |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run fails because its step failed
    And the error of the step "build" is shown as it was raised
    And the worker "alpha" can run another step

  # Settings of the workflow keep the data of each item apart, such as that of an environment.
  @uat-48 @data-of-items-kept-apart
  Scenario: Data that is kept apart for each item is the same on a worker as on the orchestrator
    Given a workflow with the steps:
      | job   | job after | step | runs on          | work                                   | model | for each of |
      | build |           | pack | any worker       | writes its item into data of that item | box   | dev, prod   |
      | build |           | seed | the orchestrator | writes its item into data of that item | chest | dev, prod   |
      | ship  | build     | ship | any worker       | writes what "box" wrote for "prod"     |       |             |
    And an orchestrator
    And the enrolled worker "alpha" with 4 slots
    When the workflow runs to its end
    And the workflow starts
    Then the run succeeds
    And this data is recorded, and no other:
      | data        | version | written on       | word |
      | result-dev  | 2       | alpha            | dev  |
      | result-prod | 2       | alpha            | prod |
      | result-dev  | 2       | the orchestrator | dev  |
      | result-prod | 2       | the orchestrator | prod |
      | result      | 2       | alpha            | prod |

  @uat-48 @files-of-items-kept-apart
  Scenario: Files that are kept apart for each item and region are the same on a worker as on the orchestrator
    Given a workflow with the steps:
      | step | runs on          | work                                                     | model | for each of                                |
      | pack | any worker       | writes its item into a file of that item and of a region | box   | production-cluster-1, production-cluster-2 |
      | seed | the orchestrator | writes its item into a file of that item and of a region | chest | production-cluster-1, production-cluster-2 |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And this data is recorded, and no other:
      | step  | data                          | version |
      | box   | trace-production-cluster-1-eu | 1       |
      | box   | trace-production-cluster-2-eu | 1       |
      | chest | trace-production-cluster-1-eu | 1       |
      | chest | trace-production-cluster-2-eu | 1       |
