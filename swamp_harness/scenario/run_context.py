"""What all scenarios of a run share: binary, hosts, preparation, folder, guardian."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.product.binaries import Binaries
from swamp_harness.product.binary import Binary, Release
from swamp_harness.product.extension import network_settings
from swamp_harness.product.machine import Machine
from swamp_harness.product.releases import Releases
from swamp_harness.product.target import Target
from swamp_harness.scenario.inventory import HostEntry, load, platforms_of, prepare
from swamp_harness.scenario.kept_bundles import make_bundles
from swamp_harness.scenario.preparation import PREPARATION, Preparation
from swamp_harness.scenario.server_tokens import TokenRepository, make_with_server_tokens
from swamp_harness.scenario.used_repository import UsedRepository, make_used
from swamp_harness.scenario.worker_hosts import WorkerHosts
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import remove_folder
from swamp_harness.system.guardian import Guardian
from swamp_harness.system.limits import BUNDLES_KEPT, REPOSITORY_USED, set_pace
from swamp_harness.system.made_once import made_once
from swamp_harness.system.marked_processes import MARK_VARIABLE, end_marked, mark_of
from swamp_harness.system.processor_time import Usage
from swamp_harness.system.ready_program import is_possible, made_ready, ready_for
from swamp_harness.system.remains_of_run import KEEP_FILE, remove_unless_kept

# Names the folder in which a run has kept scenarios; the next run removes that folder.
_KEPT = "kept-on-disk.txt"


@dataclass(frozen=True)
class Hosts:
    """Where workers may run.

    Attributes:
        usable: the hosts that can be used.
        unavailable: the others, each with the reason as a sentence.
    """

    usable: list[HostEntry]
    unavailable: dict[HostEntry, str]

    @classmethod
    def checked(cls, environ: Mapping[str, str], binary: Binary) -> Hosts:
        """Check each host of the run, and copy the release there if the host asks for it.

        Raises:
            UnusableInput: the hosts file is not usable (exit code 2).
        """
        usable: list[HostEntry] = []
        unavailable: dict[HostEntry, str] = {}
        releases = Releases.of(environ)
        for host in load(environ):
            try:
                usable.append(prepare(host, binary, releases))
            except InfrastructureError as error:
                unavailable[host] = str(error)
        return cls(usable, unavailable)


class RunContext:
    """What all scenarios of one run share.

    Args:
        target: the program under test.
        binaries: the binary under test, and those of other releases.
        hosts: where workers may run.
        reports: the folder for the run's artifacts.
        run_id: the mark of every process of the run.
        guardian: ends what the run leaves behind, even if the run is killed.
        folder: the run's working folder; outside of `reports`, because the product writes secrets into it.
        network: the environment variables of commands that may download.
        prepared: the folder for what scenarios copy, if several runs share it: the first one makes it. None
            for a folder of the run itself.
        ends: what ends with the run.
        loading: what a ready program has used to load the processes of the run; None if there is none.

    Attributes:
        target: the program under test.
        binary: the binary under test.
        companions: the binaries of other releases.
        machines: the hosts that can be used.
        unavailable_machines: the others, each with the reason as a sentence.
        reports: the folder for the run's artifacts.
        folder: the run's working folder.
        preparation: what scenarios copy.
        loading: what a ready program has used to load the processes of the run; None if there is none.
    """

    def __init__(
        self,
        target: Target,
        binaries: Binaries,
        hosts: Hosts,
        *,
        reports: Path,
        run_id: str,
        guardian: Guardian,
        folder: Path,
        network: Mapping[str, str],
        prepared: Path | None = None,
        ends: ExitStack | None = None,
        loading: Usage | None = None,
    ) -> None:
        self.target = target
        self.binary, self.companions = binaries.tested, binaries.companions
        self.machines, self.unavailable_machines = hosts.usable, hosts.unavailable
        self.reports = reports
        self.run_id = run_id
        self.folder = folder
        self._guardian, self._ends = guardian, ends or ExitStack()
        self.loading = loading
        self.preparation = Preparation(
            prepared or folder,
            self.binary.runs_as,
            self.mark(PREPARATION),
            network,
            is_made=prepared is not None and prepared.exists(),
        )

    @classmethod
    def open(
        cls, environ: Mapping[str, str], reports: Path, target: Target, prepared: Path | None = None
    ) -> RunContext:
        """Find or download the binaries, check the hosts, and create the run's working folder.

        Args:
            environ: the environment of the person who started the run.
            reports: the folder for the run's artifacts.
            target: the program under test.
            prepared: the folder for what scenarios copy, if several runs share it.

        Raises:
            UnusableInput: there is no usable binary (exit code 3), or the hosts file is not usable (exit
                code 2).
        """
        set_pace(target.times.limits)
        binaries = Binaries.found(environ, target)
        hosts = Hosts.checked(environ, binaries.tested)
        run_id = f"swamp-uat-{secrets.token_hex(4)}"
        # Resolved, so that product and suite use the same path if the temp folder is a link.
        folder = Path(tempfile.mkdtemp(prefix=f"{run_id}-")).resolve()
        guardian = Guardian(run_id, folder)  # before anything is written into the folder
        binaries = binaries.under_their_own_name(folder)
        ends = ExitStack()
        loading = ends.enter_context(_made_ready(target, binaries, folder, mark_of(run_id)))
        context = cls(
            target,
            binaries,
            hosts,
            reports=reports,
            run_id=run_id,
            guardian=guardian,
            folder=folder,
            network=network_settings(environ),
            prepared=prepared,
            ends=ends,
            loading=loading,
        )
        if prepared is not None:
            context.preparation.make()
        # This run also replaces the reports that name that folder, so nobody would find it any more.
        remove_what_was_kept(reports)
        return context

    def worker_hosts_for(self, scenario: str, folder: Path, platforms: Collection[str]) -> WorkerHosts:
        """The places for a scenario's workers, on machines of the given operating systems (any if empty)."""
        fit = [each for each in self.machines if not platforms or platforms_of([each]) <= set(platforms)]
        return WorkerHosts(fit, self.binary, self.run_id, scenario, folder)

    def become_child(self) -> None:
        """Leave ending the run to the parent process, of which this one is a fork."""
        self._guardian.leave_to_another()

    def mark(self, scenario: str = "") -> dict[str, str]:
        """The environment variables of every process: the run's mark, and what the target needs."""
        return {**self.target.variables, MARK_VARIABLE: mark_of(self.run_id, scenario)}

    def binary_of(self, release: Release) -> Path:
        """The binary of a release.

        Raises:
            InfrastructureError: there is none.
        """
        if release is Release.TESTED:
            return self.binary.runs_as
        found = self.companions[release]
        if found.binary is None:
            raise InfrastructureError(f"There is no binary of {release.value}: {found.remedy}.")
        return found.binary.runs_as

    def used_repository(self) -> UsedRepository:
        """The repository that the other release has used; made by the first process that asks for it.

        Raises:
            InfrastructureError: there is no other release, or it could not use a repository.
        """
        root, binary = self.folder / "used-repository", self.binary_of(Release.OTHER)
        return made_once(
            root,
            lambda: make_used(
                root,
                binary,
                self.mark(PREPARATION),
                self.target.times.usual_lifetime,
                self.reports / "evidence" / "the-repository-that-the-other-release-has-used",
            ),
            REPOSITORY_USED,
        )

    def repository_with_server_tokens(self) -> TokenRepository:
        """The repository with server tokens; made by the first process that asks for it.

        Raises:
            InfrastructureError: the product could not make it.
        """
        root = self.folder / "repository-with-server-tokens"

        def make() -> TokenRepository:
            machine = Machine.at(root / "operator")
            repository = self.preparation.with_probe().copy_to(machine.here / "repository")
            environment = machine.environment(**self.mark(PREPARATION))
            commands = self.preparation.commands_in(repository.folder, environment)
            return make_with_server_tokens(repository, commands)

        return made_once(root, make, REPOSITORY_USED)

    def bundles_of_an_earlier_day(self) -> Path | None:
        """What a worker that has run steps before has kept; None if the target writes bundles whole.

        Made by the first process that asks for it.

        Raises:
            InfrastructureError: no worker could run a step of each model of the suite.
        """
        if not self.target.writes_bundles_in_place:
            return None
        root = self.folder / "earlier-day"
        return made_once(
            root,
            lambda: make_bundles(
                root,
                self.binary.runs_as,
                self.preparation,
                variables=self.mark(PREPARATION),
                lifetime=self.target.times.usual_lifetime,
                logs=self.reports / "evidence" / "the-worker-of-an-earlier-day",
            ),
            BUNDLES_KEPT,
        )

    def mark_of(self, scenario: str) -> str:
        """The mark of every process of a scenario."""
        return mark_of(self.run_id, scenario)

    def end_scenario(self, scenario: str, folder: Path, *, keep: bool) -> int:
        """End the processes that a scenario left running, and remove its folder or mark it as kept.

        Returns:
            How many processes were still running.

        Raises:
            InfrastructureError: some cannot be ended, or something cannot be removed.
        """
        try:
            return end_marked(mark_of(self.run_id, scenario))
        finally:
            if keep and folder.exists():
                (folder / KEEP_FILE).touch()
                (self.reports / _KEPT).write_text(f"{self.folder}\n", "utf-8")
            else:
                remove_unless_kept(folder)

    def close(self) -> None:
        """End the run: end its processes, and remove what need not be kept."""
        self._ends.close()
        self._guardian.dismiss()


def _made_ready(
    target: Target, binaries: Binaries, folder: Path, mark: str
) -> contextlib.AbstractContextManager[Usage | None]:
    """Let a ready program start the processes of a run, if the target has one and none is in use yet."""
    tested = str(binaries.tested.runs_as)
    if not target.ready_program or not is_possible(target.variables) or ready_for(tested) is not None:
        return contextlib.nullcontext()
    others = [str(each.binary.runs_as) for each in binaries.companions.values() if each.binary is not None]
    environment = {**os.environ, MARK_VARIABLE: mark}
    return made_ready(target.ready_program, [tested, *others], folder, environment)


def remove_what_was_kept(reports: Path) -> None:
    """Remove the folders of scenarios that a run has left on disk for people to inspect.

    Args:
        reports: the folder with the artifacts of that run.
    """
    note = reports / _KEPT
    if not note.exists():
        return
    folder = Path(note.read_text("utf-8").strip())
    if any(folder.glob(f"*/{KEEP_FILE}")):  # the note may be wrong: remove nothing but kept scenarios
        with contextlib.suppress(InfrastructureError):  # the folder may be in use
            remove_folder(folder)
    note.unlink()
