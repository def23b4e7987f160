"""What a scenario says of a worker that it starts, and how such a worker is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from swamp_harness.product.machine import CachePlace, Machine
from swamp_harness.product.worker_settings import labels_by_variable
from swamp_harness.scenario import enrollment
from swamp_harness.scenario.environment import server_credential, variables_of
from swamp_harness.scenario.world import World


class Presented(Enum):
    """The credential that a worker presents."""

    MINTED = "that its token was minted with"
    MALFORMED = "one in the wrong format"
    NEARLY_RIGHT = "its token's, with a secret that differs by one character"
    NEVER_MINTED = "that of a token that does not exist"


@dataclass(frozen=True)
class WorkerDetails:
    """What a scenario says of a worker; what it does not say is as usual.

    Attributes:
        token: that it presents; that of its own name when empty.
        credential: that it presents.
        labels: its scheduling labels.
        labels_in_variable: those labels of which a variable tells it other values.
        slots: how many steps it takes at a time.
        cached: whether it is given a cache directory.
        cache: where its cache directory is.
        on_a_network: whether it reaches the orchestrator over a network path that can fail.
        by_environment: whether it is configured by variables instead of arguments.
        variables: the names of what it finds in its environment beside what every worker does.
        server_credential: whether its environment has a credential for the server.
        machine_of: the worker on whose machine it runs; it has a machine of its own when empty.
        clone_of: the worker on a copy of whose machine it runs.
        protocol_shift: how far off the protocol version is that it states.
        other_release: whether it is the binary of another protocol version.
    """

    token: str = ""
    credential: Presented = Presented.MINTED
    labels: Mapping[str, str] | None = None
    labels_in_variable: tuple[str, ...] = ()
    slots: int = 1
    cached: bool = True
    cache: CachePlace | None = None
    on_a_network: bool = False
    by_environment: bool = False
    variables: tuple[str, ...] = ()
    server_credential: bool = False
    machine_of: str = ""
    clone_of: str = ""
    protocol_shift: int = 0
    other_release: bool = False


WORKER_AS_USUAL = WorkerDetails()


def enroll(world: World, name: str, details: WorkerDetails) -> None:
    """Start a worker, and wait until it is enrolled."""
    labels = {} if details.labels is None else {"labels": details.labels}
    enrollment.enroll_worker(
        world,
        name,
        token=details.token,
        on_a_network=details.on_a_network,
        machine=_machine(world, name, details),
        variables=_variables(name, details),
        cached=details.cached,
        slots=details.slots,
        by_environment=details.by_environment,
        **labels,
    )


def connect(world: World, name: str, details: WorkerDetails) -> None:
    """Start a worker; whether it enrolls is for the scenario to see."""
    if details.credential is not Presented.MINTED:
        enrollment.connect_with(world, name, _forged(world, name, details.credential))
        return
    enrollment.connect_worker(
        world,
        name,
        token=details.token or name,
        labels=details.labels,
        machine=_machine(world, name, details),
        protocol_shift=details.protocol_shift,
        other_release=details.other_release,
    )


def _machine(world: World, name: str, details: WorkerDetails) -> Machine | None:
    if details.machine_of:
        return world.workers.machine_of(details.machine_of)
    if details.clone_of:
        return world.workers.clone_machine_of(details.clone_of)
    return world.workers.new_machine(name, cache=details.cache) if details.cache else None


def _variables(name: str, details: WorkerDetails) -> dict[str, Any]:
    return {
        **variables_of(name, details.variables),
        **labels_by_variable(dict.fromkeys(details.labels_in_variable, "other")),
        **(server_credential() if details.server_credential else {}),
    }


def _forged(world: World, name: str, credential: Presented) -> str:
    if credential is Presented.NEARLY_RIGHT:
        return str(world.operator.credential(name).nearly())
    return "malformed" if credential is Presented.MALFORMED else f"never-minted.{'0' * 64}"
