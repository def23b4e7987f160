@issue-630
Feature: Platforms
  Workers run on Linux, macOS and Windows, with cache directories in all usual places.

  @uat-30 @uat-05 @uat-06 @uat-07 @platform-enroll-return-and-cache
  Scenario Outline: A worker enrolls, returns, and is rejected without its cache directory, on <platform>
    Given an orchestrator
    And the enrolled worker "alpha"
    When the worker "alpha" is killed
    And the worker "alpha" starts again
    And the worker "alpha" is enrolled
    And the worker "alpha" is killed
    And the worker "alpha" starts again without a cache directory
    Then the worker "alpha" is rejected because its token is bound to another machine
    And the worker "alpha" tried to connect 1 time
    And the token "alpha" is still bound to the machine of "alpha" only

    @platform-linux
    Examples: Linux
      | platform |
      | Linux    |

    @platform-darwin
    Examples: macOS
      | platform |
      | macOS    |

    @platform-windows
    Examples: Windows
      | platform |
      | Windows  |

  @uat-30 @uat-05 @uat-06 @platform-works-before-and-after-return
  Scenario Outline: A worker runs steps before and after it returns, on <platform>
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow runs to its end
    And the worker "alpha" is killed
    And the worker "alpha" starts again
    And the worker "alpha" is enrolled
    And the workflow starts
    Then the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
    And the pool shows:
      | worker | status | connected |
      | alpha  | idle   | yes       |

    @platform-linux
    Examples: Linux
      | platform |
      | Linux    |

    @platform-darwin
    Examples: macOS
      | platform |
      | macOS    |

    @platform-windows
    Examples: Windows
      | platform |
      | Windows  |

  @uat-30 @uat-05 @uat-06 @cache-place-returns-and-works
  Scenario: Workers with unusual names of cache directories enroll, return and run steps
    Given a workflow with the steps:
      | step  | runs on        | work           |
      | build | worker "alpha" | writes at once |
      | test  | worker "beta"  | writes at once |
      | ship  | worker "gamma" | writes at once |
    And an orchestrator
    When the worker "alpha" starts with a cache directory whose name has spaces and signs
    And the worker "beta" starts with a cache directory whose name has non-ASCII letters
    And the worker "gamma" starts with a cache directory deep in nested folders and an empty machine id
    And the orchestrator has answered "alpha, beta, gamma"
    And the workers "alpha, beta, gamma" are killed and start again
    And the workflow starts
    Then the workers "alpha, beta, gamma" are enrolled
    And the run succeeds
    And the machine ids of "alpha, beta, gamma" are kept in their cache directories
    And the token list shows:
      | token | state    | machine         |
      | alpha | enrolled | that of "alpha" |
      | beta  | enrolled | that of "beta"  |
      | gamma | enrolled | that of "gamma" |

  @uat-30 @uat-05 @uat-06 @relative-cache-place-returns-and-works
  Scenario: A worker whose cache directory is given as a relative path enrolls, returns and runs steps
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator
    And the enrolled worker "alpha" with a cache directory given as a relative path
    When the worker "alpha" is killed
    And the worker "alpha" starts again
    And the workflow starts
    Then the worker "alpha" is enrolled
    And the machine id of "alpha" is kept in its cache directory
    And the token "alpha" is still bound to the machine of "alpha" only
    And the run succeeds

  @uat-30 @uat-05 @uat-06 @posix @linked-cache-place-returns
  Scenario: A worker whose cache directory and machine id are symbolic links enrolls and returns
    Given an orchestrator
    When the worker "alpha" starts with a cache directory that is a symbolic link, and a machine id that is one
    And the orchestrator has answered "alpha"
    And the worker "alpha" is killed
    And the worker "alpha" starts again
    Then the worker "alpha" is enrolled
    And the machine id of "alpha" is kept in its cache directory
    And the token "alpha" is still bound to the machine of "alpha" only

  @uat-30 @uat-06 @machine-id-with-foreign-line-ends
  Scenario: A worker returns after its machine id was saved with a byte order mark and foreign line endings
    Given an orchestrator
    And the enrolled worker "alpha"
    When the worker "alpha" is killed
    And the machine id of "alpha" is saved with a byte order mark and foreign line endings
    And the worker "alpha" starts again
    Then the worker "alpha" is enrolled
    And the token "alpha" is still bound to the machine of "alpha" only
