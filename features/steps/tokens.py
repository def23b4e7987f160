"""The tokens of the operator: minted, listed, revoked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from behave import given, then, when

from swamp_harness.product.commands import SUCCEEDS, CommandOutcome, Output, fails_because
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
from swamp_harness.scenario.listings import IN_JSON, Listing, contents_of
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of_tokens, shown_tokens


@given("a repository")
@given("a repository {details:RepositoryDetails}")
def a_repository(context: StepContext, details: Any = NO_DETAILS) -> None:
    """Creates a repository with one vault; the details add a vault or leave it out."""
    repositories.begin(context.world, **details)


@given("the operator is in another folder and names the repository {by_flag:Naming}")
def the_operator_is_in_another_folder(context: StepContext, by_flag: bool) -> None:
    """Lets the operator run each command in a folder that is no repository, and name the repository."""
    repositories.name_from_another_folder(context.world, by_flag=by_flag)


@given("the operator's output is in {output:Output}")
def the_operators_output_is_in(context: StepContext, output: Output) -> None:
    """Sets the output format of the operator's commands."""
    context.world.operator.output = output


@when('the operator creates the vault "{vault:Name}"')
def the_operator_creates_the_vault(context: StepContext, vault: str) -> None:
    """Creates another vault in the repository."""
    repositories.create_vault(context.world, vault)


@given('the token "{token:Name}"')
@given('the token "{token:Name}" {details:TokenDetails}')
def the_token(context: StepContext, token: str, details: Any = NO_DETAILS) -> None:
    """Mints a token, for one machine and with a lifetime of an hour unless the details differ."""
    tokens.prepare(context.world, token, **details)


@when('the operator mints the token "{token:Name}"')
@when('the operator mints the token "{token:Name}" {details:MintingDetails}')
def the_operator_mints(context: StepContext, token: str, details: Any = NO_DETAILS) -> None:
    """Mints a token, in the repository and with a lifetime of an hour unless the details differ."""
    tokens.mint(context.world, token, **details)


@when('the operator mints the tokens "{names:Names}" again, in the repository and through the orchestrator')
def the_operator_mints_again(context: StepContext, names: list[str]) -> None:
    """Tries to mint each token again, in both places, in text in one of them and in JSON in the other."""
    context.world.asked = tokens.mint_again(context.world, names)


@when('the operator mints the token "{token:Name}" again, with its secret in the vault "{vault:Name}"')
def the_operator_mints_again_elsewhere(context: StepContext, token: str, vault: str) -> None:
    """Tries to mint the token again, in text in the repository, with another vault than the first time."""
    context.world.asked = tokens.mint_again_in(context.world, token, vault, context.world.asked)


@when('the operator mints the token "{token:Name}" {times:Number} times at the same moment')
def the_operator_mints_at_once(context: StepContext, token: str, times: int) -> None:
    """Mints one token in the repository by several commands that run at the same moment."""
    context.world.asked = tokens.mint_at_once(context.world, token, times)


@when(
    'the operator mints each of the tokens "{names:Names}" {times:Number} times through the orchestrator, '
    "a few milliseconds apart"
)
def the_operator_mints_milliseconds_apart(context: StepContext, names: list[str], times: int) -> None:
    """Mints each token several times by requests, at another distance for each token."""
    context.world.asked = tokens.mint_milliseconds_apart(context.world, names, times)


@when("the operator lists the tokens through the orchestrator")
def the_operator_lists_the_tokens(context: StepContext) -> None:
    """Lists the tokens, so that a later list could repeat an outdated answer."""
    context.world.records.read("worker", "token", "list", "--server", context.world.orchestrator.api.url)


@when("the operator mints {number:Number} tokens through the orchestrator")
def the_operator_mints_many(context: StepContext, number: int) -> None:
    """Mints so many tokens by requests, each with a name of its own."""
    for each in range(number):
        tokens.prepare(context.world, f"token-{each + 1}")


@when('the operator deletes the secret of the token "{token:Name}" from the vault')
def the_operator_deletes_the_secret(context: StepContext, token: str) -> None:
    """Deletes the secret of a token from the vault, as an operator does who tidies up."""
    tokens.delete_secret(context.world, token)


@when('the operator revokes the token "{token:Name}"')
@when('the operator revokes the token "{token:Name}" {details:RevokingDetails}')
def the_operator_revokes(context: StepContext, token: str, details: Any = NO_DETAILS) -> None:
    """Revokes a token, in the repository unless the details differ."""
    tokens.revoke(context.world, token, **details)


