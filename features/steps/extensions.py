"""Extensions that come to a worker."""

from __future__ import annotations

from typing import Any

from behave import given, then, when

from swamp_harness.scenario import extensions
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of


@given('the operator has pulled version "{version:Name}" of an extension')
@given('the operator has pulled version "{version:Name}" of an extension with {more:Number} more files')
def the_operator_has_pulled(context: StepContext, version: str, more: int = 0) -> None:
    """Publishes the test extension in a local registry and pulls it into the repository."""
    extensions.publish(context.world, version, more_files=more)
    extensions.pull(context.world)


@when('the operator pulls version "{version:Name}" with {news:News}')
def the_operator_pulls(context: StepContext, version: str, news: Any) -> None:
    """Publishes a new version of the extension and pulls it; an orchestrator that runs keeps the old one."""
    extensions.replace(context.world, version, **news)


@when("the operator makes the orchestrator reload its extensions")
def the_operator_reloads(context: StepContext) -> None:
    """Runs `swamp serve reload`, which must succeed."""
    extensions.reload(context.world)


@then('the step "{step:Name}" ran these versions of its extension, complete:')
def the_step_ran_these_versions(context: StepContext, step: str) -> None:
    """Checks which version of the program and of the files each start of the step ran with."""
    expect(
        f'the step "{step}" ran these versions of its extension, with their own files, byte for byte',
        expected=rows_of(context.table, {"start", "program", "files"}),
        actual=extensions.found_by(context.world, step),
    )


@then('the worker "{worker:Name}" was sent these parts of extensions:')
def the_worker_was_sent(context: StepContext, worker: str) -> None:
    """Checks what the orchestrator sent to the worker, and that it sent each part once."""
    expect(
        f'the worker "{worker}" was sent these parts of extensions, each of them once',
        expected=rows_of(context.table, {"what", "different", "sent"}),
        actual=extensions.sent_to(context.world, worker),
    )


@when('the cache of "{worker:Name}" loses one file of the extension')
def the_cache_loses_one_file(context: StepContext, worker: str) -> None:
    """Removes one file of the extension from the worker's cache directory."""
    extensions.lose_one_file(context.world, worker)


@then('the machine of "{worker:Name}" holds the extension in its cache and nowhere else')
def the_machine_holds_the_extension(context: StepContext, worker: str) -> None:
    """Checks that the worker keeps the extension in its cache directory and in no other place."""
    expect(
        f'the machine of "{worker}" holds the extension in its cache and nowhere else',
        expected=["the cache"],
        actual=extensions.places_on_machine(context.world, worker),
    )
