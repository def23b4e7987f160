"""What the scenarios of a run copy: a repository with a vault, and one with the extensions of the suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from swamp_harness.product.commands import SwampCommands
from swamp_harness.product.extension import install, share_packages
from swamp_harness.product.fallbacks import Fallbacks
from swamp_harness.product.machine import Machine
from swamp_harness.product.repository import Repository, initialise
from swamp_harness.scenario.probe import PROBE
from swamp_harness.system.errors import InfrastructureError, PromiseBroken

# The mark, in place of a scenario's, of the processes that prepare.
PREPARATION = "preparation"

_EXTENSIONS = Path(__file__).resolve().parents[2] / "fixtures" / "extensions"
_REPOSITORY, _PROBE = "prepared-repository", "prepared-probe"


class Preparation:
    """Repositories for scenarios to copy, made on first use, or by another run.

    Args:
        folder: in which they are.
        binary: that makes them.
        variables: the environment variables of every process that does.
        network: those of commands that may download.
        is_made: whether another run has made them already.

    Attributes:
        commands: ran the commands that made them.
    """

    def __init__(
        self,
        folder: Path,
        binary: Path,
        variables: Mapping[str, str],
        network: Mapping[str, str],
        *,
        is_made: bool = False,
    ) -> None:
        self.commands: list[SwampCommands] = []
        self._binary, self._variables, self._network = binary, variables, network
        self._machine, self._probe_machine = Machine(folder / _REPOSITORY), Machine(folder / _PROBE)
        self._repository = Repository(Path(self._machine.work)) if is_made else None
        self._with_probe = self._copy_for_probe if is_made else None
        self._error: Exception | None = None

    def make(self) -> None:
        """Make everything, so that parallel scenarios find it.

        An error is kept, and raised when a scenario asks for what could not be made.
        """
        try:
            self.with_probe()
        except (InfrastructureError, PromiseBroken) as error:
            self._error = error

    def repository(self) -> Repository:
        """A repository with a vault.

        Raises:
            InfrastructureError: the product could not make it.
        """
        if self._repository is None:
            machine = Machine.at(self._machine.root)
            environment = machine.environment(**self._variables)
            self._repository = initialise(self.commands_in(Path(machine.work), environment), with_vault=True)
        return self._repository

    def with_probe(self) -> Repository:
        """The same with the bundled probe.

        Raises:
            InfrastructureError: the product could not make it, or could not bundle the probe.
        """
        if self._error is not None:
            raise InfrastructureError(str(self._error))
        if self._with_probe is None:
            machine = Machine.at(self._probe_machine.root)
            repository = self.repository().copy_to(self._copy_for_probe.folder)
            environment = machine.environment(**self._variables, **self._network)
            install(repository, _EXTENSIONS, self.commands_in(repository.folder, environment), PROBE)
            self._with_probe = repository
        return self._with_probe

    def share_packages_with(self, machine: Machine, fallbacks: Fallbacks) -> None:
        """Give a machine the packages that bundling the probe needs, so that nothing is downloaded."""
        share_packages(self._probe_machine, machine, fallbacks)

    @property
    def _copy_for_probe(self) -> Repository:
        return Repository(self._probe_machine.here / "repository")

    def commands_in(self, folder: Path, environment: Mapping[str, str]) -> SwampCommands:
        """Commands in a folder, whose costs are those of the preparation."""
        commands = SwampCommands(self._binary, environment, folder)
        self.commands.append(commands)
        return commands
