"""What a scenario begins with: the Givens make it, and wait until it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.fallbacks import Fallback
from swamp_harness.product.machine import Machine
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.repository import initialise
from swamp_harness.product.serve_api import UnknownRequest
from swamp_harness.product.trust import trust_of_command
from swamp_harness.product.workflow import Workflow
from swamp_harness.scenario.client_machine import RemoteClient
from swamp_harness.scenario.followed_runs import Runs
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.placement import ANY_WORKER
from swamp_harness.scenario.probe import PROBE
from swamp_harness.scenario.scene import Scene
from swamp_harness.scenario.security import Security
from swamp_harness.system.certificates import Identity, Trust
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import POOL_CHANGED
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.waiting import wait_until

_ORCHESTRATOR = "orchestrator"


class Given:
    """Makes what a scenario begins with.

    What the product refuses here breaks no promise of the scenario: it is an `InfrastructureError`.

    Args:
        scene: where it will be.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def repository(self, *, with_vault: bool = True, with_probe: bool = False) -> None:
        """Give the operator a repository of this scenario's own."""
        scene, run_context = self._scene, self._scene.run_context
        machine = Machine.at(scene.folder / "operator")
        folder = machine.here / "repository"
        commands = SwampCommands(run_context.binary.runs_as, machine.environment(**scene.variables), folder)
        if with_probe:
            scene.repository = run_context.repository_with_probe().copy_to(folder)
            run_context.share_packages_with(machine, scene.fallbacks)
        elif with_vault:
            scene.repository = run_context.prepared_repository().copy_to(folder)
        else:
            folder.mkdir()
            scene.repository = initialise(commands, with_vault=False)
        scene.operator = Operator(commands, scene.fallbacks)
        scene.runs = Runs(run_context.binary.runs_as, commands.environment, machine.work, scene.evidence)

    def vault(self, name: str) -> None:
        """Give the repository a vault beside the one that it has."""
        made = self._scene.operator.commands.run("vault", "create", "local_encryption", name)
        _demand("vault could not be created", made)

    def workflow(self, workflow: Workflow) -> None:
        """Give the operator a repository with a workflow whose steps are the probe's."""
        scene = self._scene
        if scene.orchestrators:
            # An orchestrator knows the extensions that were there when it started.
            raise InfrastructureError("Tell of the workflow first, and of the orchestrator then.")
        self.repository(with_probe=True)
        scene.workflow = workflow
        scene.evidence.write("The workflow", "workflow.yaml", workflow.write_to(scene.repository))

    def model(self, name: str) -> None:
        """Give the operator a repository with a model that is an instance of the probe."""
        self.repository(with_probe=True)
        _demand("model could not be created", self._scene.operator.create_model(PROBE, name))
        self._scene.model = name

    def orchestrator(
        self,
        name: str = _ORCHESTRATOR,
        *,
        flags: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        identity: Identity | None = None,
    ) -> None:
        """Start an orchestrator that serves the operator's repository, and wait until it is ready.

        Args:
            name: how messages call it.
            flags: that it is started with.
            variables: what it finds in its environment beside what every process of the scenario does.
            identity: the kind of certificate that it shows; it does not speak TLS when None.
        """
        scene = self._scene
        if identity is not None:
            scene.security = Security(
                scene.folder / "certificates", identity, scene.workers.addresses_of_this_machine
            )
        if Scene.repository.of(scene) is None:
            self.repository()
        machine = Machine.at(scene.folder / name)
        if Scene.workflow.of(scene) is not None:
            scene.run_context.share_packages_with(machine, scene.fallbacks)
        orchestrator = Orchestrator(
            name,
            scene.run_context.binary.runs_as,
            machine.environment(**{**scene.variables, **(variables or {})}),
            scene.repository,
            log=ProcessLog(scene.evidence.log_file(name)),
            flags=flags,
            certificate=scene.security.certificate if Scene.security.of(scene) else None,
            fallbacks=scene.fallbacks,
        )
        scene.orchestrators[name] = orchestrator
        orchestrator.start()

    def secret(self, key: str, *, of_several_lines: bool = False, begins_with: str = "") -> None:
        """Put a new secret into the vault, as `Operator.keep_secret` does."""
        kept = self._scene.operator.keep_secret(
            key, of_several_lines=of_several_lines, begins_with=begins_with
        )
        _demand("secret could not be put into the vault", kept)

    def trust(self, trust: Trust) -> None:
        """Decide whom the operator trusts from now on, and every worker that starts from now on."""
        self._scene.security.trust(trust)
        self._scene.operator.commands.environment.update(trust_of_command(self._scene.trusted))

    def another_machine(self, *, on_a_network: bool = False) -> None:
        """Take the operator to a machine that has nothing but swamp and the address of the orchestrator.

        Args:
            on_a_network: whether the operator reaches the orchestrator over a network path that can fail.
        """
        scene, run_context = self._scene, self._scene.run_context
        machine = Machine.at(scene.folder / "another-machine")
        variables = {**run_context.mark(scene.scenario), **trust_of_command(scene.trusted)}
        commands = SwampCommands(run_context.binary.runs_as, machine.environment(**variables), machine.work)
        server = scene.orchestrator.api.url
        if on_a_network:
            network = scene.cleanup.enter_context(NetworkPath(scene.orchestrator.address))
            host, port = network.address
            server, scene.operator_network = f"ws://{host}:{port}", network
        scene.remote_client = RemoteClient(machine, commands, server)
        scene.runs = Runs(
            run_context.binary.runs_as, commands.environment, machine.work, scene.evidence, server=server
        )

    def token(self, token: str, *, lifetime: str = "", revoked: bool = False, machines: int = 1) -> None:
        """Mint a token, of the usual lifetime unless another is given, and revoke it if asked.

        One that only has to be there costs a request where an orchestrator runs, not a command.
        """
        scene, operator = self._scene, self._scene.operator
        usual = scene.times.usual_lifetime
        is_plain = not lifetime and not revoked and machines == 1
        if is_plain and scene.has_orchestrator and self._minted_by_request(token, usual):
            return
        minted = operator.mint(token, lifetime or usual, machines)
        _demand("token could not be prepared", minted)
        if revoked:
            revoked_now = operator.revoke(token)
            _demand("token could not be prepared", revoked_now)
            if revoked_now.output is Output.JSON:
                revoked_now.answer("token-revoke")
        operator.note_lifetime(token, minted)

    def worker(
        self,
        name: str,
        *,
        token: str = "",
        labels: Mapping[str, str] = ANY_WORKER,
        on_a_network: bool = False,
        machine: Machine | None = None,
        variables: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        """Enroll a worker, minting its token if there is none yet.

        Args:
            name: of the worker.
            token: that it presents; that of its own name when empty.
            labels: its scheduling labels; those that a step for any worker asks for, unless others are given.
            on_a_network: whether it reaches the orchestrator over a network path that can fail.
            machine: where it runs; a machine of its own when None.
            variables: what it finds in its environment beside what every worker does.
            settings: further ones of `WorkerSettings`.
        """
        scene = self._scene
        if (token or name) not in scene.operator.credentials:
            self.token(token or name)
        credential = str(scene.operator.credential(token or name))
        all_settings = replace(scene.settings_of_worker(credential, labels), **settings)
        worker = scene.workers.make(name, all_settings, machine=machine, variables=variables)
        start = scene.workers.start_on_a_network if on_a_network else scene.workers.start
        start(name, scene.orchestrator.address)
        worker.wait_until_enrolled()
        scene.workers.remember_first_enrollment(name)
        # A token for several machines gives each of them a name of its own.
        member = worker.enrolled_as if token else name
        scene.memberships[name] = wait_until(
            f'the pool to list "{member}"', lambda: scene.members(member), bool, POOL_CHANGED
        )[0]

    def _minted_by_request(self, token: str, lifetime: str) -> bool:
        operator, api = self._scene.operator, self._scene.orchestrator.api
        try:
            operator.mint_at(api, token, lifetime)
        except UnknownRequest:
            self._scene.fallbacks[Fallback.TOKEN_BY_COMMAND] += 1
            return False
        return True


def _demand(failure: str, result: CommandResult) -> None:
    if not result.succeeded:
        raise InfrastructureError(f"The scenario's {failure}:\n{result}")