@then("the command succeeds")
def the_command_succeeds(context: StepContext) -> None:
    """Checks that the operator's last command succeeded."""
    expect("the command succeeds", expected=SUCCEEDS, actual=context.world.operator.last.outcome)


@then("the command exits with exit code {code:Number}")
def the_command_exits_with(context: StepContext, code: int) -> None:
    """Checks the exit code of the operator's last command."""
    expect(
        f"the command exits with exit code {code}",
        expected=code,
        actual=context.world.operator.last.exit_code,
    )


@then("the command fails because {reason:Failure}")
def the_command_fails_because(context: StepContext, reason: str) -> None:
    """Checks that the last command failed for this reason, without a result and without a stack trace."""
    expect(
        f"the command fails because {reason}, with a clear message",
        expected=fails_because(reason),
        actual=context.world.operator.last.outcome,
    )


@then("each of these commands fails because {reason:Failure}")
def each_command_fails_because(context: StepContext, reason: str) -> None:
    """Checks that each of the last commands failed for this reason with exit code 1."""
    expect(
        f"each of these commands fails because {reason}, with a clear message",
        expected=dict.fromkeys(context.world.asked.results, fails_because(reason, 1)),
        actual=context.world.asked.outcomes(),
    )


@then("exactly one of these commands succeeds, and the others fail because {reason:Failure}")
def one_command_succeeds(context: StepContext, reason: str) -> None:
    """Checks that one of the last commands succeeded, and that each other one failed for this reason."""
    outcomes = context.world.asked.outcomes().values()
    refused = fails_because(reason, 1)
    named = {CommandOutcome(exit_code=0): "succeeded", refused: "failed for this reason"}
    expect(
        f"exactly one of these commands succeeds, and the others fail because {reason}",
        expected={"succeeded": 1, "failed for this reason": len(outcomes) - 1},
        actual={
            **dict.fromkeys(named.values(), 0),
            **Counter(named.get(each, str(each)) for each in outcomes),
        },
    )


@then("each of these tokens is minted once, and refused the other times because {reason:Failure}")
def each_token_is_minted_once(context: StepContext, reason: str) -> None:
    """Checks that one request minted each token, and that each other one was refused for this reason."""
    outcomes = context.world.asked
    expect(
        "each of these tokens is minted once",
        expected={token: sorted(["minted", *[reason] * (len(of) - 1)]) for token, of in outcomes.items()},
        actual=outcomes,
    )


@then("these commands have changed no token and nothing in the vault")
def these_commands_have_changed_nothing(context: StepContext) -> None:
    """Checks that the last commands changed no token and nothing in the vault."""
    expect(
        "these commands have changed no token and nothing in the vault",
        expected=[],
        actual=tokens.changes_since(context.world, context.world.asked),
    )


@then('the first output shows since when the token "{token:Name}" is revoked, as it is still recorded')
def the_first_output_shows_when(context: StepContext, token: str) -> None:
    """Checks that the first revocation shows token and time, and that the second changed nothing recorded."""
    first, second = context.world.operator.revocations[-2:]
    recorded = context.world.records.revoked_at(token)
    expect(
        f'the first output shows since when the token "{token}" is revoked',
        expected=[token, recorded],
        actual=command_reports.reported_revocation(first),
    )
    expect(
        f'the token "{token}" is still recorded as revoked since the first time',
        expected=True,
        actual=first.started < recorded < second.started,
    )


@then('the output shows when the token "{token:Name}" expires and where its secret is kept')
@then(
    'the output shows when the token "{token:Name}" expires '
    'and that its secret is kept in the vault "{vault:Name}"'
)
def the_output_shows_what_was_minted(context: StepContext, token: str, vault: str = VAULT) -> None:
    """Checks the token's name, machines, expiry time and vault, the usual one unless named, in the output."""
    expect(
        f'the output shows when the token "{token}" expires and where its secret is kept',
        expected={
            "token": token,
            "machines": context.world.operator.asked_allowances[token],
            "expires": tokens.WHEN_ASKED,
            "kept in": f"{vault} (key worker-token-{token})",
        },
        actual=tokens.minting(context.world, token),
    )


@then('the output shows the credential of "{token:Name}" exactly once')
def the_output_shows_the_credential_once(context: StepContext, token: str) -> None:
    """Checks that the output contains the credential once and its secret in no other place."""
    expect(
        f'the output shows the credential of "{token}" once, and its secret in no other place',
        expected={"credentials": [token], "secrets": 1},
        actual=command_reports.shown_credentials(context.world.operator.last),
    )


