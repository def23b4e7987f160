"""The tokens of the operator: minted, listed, revoked."""

from __future__ import annotations

from functools import partial
from typing import Any

from behave import given, then, when

from swamp_harness.product.commands import SUCCEEDS, Output, fails_because
from swamp_harness.product.conventions import VAULT
from swamp_harness.scenario import (
    command_reports,
    enrollment,
    list_answers,
    repositories,
    secrets,
    token_list,
    tokens,
)
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of_tokens, shown_tokens


@given("a repository")
@given("a repository {details:RepositoryDetails}")
def a_repository(context: StepContext, details: Any = NO_DETAILS) -> None:
    """Creates a repository, with a vault unless it says otherwise."""
    repositories.begin(context.world, **details)


@given('another vault "{vault:Name}"')
def another_vault(context: StepContext, vault: str) -> None:
    """Adds a second vault to the repository."""
    repositories.add_vault(context.world, vault)


@given("the operator asks for answers in {output:Output}")
def the_operator_asks_for(context: StepContext, output: Output) -> None:
    """Sets the output format of the operator's commands."""
    context.world.operator.output = output


@given('the token "{token:Name}" with a lifetime of {lifetime:Lifetime}')
def the_token_with_a_lifetime(context: StepContext, token: str, lifetime: str) -> None:
    """Mints a token with this lifetime."""
    tokens.prepare(context.world, token, lifetime=lifetime)


@given('the token "{token:Name}"')
@given('the token "{token:Name}" for {machines:Number} machines')
def the_token(context: StepContext, token: str, machines: int = 1) -> None:
    """Mints a token with the usual lifetime, for one machine or for several."""
    tokens.prepare(context.world, token, machines=machines)


@given('the revoked token "{token:Name}"')
def the_revoked_token(context: StepContext, token: str) -> None:
    """Mints a token and revokes it."""
    tokens.prepare(context.world, token, revoked=True)


@given("the operator asks the orchestrator to mint and revoke tokens")
def the_operator_asks_the_orchestrator(context: StepContext) -> None:
    """Makes the operator mint and revoke tokens through the orchestrator from now on."""
    context.world.operator.server = context.world.orchestrator.api.url


@when('the operator mints the token "{token:Name}"')
@when('the operator mints the token "{token:Name}" {details:MintingDetails}')
def the_operator_mints(context: StepContext, token: str, details: Any = NO_DETAILS) -> None:
    """Mints a token, in the repository and with the usual lifetime unless it says otherwise."""
    tokens.mint(context.world, token, **details)


@when('the operator mints the tokens "{names:Names}" again, in the repository and through the orchestrator')
def the_operator_mints_again(context: StepContext, names: list[str]) -> None:
    """Tries to mint existing tokens again, in the repository and through the orchestrator."""
    context.world.asked = tokens.mint_again(context.world, names)


@when('the operator revokes the token "{token:Name}"')
@when('the operator revokes the token "{token:Name}" {details:RevokingDetails}')
def the_operator_revokes(context: StepContext, token: str, details: Any = NO_DETAILS) -> None:
    """Revokes a token, in the repository unless it says otherwise."""
    tokens.revoke(context.world, token, **details)


@then("the command succeeds")
def the_command_succeeds(context: StepContext) -> None:
    """Checks that the operator's last command succeeded."""
    expect("the command succeeds", expected=SUCCEEDS, actual=context.world.operator.last.outcome)


@then("the command fails because {reason:Failure}")
def the_command_fails_because(context: StepContext, reason: str) -> None:
    """Checks that the last command failed for this reason, with no output and no stack trace."""
    expect(
        f"the command fails because {reason}, and says so to a person",
        expected=fails_because(reason),
        actual=context.world.operator.last.outcome,
    )


@then("each of these commands fails because {reason:Failure}")
def each_command_fails_because(context: StepContext, reason: str) -> None:
    """Checks that each of the last commands failed for this reason with exit code 1."""
    expect(
        f"each of these commands fails because {reason}, and says so to a person",
        expected=dict.fromkeys(context.world.asked.results, fails_because(reason, 1)),
        actual=context.world.asked.outcomes(),
    )


@then("the tokens and the vault are as they were before these commands")
def the_tokens_are_as_they_were(context: StepContext) -> None:
    """Checks that the last commands changed no token and nothing in the vault."""
    expect(
        "what the product keeps of the tokens, and what it keeps in the vault, is the same as before",
        expected=[],
        actual=tokens.changes_since(context.world, context.world.asked),
    )


@then('the first answer says that the token "{token:Name}" is revoked, and since when')
def the_first_answer_says_when(context: StepContext, token: str) -> None:
    """Checks that the output of the first revocation names the token and the time."""
    expect(
        f'the answer to the first revoking says that the token "{token}" is revoked, and since when',
        expected=[token, context.world.records.revoked_at(token)],
        actual=command_reports.reported_revocation(context.world.operator.revocations[0]),
    )


