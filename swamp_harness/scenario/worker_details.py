"""The details of a worker that a scenario starts, and how it is started with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from swamp_harness.product.binary import Release, another_machine
from swamp_harness.product.commands import Output
from swamp_harness.product.machine import CachePlace, Machine
from swamp_harness.product.worker_settings import NO_ADDRESS, OTHER_SETTINGS, labels_by_variable
from swamp_harness.scenario import enrollment
from swamp_harness.scenario.environment import server_credential, variables_of
from swamp_harness.scenario.network import heal_when_refused
from swamp_harness.scenario.placement import ANY_WORKER
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import copy
from swamp_harness.system.hosts.host import HERE

# No binary has this version.
_ANOTHER_RELEASE = {"swampVersion": "20200101.000000.0-sha.00000000"}


class Presented(Enum):
    """The credential that a worker presents."""

    MINTED = "the one that minting its token showed"
    WITHOUT_NAME = "its token's without the name of the token, which is malformed"
    NEARLY_RIGHT = "its token's, with a secret that differs by one character"
    HALVED = "its token's, with the first half of the secret only"
    NEVER_MINTED = "one of a token that does not exist"


@dataclass(frozen=True)
class WorkerDetails:
    """The details of a worker; the defaults are the usual ones.

    Attributes:
        token: the token that it presents; the one of its own name if empty.
        credential: the kind of credential that it presents.
        labels: its scheduling labels.
        labels_in_variable: the labels that have other values in an environment variable.
        more_labels_in_variable: the labels that only this variable has.
        slots: how many steps it runs at a time.
        step_limit: the number of steps after which it stops by itself; 0 for no limit.
        idle_time: the seconds without a step after which it stops by itself; 0 for no limit.
        cached: whether it has a cache directory.
        cache: the place of its cache directory.
        reconnects: whether it connects again when its connection closes.
        empty_machine_id: whether the file for its machine id is empty at its first start.
        linked_machine_id: whether that file is a symbolic link to one in another folder.
        output: the format of its output; that of all workers that start now if None.
        sends_data: whether it has the right address for the data of its steps.
        on_a_network: whether it reaches the orchestrator over a network path that can fail.
        slow: whether this path is slow.
        refusals: how many connections its network refuses before it heals.
        by_environment: whether it is configured by variables instead of arguments.
        contradicted: whether variables give other values to the settings on its command line.
        variables: the names of its environment variables, beside those of every worker.
        over_tls: whether it connects over TLS even to an orchestrator without it.
        server_token_of: the client whose server token it presents; none if empty.
        server_credential: whether its environment has a credential for the server.
        machine_of: the worker on whose machine it runs; it has a machine of its own if empty.
        returns_to_cache: whether its machine has the cache of its enrollment with the other release.
        clone_of: the worker on a copy of whose machine it runs.
        like_machine_of: the worker from whose machine id that of its machine differs at the end only.
        protocol_shift: the difference of its protocol version from the orchestrator's; None for no version.
        states_another_machine: whether it states another platform than its own.
        states_another_release: whether it states another release than its own.
        recorded: whether the refusals of the orchestrator are recorded.
        release: the release that it runs.
    """

    token: str = ""
    credential: Presented = Presented.MINTED
    labels: Mapping[str, str] | None = None
    labels_in_variable: tuple[str, ...] = ()
    more_labels_in_variable: Mapping[str, str] = field(default_factory=dict)
    slots: int = 1
    step_limit: int = 0
    idle_time: int = 0
    cached: bool = True
    cache: CachePlace | None = None
    reconnects: bool = True
    empty_machine_id: bool = False
    linked_machine_id: bool = False
    output: Output | None = None
    sends_data: bool = True
    on_a_network: bool = False
    slow: bool = False
    refusals: int = 0
    by_environment: bool = False
    contradicted: bool = False
    variables: tuple[str, ...] = ()
    over_tls: bool = False
    server_token_of: str = ""
    server_credential: bool = False
    machine_of: str = ""
    returns_to_cache: bool = False
    clone_of: str = ""
    like_machine_of: str = ""
    protocol_shift: int | None = 0
    states_another_machine: bool = False
    states_another_release: bool = False
    recorded: bool = False
    release: Release = Release.TESTED


WORKER_AS_USUAL = WorkerDetails()


def enroll(world: World, name: str, details: WorkerDetails) -> None:
    """Start a worker, and wait until it has enrolled."""
    labels = {} if details.labels is None else {"labels": details.labels}
    enrollment.enroll_worker(
        world,
        name,
        token=details.token,
        on_a_network=details.on_a_network,
        slow=details.slow,
        machine=_machine(world, name, details),
        variables=_variables(name, details),
        cached=details.cached,
        reconnects=details.reconnects,
        slots=details.slots,
        step_limit=details.step_limit,
        data_address="" if details.sends_data else NO_ADDRESS,
        by_environment=details.by_environment,
        release=details.release,
        **labels,
        **_settings(world, details),
    )


def connect(world: World, name: str, details: WorkerDetails) -> None:
    """Start a worker, without waiting until it has enrolled; its network heals if it refuses connections."""
    if details.credential is not Presented.MINTED:
        enrollment.connect_with(
            world,
            name,
            _forged(world, details.token or name, details.credential),
            machine=_machine(world, name, details),
            **_settings(world, details),
        )
        return
    enrollment.connect_worker(
        world,
        name,
        token=details.token or name,
        labels=ANY_WORKER if details.labels is None else details.labels,
        machine=_machine(world, name, details),
        variables=_variables(name, details),
        protocol_shift=details.protocol_shift,
        stated=_stated(details),
        release=details.release,
        on_a_network=details.on_a_network,
        slots=details.slots,
        idle_time=details.idle_time,
        by_environment=details.by_environment,
        refused=details.refusals > 0,
        **_settings(world, details),
    )
    if details.refusals:
        heal_when_refused(world, name, details.refusals)


def _stated(details: WorkerDetails) -> dict[str, str] | None:
    stated = {
        **(another_machine() if details.states_another_machine else {}),
        **(_ANOTHER_RELEASE if details.states_another_release else {}),
    }
    return stated if stated or details.recorded else None


def _settings(world: World, details: WorkerDetails) -> dict[str, Any]:
    client = details.server_token_of
    return {
        **({"server_token": str(world.server_tokens[client])} if client else {}),
        **({} if details.output is None else {"output": details.output}),
        **({"secure": True} if details.over_tls else {}),
    }


def _machine(world: World, name: str, details: WorkerDetails) -> Machine | None:
    if details.machine_of:
        return world.workers.machine_of(details.machine_of)
    if details.returns_to_cache:
        return _machine_of_before(world, name)
    if details.clone_of:
        return world.workers.clone_machine_of(details.clone_of)
    if details.like_machine_of:
        return world.workers.machine_with_similar_id(name, details.like_machine_of)
    if not (details.cache or details.empty_machine_id or details.linked_machine_id):
        return None
    machine = world.workers.new_machine(name, cache=details.cache)
    if details.empty_machine_id:
        machine.empty_machine_id()
    if details.linked_machine_id:
        machine.link_machine_id()
    return machine


def _machine_of_before(world: World, name: str) -> Machine:
    caches = world.used.caches
    if name not in caches:
        raise InfrastructureError(
            f'No worker "{name}" has enrolled with the other release; use one of: {", ".join(caches)}.'
        )
    machine = world.workers.new_machine(name)
    copy(HERE.files, caches[name], machine.host.files, machine.cache)
    return machine


def _variables(name: str, details: WorkerDetails) -> dict[str, Any]:
    return {
        **variables_of(name, details.variables),
        **labels_by_variable(
            {**dict.fromkeys(details.labels_in_variable, "other"), **details.more_labels_in_variable}
        ),
        **(server_credential() if details.server_credential else {}),
        **(OTHER_SETTINGS if details.contradicted else {}),
    }


def _forged(world: World, token: str, credential: Presented) -> str:
    if credential is Presented.NEVER_MINTED:
        return f"never-minted.{'0' * 64}"
    minted = world.operator.credential(token)
    if credential is Presented.NEARLY_RIGHT:
        return str(minted.nearly())
    return str(minted.halved()) if credential is Presented.HALVED else minted.secret
