"""Clients of an orchestrator that authenticate by server tokens, and what grants allow them."""

from __future__ import annotations

from behave import given, then, when

from swamp_harness.scenario import authentication, repositories
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of, whole_rows_of


@given("a repository with server tokens")
def a_repository_with_server_tokens(context: StepContext) -> None:
    """Copies the repository with the server tokens and the grant of alice."""
    repositories.begin_with_server_tokens(context.world)


@given('the operator has the server token of "{client:Name}" in variables')
def the_operator_has_the_server_token(context: StepContext, client: str) -> None:
    """Lets the operator's commands present this server token to the orchestrator, unless they name one."""
    authentication.take_server_token(context.world, client)


@when('the clients "{clients:Names}" run these commands, in text and in JSON:')
def the_clients_run_these_commands(context: StepContext, clients: list[str]) -> None:
    """Runs each command for each client, through the orchestrator, in text and in JSON."""
    commands = [row["command"] for row in rows_of(context.table, {"command"})]
    context.world.asked = authentication.run_commands(context.world, clients, commands)


@when('the administrator grants "{client:Name}" to run the workflow')
def the_administrator_grants(context: StepContext, client: str) -> None:
    """Gives a client a grant through the orchestrator, and makes the orchestrator read its grants again."""
    authentication.grant(context.world, client)


@when('the administrator revokes the grants of "{client:Name}"')
def the_administrator_revokes_the_grants(context: StepContext, client: str) -> None:
    """Revokes all grants of a client through the orchestrator, which then reads its grants again."""
    authentication.revoke_grants(context.world, client)


@when('the administrator revokes the server token of "{client:Name}"')
def the_administrator_revokes_the_server_token(context: StepContext, client: str) -> None:
    """Revokes the server token of a client through the orchestrator."""
    authentication.revoke_server_token(context.world, client)


@when('the administrator replaces the server token of "{client:Name}"')
def the_administrator_replaces_the_server_token(context: StepContext, client: str) -> None:
    """Makes a new secret for the server token of a client, through the orchestrator."""
    authentication.replace_server_token(context.world, client)


@when('the administrator removes "{client:Name}" from his group')
def the_administrator_removes_from_the_group(context: StepContext, client: str) -> None:
    """Removes a client from its group, through the orchestrator, which then reads its groups again."""
    authentication.remove_from_group(context.world, client)


@when('a file of grants lets "{client:Name}" run all workflows whose names begin with "{beginning:Name}"')
def a_file_of_grants_lets_a_client_run(context: StepContext, client: str, beginning: str) -> None:
    """Writes a file of grants into the repository; the orchestrator does not read it yet."""
    authentication.write_grant(context.world, client, beginning)


@when('the operator mints the server token "{name:Name}"')
def the_operator_mints_the_server_token(context: StepContext, name: str) -> None:
    """Mints a server token in the repository, in text and in JSON, each time with a name of its own."""
    context.world.asked = authentication.mint_in_both_modes(context.world, name)


@when("an orchestrator that authenticates its clients starts without an account")
def an_orchestrator_starts_without_an_account(context: StepContext) -> None:
    """Starts an orchestrator without an account of swamp's club; waits until it is ready or has ended."""
    authentication.start_without_account(context.world)


@when("connections to the orchestrator are asked for:")
def connections_are_asked_for(context: StepContext) -> None:
    """Asks for connections by some host names, as a program or as the program of a page."""
    rows = rows_of(context.table, {"host", "page"})
    context.world.asked = authentication.ask_for_connections(context.world, rows)


@when("clients ask the orchestrator for connections, with their server tokens in these places:")
def clients_ask_for_connections(context: StepContext) -> None:
    """Asks for a connection for each row; a client may present another token than its own."""
    rows = whole_rows_of(context.table, ["client", "place"])
    context.world.asked = authentication.ask_with_server_tokens(context.world, rows)


@then("each client gets these answers, in text and in JSON:")
def each_client_gets_these_answers(context: StepContext) -> None:
    """Checks for each client that each command succeeded, or its reason, with the same exit code."""
    expect(
        "each client gets these answers, in text and in JSON",
        expected=rows_of(context.table, set(context.table.headings)),
        actual=authentication.answers(context.world.asked),
    )


@then("a program without a server token gets these answers of the orchestrator:")
def a_program_gets_these_answers(context: StepContext) -> None:
    """Checks which HTTP requests the orchestrator answers without a server token, and which it refuses."""
    rows = rows_of(context.table, {"path", "answer"})
    expect(
        "a program without a server token gets these answers",
        expected=rows,
        actual=authentication.answers_without_token(context.world, [row["path"] for row in rows]),
    )


@then("programs with the server tokens of these clients get these answers:")
def programs_get_these_answers(context: StepContext) -> None:
    """Sends a request for each row, and checks that it succeeds, or why it does not."""
    rows = whole_rows_of(context.table, ["client", "request", "answer"])
    expect(
        "programs with the server tokens of these clients get these answers",
        expected=rows,
        actual=authentication.answers_to_requests(context.world, rows),
    )


@then("the orchestrator accepts these connections, and no others:")
def the_orchestrator_accepts_these_connections(context: StepContext) -> None:
    """Checks which of the connections that were asked for the orchestrator has accepted."""
    expect(
        "the orchestrator accepts these connections, and no others",
        expected=rows_of(context.table, {"host", "page", "client", "place"}),
        actual=authentication.accepted(context.world.asked),
    )


@then("the operator reads its secret by the command that was shown")
def the_operator_reads_its_secret(context: StepContext) -> None:
    """Checks, for both output formats of the minting, that the command that it shows prints a secret."""
    expect(
        "the operator reads the secret of a server token as its minting shows",
        expected=authentication.SECRETS_READ,
        actual=authentication.read_as_shown(context.world),
    )


@then("the orchestrator is ready")
def the_orchestrator_is_ready(context: StepContext) -> None:
    """Checks that the orchestrator runs, and reports that it is ready."""
    expect("the orchestrator is ready", expected=True, actual=authentication.is_ready(context.world))
