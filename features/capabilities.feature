@issue-630
Feature: Capabilities
  A step on a worker can do what it could do on the orchestrator, and it makes no difference: it is given back the
  same, call by call, and it leaves the same behind, field by field. Only who, where and when may differ.

  @uat-22
  Scenario Outline: A step on a worker that <work> does what it would do on the orchestrator
    Given a workflow with the steps:
      | step   | runs on          | work   |
      | local  | the orchestrator | <work> |
      | placed | any worker       | <work> |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And these steps began, and no others:
      | step   | worker           |
      | local  | the orchestrator |
      | placed | alpha            |
    And the step "placed" was given back and left behind the same as the step "local"

    # As it pleases: with a lifetime, a number of versions to keep, tags and a content type of its own.
    Examples:
      | work                                |
      | writes resources                    |
      | writes a resource as it pleases     |
      | writes one resource again and again |
      | writes a sensitive field            |
      | writes files                        |
      | writes a file as it pleases         |
      | writes a file line by line          |
      | writes files from a stream          |
      | deletes a resource                  |
      | keeps a secret in a vault           |

  @uat-22
  Scenario Outline: A step on a worker that <work> finds what it would find on the orchestrator
    Given a workflow with the steps:
      | step   | runs on          | work             | after |
      | seed   | the orchestrator | writes resources |       |
      | local  | the orchestrator | <work>           | seed  |
      | placed | any worker       | <work>           | seed  |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And these steps began, and no others:
      | step   | worker           |
      | local  | the orchestrator |
      | placed | alpha            |
      | seed   | the orchestrator |
    And the step "placed" was given back the same as the step "local"

    Examples:
      | work                                     |
      | reads data, its own and that of others   |
      | evaluates expressions                    |
      | reads the sensitive field that it wrote  |
      | looks at the handles of what it wrote    |
      | makes mistakes                           |

  @uat-22
  Scenario: A step on a worker reads what was written, and computes what expressions say
    Given a workflow with the steps:
      | step      | runs on          | work                                   | after |
      | seed      | the orchestrator | writes resources                       |       |
      | reading   | any worker       | reads data, its own and that of others | seed  |
      | computing | any worker       | evaluates expressions                  |       |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    Then the run succeeds
    And the step "reading" was given back:
      | asked for                            | given back              |
      | the latest version of its own        | second                  |
      | the first version of its own         | first                   |
      | a resource that does not exist       | nothing                 |
      | the records of "seed"                | plain, unexpected, zero |
      | the records of "seed" with number 0  | zero                    |
    And the step "computing" was given back:
      | asked for                  | given back |
      | 1 + 2                      | 3          |
      | size('Grüße')              | 5          |
      | [1, 2, 3].map(n, n * 2)    | 2, 4, 6    |
      | team == 'blue' ? 'b' : 'x' | b          |
