"""The operator on a second machine: output and failures of commands there, also when its network breaks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from swamp_harness.product.commands import (
    CommandOutcome,
    CommandResult,
    Output,
    SwampCommands,
    fails_because,
)
from swamp_harness.product.conventions import OPERATOR_ZONE, SERVE_URL, UNKNOWN_RUN
from swamp_harness.product.machine import Machine
from swamp_harness.product.run import giving, method_run, skipping_checks
from swamp_harness.product.wordings import RUN_FAILURES, STACK_TRACE, STEP_BEGINS, STEP_DONE, reasons_given
from swamp_harness.scenario.client_machine import RemoteClient
from swamp_harness.scenario.followed_runs import Runs
from swamp_harness.scenario.json_mode import MISTAKES
from swamp_harness.scenario.probe import (
    INPUT,
    INPUT_VALUE,
    RESULT,
    SLOW,
    SLOW_CHECK,
    last_word_of,
    word_of,
)
from swamp_harness.scenario.runs import cause_of_standstill
from swamp_harness.scenario.step_progress import wait_until_begun
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import OUTPUT_SEEN
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.waiting import WaitTimeout, wait_until

# The port of the discard protocol: privileged, and nothing listens there.
_NO_LISTENER = "ws://127.0.0.1:9"
# A command opens a connection to follow a run, and then asks for the run.
_UPGRADE_AND_REQUEST = 2
_MODES = (Output.TEXT, Output.JSON)
# What an operator does: the phrases of the features, with the arguments of the command.
_ACTIONS: Mapping[str, Sequence[str]] = {
    "lists the workers": ("worker", "list"),
    "runs a workflow": ("workflow", "run", "release"),
    "runs a workflow that does not exist": ("workflow", "run", "nothing-of-that-name"),
    "runs a model that does not exist": method_run("nothing-of-that-name", "once"),
    **{
        mistake: MISTAKES[mistake]
        for mistake in ("revokes a token that does not exist", "mints a token with a lifetime of bananas")
    },
}
_FOR_TWO_INPUTS = "runs a workflow for two inputs"
_METHOD_FOR_TWO_INPUTS = "runs a method for two inputs"
_TWO_WORDS = ("first", "second")
_WHERE_NOBODY_LISTENS = " where nobody listens"
# The column of a table with the codes of errors.
CODE = "code in JSON"


def run_commands(world: World, commands: Iterable[str]) -> dict[str, list[CommandResult]]:
    """Run commands from the other machine, each in text and in JSON; the results by command."""
    return {command: _perform(world, command) for command in commands}


def reasons_of(
    results: Mapping[str, Sequence[CommandResult]], *, with_codes: bool = False
) -> list[dict[str, Any]]:
    """Why each command failed.

    Returns:
        Each with its reason, if text and JSON give the same one and the same exit code; else with what each
        of them shows. If asked, also with the code for scripts in JSON (design/libswamp.md, "Known error
        codes").
    """
    return [
        {
            "command": command,
            "reason": reason_of(text, in_json),
            **({CODE: in_json.error_code} if with_codes else {}),
        }
        for command, (text, in_json) in results.items()
    ]


def outcomes_of(results: Mapping[str, Sequence[CommandResult]]) -> dict[str, list[CommandOutcome]]:
    """The outcome of each command, in text and in JSON."""
    return {command: [each.outcome for each in both] for command, both in results.items()}


def run_method(world: World, method: str, *, skips_slow_checks: bool = False) -> list[CommandResult]:
    """Run a method of the scenario's model from the other machine, in text and in JSON.

    Its inputs are arguments of the command in text, and in a file in JSON.

    Args:
        world: the scenario's.
        method: "checked", which writes what it is given, or "fail".
        skips_slow_checks: whether the operator skips the slow checks.
    """
    given = {"step": world.model, **({"word": INPUT_VALUE} if method == "checked" else {})}
    text, in_json = (skipping_checks(mode, SLOW_CHECK, SLOW) if skips_slow_checks else () for mode in _MODES)
    file = world.folder / "inputs-of-the-method.yaml"
    run = world.remote_client.run
    return [
        run((*method_run(world.model, method, **given), *text), Output.TEXT),
        run((*method_run(world.model, method), *giving(given, file), *in_json), Output.JSON),
    ]


def run_for_two_inputs(world: World) -> list[CommandResult]:
    """Run the scenario's workflow for two sets of inputs, one on each line, each with one overriding input.

    An input on the command line overrides that of each set (design/inputs.md).
    """
    return _run_for_two_inputs(world, "--input", f"{INPUT}={INPUT_VALUE}")


def _run_for_two_inputs(world: World, *options: str) -> list[CommandResult]:
    run = ("workflow", "run", world.workflow.name, "--stdin", *options)
    return _for_each_set(world, run, [{INPUT: word} for word in _TWO_WORDS])


def _run_method_for_two_inputs(world: World) -> list[CommandResult]:
    run = (*method_run(world.model, "once"), "--stdin")
    return _for_each_set(world, run, [{"step": world.model, "word": word} for word in _TWO_WORDS])


def _for_each_set(
    world: World, arguments: Sequence[str], sets: Sequence[Mapping[str, str]]
) -> list[CommandResult]:
    lines = "".join(json.dumps(each) + "\n" for each in sets)
    return [world.remote_client.run(arguments, mode, stdin=lines) for mode in _MODES]


def run_with_time_limit(world: World, seconds: int) -> None:
    """Run the scenario's workflow with a time limit, with one set of inputs on standard input."""
    run = ("workflow", "run", world.workflow.name, "--stdin", "--timeout", f"{seconds}s")
    world.remote_client.run(run, Output.TEXT, stdin="{}\n")


def resources_in_query(world: World, step: str) -> int:
    """How many resources of a step a query from the other machine shows.

    Raises:
        PromiseBroken: the answer is not one document, or breaks its contract.
    """
    query = ("data", "query", f'modelName == "{step}" && dataType == "resource"')
    answer = world.remote_client.run(query, Output.JSON).answer("data-query")
    return len({item["name"] for item in answer["results"]})


def versions_in_repository(world: World, step: str) -> dict[str, Any]:
    """What the commands that get versions of a step's data show in the repository."""
    commands = world.operator.commands
    return {
        shown: _answer_of(commands.run(*arguments))
        for shown, arguments in _getting_versions(world, step).items()
    }


def versions_at_other_machine(world: World, step: str) -> dict[str, Any]:
    """What the commands that get versions of a step's data show at the other machine."""
    client = world.remote_client
    return {
        shown: _answer_of(client.run(arguments, Output.JSON))
        for shown, arguments in _getting_versions(world, step).items()
    }


def _getting_versions(world: World, step: str) -> dict[str, Sequence[str]]:
    versions = {"the first version": ("--version", "1"), "the newest version": ()}
    contents = {"with its content": (), "without its content": ("--no-content",)}
    runs = {"the last run": world.orchestrator.api.run_ids()[0], "a run that does not exist": UNKNOWN_RUN}
    of_workflow = ("data", "get", RESULT, "--workflow", world.workflow.name, "--run")
    return {
        **{
            f"{version}, {content}": ("data", "get", step, RESULT, *number, *flag)
            for version, number in versions.items()
            for content, flag in contents.items()
        },
        **{f"the data of {which}": (*of_workflow, run) for which, run in runs.items()},
    }


def _answer_of(result: CommandResult) -> Any:
    # The message of an error has another beginning at the other machine.
    return result.answer("data-get") if result.succeeded else f"exit code {result.exit_code}"


def shown_of_method(world: World, results: Sequence[CommandResult]) -> dict[str, str]:
    """Which result a method shows in text and in JSON."""
    text, in_json = results
    shown = {}
    if text.succeeded:
        words = text.stdout.split()
        shown[Output.TEXT.value] = " of ".join(word for word in (RESULT, world.model) if word in words)
    if in_json.succeeded:
        answer = in_json.answer("method-run")
        shown[Output.JSON.value] = " and ".join(map(_shown_in_json, answer["dataArtifacts"]))
    return {mode.value: shown.get(mode.value, "failed") for mode in _MODES}


def expected_of_method(world: World) -> dict[str, str]:
    """The expected value of `shown_of_method`."""
    return {mode.value: f"{RESULT} of {world.model}" for mode in _MODES}


def _shown_in_json(artifact: Mapping[str, Any]) -> str:
    attributes = artifact["attributes"]
    word = attributes.get("word")
    wrong_word = "" if word == INPUT_VALUE else f", with the word {word!r}"
    return f"{artifact['name']} of {attributes.get('step')}{wrong_word}"


def times_reported(world: World, steps: Sequence[str]) -> dict[str, dict[str, int]]:
    """How often the text output of the last run reports the start, the output and the end of each step."""
    text = world.runs.last_followed.printed()
    starts, ends = (
        [match["step"] for match in pattern.finditer(text)] for pattern in (STEP_BEGINS, STEP_DONE)
    )
    return {
        step: {
            "start": starts.count(step),
            "output": text.count(word_of(step)),
            "last output": text.count(last_word_of(step)),
            "end": ends.count(step),
        }
        for step in steps
    }


def reported_once(steps: Sequence[str]) -> dict[str, dict[str, int]]:
    """The expected value of `times_reported`."""
    return {step: {"start": 1, "output": 1, "last output": 1, "end": 1} for step in steps}


def reported_failures(results: Iterable[CommandResult]) -> dict[str, str]:
    """The exit code and the reason of a failing method or run, in text and in JSON."""
    return {each.output.value: _reported_failure(each) for each in results}


def expected_failure(reason: str, code: int) -> dict[str, str]:
    """The expected value of `reported_failures`."""
    return {mode.value: f"exit code {code}, reason: {reason}" for mode in _MODES}


def _reported_failure(result: CommandResult) -> str:
    text = result.stdout + result.stderr
    reasons = " and ".join(reasons_given(text, RUN_FAILURES)) or "none that is known"
    trace = ", with a stack trace" if STACK_TRACE.search(text) else ""
    return f"exit code {result.exit_code}, reason: {reasons}{trace}"


def _perform(world: World, action: str) -> list[CommandResult]:
    plain = action.removesuffix(_WHERE_NOBODY_LISTENS)
    server = _NO_LISTENER if plain != action else ""
    if plain == _FOR_TWO_INPUTS:
        return _run_for_two_inputs(world)
    if plain == _METHOD_FOR_TWO_INPUTS:
        return _run_method_for_two_inputs(world)
    if plain == "runs a method that does not exist":
        return _in_both_modes(world, method_run(world.model, "dance"), server)
    if plain not in _ACTIONS:
        raise InfrastructureError(f'Unknown action "{action}"; use one of: {"; ".join(_ACTIONS)}.')
    return _in_both_modes(world, _ACTIONS[plain], server)


def _in_both_modes(world: World, arguments: Sequence[str], server: str = "") -> list[CommandResult]:
    return [world.remote_client.run(arguments, mode, server=server) for mode in _MODES]


def reason_of(text: CommandResult, in_json: CommandResult) -> Any:
    """Why a command failed: the reason in text and in JSON, or what each shows if they differ."""
    outcome = text.outcome_and_code
    if len(outcome.reasons) == 1 and in_json.outcome_and_code == outcome == fails_because(
        *outcome.reasons, outcome.exit_code
    ):
        return outcome.reasons[0]
    return {Output.TEXT.value: outcome, Output.JSON.value: in_json.outcome_and_code}


def go_on_once_shown(world: World, step: str) -> None:
    """Wait until the run's follower shows the output of a holding step, and let the step go on.

    The steps that were shown in time are recorded. After the limit the step goes on all the same.

    Raises:
        InfrastructureError: the step did not hold.
    """
    wait_until_begun(world, step)
    if _wait_until_shown(world, step):
        world.shown_in_time.append(step)
    if world.probe_log.ends(step):
        raise InfrastructureError(
            f'The step "{step}" did not hold, so its output proves nothing: choose work that holds.'
        )
    world.probe_log.let_go_on(step)


def reset_network_during(world: World, step: str) -> None:
    """Reset the operator's network while a step runs, and wait until the command follows again.

    If that command ends, later steps show it.

    Raises:
        WaitTimeout: the step does not start, or the command neither connects again nor ends.
    """
    wait_until_begun(world, step)
    run, network = world.runs.last_followed, world.operator_network
    if run.output is not Output.JSON:  # which shows nothing before the end
        _wait_until_shown(world, step)
    before = run.reconnections
    network.reset()
    _wait_until_followed_again(world, before)


def cut_network_until(world: World, step: str, later: str) -> None:
    """Cut the operator's network, let a step end, heal the network when a later one runs, which holds.

    Waits until the command that follows the run follows again, or has ended, which later steps show.

    Raises:
        WaitTimeout: the first step does not start, or the command neither connects again nor ends.
    """
    wait_until_begun(world, step)
    _wait_until_shown(world, step)
    before = world.runs.last_followed.reconnections
    world.operator_network.cut()
    world.probe_log.let_go_on(step)
    with contextlib.suppress(WaitTimeout):
        wait_until_begun(world, later)
    world.operator_network.heal()
    _wait_until_followed_again(world, before)


def _wait_until_followed_again(world: World, before: int) -> None:
    """Wait until the command that follows the last run has lost its connection and follows again, or ended.

    Args:
        world: the scenario's.
        before: how often the command had lost its connection before.
    """
    run, network = world.runs.last_followed, world.operator_network
    wait_until(
        "the command that follows the run to connect again, or to end",
        lambda: f"{network.messages} messages on a connection",
        lambda _: not run.alive or (run.reconnections > before and network.messages >= _UPGRADE_AND_REQUEST),
        OUTPUT_SEEN,
    )
    _let_orchestrator_notice(world)


def refuse_and_heal(world: World, attempts: int) -> None:
    """Make the operator's network refuse so many connections, then wait until the command follows again.

    If that command ends, later steps show it.

    Raises:
        WaitTimeout: the command makes fewer attempts or does not follow again, and does not end.
    """
    run = world.runs.last_followed
    before = run.reconnections
    world.operator_network.refuse()
    wait_until(
        f"the command that follows the run to try to connect {attempts} times, or to end",
        lambda: f"{run.reconnections - before} attempts",
        # It reports an attempt before the pause that precedes it.
        lambda _: not run.alive or run.reconnections - before > attempts,
        OUTPUT_SEEN,
    )
    world.operator_network.heal()
    _wait_until_followed_again(world, before)


def kill_follower(world: World) -> None:
    """Kill the command that follows the last run, and let the orchestrator notice that."""
    world.runs.last_followed.kill()
    _let_orchestrator_notice(world)


def _let_orchestrator_notice(world: World) -> None:
    # An orchestrator handles what has reached it before a request that comes later.
    world.orchestrator.api.run_ids()


def break_network_between(world: World, step: str, later: str) -> None:
    """Break the operator's network while one step ends and a later one starts; both hold until then.

    The network heals before the later step goes on. Both steps go on whether or not their output is shown:
    the scenario checks that.

    Raises:
        WaitTimeout: the first step does not start.
    """
    wait_until_begun(world, step)
    _wait_until_shown(world, step)
    world.operator_network.cut()
    world.probe_log.let_go_on(step)
    with contextlib.suppress(WaitTimeout):
        wait_until_begun(world, later)
    world.operator_network.heal()
    _wait_until_shown(world, later)
    world.probe_log.let_go_on(later)


def _wait_until_shown(world: World, step: str) -> bool:
    """Wait until the run's follower shows the output of a step; False if the limit passes before that."""
    run = world.runs.last_followed
    try:
        wait_until(
            f'the output of the run to show "{word_of(step)}" of the step "{step}"',
            lambda: run.log.tail(3),
            lambda _: word_of(step) in run.log.text(),
            OUTPUT_SEEN,
            give_up_if=lambda: cause_of_standstill(world),
        )
    except WaitTimeout:
        return False
    return True


def go_to_another_machine(world: World, *, on_a_network: bool = False) -> None:
    """Put the operator on a machine that has swamp, the address of the orchestrator, and nothing else.

    Args:
        world: the scenario's.
        on_a_network: whether the operator reaches the orchestrator over a network path that can fail.
    """
    run_context = world.run_context
    machine = Machine.at(world.folder / "another-machine")
    variables = {
        **run_context.mark(world.scenario),
        **OPERATOR_ZONE,
        **world.operator_trust.variables,
        # For commands without `--server` (design/remote-execution.md); all commands here have it.
        SERVE_URL: _NO_LISTENER,
    }
    commands = SwampCommands(run_context.binary.runs_as, machine.environment(**variables), machine.work)
    server = world.orchestrator.api.url
    if on_a_network:
        network = world.cleanup.enter_context(NetworkPath(world.orchestrator.address))
        host, port = network.address
        server, world.operator_network = f"ws://{host}:{port}", network
    world.remote_client = RemoteClient(machine, commands, server, world.operator_trust)
    world.runs = Runs(
        run_context.binary.runs_as, commands.environment, machine.work, world.evidence, server=server
    )