@then("no two tokens have the same secret")
def no_two_tokens_have_the_same_secret(context: StepContext) -> None:
    """Checks that each secret that a minting of the scenario showed belongs to one token only."""
    expect(
        "no two tokens have the same secret",
        expected=[],
        actual=tokens.with_the_same_secret(context.world.operator.credentials.values()),
    )


@then("the output shows that the token was already revoked")
def the_output_shows_already_revoked(context: StepContext) -> None:
    """Checks that the output says that the token was already revoked."""
    expect(
        "the output shows that the token was already revoked",
        expected=True,
        actual=command_reports.reports_already_revoked(context.world.operator.last),
    )


@then('the token "{token:Name}" is recorded as {state:TokenState}')
def the_token_is_recorded_as(context: StepContext, token: str, state: str) -> None:
    """Checks the token's state in the data that scripts read."""
    expect(
        f'the token "{token}" is recorded as {state}, for scripts that read its data',
        expected=state,
        actual=tokens.recorded_state_of(context.world, token),
    )


@then("the {listing:Listing} is empty")
def the_list_is_empty(context: StepContext, listing: Listing) -> None:
    """Checks that the token list shows no token, the pool no worker, or the queue no step."""
    expect(f"the {listing.value} is empty", expected=[], actual=contents_of(context.world, listing))


@then("every list of tokens shows:")
def every_list_of_tokens_shows(context: StepContext) -> None:
    """Checks each token list and its order: in text and in JSON, in both places where it is asked for."""
    rows = rows_of_tokens(context.table, partial(enrollment.machine_id_of, context.world))
    for answer in list_answers.answers(context.world, "worker", "token", "list"):
        expect(
            f"the token list, {answer.how}, shows these tokens and no others",
            expected=token_list.expected_tokens(context.world, rows, answer),
            actual=token_list.listed_tokens(context.world, answer),
        )


@then("every list of tokens shows {number:Number} tokens")
def every_list_of_tokens_is_whole(context: StepContext, number: int) -> None:
    """Checks how many tokens each list shows: in text and in JSON, in both places where it is asked for."""
    lengths = token_list.lengths(context.world)
    expect(
        f"every list of tokens shows {number} tokens",
        expected=dict.fromkeys(lengths, number),
        actual=lengths,
    )


@then("the token list shows:")
@then("the token list shows, in {outputs:Outputs}:")
def the_token_list_shows(context: StepContext, outputs: Sequence[Output] = IN_JSON) -> None:
    """Checks the token list, in JSON unless the step names both outputs, and that it shows no other token."""
    for output in outputs:
        expect(
            f"the token list, in {output.value}, shows these tokens and no others",
            expected=rows_of_tokens(context.table, partial(enrollment.machine_id_of, context.world)),
            actual=shown_tokens(context.world.records.tokens(output), context.table.headings),
        )


@then('only the vault holds the secret of the token "{name:Name}"')
@then('only the vault holds the secret "{name:Name}"')
def only_the_vault_holds_the_secret(context: StepContext, name: str) -> None:
    """Searches all files, logs and outputs for the secret, and checks that only the vault has it."""
    expect(
        f'only the vault holds the secret of "{name}", and no file, log or output does',
        expected=[],
        actual=secrets.leaks_of(context.world, name),
    )


@then('only the vault holds the secrets "{names:Names}"')
def only_the_vault_holds_the_secrets(context: StepContext, names: list[str]) -> None:
    """Searches all files, logs and outputs for each secret, and checks that only the vault has it."""
    expect(
        f"only the vault holds the secrets of {' and '.join(names)}, and no file, log or output does",
        expected={name: [] for name in names},
        actual={name: secrets.leaks_of(context.world, name) for name in names},
    )


@then('no data shows the secret of the token "{token:Name}"')
def no_data_shows_the_secret(context: StepContext, token: str) -> None:
    """Checks that no answer of `swamp data` contains the token's secret."""
    expect(
        f'`swamp data` does not show the secret of "{token}"',
        expected=[],
        actual=secrets.leaks_in_data(context.world, token),
    )


@then('no file of the repository mentions the token "{token:Name}"')
def no_file_mentions_the_token(context: StepContext, token: str) -> None:
    """Checks that no file in the repository mentions the token."""
    expect(
        f'no file of the repository mentions the token "{token}"',
        expected=[],
        actual=secrets.traces_of(context.world, token),
    )
