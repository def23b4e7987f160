"""What an operator at another machine is shown, in text and in JSON (issue 630, scenarios 28 and 29)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.product.commands import CommandResult, Output, fails_because
from swamp_harness.product.run import method_run
from swamp_harness.product.wordings import (
    RUN_FAILURES,
    STACK_TRACE,
    STEP_BEGINS,
    STEP_DONE,
    reasons_given,
)
from swamp_harness.scenario.both_modes import MISTAKES
from swamp_harness.scenario.probe import INPUT_VALUE, RESULT, word_of
from swamp_harness.scenario.world import World

# The port of the discard protocol: a privileged one that the operating system gives to nobody.
_NOBODY = "ws://127.0.0.1:9"
_MODES = (Output.TEXT, Output.JSON)
# How the product tells that what was run has failed by itself, in a step of a workflow or without one.
_AS_TOLD = "its step failed"

# What an operator does, in the words of the features.
_DEEDS: Mapping[str, Sequence[str]] = {
    "lists the workers": ("worker", "list"),
    "runs a workflow": ("workflow", "run", "release"),
    "runs a workflow that does not exist": ("workflow", "run", "nothing-of-that-name"),
    "runs a model that does not exist": method_run("nothing-of-that-name", "once"),
    **{
        mistake: MISTAKES[mistake]
        for mistake in ("revokes a token that does not exist", "mints a token for a lifetime of bananas")
    },
}
_WHERE_NOBODY_LISTENS = " where nobody listens"


def told_why(world: World, deeds: Iterable[str]) -> list[dict[str, Any]]:
    """Do what goes wrong, in both modes, and return with each deed why it failed.

    Returns:
        Each with the reason, if both modes tell the same one clearly, with the same exit code; else with
        what each mode tells.
    """
    return [{"errs": deed, "reason": _reason(*_done(world, deed))} for deed in deeds]


def shown_of_method(world: World) -> dict[str, str]:
    """Run the method "once" of the scenario's model in both modes, and tell which result each mode shows."""
    text, in_json = _both(world, method_run(world.model, "once", step=world.model, word=INPUT_VALUE))
    shown = {}
    if text.succeeded:
        words = text.stdout.split()
        shown[Output.TEXT.value] = " of ".join(word for word in (RESULT, world.model) if word in words)
    if in_json.succeeded:
        answer = in_json.answer("method-run")
        shown[Output.JSON.value] = " and ".join(map(_shown_in_json, answer["dataArtifacts"]))
    return {mode.value: shown.get(mode.value, "failed") for mode in _MODES}


def expected_of_method(world: World) -> dict[str, str]:
    """What `shown_of_method` is to return."""
    return {mode.value: f"{RESULT} of {world.model}" for mode in _MODES}


def _shown_in_json(artifact: Mapping[str, Any]) -> str:
    attributes = artifact["attributes"]
    said = "" if attributes.get("word") == INPUT_VALUE else f", saying {attributes.get('word')!r}"
    return f"{artifact['name']} of {attributes.get('step')}{said}"


def times_told(world: World, steps: Sequence[str]) -> dict[str, dict[str, int]]:
    """How often the one who followed the last run, in text, was told what each step did."""
    said = world.runs.last_followed.said()
    begun, done = ([match["step"] for match in told.finditer(said)] for told in (STEP_BEGINS, STEP_DONE))
    return {
        step: {"began": begun.count(step), "spoke": said.count(word_of(step)), "was done": done.count(step)}
        for step in steps
    }


def told_once(steps: Sequence[str]) -> dict[str, dict[str, int]]:
    """What `times_told` is to return."""
    return {step: {"began": 1, "spoke": 1, "was done": 1} for step in steps}


def told_of_failing_method(world: World) -> dict[str, str]:
    """Run the method "fail" of the scenario's model in both modes; tell how each ends, and why it says so."""
    done = _both(world, method_run(world.model, "fail", step=world.model))
    return {each.output.value: _failure_told(each) for each in done}


def expected_of_failing_method() -> dict[str, str]:
    """What `told_of_failing_method` is to return."""
    return {mode.value: f"exit code 1, because {_AS_TOLD}" for mode in _MODES}


def _failure_told(result: CommandResult) -> str:
    said = result.stdout + result.stderr
    because = " and ".join(reasons_given(said, RUN_FAILURES)) or "of nothing that it says"
    trace = ", with a stack trace" if STACK_TRACE.search(said) else ""
    return f"exit code {result.exit_code}, because {because}{trace}"


def _done(world: World, deed: str) -> list[CommandResult]:
    plain = deed.removesuffix(_WHERE_NOBODY_LISTENS)
    server = _NOBODY if plain != deed else ""
    if plain == "runs a method that does not exist":
        return _both(world, method_run(world.model, "dance"), server)
    if plain not in _DEEDS:
        raise InfrastructureFault(f'The suite does not know how one "{deed}".')
    return _both(world, _DEEDS[plain], server)


def _both(world: World, arguments: Sequence[str], server: str = "") -> list[CommandResult]:
    return [world.elsewhere.run(arguments, mode, server=server) for mode in _MODES]


def _reason(text: CommandResult, in_json: CommandResult) -> Any:
    told = text.outcome_and_code
    if len(told.reasons) == 1 and in_json.outcome_and_code == told == fails_because(
        *told.reasons, told.exit_code
    ):
        return told.reasons[0]
    return {Output.TEXT.value: told, Output.JSON.value: in_json.outcome_and_code}
