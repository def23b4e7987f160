@issue-630
Feature: TLS
  Over TLS, workers and operators connect only to an orchestrator whose certificate they trust. Otherwise they fail
  and report why.

  @uat-29 @tls @trusted-certificate-works
  Scenario Outline: A worker and an operator who trust <trust> work over TLS
    Given a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator with <certificate>
    And workers and operators trust <trust>
    And the token "alpha"
    And the operator is at another machine, without a repository
    When the worker "alpha" starts
    And the workflow starts
    Then the worker "alpha" is enrolled
    And the worker "alpha" is connected
    And the run succeeds
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
    And this data is recorded, and no other:
      | step  | data   | version | written on |
      | build | result | 1       | alpha      |

    Examples:
      | certificate                                | trust            |
      | a certificate of an intermediate authority | the authority    |
      | a self-signed certificate                  | that certificate |

  @uat-29 @tls @reported-address-uses-tls
  Scenario Outline: An orchestrator with a certificate reports its address for TLS, in <output>
    Given an orchestrator with a certificate of the authority, with output in <output>
    And workers and operators trust the authority
    And the token "alpha"
    When the worker "alpha" starts
    Then the orchestrator reported the address by which it is reached
    And the worker "alpha" is enrolled

    Examples:
      | output |
      | text   |
      | JSON   |

  @uat-29 @tls @trusting-worker-enrolls-over-tls
  Scenario Outline: A worker that trusts <trust> enrolls over TLS, and an operator with a flag sees the pool
    Given an orchestrator with <certificate>
    And workers and operators trust <trust>, the operator by a flag
    And the token "alpha"
    And the operator is at another machine, without a repository
    When the worker "alpha" starts
    And the operator runs these commands, in text and in JSON:
      | command           |
      | lists the workers |
    Then the worker "alpha" is enrolled
    And the worker "alpha" is connected
    And these commands succeed, in text and in JSON:
      | command           |
      | lists the workers |

    Examples:
      | certificate                                | trust         |
      | a certificate of the authority             | the authority |
      | a certificate of an intermediate authority | the authority |

  @uat-29 @tls @worker-refuses-untrusted-certificate
  Scenario Outline: A worker that trusts <trust> refuses an orchestrator with <certificate>
    Given an orchestrator with <certificate>
    And workers and operators trust <trust>
    And the token "alpha"
    When the worker "alpha" starts
    Then the worker "alpha" exits with an error and has not enrolled
    And the pool is empty
    And the token list shows:
      | token | state  | machine |
      | alpha | unused | none    |
    And the worker "alpha" reports what is wrong with the certificate

    Examples:
      | certificate                        | trust                           |
      | a certificate of another authority | the authority                   |
      | a self-signed certificate          | the authority                   |
      | a self-signed certificate          | another self-signed certificate |
      | an expired certificate             | the authority                   |
      | a certificate for another host     | the authority                   |

  @uat-29 @worker-over-tls-needs-tls
  Scenario: A worker that is given an address for TLS does not enroll with an orchestrator without TLS
    Given an orchestrator
    And the token "alpha"
    When the worker "alpha" starts with an address for TLS
    Then the worker "alpha" exits with an error and has not enrolled
    And the pool is empty
    And the token list shows:
      | token | state  | machine |
      | alpha | unused | none    |

  @uat-29 @tls @operator-refuses-untrusted-certificate
  Scenario Outline: An operator who trusts <trust> refuses an orchestrator with <certificate>
    Given an orchestrator with <certificate>
    And workers and operators trust <trust>
    And the operator is at another machine, without a repository
    When the operator runs these commands, in text and in JSON:
      | command           |
      | lists the workers |
      | runs a workflow   |
    Then these commands fail, in text and in JSON:
      | command           | reason |
      | lists the workers | <flaw> |
      | runs a workflow   | <flaw> |
    And nothing is left on the other machine

    Examples:
      | certificate                                    | trust                           | flaw                                |
      | a certificate of another authority             | the authority                   | the certificate is not trusted      |
      | a self-signed certificate that may sign others | the authority                   | the certificate may sign others     |
      | a self-signed certificate                      | the authority                   | the certificate is not trusted      |
      | a self-signed certificate                      | another self-signed certificate | the certificate is not trusted      |
      | an expired certificate                         | the authority                   | the certificate has expired         |
      | a certificate for another host                 | the authority                   | the certificate is for another host |

  @uat-29 @tls @cancel-over-tls
  Scenario Outline: An operator who trusts the authority by <way> cancels a run over TLS
    Given a workflow with the steps:
      | step  | runs on          | work                |
      | build | the orchestrator | pauses, then writes |
    And an orchestrator with a certificate of the authority
    And workers and operators trust the authority, the operator by <way>
    And the operator's output is in text
    When the workflow starts
    And the step "build" is running
    And the operator cancels the run
    Then the command confirms that it cancels the run
    And the run is cancelled

    Examples:
      | way        |
      | a variable |
      | the system |

  @uat-29 @tls @network @worker-returns-over-tls
  Scenario: A worker whose network is cut returns over TLS as the same pool member
    Given an orchestrator with a certificate of the authority
    And workers and operators trust the authority
    And the enrolled worker "alpha" on a network that can be cut
    When the network of "alpha" is cut
    And the orchestrator notices that "alpha" is gone
    And the network of "alpha" heals
    Then the worker "alpha" is connected as the same pool member as before
