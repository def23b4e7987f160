@issue-630
Feature: Large artifacts
  The orchestrator stores what a step writes, whatever its size: completely or not at all.

  @uat-26 @artifact-arrives-bit-for-bit
  Scenario: A step stores its artifact, bit for bit, whether it writes it in a file or in one piece
    Given a workflow with the steps:
      | step  | runs on    | work                      |
      | build | any worker | writes 100 MB in a file   |
      | pack  | any worker | writes 50 MB in one piece |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the run ends within the time for large artifacts
    Then the run succeeds
    And the artifact of the step "build" is stored, bit for bit
    And the artifact of the step "pack" is stored, bit for bit

  @uat-26 @artifact-read-on-another-worker
  Scenario: A step on another worker reads an artifact, bit for bit
    Given a workflow with the steps:
      | step  | runs on        | work                          | after |
      | build | worker "alpha" | writes 100 MB as a stream     |       |
      | ship  | worker "beta"  | reads the artifact of "build" | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the run ends within the time for large artifacts
    Then the run succeeds
    And the step "ship" has read the artifact of the step "build", bit for bit

  @uat-26 @slow @network @artifact-sent-over-slow-network
  Scenario: An artifact that takes more than a minute to send is stored, bit for bit
    Given a workflow with the steps:
      | step  | runs on    | work                     |
      | build | any worker | writes 30 MB as a stream |
    And an orchestrator
    And the enrolled worker "alpha" on a slow network
    When the workflow starts
    And the run ends within the time for large artifacts
    Then the run succeeds
    And the artifact of the step "build" is stored, bit for bit

  @uat-26 @slow @network @artifact-read-over-slow-network
  Scenario: A step reads an artifact that takes more than a minute to arrive, bit for bit
    Given a workflow with the steps:
      | step  | runs on        | work                          | after |
      | build | worker "alpha" | writes 30 MB as a stream      |       |
      | ship  | worker "beta"  | reads the artifact of "build" | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta" on a slow network
    When the workflow starts
    And the run ends within the time for large artifacts
    Then the run succeeds
    And the step "ship" has read the artifact of the step "build", bit for bit

  # From empty to some megabytes, just below and above the size of a transferred block; one has an unusual name.
  @uat-26 @artifacts-of-all-sizes-intact
  Scenario: Artifacts of all sizes are stored and read, bit for bit
    Given a workflow with the steps:
      | step  | runs on          | work                           | after |
      | build | worker "alpha"   | writes artifacts of all sizes  |       |
      | ship  | worker "beta"    | reads the artifacts of "build" | build |
      | keep  | the orchestrator | reads the artifacts of "build" | build |
    And an orchestrator
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    When the workflow starts
    And the run ends within the time for large artifacts
    Then the run succeeds
    And the artifacts of all sizes of the step "build" are stored, bit for bit
    And the step "ship" has read the artifacts of all sizes of the step "build", bit for bit
    And the step "keep" has read the artifacts of all sizes of the step "build", bit for bit

  @uat-26 @tls @large-artifact-no-more-memory
  Scenario: A worker and an orchestrator use no more memory for a large artifact than for a small one
    Given a workflow with the steps:
      | step  | runs on        | work                          | after |
      | small | worker "alpha" | writes 30 MB as a stream      |       |
      | large | worker "alpha" | writes 300 MB as a stream     | small |
      | ship  | worker "beta"  | reads the artifact of "large" | large |
    And an orchestrator with a certificate of the authority
    And workers and operators trust the authority
    And the enrolled worker "alpha"
    And the enrolled worker "beta"
    And the memory of the orchestrator and of the worker "alpha" is measured
    When the workflow starts
    And the run ends within the time for large artifacts
    Then the run succeeds
    And the artifact of the step "large" is stored, bit for bit
    And the step "ship" has read the artifact of the step "large", bit for bit
    And the worker "alpha" used no more memory for the artifact of the step "large" than for that of "small"
    And the orchestrator used no more memory for the artifact of the step "large" than for that of "small"

  @uat-26 @simultaneous-artifacts-intact
  Scenario: Artifacts that are sent at the same time are stored, bit for bit
    Given a workflow with the steps:
      | step   | runs on        | work                                                          |
      | first  | worker "alpha" | writes 30 MB as a stream, waiting halfway for two other steps |
      | second | worker "alpha" | writes 30 MB as a stream, waiting halfway for two other steps |
      | third  | worker "beta"  | writes 30 MB as a stream, waiting halfway for two other steps |
    And an orchestrator
    And the enrolled worker "alpha" with 2 slots
    And the enrolled worker "beta"
    When the workflow starts
    And the run ends within the time for large artifacts
    Then the run succeeds
    And the artifact of the step "first" is stored, bit for bit
    And the artifact of the step "second" is stored, bit for bit
    And the artifact of the step "third" is stored, bit for bit

  @uat-16 @uat-26 @slow @partial-artifact-is-unreadable
  Scenario: The operator can read nothing of an artifact whose worker was killed halfway
    Given a workflow with the steps:
      | step  | runs on    | work                                      |
      | build | any worker | writes 30 MB as a stream, pausing halfway |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" has sent half of its artifact
    And the worker "alpha" is killed
    Then the run fails because its worker was lost after the step had written
    And the operator can read nothing of the artifact of the step "build"

  @uat-26 @artifact-intact-after-rerun
  Scenario: An artifact whose worker was killed halfway is stored, bit for bit, by a second run
    Given a workflow with the steps:
      | step  | runs on    | work                                      |
      | build | any worker | writes 30 MB as a stream, pausing halfway |
    And an orchestrator
    And the enrolled worker "alpha"
    When the workflow starts
    And the step "build" has sent half of its artifact
    And the worker "alpha" is killed
    And the worker "alpha" starts again
    And the worker "alpha" is enrolled
    And the workflow starts
    Then the run succeeds
    And the artifact of the step "build" is stored, bit for bit
