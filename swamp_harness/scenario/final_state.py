"""The final state of a scenario: for its evidence, and for the explanation of a failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.followed import Followed
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.product.serve_api import ServeApi
from swamp_harness.product.worker import Worker
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.probe_log import ProbeLog
from swamp_harness.system.errors import InfrastructureError

_LAST_LINES = 6
_LAST_COMMANDS = 2
_NO_ORCHESTRATOR = "no orchestrator is running"


def failure_context(
    actors: Iterable[Orchestrator | Worker | Followed], typed: Sequence[CommandResult]
) -> Iterator[str]:
    """The last log lines of each process, and the operator's last commands."""
    for actor in actors:
        lines = actor.log.tail(_LAST_LINES) or "(nothing)"
        yield f"The last lines of {actor.log.file.stem}{_state_of(actor)}:\n{lines}"
    if typed:
        yield "The operator's last commands:\n" + "\n".join(map(str, typed[-_LAST_COMMANDS:]))


def _state_of(actor: Orchestrator | Worker | Followed) -> str:
    try:
        return "" if actor.alive else ", which has ended"
    except InfrastructureError:
        return ", whose machine is gone"


def record_final_state(
    evidence: Evidence,
    operator: Operator,
    orchestrator: Orchestrator | None,
    probe_log: ProbeLog | None,
    *,
    failed: bool,
) -> list[LeaseRecord]:
    """Record the pool and the tokens, and the runs if there is a probe log.

    An error is recorded too, and never raised: collecting evidence must not change the scenario's result.

    Args:
        evidence: the scenario's.
        operator: the scenario's.
        orchestrator: the one to ask; None if there is none.
        probe_log: None if the scenario has no workflow.
        failed: whether a person will look: if so, and no orchestrator runs, a command reads the token list.

    Returns:
        The leases, if there is a probe log and the orchestrator answered.
    """
    leases: list[LeaseRecord] = []
    pool: object = _NO_ORCHESTRATOR
    tokens: object = _NO_ORCHESTRATOR
    try:
        if orchestrator is not None and orchestrator.alive:
            pool = {
                "live pool": [str(member) for member in orchestrator.api.live_pool()],
                "worker list": orchestrator.api.ask("worker.list"),
            }
            tokens = orchestrator.api.ask("worker.token.list")
            if probe_log is not None:
                leases = _record_runs(evidence, orchestrator.api, probe_log)
        elif failed:
            tokens = str(operator.commands.run("worker", "token", "list", output=Output.TEXT))
    except Exception as error:  # noqa: BLE001 - as the docstring says
        tokens = f"the final state could not be read: {type(error).__name__}: {error}"
    evidence.write_answer("The pool at the end", "pool.json", pool)
    evidence.write_answer("The token list at the end", "tokens.json", tokens)
    return leases


def _record_runs(evidence: Evidence, api: ServeApi, probe_log: ProbeLog) -> list[LeaseRecord]:
    evidence.write("Probe log", "probe-log.jsonl", probe_log.text)
    leases = api.leases()
    answers = {
        "runs": api.ask("workflow.history.search"),
        "queue": api.ask("worker.queue.list"),
        "leases": leases,
    }
    evidence.write_answer("Runs, queue and leases at the end", "runs.json", answers)
    return leases
