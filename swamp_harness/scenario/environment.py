"""The environment variables that steps found, and where each came from."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping

from swamp_harness.product.conventions import SERVER_TOKEN
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.redaction import SECRETS

NOBODY = "nobody"
ORCHESTRATOR = "the orchestrator"
RESTARTED = "the restarted orchestrator"
# The worker's own settings for its orchestrator (design/remote-execution.md, "Dispatch runners").
_CONTROL_PLANE = ("SWAMP_WORKER_TOKEN", SERVER_TOKEN, "SWAMP_ORCHESTRATOR_URL")
# Set by a shell and by the product's runtime for the processes that they start.
_OF_THE_RUNTIME = re.compile(r"_|PWD|OLDPWD|SHLVL|DENO_.*")
# The longest value of unknown origin that is shown in full.
_LONGEST_SHOWN = 100
# Variables whose values could be cut, trimmed, evaluated or dropped on the way; each contains its owner.
# The longest variable is 32 KiB on Windows and 128 KiB on Linux.
_VALUES: Mapping[str, Callable[[str], str]] = {
    "PATH": lambda owner: os.pathsep.join((os.environ["PATH"], owner)),  # programs must still be found
    "PLACES": lambda owner: os.pathsep.join((r"/a place", r"C:\places", "", owner)),
    "SEVERAL": lambda owner: f"several lines of {owner}\nSECOND=line\r\n\n the last one\n",
    "LETTERS": lambda owner: f"Grüße, 世界, שלום, e\u0301, 👋🏽 of {owner}\u00a0",
    "QUOTES": lambda owner: f"'\"` \\ \\n $HOME ${{HOME}} %PATH% $(id) ${{{{ 1 + 1 }}}} of {owner}",
    "BLANKS": lambda owner: f"  \tof {owner}\t ",
    "EQUALS": lambda owner: f"=a=b==of {owner}=",
    "NUMBER": lambda owner: f"00{len(owner)}",
    "VERY_LONG": lambda owner: f"{'0123456789' * (10_000 if os.name == 'posix' else 3_000)} of {owner}",
    "EMPTY": lambda owner: "" if owner == ORCHESTRATOR else f"EMPTY of {owner}",
    "EMPTIED": lambda owner: "" if owner == RESTARTED else f"EMPTIED of {owner}",
}


def variables_of(owner: str, names: Iterable[str]) -> dict[str, str]:
    """Variables whose values contain their owner.

    Args:
        owner: the process that is started with them.
        names: of the variables.
    """
    return {name: _VALUES.get(name, f"{name} of {{}}".format)(owner) for name in names}


def server_credential() -> dict[str, str]:
    """The variable that gives a worker a credential for its orchestrator's server."""
    secret = secrets.token_hex(16)
    SECRETS.add(secret)
    return {SERVER_TOKEN: f"uat-server.{secret}"}


def found_variables(world: World, worker: str, rows: Iterable[Mapping[str, str]]) -> list[Row]:
    """The owners of variables that steps found in their environment.

    Args:
        world: the scenario's.
        worker: that ran the steps.
        rows: each with a step, optionally the number of its start (the first by default), and a variable.

    Returns:
        The rows, each with the owner: "the orchestrator", the worker, "nobody" if there was no such variable,
        or the value itself if it is neither's.

    Raises:
        InfrastructureError: a step recorded no environment.
    """
    return [
        {**row, "value of": _owner(world, worker, row["variable"], _environment(world, row))}
        for row in ({key: value for key, value in row.items() if key != "value of"} for row in rows)
    ]


def of_the_control_plane(world: World, worker: str, step: str) -> list[str]:
    """The variables in any start of a step that belong, or may belong, to the control plane.

    These contain the worker's credential or the orchestrator's address, or neither the orchestrator nor the
    worker was started with them: a variable that a worker adds could be a credential.

    Raises:
        InfrastructureError: the step recorded no environment.
    """
    host, port = world.orchestrator.address
    confidential = (world.operator.secret(worker), f"{host}:{port}")
    given = {*world.orchestrator.environment, *world.workers[worker].variables}
    return sorted(
        {
            name
            for environment in _environments(world, step, at_least=1)
            for name, value in environment.items()
            if name in _CONTROL_PLANE
            or not (name in given or _OF_THE_RUNTIME.fullmatch(name))
            or any(word in value for word in confidential)
        }
    )


def _environment(world: World, row: Mapping[str, str]) -> dict[str, str]:
    start = int(row.get("start", "1"))
    return _environments(world, row["step"], at_least=start)[start - 1]


def _environments(world: World, step: str, *, at_least: int) -> list[dict[str, str]]:
    recorded = world.probe_log.environments(step)
    if len(recorded) < at_least:
        raise InfrastructureError(
            f'The step "{step}" recorded its environment {len(recorded)} times, {at_least} are needed: see '
            "that it records its environment, and that it ran as often."
        )
    return recorded


def _owner(world: World, worker: str, variable: str, environment: Mapping[str, str]) -> str:
    if variable not in environment:
        return NOBODY
    value = environment[variable]
    # The scenario may have removed the variables that it gave; other variables do not contain their owner.
    given = {owner: variables_of(owner, [variable]) for owner in (ORCHESTRATOR, RESTARTED, worker)}
    present = {ORCHESTRATOR: world.orchestrator.environment, worker: world.workers[worker].environment}
    for owner, own in (*given.items(), *present.items()):
        if value == own.get(variable):
            return owner
    return value if len(value) < _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}... ({len(value)} characters)"
