"""Workflows with a key that swamp does not know, and what commands answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.wordings import STACK_TRACE, UNKNOWN_KEY, VALIDATION_FAILED
from swamp_harness.product.workflow import Level, Placement, Step, UnknownKey, Workflow
from swamp_harness.scenario.json_mode import BothModes, run_in_both_modes
from swamp_harness.scenario.placement import WORKFLOW
from swamp_harness.scenario.probe import WORK
from swamp_harness.scenario.repositories import begin_with_workflow
from swamp_harness.scenario.world import World

# Each step by its job. All run on the orchestrator at once, if the unknown key is ignored.
_STEPS = {"lint": "test", "fetch": "build", "compile": "build"}
_FAILED = "failed"


@dataclass(frozen=True)
class WorkflowCommand:
    """A command about workflows.

    Attributes:
        does: what it does, the word after `workflow`.
        names_it: whether it names the workflow; it is about all workflows otherwise.
        on_the_orchestrator: whether it names the orchestrator; it works in the repository otherwise.
        name: the name of another workflow that it names; that of the scenario if empty.
    """

    does: str
    names_it: bool = True
    on_the_orchestrator: bool = False
    name: str = ""


# The phrases of such commands in the features.
COMMANDS: Mapping[str, WorkflowCommand] = {
    "runs the workflow through the orchestrator": WorkflowCommand("run", on_the_orchestrator=True),
    "runs a missing workflow through the orchestrator": WorkflowCommand(
        "run", on_the_orchestrator=True, name="nothing-of-that-name"
    ),
    "runs the workflow in the repository": WorkflowCommand("run"),
    "validates the workflow": WorkflowCommand("validate"),
    "validates all workflows": WorkflowCommand("validate", names_it=False),
    "validates the workflow through the orchestrator": WorkflowCommand("validate", on_the_orchestrator=True),
    "validates all workflows through the orchestrator": WorkflowCommand(
        "validate", names_it=False, on_the_orchestrator=True
    ),
}


def begin_with_unknown_key(world: World, key: str, level: Level) -> None:
    """Give the operator a repository with a workflow that has an unknown key and is sound otherwise."""
    steps = [Step(name, WORK["writes at once"](name), Placement(), job=job) for name, job in _STEPS.items()]
    begin_with_workflow(world, Workflow(WORKFLOW, steps, unknown_key=UnknownKey(key, level)))


def run_command(world: World, command: WorkflowCommand) -> BothModes:
    """Run a command about the scenario's workflow, or about all, in text and in JSON."""
    named = (command.name or world.workflow.name,) if command.names_it else ()
    server = ("--server", world.orchestrator.api.url) if command.on_the_orchestrator else ()
    return run_in_both_modes(world, ("workflow", command.does, *named, *server))


def named_keys(answers: BothModes, *, with_suggestion: bool) -> dict[str, str]:
    """The unknown key that each answer names, with its place, and the suggestion for it if wanted."""
    return {each.output.value: _named(each, with_suggestion) for each in answers}


def expected_keys(world: World, key: str, level: Level, meant: str) -> dict[str, str]:
    """The expected value of `named_keys`; without a suggestion if none is meant."""
    named = _in_words(key, f"{level.value} '{world.workflow.name_at(level)}'", meant)
    return {mode.value: named for mode in (Output.TEXT, Output.JSON)}


def outcomes_of_validation(answers: BothModes) -> dict[str, str]:
    """How a validation ends, in text and in JSON: its result, its exit code, and a stack trace if it has one.

    A validation fails by a report, or by an error message in place of it.

    Raises:
        ContractBroken: an answer in JSON is neither.
    """
    return {each.output.value: _outcome(each) for each in answers}


def expected_failure(code: int) -> dict[str, str]:
    """The expected value of `outcomes_of_validation` for a validation that fails."""
    return {mode.value: f"{_FAILED}, exit code {code}" for mode in (Output.TEXT, Output.JSON)}


def _named(result: CommandResult, with_suggestion: bool) -> str:
    found = UNKNOWN_KEY.search(_answer(result))
    if found is None:
        return "no unknown key"
    return _in_words(found["key"], found["where"], (found["meant"] or "nothing") if with_suggestion else "")


def _in_words(key: str, where: str, meant: str) -> str:
    return f"{key} on the {where}{f', and suggests {meant}' if meant else ''}"


def _answer(result: CommandResult) -> str:
    """The report of a validation, or else the error message."""
    if not result.stdout.strip():
        return result.error_message
    if result.output is not Output.JSON:
        return result.stdout
    workflows = _workflows(result)
    errors = [each.get("error", "") for workflow in workflows for each in workflow["validations"]]
    return "\n".join(errors)


def _workflows(result: CommandResult) -> list[Any]:
    document = result.answer("workflow-validate")
    return list(document.get("workflows", [document]))


def _has_failed(result: CommandResult) -> bool:
    if not result.stdout.strip():
        return bool(result.error_message)
    if result.output is Output.JSON:
        return not all(each["passed"] for each in _workflows(result))
    return VALIDATION_FAILED.search(result.stdout) is not None


def _outcome(result: CommandResult) -> str:
    trace = ", with a stack trace" if STACK_TRACE.search(result.stdout + result.stderr) else ""
    return f"{_FAILED if _has_failed(result) else 'passed'}, exit code {result.exit_code}{trace}"
