"""The final state of a scenario: for its evidence, and for the explanation of a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.followed import Followed
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.product.serve_api import NoAnswer, ServeApi
from swamp_harness.product.worker import Worker
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.probe_log import ProbeLog
from swamp_harness.system.errors import InfrastructureError

T = TypeVar("T")

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
    reader = _Reader()
    if orchestrator is not None and orchestrator.alive:
        api = orchestrator.api
        pool = {
            "live pool": reader.read(lambda: [str(member) for member in api.live_pool()]),
            "worker list": reader.read(lambda: api.ask("worker.list")),
        }
        tokens = reader.read(lambda: api.ask("worker.token.list"))
        if probe_log is not None:
            leases = _record_runs(evidence, api, probe_log, reader)
    elif failed:
        commands = operator.commands
        tokens = reader.read(lambda: str(commands.run("worker", "token", "list", output=Output.TEXT)))
    evidence.write_answer("The pool at the end", "pool.json", pool)
    evidence.write_answer("The token list at the end", "tokens.json", tokens)
    return leases


def _record_runs(
    evidence: Evidence, api: ServeApi, probe_log: ProbeLog, reader: _Reader
) -> list[LeaseRecord]:
    evidence.write("Probe log", "probe-log.jsonl", probe_log.text)
    leases = reader.read(api.leases)
    answers = {
        "runs": reader.read(lambda: api.ask("workflow.history.search")),
        "queue": reader.read(lambda: api.ask("worker.queue.list")),
        "leases": leases,
    }
    evidence.write_answer("Runs, queue and leases at the end", "runs.json", answers)
    return leases if isinstance(leases, list) else []


class _Reader:
    """Reads one answer after the other; an error takes the place of its own answer only."""

    def __init__(self) -> None:
        self._silence: NoAnswer | None = None

    def read(self, ask: Callable[[], T]) -> T | Mapping[str, str]:
        """An answer, or the error under "not read"."""
        if self._silence is not None:  # each further question would wait for the whole limit again
            return {"not asked": f"after {type(self._silence).__name__}: {self._silence}"}
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - evidence must not change the scenario's result
            self._silence = error if isinstance(error, NoAnswer) else None
            return {"not read": f"{type(error).__name__}: {error}"}
