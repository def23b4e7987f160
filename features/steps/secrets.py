"""Secrets that steps are handed."""

from __future__ import annotations

from typing import Any

from behave import given, then

from swamp_harness.scenario import secrets
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.step_context import StepContext


@given('the vault holds the secret "{key:Name}"')
@given('the vault holds the secret "{key:Name}", {details:SecretDetails}')
def the_vault_holds(context: StepContext, key: str, details: Any = NO_DETAILS) -> None:
    """Stores a new random secret in the vault under this key."""
    secrets.keep(context.world, key, **details)


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


@then('the step "{step:Name}" was handed the secret "{keys:Names}"')
@then('the step "{step:Name}" was handed the secrets "{keys:Names}"')
def the_step_was_handed(context: StepContext, step: str, keys: list[str]) -> None:
    """Checks that the step received these secrets; compares digests, never the secrets themselves."""
    expect(
        f'the step "{step}" was handed {" and ".join(keys)}, told by their digests',
        expected=[secrets.digest_of(context.world, key) for key in keys],
        actual=context.world.probe_log.note("digest", step).split(),
    )


@then('every step was handed the secret "{key:Name}"')
def every_step_was_handed(context: StepContext, key: str) -> None:
    """Checks that every step of the workflow received the secret; compares digests."""
    steps = [step.name for step in context.world.workflow.steps]
    expect(
        f'every step was handed the secret "{key}", told by its digest',
        expected=dict.fromkeys(steps, secrets.digest_of(context.world, key)),
        actual={step: context.world.probe_log.note("digest", step) for step in steps},
    )


@then('no answer about the run shows the secret of "{key:Name}"')
def no_answer_shows(context: StepContext, key: str) -> None:
    """Checks that no command about the run prints the secret."""
    expect(
        f'no answer of the product about the run shows the secret of "{key}"',
        expected=[],
        actual=secrets.leaks_in_answers(context.world, key),
    )


@then('the step "{step:Name}" was refused what it asked the vault for')
def the_step_was_refused(context: StepContext, step: str) -> None:
    """Checks that the vault refused the step's request for a secret."""
    expect(
        f'the step "{step}" was refused what it asked the vault for',
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