@then('its answer says when the token "{token:Name}" expires, and where its secret is kept')
@then('its answer says when the token "{token:Name}" expires, and that its secret is kept in "{vault:Name}"')
def its_answer_says_what_was_minted(context: StepContext, token: str, vault: str = VAULT) -> None:
    """Checks the token's name, its expiry time and its vault, the usual one unless named, in the output."""
    expect(
        f'the answer says when the token "{token}" expires, and where its secret is kept',
        expected={
            "token": token,
            "expires": tokens.WHEN_ASKED,
            "kept in": f"{vault} (key worker-token-{token})",
        },
        actual=tokens.minting(context.world, token),
    )


@then('its answer shows the credential of "{token:Name}" exactly once')
def its_answer_shows_the_credential_once(context: StepContext, token: str) -> None:
    """Checks that the output contains the credential once and its secret in no other place."""
    expect(
        f'the answer shows the credential of "{token}" once, and its secret nowhere else',
        expected={"credentials": [token], "secrets": 1},
        actual=command_reports.shown_credentials(context.world.operator.last),
    )


@then("its answer says that the token was revoked before")
def its_answer_says_revoked_before(context: StepContext) -> None:
    """Checks that the output says that the token was already revoked."""
    expect(
        "the answer says that the token was revoked before",
        expected=True,
        actual=command_reports.reports_already_revoked(context.world.operator.last),
    )


@then('the token "{token:Name}" is recorded as revoked since the first time')
def the_token_is_recorded_as_revoked(context: StepContext, token: str) -> None:
    """Checks that the second revocation did not change the recorded time of the first."""
    first, second = (each.started for each in context.world.operator.revocations[-2:])
    expect(
        f'the token "{token}" is still recorded as revoked before it was revoked again at {second:%H:%M:%S}',
        expected=True,
        actual=first < context.world.records.revoked_at(token) < second,
    )


@then('the token "{token:Name}" is recorded as {state:TokenState}')
def the_token_is_recorded_as(context: StepContext, token: str, state: str) -> None:
    """Checks the token's state in the data that scripts read."""
    expect(
        f'the token "{token}" is recorded as {state}, for scripts that read its data',
        expected=state,
        actual=tokens.recorded_state_of(context.world, token),
    )


@then("the token list is empty")
def the_token_list_is_empty(context: StepContext) -> None:
    """Checks that the token list shows no token."""
    expect("the token list is empty", expected=[], actual=context.world.records.tokens())


@then("the token list shows:")
def the_token_list_shows(context: StepContext) -> None:
    """Checks the token list in JSON, and that it shows no other token."""
    _judge_token_list(context, Output.JSON)


@then("every list of tokens shows:")
def every_list_of_tokens_shows(context: StepContext) -> None:
    """Checks the token list in text and in JSON, asked in the repository and through the orchestrator."""
    rows = rows_of_tokens(context.table, partial(enrollment.machine_id_of, context.world))
    for answer in list_answers.answers(context.world, "worker", "token", "list"):
        expect(
            f"the token list, {answer.how}, shows these tokens and no others",
            expected=token_list.expected_tokens(context.world, rows, answer),
            actual=token_list.listed_tokens(context.world, answer),
        )


@then("the token list shows, in text and in JSON:")
def the_token_list_shows_in_both(context: StepContext) -> None:
    """Checks the token list in text and in JSON, and that it shows no other token."""
    for output in (Output.TEXT, Output.JSON):
        _judge_token_list(context, output)


def _judge_token_list(context: StepContext, output: Output) -> None:
    expect(
        f"the token list, in {output.value}, shows these tokens and no others",
        expected=rows_of_tokens(context.table, partial(enrollment.machine_id_of, context.world)),
        actual=shown_tokens(context.world.records.tokens(output), context.table.headings),
    )


@then('the secret of "{token:Name}" is nowhere outside the vault')
def the_secret_is_nowhere_outside_the_vault(context: StepContext, token: str) -> None:
    """Searches all files, logs and outputs for the secret, and checks that only the vault has it."""
    expect(
        f'the secret of "{token}" is in no file, log or output outside the vault',
        expected=[],
        actual=secrets.leaks_of(context.world, token),
    )


@then('no data that the operator can read shows the secret of "{token:Name}"')
def no_data_shows_the_secret(context: StepContext, token: str) -> None:
    """Checks that no answer of `swamp data` contains the token's secret."""
    expect(
        f'`swamp data` does not show the secret of "{token}"',
        expected=[],
        actual=secrets.leaks_in_data(context.world, token),
    )


@then('the repository holds no trace of the token "{token:Name}"')
def the_repository_holds_no_trace(context: StepContext, token: str) -> None:
    """Checks that no file in the repository mentions the token."""
    expect(
        f'no file of the repository mentions the token "{token}"',
        expected=[],
        actual=secrets.traces_of(context.world, token),
    )
