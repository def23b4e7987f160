"""Workers and orchestrators that go away and come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from swamp_harness.product.conventions import ORCHESTRATOR_ZONE
from swamp_harness.product.machine import Machine
from swamp_harness.scenario.lateness import Lateness
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import POOL_CHANGED, WORKER_CONNECTED, Limit
from swamp_harness.system.waiting import wait_until


def wait_until_noticed(world: World, worker: str) -> None:
    """Wait until the live pool shows a worker as not connected."""
    name = world.member_of(worker)
    wait_until(
        f'the orchestrator to notice the loss of "{worker}"',
        lambda: world.live_pool(name),
        lambda members: any(not member.connected for member in members),
        POOL_CHANGED,
    )


def notice_of_silence(world: World, worker: str, allowed: timedelta) -> Lateness:
    """Whether the live pool showed a worker as not connected so soon after its network had gone silent.

    Raises:
        InfrastructureError: the network did not go silent.
    """
    silent = world.workers.network(worker).stalled_at
    if silent is None:
        raise InfrastructureError(
            f'The network of "{worker}" did not go silent: add a step before, in which it does.'
        )
    losses = world.pool_watch.losses.get(world.member_of(worker), [])
    return Lateness.of(next((loss - silent for loss in losses if loss >= silent), None), allowed)


def leave_and_return(
    world: World, worker: str, leave: Callable[[], object], come_back: Callable[[], None], times: int
) -> None:
    """Make a worker leave the live pool and come back to it, several times."""
    for _ in range(times):
        leave()
        wait_for_connection(world, worker, "to leave the live pool", connected=False, limit=POOL_CHANGED)
        come_back()
        wait_for_connection(
            world, worker, "to come back to the live pool", connected=True, limit=WORKER_CONNECTED
        )


def leave_during_absence(world: World, worker: str, other: str, times: int) -> None:
    """Kill a worker, let another leave and return by its network, start the first again; several times."""
    actor, path = world.workers[worker], world.workers.network(other)

    def come_back() -> None:
        leave_and_return(world, other, path.cut, path.heal, times=1)
        actor.start_again()

    leave_and_return(world, worker, actor.kill, come_back, times)


def wait_for_connection(world: World, worker: str, awaited: str, *, connected: bool, limit: Limit) -> None:
    """Wait until the live pool shows a worker as connected, as the worker reports it, or as not connected."""
    name, actor = world.member_of(worker), world.workers[worker]
    wait_until(
        f'"{worker}" {awaited}',
        lambda: world.live_pool(name),
        # The pool shows a worker before the worker has the answer: a break then would be another absence.
        lambda members: (
            any(member.connected for member in members) == connected
            and (not connected or actor.reports_connection)
        ),
        limit,
    )


def reboot(world: World, off: Sequence[str]) -> None:
    """Kill every process, remove what a reboot removes, and start everything but some workers again.

    Args:
        world: the scenario's.
        off: the workers whose machines stay off.
    """
    # The orchestrator first, so that it cannot record that the workers are gone.
    world.orchestrator.kill()
    for worker in world.workers.all():
        worker.kill()
        worker.machine.reboot()
    world.orchestrator.start()
    for name in world.workers.names():
        if name not in off:
            world.workers[name].start_again()


def restart_orchestrator_and_wait(
    world: World, end: Callable[[], object], variables: Mapping[str, str] | None = None
) -> None:
    """End the orchestrator, start it again, and wait until every worker that ran is connected.

    Args:
        world: the scenario's.
        end: how it ends.
        variables: its new environment variables; the same as before if None.
    """
    ran = [name for name in world.workers.names() if world.workers[name].alive]
    restart_orchestrator(world, end, variables=variables)
    for worker in ran:
        wait_for_connection(world, worker, "to come back to the pool", connected=True, limit=WORKER_CONNECTED)


def restart_orchestrator(
    world: World, end: Callable[[], object] | None = None, *, variables: Mapping[str, str] | None = None
) -> None:
    """End the orchestrator and start it again, with other variables if given.

    Workers on a network that can be cut only see a break of their network: their attempts to connect wait
    meanwhile.

    Args:
        world: the scenario's.
        end: how it ends; it is stopped if None.
        variables: its new environment variables; the same as before if None.
    """
    networks = world.workers.networks()
    for network in networks:
        network.cut()
    (end or world.orchestrator.stop)()
    if variables is not None:
        machine = Machine(world.folder / world.orchestrator.name)
        world.orchestrator.environment = machine.environment(
            **{**world.variables, **ORCHESTRATOR_ZONE, **variables}
        )
    world.orchestrator.start()
    for network in networks:
        network.heal()
