"""Secrets that steps receive."""

from __future__ import annotations

from typing import Any

from behave import given, then, when

from swamp_harness.scenario import secrets
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.step_context import StepContext


@given('the vault holds the secret "{key:Name}"')
@given('the vault holds the secret "{key:Name}", {details:SecretDetails}')
def the_vault_holds(context: StepContext, key: str, details: Any = NO_DETAILS) -> None:
    """Stores a new random secret in the vault under this key."""
    secrets.keep(context.world, key, **details)


@when('the operator changes the secret "{key:Name}" in the vault')
@when('the operator changes the secret "{key:Name}" in the vault to one {details:SecretDetails}')
def the_operator_changes_the_secret(context: StepContext, key: str, details: Any = NO_DETAILS) -> None:
    """Stores a new random secret under a key that the vault has already, with a command."""
    secrets.change(context.world, key, **details)


@given("workers log everything")
def workers_log_everything(context: StepContext) -> None:
    """Sets the most detailed log level for all workers that start from now on."""
    context.world.worker_log_level = "trace"


@then(
    'the operator can read the text around the secret that the step "{step:Name}" wrote into "{datum:Name}"'
)
def the_operator_can_read_around_the_secret(context: StepContext, step: str, datum: str) -> None:
    """Checks that what the step wrote before and after the secret can be read."""
    expect(
        f'the operator can read the text around the secret that the step "{step}" wrote into "{datum}"',
        expected=secrets.AROUND_SECRET,
        actual=secrets.around_secret(context.world, step, datum),
    )


@then('the step "{step:Name}" received the secret "{keys:Names}"')
@then('the step "{step:Name}" received the secrets "{keys:Names}"')
@then('every step received the secret "{keys:Names}"')
def the_step_received(context: StepContext, keys: list[str], step: str = "") -> None:
    """Checks that the step, or every step, received these secrets; compares digests, never the secrets."""
    steps = [step] if step else [each.name for each in context.world.workflow.steps]
    expect(
        f"{' and '.join(steps)} received {' and '.join(keys)}, compared by their digests",
        expected={each: [secrets.digest_of(context.world, key) for key in keys] for each in steps},
        actual={each: secrets.digests_received(context.world, each) for each in steps},
    )


@then('no output about the run shows the secret "{key:Name}"')
def no_output_shows(context: StepContext, key: str) -> None:
    """Checks that no command about the run prints the secret."""
    expect(
        f'no output about the run shows the secret "{key}"',
        expected=[],
        actual=secrets.leaks_in_answers(context.world, key),
    )


@then('no output about the run shows the secrets "{keys:Names}"')
def no_output_shows_any(context: StepContext, keys: list[str]) -> None:
    """Checks that no command about the run prints one of the secrets."""
    expect(
        f"no output about the run shows the secrets {' and '.join(keys)}",
        expected={key: [] for key in keys},
        actual={key: secrets.leaks_in_answers(context.world, key) for key in keys},
    )


@then('the vault refused the step "{step:Name}" the secret that it asked for')
def the_vault_refused_the_step(context: StepContext, step: str) -> None:
    """Checks that the vault refused the step's request for a secret."""
    expect(
        f'the vault refused the step "{step}" the secret that it asked for',
        expected="refused",
        actual=secrets.answer_of_vault(context.world, step).partition(":")[0],
    )


@then('the vault gave the step "{step:Name}" the secret "{name:Name}"')
def the_vault_gave_the_step(context: StepContext, step: str, name: str) -> None:
    """Checks that the vault returned this secret to the step; compares digests."""
    expect(
        f'the vault gave the step "{step}" the secret "{name}"',
        expected=f"got {secrets.digest_of(context.world, name)}",
        actual=secrets.answer_of_vault(context.world, step),
    )


@then('the cache directory of "{worker:Name}" has nothing of the secret "{key:Name}"')
def the_cache_directory_has_nothing_of(context: StepContext, worker: str, key: str) -> None:
    """Searches the cache directory of a worker for the secret; steps may still run."""
    expect(
        f'the cache directory of "{worker}" has nothing of the secret "{key}"',
        expected=[],
        actual=secrets.leaks_in_cache(context.world, worker, key),
    )
