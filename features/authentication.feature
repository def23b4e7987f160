Feature: Authentication
  An orchestrator that authenticates its clients works only for operators and workers with a valid server token, and an
  operator may do only what a grant allows. It accepts no connection from a page that it does not trust and, for other
  machines, none by a host name that it does not trust.

  # The repository has the server tokens of "alice", whom a grant allows to run the workflow, on a condition that it meets;
  # of "bob", whom one allows to read the workflow, and two to run it, on conditions that it does not meet, and who is in
  # a group that may run all workflows whose names begin with "nightly-"; of "carol", whose token is revoked; of "dave",
  # whose token has expired; and of "erin", the administrator. One grant lets erin run all workflows whose names begin
  # with "draft-", and another forbids her to run "draft-9". "mallory" has a token that was never minted, and "nobody"
  # has none.
  @uat-41 @clients-do-what-grants-allow
  Scenario: Each client may do what a grant allows, and nothing else
    Given a repository with server tokens
    And a workflow with the steps:
      | step  | runs on          | work           |
      | build | the orchestrator | writes at once |
    And an orchestrator that authenticates its clients
    When the clients "bob, alice, erin" run these commands, in text and in JSON:
      | command                |
      | lists the workers      |
      | runs the workflow      |
      | mints a token          |
      | cancels an unknown run |
    Then each client gets these answers, in text and in JSON:
      | client | lists the workers | runs the workflow | mints a token    | cancels an unknown run     |
      | bob    | access is denied  | access is denied  | access is denied | access is denied           |
      | alice  | access is denied  | succeeds          | access is denied | access is denied           |
      | erin   | succeeds          | succeeds          | succeeds         | the run is not in progress |
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | build | the orchestrator |
      | build | the orchestrator |
      | build | the orchestrator |
    And the token list shows:
      | token          | state  | machine |
      | minted-in-json | unused | none    |
      | minted-in-text | unused | none    |
    And programs with the server tokens of these clients get these answers:
      | client | request                                | answer                    |
      | alice  | runs "release-notes"                   | access is denied          |
      | alice  | runs a method                          | access is denied          |
      | alice  | reads data                             | access is denied          |
      | alice  | queries data                           | access is denied          |
      | alice  | deletes data                           | access is denied          |
      | alice  | changes a secret                       | access is denied          |
      | alice  | lists the secrets                      | access is denied          |
      | alice  | reads the history of runs              | access is denied          |
      | alice  | lists the waiting steps                | access is denied          |
      | alice  | verifies the workers                   | access is denied          |
      | alice  | lists the tokens                       | access is denied          |
      | alice  | revokes a token                        | access is denied          |
      | alice  | lists the grants                       | access is denied          |
      | alice  | makes the orchestrator read its grants | access is denied          |
      | bob    | runs "release"                         | access is denied          |
      | bob    | approves a step of "nightly-1"         | there is no such workflow |
      | erin   | approves a step of "draft-1"           | there is no such workflow |
      | erin   | approves a step of "draft-9"           | access is denied          |

  @uat-41 @invalid-server-tokens-refused
  Scenario: A client without a valid server token can do nothing
    Given a repository with server tokens
    And a workflow with the steps:
      | step  | runs on          | work           |
      | build | the orchestrator | writes at once |
    And an orchestrator that authenticates its clients
    When the clients "nobody, mallory, alice with a wrong secret, carol, dave" run these commands, in text and in JSON:
      | command                |
      | runs the workflow      |
      | cancels an unknown run |
    Then each client gets these answers, in text and in JSON:
      | client                    | runs the workflow    | cancels an unknown run |
      | nobody                    | authentication fails | authentication fails   |
      | mallory                   | authentication fails | authentication fails   |
      | alice with a wrong secret | authentication fails | authentication fails   |
      | carol                     | authentication fails | authentication fails   |
      | dave                      | authentication fails | authentication fails   |
    And no step started
    And a program without a server token gets these answers of the orchestrator:
      | path           | answer   |
      | /ready         | answered |
      | /health        | answered |
      | /api/v1/health | refused  |
      | /bundle/1      | refused  |
      | /data/1/1/1/1  | refused  |

  @uat-41 @changed-grants-count
  Scenario: A new grant counts, also one from a file, and neither a revoked grant nor that of a former group counts any longer
    Given a repository with server tokens
    And a workflow with the steps:
      | step  | runs on          | work           |
      | build | the orchestrator | writes at once |
    And an orchestrator that authenticates its clients
    When a file of grants lets "bob" run all workflows whose names begin with "weekly-"
    And the administrator removes "bob" from his group
    And the administrator grants "bob" to run the workflow
    And the administrator revokes the grants of "alice"
    And the clients "alice, bob" run these commands, in text and in JSON:
      | command           |
      | runs the workflow |
      | lists the workers |
      | approves a step   |
      | resumes the run   |
    Then each client gets these answers, in text and in JSON:
      | client | runs the workflow | lists the workers | approves a step           | resumes the run           |
      | alice  | access is denied  | access is denied  | access is denied          | access is denied          |
      | bob    | succeeds          | access is denied  | no run waits for approval | no run waits for approval |
    And programs with the server tokens of these clients get these answers:
      | client | request                        | answer                    |
      | bob    | approves a step of "weekly-1"  | there is no such workflow |
      | bob    | approves a step of "nightly-1" | access is denied          |

  # One of the grants of "bob" is for workflows with this tag.
  @uat-41 @grant-for-tagged-workflow
  Scenario: A grant on the condition of a tag counts for a workflow that has the tag
    Given a repository with server tokens
    And a workflow with the tags "env=staging", with the steps:
      | step  | runs on          | work           |
      | build | the orchestrator | writes at once |
    And an orchestrator that authenticates its clients
    When the clients "bob" run these commands, in text and in JSON:
      | command           |
      | runs the workflow |
    Then each client gets these answers, in text and in JSON:
      | client | runs the workflow |
      | bob    | succeeds          |

  @uat-41 @revoked-server-token-refused
  Scenario: A server token that worked is refused as soon as it is revoked, or replaced
    Given a repository with server tokens
    And a workflow with the steps:
      | step  | runs on          | work           |
      | build | the orchestrator | writes at once |
    And an orchestrator that authenticates its clients
    When the clients "alice" run these commands, in text and in JSON:
      | command           |
      | runs the workflow |
    And the administrator revokes the server token of "alice"
    And the administrator replaces the server token of "bob"
    And the clients "alice, bob, erin by variables" run these commands, in text and in JSON:
      | command           |
      | lists the workers |
    Then each client gets these answers, in text and in JSON:
      | client            | lists the workers    |
      | alice             | authentication fails |
      | bob               | authentication fails |
      | erin by variables | succeeds             |
    And these steps started, and no others:
      | step  | worker           |
      | build | the orchestrator |
      | build | the orchestrator |

  @uat-35 @uat-41 @uat-45 @approval-names-its-client
  Scenario: Only a client who may run a workflow follows its run, and an approval is recorded with the client who gives it
    Given a repository with server tokens
    And a workflow with the steps:
      | job   | step  | runs on          | work                  | after |
      | build | build | the orchestrator | pauses, then writes   |       |
      | check | test  | the orchestrator | writes after a moment |       |
      | check | gate  | the orchestrator | waits for approval    | test  |
    And an orchestrator that authenticates its clients
    And the operator has the server token of "alice" in variables
    When the workflow starts
    And the step "build" is running
    And the step "gate" waits for approval
    And the operator approves the step "gate" through the orchestrator, with the server token of "erin" and the note "see ticket 4711"
    Then the step "gate" is recorded as approved by "user:erin", with the note "see ticket 4711"
    And programs with the server tokens of these clients get these answers:
      | client | request         | answer           |
      | bob    | follows the run | access is denied |
      | erin   | follows the run | succeeds         |

  @uat-41 @server-token-in-each-place
  Scenario: A client may present its server token in three places, and in none of them one that is not valid
    Given a repository with server tokens
    And an orchestrator that authenticates its clients
    When clients ask the orchestrator for connections, with their server tokens in these places:
      | client                    | place           |
      | alice                     | the header      |
      | alice                     | the subprotocol |
      | alice                     | the address     |
      | carol                     | the subprotocol |
      | carol                     | the address     |
      | dave                      | the subprotocol |
      | dave                      | the address     |
      | alice with a wrong secret | the header      |
      | alice with a wrong secret | the subprotocol |
      | alice with a wrong secret | the address     |
    Then the orchestrator accepts these connections, and no others:
      | client | place           |
      | alice  | the header      |
      | alice  | the subprotocol |
      | alice  | the address     |

  @uat-41 @worker-needs-server-token
  Scenario Outline: A worker without a valid server token does not enroll, in <output>
    Given a repository with server tokens
    And an orchestrator that authenticates its clients
    And the workers' output is in <output>
    When the worker "alpha" starts
    And the worker "beta" starts with the server token of "carol"
    And the worker "gamma" starts with the server token of "dave"
    Then the worker "alpha" is rejected because its server token is refused
    And the worker "beta" is rejected because its server token is refused
    And the worker "gamma" is rejected because its server token is refused
    And the token list shows:
      | token | state  | machine |
      | alpha | unused | none    |
      | beta  | unused | none    |
      | gamma | unused | none    |

    Examples:
      | output |
      | text   |
      | JSON   |

  # The orchestrator allows 50 connections a minute from one address, so scenarios do not ask it again and again.
  @uat-41 @network @worker-with-server-token
  Scenario: A worker with a server token enrolls, runs steps, and returns when its network was reset
    Given a repository with server tokens
    And a workflow with the steps:
      | step  | runs on    | work           |
      | build | any worker | writes at once |
    And an orchestrator that authenticates its clients
    And the enrolled worker "alpha" with the server token of "bob", on a network that can be cut
    When the clients "alice" run these commands, in text and in JSON:
      | command           |
      | runs the workflow |
    And the network of "alpha" is reset, and the orchestrator notices only after the worker has reconnected
    And the worker "beta" starts with the server token of "bob", configured by variables
    Then each client gets these answers, in text and in JSON:
      | client | runs the workflow |
      | alice  | succeeds          |
    And these steps started, and no others:
      | step  | worker |
      | build | alpha  |
      | build | alpha  |
    And the worker "alpha" is connected as the same pool member as before
    And the worker "beta" is enrolled

  @uat-41 @foreign-pages-refused
  Scenario: An orchestrator accepts connections from programs and from pages of its own machine only
    Given an orchestrator
    When connections to the orchestrator are asked for:
      | host         | page                        |
      | the own one  | none                        |
      | the own one  | http://localhost:8080       |
      | the own one  | https://127.0.0.1           |
      | the own one  | http://evil.test            |
      | the own one  | https://localhost.evil.test |
      | the own one  | http://evil.test/127.0.0.1  |
      | the own one  | null                        |
      | orch.example | none                        |
    Then the orchestrator accepts these connections, and no others:
      | host         | page                  |
      | the own one  | none                  |
      | the own one  | http://localhost:8080 |
      | the own one  | https://127.0.0.1     |
      | orch.example | none                  |

  @uat-41 @foreign-hosts-refused
  Scenario: An orchestrator for other machines accepts connections by its own and its trusted host names only
    Given a repository with server tokens
    And an orchestrator that authenticates its clients, for other machines that know it as "orch.example, build.example", with a certificate of the authority
    When connections to the orchestrator are asked for:
      | host                   | page              |
      | the own one            | none              |
      | orch.example           | none              |
      | build.example          | none              |
      | ORCH.example:443       | none              |
      | evil.test              | none              |
      | orch.example.evil.test | none              |
      | www.orch.example       | none              |
      | orch.example           | https://evil.test |
      | orch.example           | null              |
    Then the orchestrator accepts these connections, and no others:
      | host             | page |
      | the own one      | none |
      | orch.example     | none |
      | build.example    | none |
      | ORCH.example:443 | none |

  @uat-41 @unsafe-orchestrator-does-not-start
  Scenario Outline: An operator who <mistake> sees what is missing
    Given a repository
    When the operator <mistake>, in text and in JSON
    Then both commands fail because <reason>, with the same exit code

    Examples:
      | mistake                                                                   | reason                         |
      | starts an orchestrator for other machines without TLS                     | TLS is missing                 |
      | starts an orchestrator that authenticates, for other machines without TLS | TLS is missing                 |
      | starts an orchestrator that authenticates nobody, for other machines      | authentication is missing      |
      | starts an orchestrator that authenticates without administrators          | the administrators are missing |

  @uat-41 @server-token-can-be-read
  Scenario: The operator reads the secret of a server token as its minting shows
    Given a repository
    When the operator mints the server token "frank"
    Then the operator reads its secret by the command that was shown

  @uat-41 @authentication-needs-no-account
  Scenario: An orchestrator that authenticates its clients starts without an account of another service
    Given a repository with server tokens
    When an orchestrator that authenticates its clients starts without an account
    Then the orchestrator is ready
