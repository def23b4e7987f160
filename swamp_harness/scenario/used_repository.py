"""A repository that the other release has used, with everything that an upgrade must keep.

It has a secret, a token of each state, two machines that have enrolled, a run with data, and a run that was
in progress when the orchestrator was killed. It is made once for a run of the suite, as that takes several
commands of the other release, and copied for each scenario.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.credential import Credential
from swamp_harness.product.machine import Machine
from swamp_harness.product.repository import initialise
from swamp_harness.product.run import WorkflowRun
from swamp_harness.product.worker import Worker
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.product.workflow import Placement, Step, Workflow
from swamp_harness.scenario.earlier_use import EarlierUse
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.placement import ANY_WORKER, WORKFLOW
from swamp_harness.scenario.probe import HANDED_KEY, RESULT, WORK
from swamp_harness.scenario.probe_log import NOTES_VARIABLE, PROBE_LOG
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import RUN_KNOWN, STEP_BEGUN
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.waiting import wait_until

# The tokens, with the number of machines that each is for.
_TOKENS = {"alpha": 1, "beta": 1, "gamma": 1, "fleet": 2}
_REVOKED = "gamma"
# The workers that have enrolled, with their tokens; the first one has run the step.
_WORKERS = {"alpha": "alpha", "delta": "fleet"}
STEP = "build"
# A model of every release, so that the other one needs no extension of the suite.
USED_WORKFLOW = Workflow(
    WORKFLOW, [Step(STEP, WORK["passes a secret to a program"](STEP), Placement(labels=ANY_WORKER))]
)
# That of the run in progress, and of its step.
ANOTHER = "another"
_IN_PROGRESS = Workflow(
    ANOTHER, [Step(ANOTHER, WORK["runs a program"](ANOTHER), Placement(labels=ANY_WORKER))]
)


@dataclass(frozen=True)
class UsedRepository:
    """A repository that the other release has used, and what that release showed of it at its end.

    Attributes:
        folder: of the repository.
        caches: the cache directories of the machines that have enrolled, by the name of the worker.
        credentials: of the tokens, by their names.
        secret: the secret in the vault.
        tokens: the entries of the token list, by their names.
        members: the names of the workers in the pool, by the name of the worker.
        content: of the step's result.
    """

    folder: Path
    caches: Mapping[str, Path]
    credentials: Mapping[str, Credential]
    secret: str
    tokens: Mapping[str, Mapping[str, Any]]
    members: Mapping[str, str]
    content: Any


def make_used(
    root: Path, binary: Path, variables: Mapping[str, str], lifetime: str, logs: Path
) -> UsedRepository:
    """Let a release make a repository and use it.

    Args:
        root: the folder for the repository and the machines; it exists.
        binary: of the release.
        variables: the environment variables of every process.
        lifetime: of the tokens.
        logs: the folder for the output of the processes.

    Raises:
        InfrastructureError: a command fails.
        WaitTimeout: a worker does not enroll.
    """
    notes = root / "notes"
    notes.mkdir()
    own = {**variables, NOTES_VARIABLE: str(notes)}
    machine = Machine.at(root / "operator")
    folder = machine.here / "repository"
    folder.mkdir()
    commands = SwampCommands(binary, machine.environment(**own), folder)
    repository = initialise(commands, with_vault=True)
    operator = Operator(commands)
    operator.make_secret(HANDED_KEY)
    _demand(operator.put_secret(HANDED_KEY))
    for token, machines in _TOKENS.items():
        _demand(operator.mint(token, lifetime, machines))
    _demand(operator.revoke(_REVOKED))
    USED_WORKFLOW.write_to(repository)
    _IN_PROGRESS.write_to(repository)
    with ExitStack() as ends:
        use = EarlierUse("of the other release", binary, own, logs, ends)
        orchestrator = use.orchestrator(Machine.at(root / "orchestrator"), repository)
        workers: dict[str, Worker] = {}
        for name, token in _WORKERS.items():
            # Only the first worker fits the step.
            labels = {} if workers else ANY_WORKER
            settings = WorkerSettings(str(operator.credential(token)), labels)
            workers[name] = use.worker(name, Machine.at(root / name), settings, orchestrator)
        _demand(commands.run("workflow", "run", WORKFLOW, "--server", orchestrator.api.url))
        listed = _demand(commands.run("worker", "token", "list")).answer("token-list")
        result = _demand(commands.run("data", "get", STEP, RESULT)).answer("data-get")
        run = WorkflowRun(
            "the run in progress",
            ("workflow", "run", ANOTHER, "--server", orchestrator.api.url),
            binary=binary,
            environment=commands.environment,
            folder=folder,
            log=ProcessLog(logs / "run.log"),
            output=Output.JSON,
        )
        ends.callback(run.end)
        _wait_until_in_progress(commands, notes)
        orchestrator.kill()
        for worker in workers.values():
            worker.kill()
    return UsedRepository(
        folder,
        {name: Path(worker.machine.cache) for name, worker in workers.items()},
        dict(operator.credentials),
        operator.vault_secrets[HANDED_KEY],
        {entry["name"]: entry for entry in listed},
        {name: worker.enrolled_as for name, worker in workers.items()},
        result["content"],
    )


def _wait_until_in_progress(commands: SwampCommands, notes: Path) -> None:
    """Wait until the step of the second run works, and the run is recorded."""

    def recorded() -> list[str]:
        answer = _demand(commands.run("workflow", "history", "search")).answer("workflow-history")
        return [item["workflowName"] for item in answer["results"]]

    log = notes / PROBE_LOG
    wait_until(
        f'the step "{ANOTHER}" to start',
        lambda: log.read_text("utf-8") if log.exists() else "",
        lambda text: f'"step":"{ANOTHER}"' in text,
        STEP_BEGUN,
    )
    wait_until("the run in progress to be recorded", recorded, lambda names: ANOTHER in names, RUN_KNOWN)


def _demand(result: CommandResult) -> CommandResult:
    if not result.succeeded:
        raise InfrastructureError(
            f"The other release could not use the repository of the scenarios:\n{result}"
        )
    return result
