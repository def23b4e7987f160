"""The scenarios of a run: which behave selects, which are in the shard, and the plan of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from swamp_harness.results.findings import finding_at
from swamp_harness.runner.references import refuse_id_mistakes
from swamp_harness.runner.schedule import shard_in, shard_of
from swamp_harness.runner.steps import step_mistakes
from swamp_harness.specification import features, project
from swamp_harness.specification.feature_files import FeatureMistake, without_rows
from swamp_harness.specification.features import location_of
from swamp_harness.specification.plan import Plan
from swamp_harness.system.errors import ExitCode, UnusableInput

# Names in behave's user data.
SHARD = "shard"
BUDGET = "budget"
PREPARED = "prepared"
RECORD_ONLY = "record only"
SINCE = "since"


def scenarios_of(models: Sequence[Any]) -> list[Any]:
    """Every scenario of behave's features, each example of an outline for itself."""
    return [scenario for model in models for scenario in model.walk_scenarios()]


def chosen_of(models: Sequence[Any], config: Any, seconds: Callable[[str], float]) -> list[Any]:
    """The scenarios that a run of behave's features chooses, in order.

    Args:
        models: the features.
        config: behave's, with tags, names and the shard.
        seconds: how long a scenario takes, by its id.

    Raises:
        UnusableInput: the shard is invalid (exit code 2).
    """
    selected = [
        scenario
        for scenario in scenarios_of(models)
        if scenario.should_run(config) and (not config.name or scenario.should_run_with_name_select(config))
    ]
    # A file that is named twice is there twice.
    chosen = list({location_of(scenario): scenario for scenario in reversed(selected)}.values())[::-1]
    wanted = config.userdata.get(SHARD, "")
    if not wanted:
        return chosen
    shard = shard_in(wanted)
    if shard is None:
        raise UnusableInput(f"invalid shard {wanted!r}: use for example 2/4", ExitCode.BAD_COMMAND_LINE)
    return shard_of(chosen, seconds, *shard)


def plan_of(models: Sequence[Any], chosen: Sequence[Any]) -> Plan:
    """The plan of a run of some features, in the frame of all features of the project.

    Raises:
        IdMistake: an id is missing, repeated, or named in a list and does not exist (exit code 12).
    """
    # The models that run come last: they replace those of the same file.
    every = [*features.parse(project.FEATURES), *reversed(models)]
    by_file = {Path(model.filename).resolve(): model for model in every}
    every = [model for _, model in sorted(by_file.items())]
    refuse_id_mistakes(every)
    return Plan.of(every, chosen)


def refuse_mistakes(models: Sequence[Any], chosen: Sequence[Any], config: Any) -> None:
    """Refuse to run features with mistakes in what is chosen.

    Raises:
        FeatureMistake: an outline has no examples, a step has no definition or several, or a scenario serves
            a promise that is not in the catalogue (exit code 12).
    """
    promises = {promise.number for promise in features.catalogue()}
    mistakes = [
        finding_at(item, complaint)
        for model in models
        for outline, item, complaint in without_rows(model)
        if outline.should_run_with_tags(config.tag_expression)
        and (not config.name or config.name_re.search(outline.name))
    ]
    mistakes += [
        finding_at(scenario, f"@uat-{number:02} is not a promise in release/catalogue.yaml")
        for scenario in chosen
        for number in features.numbers_of(scenario)
        if number not in promises
    ]
    mistakes += step_mistakes(chosen)
    if mistakes:
        raise FeatureMistake(mistakes)
