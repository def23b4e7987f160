"""Builds one World for each scenario, tears it down, hands its evidence to the report."""

from typing import Any

from behave import register_type

from swamp_harness.runner import allure
from swamp_harness.runner.start import refuse_another_runner
from swamp_harness.scenario.vocabulary import KINDS

register_type(**KINDS)


def before_all(context: Any) -> None:
    refuse_another_runner(context)


def before_scenario(context: Any, scenario: Any) -> None:
    context.world = context.session.begin(scenario)


def after_scenario(context: Any, scenario: Any) -> None:
    context.session.finish(scenario, context.world)
    if context.world is not None:
        for attachment in context.world.evidence.attachments:
            allure.attach(attachment.title, attachment.file)
