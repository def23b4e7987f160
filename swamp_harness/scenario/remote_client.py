"""The operator at another machine: what is seen and told there, also when its network breaks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from swamp_harness.product.commands import CommandResult, Output, SwampCommands, fails_because
from swamp_harness.product.machine import Machine
from swamp_harness.product.run import method_run
from swamp_harness.product.trust import trust_of_command
from swamp_harness.product.wordings import RUN_FAILURES, STACK_TRACE, STEP_BEGINS, STEP_DONE, reasons_given
from swamp_harness.scenario.client_machine import RemoteClient
from swamp_harness.scenario.followed_runs import Runs
from swamp_harness.scenario.json_mode import MISTAKES
from swamp_harness.scenario.probe import INPUT_VALUE, RESULT, word_of
from swamp_harness.scenario.runs import cause_of_standstill
from swamp_harness.scenario.step_progress import wait_until_begun
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import OUTPUT_SEEN
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.waiting import WaitTimeout, wait_until

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
        raise InfrastructureError(f'The suite does not know how one "{deed}".')
    return _both(world, _DEEDS[plain], server)


def _both(world: World, arguments: Sequence[str], server: str = "") -> list[CommandResult]:
    return [world.remote_client.run(arguments, mode, server=server) for mode in _MODES]


def _reason(text: CommandResult, in_json: CommandResult) -> Any:
    told = text.outcome_and_code
    if len(told.reasons) == 1 and in_json.outcome_and_code == told == fails_because(
        *told.reasons, told.exit_code
    ):
        return told.reasons[0]
    return {Output.TEXT.value: told, Output.JSON.value: in_json.outcome_and_code}


def go_on_once_heard(world: World, step: str) -> None:
    """Wait until whoever follows the run sees what a step says while it holds, and let the step go on.

    What was seen in time is noted; after the limit the step goes on all the same.

    Raises:
        InfrastructureError: the step did not hold.
    """
    wait_until_begun(world, step)
    if _wait_until_heard(world, step):
        world.heard_in_time.append(step)
    if world.probe_log.ends(step):
        raise InfrastructureError(f'The step "{step}" did not hold, so what was seen of it proves nothing.')
    world.probe_log.let_go_on(step)


def break_network_between(world: World, step: str, later: str) -> None:
    """Break the operator's network while one step ends and a later one begins; both hold until then.

    The network heals before the later step goes on. Whether the operator sees what either step says is for
    the scenario to judge: both go on in any case.

    Raises:
        WaitTimeout: the first step does not begin.
    """
    wait_until_begun(world, step)
    _wait_until_heard(world, step)
    world.operator_network.cut()
    world.probe_log.let_go_on(step)
    with contextlib.suppress(WaitTimeout):
        wait_until_begun(world, later)
    world.operator_network.heal()
    _wait_until_heard(world, later)
    world.probe_log.let_go_on(later)


def _wait_until_heard(world: World, step: str) -> bool:
    """Wait until whoever follows the run sees what a step says; False if the limit passes before."""
    run = world.runs.last_followed
    try:
        wait_until(
            f'the one who follows the run to see that "{step}" says: {word_of(step)}',
            lambda: run.log.tail(3),
            lambda _: word_of(step) in run.log.text(),
            OUTPUT_SEEN,
            give_up_if=lambda: cause_of_standstill(world),
        )
    except WaitTimeout:
        return False
    return True


def go_to_another_machine(world: World, *, on_a_network: bool = False) -> None:
    """Take the operator to a machine that has nothing but swamp and the address of the orchestrator.

    Args:
        world: the scenario's.
        on_a_network: whether the operator reaches the orchestrator over a network path that can fail.
    """
    run_context = world.run_context
    machine = Machine.at(world.folder / "another-machine")
    variables = {**run_context.mark(world.scenario), **trust_of_command(world.trusted)}
    commands = SwampCommands(run_context.binary.runs_as, machine.environment(**variables), machine.work)
    server = world.orchestrator.api.url
    if on_a_network:
        network = world.cleanup.enter_context(NetworkPath(world.orchestrator.address))
        host, port = network.address
        server, world.operator_network = f"ws://{host}:{port}", network
    world.remote_client = RemoteClient(machine, commands, server)
    world.runs = Runs(
        run_context.binary.runs_as, commands.environment, machine.work, world.evidence, server=server
    )
