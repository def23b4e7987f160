"""The bundles that a worker has kept from an earlier day, for workers with several slots.

swamp writes a bundle into the cache in place, so that a step which starts in the same moment may read half of
it and fail (see the known deviation `half-written-bundle-is-read`). A scenario about something else must not
depend on that. So a worker with several slots begins with the bundles of a worker that has run a
step of each model once.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from swamp_harness.product.fallbacks import Fallbacks
from swamp_harness.product.machine import Machine
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.product.workflow import Placement, Step, Workflow
from swamp_harness.scenario.earlier_use import EarlierUse
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.placement import ANY_WORKER, WORKFLOW
from swamp_harness.scenario.preparation import Preparation
from swamp_harness.scenario.probe import WORK
from swamp_harness.scenario.probe_log import NOTES_VARIABLE
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import copy
from swamp_harness.system.hosts.host import HERE

_WORKER = "alpha"
# One step of each model of which scenarios start several steps at once.
_STEPS = {
    "probe": "writes at once",
    "environment": "records its environment",
    "capabilities": "writes resources",
    "values": "writes data of several kinds",
}
_BUNDLES = "bundles"


def make_bundles(
    root: Path,
    binary: Path,
    preparation: Preparation,
    *,
    variables: Mapping[str, str],
    lifetime: str,
    logs: Path,
) -> Path:
    """Let a worker with one slot run a step of each model.

    Args:
        root: the folder for the machines; it exists.
        binary: the one under test.
        preparation: has the repository with the extensions.
        variables: the environment variables of every process.
        lifetime: of the token.
        logs: the folder for the output of the processes.

    Returns:
        The folder of the bundles that the worker has kept.

    Raises:
        InfrastructureError: a command fails, or the worker has kept nothing.
        WaitTimeout: the worker does not enroll.
    """
    (notes := root / "notes").mkdir()
    own = {**variables, NOTES_VARIABLE: str(notes)}
    operator, served = Machine.at(root / "operator"), Machine.at(root / "orchestrator")
    repository = preparation.with_probe().copy_to(operator.here / "repository")
    for machine in (operator, served):
        preparation.share_packages_with(machine, Fallbacks())
    commands = preparation.commands_in(repository.folder, operator.environment(**own))
    # One after another: what happens to steps that wait for one slot is for scenarios to find out.
    steps = [
        Step(name, WORK[work](name), Placement(labels=ANY_WORKER), after=before)
        for (name, work), before in zip(_STEPS.items(), ("", *_STEPS), strict=False)
    ]
    Workflow(WORKFLOW, steps).write_to(repository)
    with ExitStack() as ends:
        use = EarlierUse("of an earlier day", binary, own, logs, ends)
        orchestrator = use.orchestrator(served, repository)
        minting = Operator(commands)
        minting.mint(_WORKER, lifetime)
        place = Machine.at(root / _WORKER)
        use.worker(_WORKER, place, WorkerSettings(str(minting.credential(_WORKER)), ANY_WORKER), orchestrator)
        run = commands.run("workflow", "run", WORKFLOW, "--server", orchestrator.api.url)
        if not run.succeeded:
            raise InfrastructureError(f"A worker could not run a step of each model of the suite:\n{run}")
    bundles = Path(place.cache) / _BUNDLES
    if not bundles.is_dir():
        raise InfrastructureError(f"A worker has run steps and kept no bundles: {bundles} does not exist.")
    return bundles


def give_to(machine: Machine, bundles: Path) -> None:
    """Give a machine the bundles that another worker has kept."""
    copy(HERE.files, bundles, machine.host.files, machine.cache / _BUNDLES)
