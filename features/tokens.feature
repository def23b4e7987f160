@issue-630
Feature: Tokens
  An operator lets machines enroll with tokens. Minting a token shows its credential once. From then on the token
  list shows its state. Revoking ends a token before its lifetime has passed.

  @uat-01 @token-shown-once
  Scenario Outline: A minted credential is shown exactly once, in <output>
    Given a repository
    And the operator's output is in <output>
    When the operator mints the token "alpha"
    Then the command succeeds
    And the output shows the credential of "alpha" exactly once
    And the output shows when the token "alpha" expires and where its secret is kept

    Examples:
      | output |
      | text   |
      | JSON   |

    @terminal
    Examples: on a terminal
      | output             |
      | text on a terminal |

  @uat-01 @token-shown-once-in-detailed-log
  Scenario: A minted credential for any number of machines is shown exactly once at the most detailed log level
    Given a repository
    And the operator's output is in text
    When the operator mints the token "alpha" for any number of machines, at the most detailed log level
    Then the command succeeds
    And the output shows the credential of "alpha" exactly once
    And the output shows when the token "alpha" expires and where its secret is kept
    And only the vault holds the secret of the token "alpha"

  @uat-01 @remote-token-shown-once
  Scenario Outline: A credential minted through the orchestrator is shown exactly once, in <output>
    Given an orchestrator
    And the operator's output is in <output>
    When the operator mints the token "alpha" with a lifetime of 30m, for 3 machines and through the orchestrator
    Then the command succeeds
    And the output shows the credential of "alpha" exactly once
    And the output shows when the token "alpha" expires and where its secret is kept
    And only the vault holds the secret of the token "alpha"
    And no data shows the secret of the token "alpha"

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-01 @token-secret-stays-in-vault
  Scenario: The secret of a token is only in the vault
    Given a repository whose vault records who reads it
    And an orchestrator
    And the operator's output is in text
    When the operator mints the token "alpha"
    And the worker "alpha" starts with the credential that was shown first
    And the worker "alpha" is enrolled
    And the worker "alpha" is stopped and returns, 2 times
    And the operator revokes the token "alpha"
    And the worker "alpha" is killed and starts again
    Then the worker "alpha" is rejected because its token is revoked
    And only the vault holds the secret of the token "alpha"
    And no data shows the secret of the token "alpha"

  @uat-01 @token-secret-in-chosen-vault
  Scenario Outline: The vault that the operator names keeps the secret of a token, <vault>
    Given a repository with another vault "v2"
    And the operator's output is in text
    When the operator mints the token "alpha" with its secret in the vault "<vault>"
    Then the command succeeds
    And the output shows when the token "alpha" expires and that its secret is kept in the vault "<vault>"

    Examples:
      | vault |
      | v1    |
      | v2    |

  @uat-01 @bad-lifetime-mints-nothing
  Scenario Outline: No token is minted with a lifetime of <lifetime>
    Given a repository
    And the operator's output is in <output>
    When the operator mints the token "alpha" with a lifetime of <lifetime>
    Then the command fails because <reason>
    And the token list is empty

    Examples:
      | lifetime | output | reason                         |
      | 0m       | text   | the lifetime must be positive  |
      | 30s      | JSON   | the lifetime is not understood |

  @uat-01 @bad-name-mints-nothing
  Scenario: No token is minted with a name that is not allowed
    Given a repository
    And the operator's output is in text
    When the operator mints the token "Not.Allowed"
    Then the token list is empty
    And the command fails because the name is not allowed

  @uat-01 @no-vault-mints-nothing
  Scenario: No token is minted in a repository without a vault
    Given a repository without a vault
    And the operator's output is in text
    When the operator mints the token "alpha"
    Then the command fails because there is no vault
    And the token list is empty

  @uat-02 @uat-27 @token-name-taken-once
  Scenario: A token name can be taken only once, and the credential that was shown first stays valid
    Given an orchestrator
    And the token "alpha"
    And the operator's output is in JSON
    When the operator mints the token "alpha" at the most detailed log level
    And the worker "alpha" starts with the credential that was shown first
    Then the command fails because the name is taken
    And the worker "alpha" is enrolled

  @uat-02 @slow @used-token-name-stays-taken
  Scenario: The name of a token stays taken after the token is enrolled, revoked or expired
    Given a repository with another vault "v2"
    And an orchestrator
    And the token "brief" with a short lifetime
    And the token "withdrawn" that is revoked
    And the token "several" for 3 machines
    And the enrolled worker "bound"
    And the enrolled worker "brief"
    When the lifetime of the token "brief" passes
    And the orchestrator notices that "brief" is gone
    And the operator mints the tokens "bound, brief, several, withdrawn" again, in the repository and through the orchestrator
    And the operator mints the token "several" again, with its secret in the vault "v2"
    Then each of these commands fails because the name is taken
    And these commands have changed no token and nothing in the vault

  @uat-03 @uat-04 @slow @token-list-shows-states
  Scenario: The token list shows the state of every token
    Given an orchestrator
    And the token "brief" with a short lifetime
    And the token "several" for 3 machines
    And the token "withdrawn" that is revoked
    And the token "dismissed" with a short lifetime
    And the enrolled worker "dismissed"
    And the enrolled worker "bound"
    When the operator revokes the token "dismissed"
    And the lifetime of the token "dismissed" passes
    And the operator revokes the token "dismissed"
    Then the output shows that the token was already revoked
    And the worker "dismissed" is disconnected at the deadline
    And every list of tokens shows:
      | token     | state    | machine             |
      | bound     | enrolled | that of "bound"     |
      | brief     | expired  | none                |
      | dismissed | revoked  | that of "dismissed" |
      | several   | unused   | none, of 3 machines |
      | withdrawn | revoked  | none                |

  @uat-04 @slow @expired-token-can-be-revoked
  Scenario: A token that is recorded as expired can be revoked
    Given an orchestrator
    And the token "alpha" with a short lifetime
    And the enrolled worker "alpha"
    And the operator's output is in text
    When the lifetime of the token "alpha" passes
    And the orchestrator notices that "alpha" is gone
    And the operator revokes the token "alpha"
    And the worker "late" starts with the token "alpha"
    Then the command succeeds
    And the worker "late" is rejected because its token is revoked
    And the token list shows, in text and in JSON:
      | token | state   | machine         |
      | alpha | revoked | that of "alpha" |

  @uat-03 @uat-40 @token-list-shows-machines
  Scenario: The token list shows the machines that enrolled with each token, and when it expires
    Given an orchestrator
    And the token "withdrawn-2" with a lifetime of 7d
    And the token "weeks" with a lifetime of 2w, for 100 machines
    And the token "months" with a lifetime of 1mo
    And the token "builders-of-the-datacenter-in-frankfurt" with a lifetime of 1y, for any number of machines
    And the token "fleet" for 12 machines
    And the token "withdrawn" for 2 machines
    And the enrolled worker "alpha" with the token "fleet"
    And the enrolled worker "beta" with the token "fleet"
    And the enrolled worker "gamma" with the token "withdrawn"
    When the operator lists the tokens through the orchestrator
    And the operator revokes the token "withdrawn" through the orchestrator
    Then every list of tokens shows:
      | token                                   | state    | machine                                     |
      | builders-of-the-datacenter-in-frankfurt | unused   | none, of any number of machines             |
      | fleet                                   | enrolled | those of "alpha" and "beta", of 12 machines |
      | months                                  | unused   | none                                        |
      | weeks                                   | unused   | none, of 100 machines                       |
      | withdrawn                               | revoked  | that of "gamma", of 2 machines              |
      | withdrawn-2                             | unused   | none                                        |

  @uat-03 @repository-named-from-another-folder
  Scenario Outline: An operator in another folder, who names the repository <how>, sees and changes its tokens
    Given a repository
    And the operator is in another folder and names the repository <how>
    When the operator mints the token "alpha"
    And the operator mints the token "beta"
    And the operator revokes the token "alpha"
    Then the token list shows, in text and in JSON:
      | token | state   | machine |
      | alpha | revoked | none    |
      | beta  | unused  | none    |
    And the queue is empty

    Examples:
      | how           |
      | by a flag     |
      | in a variable |

  @uat-03 @long-list-is-whole
  Scenario: The token list shows every token, however many there are
    Given an orchestrator
    When the operator mints 30 tokens through the orchestrator
    Then every list of tokens shows 30 tokens

  @uat-04 @revoked-token-cannot-enroll
  Scenario: No worker can enroll with a revoked token
    Given an orchestrator
    And the token "alpha" that is revoked
    And the token "fleet" for 3 machines
    When the operator revokes the token "fleet" through the orchestrator
    And the worker "first" starts with the token "alpha" and output in text
    And the worker "second" starts with the token "alpha" and output in JSON
    And the worker "third" starts with the token "fleet"
    Then the worker "first" is rejected because its token is revoked
    And the worker "second" is rejected because its token is revoked
    And the worker "third" is rejected because its token is revoked
    And the worker "first" tried to connect 1 time
    And the worker "second" tried to connect 1 time
    And the pool is empty

  @uat-04 @revoked-worker-cannot-return
  Scenario: A worker whose token was revoked cannot return, and a name that no token has cannot be revoked
    Given an orchestrator
    And the enrolled worker "alpha"
    When the worker "alpha" is killed
    And the orchestrator notices that "alpha" is gone
    And the operator deletes the secret of the token "alpha" from the vault
    And the operator revokes the token "alpha" through the orchestrator
    And the operator revokes the token "alphabet" through the orchestrator
    And the worker "alpha" starts again
    Then the command fails because there is no such token
    And the worker "alpha" is rejected because its token is revoked
    And the worker "alpha" tried to connect 1 time
    And the pool shows, including past members:
      | worker | status       | connected |
      | alpha  | disconnected | no        |

  @uat-40 @revoked-fleet-works-on
  Scenario: Members of a revoked token for several machines work on, and cannot return
    Given a workflow with the steps:
      | step  | runs on                   | work                |
      | build | the pool member of "beta" | pauses, then writes |
    And an orchestrator
    And the token "farm" for 3 machines
    And the enrolled worker "alpha" with the token "farm"
    And the enrolled worker "beta" with the token "farm"
    When the workflow starts
    And the step "build" is running
    And the operator revokes the token "farm"
    And the worker "alpha" is killed and starts again
    And the step "build" continues
    Then the worker "alpha" is rejected because its token is revoked
    And the run succeeds
    And the worker "beta" can run another step

  @uat-04 @uat-15 @network @slow @revoked-worker-step-reruns-elsewhere
  Scenario: A step whose worker is lost after its token was revoked runs again on another worker
    Given a workflow with the steps:
      | step  | runs on    | work                |
      | build | any worker | pauses, then writes |
    And an orchestrator
    And the enrolled worker "alpha" on a network that can be cut
    When the workflow starts
    And the step "build" is running
    And the operator revokes the token "alpha" through the orchestrator
    And the network of "alpha" refuses 1 connection and heals
    And the worker "beta" starts and is enrolled
    Then the worker "alpha" is rejected because its token is revoked
    And the run succeeds
    And the operator sees these dispatches, and no others:
      | step  | worker | lease     | wrote |
      | build | alpha  | expired   | no    |
      | build | beta   | completed | yes   |
    And no process of a step is left on the machine of "alpha"

  @uat-04 @uat-27 @revoking-twice-changes-nothing
  Scenario Outline: Revoking a token a second time changes nothing, in <output>
    Given a repository
    And the token "alpha"
    And the operator's output is in <output>
    When the operator revokes the token "alpha"
    And the operator revokes the token "alpha"
    Then the command succeeds
    And the first output shows since when the token "alpha" is revoked, as it is still recorded
    And the output shows that the token was already revoked

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-04 @remote-revoke-twice-revokes-once
  Scenario Outline: Revoking a token a second time through the orchestrator changes nothing, in <output>
    Given an orchestrator
    And the token "alpha"
    And the operator's output is in <output>
    When the operator revokes the token "alpha" through the orchestrator
    And the operator revokes the token "alpha" through the orchestrator
    Then the command succeeds
    And the first output shows since when the token "alpha" is revoked, as it is still recorded
    And the output shows that the token was already revoked

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-04 @unknown-token-cannot-be-revoked
  Scenario Outline: A token that does not exist cannot be revoked, in <output>
    Given a repository
    And the operator's output is in <output>
    When the operator revokes the token "nobody"
    Then the command fails because there is no such token
    And the token list is empty

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-53 @name-minted-once-at-once
  Scenario: When one name is minted several times at the same moment, exactly one mint succeeds
    Given an orchestrator
    When the operator mints the token "alpha" 3 times at the same moment
    And the worker "alpha" starts with the credential that was shown first
    Then exactly one of these commands succeeds, and the others fail because the name is taken
    And the worker "alpha" is enrolled
    And the token list shows:
      | token | state    | machine         |
      | alpha | enrolled | that of "alpha" |

  @uat-53 @name-minted-once-through-orchestrator
  Scenario: When one name is minted through the orchestrator, a few milliseconds apart, exactly one mint succeeds
    Given an orchestrator
    When the operator mints each of the tokens "alpha, beta, delta, gamma" 2 times through the orchestrator, a few milliseconds apart
    Then each of these tokens is minted once, and refused the other times because the name is taken
    And the token list shows:
      | token | state  |
      | alpha | unused |
      | beta  | unused |
      | delta | unused |
      | gamma | unused |

  @uat-53 @vault-must-be-named
  Scenario Outline: With several vaults, minting <how> mints nothing, in <output>
    Given a repository with another vault "v2"
    And the operator's output is in <output>
    When the operator mints the token "alpha" <how>
    Then the command fails because <reason>
    And the token list is empty

    Examples:
      | how                                      | output | reason                 |
      | without naming a vault                   | text   | no vault was named     |
      | with its secret in the vault "elsewhere" | JSON   | there is no such vault |

  @uat-01 @uat-53 @vault-must-be-named-through-orchestrator
  Scenario: As soon as there are several vaults, minting through the orchestrator names one, and its tokens enroll workers
    Given an orchestrator
    When the operator mints the token "alpha" with its secret in the vault "v1" and through the orchestrator
    And the operator creates the vault "v2"
    And the operator mints the token "beta" with its secret in the vault "v2" and through the orchestrator
    And the worker "beta" starts with the credential that was shown first
    And the operator mints the token "gamma" without naming a vault and through the orchestrator
    Then the command fails because no vault was named
    And no two tokens have the same secret
    And the worker "beta" is enrolled
    And the token list shows:
      | token | state    | machine        |
      | alpha | unused   | none           |
      | beta  | enrolled | that of "beta" |

  # In the repository, most scenarios name no vault.
  @uat-53 @only-vault-is-the-default
  Scenario: Through the orchestrator, the only vault keeps the secret of a token if no vault is named
    Given an orchestrator
    And the operator's output is in text
    When the operator mints the token "alpha" without naming a vault and through the orchestrator
    Then the command succeeds
    And the output shows when the token "alpha" expires and that its secret is kept in the vault "v1"
