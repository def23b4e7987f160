"""What steps found in their environment, and whose variables those were."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping

from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.redaction import SECRETS

NOBODY = "nobody"
ORCHESTRATOR = "the orchestrator"
RESTARTED = "the restarted orchestrator"
# What a worker is told about its orchestrator; the control plane's own (design/remote-execution.md,
# "Dispatch runners").
_CONTROL_PLANE = ("SWAMP_WORKER_TOKEN", "SWAMP_SERVER_TOKEN", "SWAMP_ORCHESTRATOR_URL")
# What a shell and the product's runtime set of their own for what they start.
_OF_THE_RUNTIME = re.compile(r"_|PWD|OLDPWD|SHLVL|DENO_.*")
# How much of a value is shown that is nobody's.
_SHOWN = 100
# Variables whose values something on the way could cut, trim, evaluate or drop, each with its owner in it.
# Windows allows a variable less than 32 KiB, and Linux less than 128.
_VALUES: Mapping[str, Callable[[str], str]] = {
    "PATH": lambda owner: os.pathsep.join((os.environ["PATH"], owner)),  # must go on working
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
    """Variables whose values tell whose they are.

    Args:
        owner: whose they are.
        names: of the variables.
    """
    return {name: _VALUES.get(name, f"{name} of {{}}".format)(owner) for name in names}


def server_credential() -> dict[str, str]:
    """The variable by which a worker is told a credential of its own for its orchestrator's server."""
    secret = secrets.token_hex(16)
    SECRETS.add(secret)
    return {"SWAMP_SERVER_TOKEN": f"uat-server.{secret}"}


def found_variables(world: World, worker: str, rows: Iterable[Mapping[str, str]]) -> list[Row]:
    """Whose the variables were that steps found.

    Args:
        world: the scenario's.
        worker: that ran the steps.
        rows: each with a step, which start of it is meant (the first unless said), and a variable.

    Returns:
        The rows, each with whose the value was: "the orchestrator", the worker, "nobody" if the variable was
        not there, or the value itself if it was of none of them.

    Raises:
        InfrastructureError: such a step noted no environment.
    """
    return [
        {**row, "found that of": _owner(world, worker, row["variable"], _environment(world, row))}
        for row in ({key: value for key, value in row.items() if key != "found that of"} for row in rows)
    ]


def of_the_control_plane(world: World, worker: str, step: str) -> list[str]:
    """The variables of a step that are, or may be, the control plane's, each time that it began.

    Those are the ones that tell the worker's credential or the orchestrator's address, and those that neither
    the orchestrator nor the worker was started with: whatever a worker adds of its own could be a credential.

    Raises:
        InfrastructureError: the step noted no environment.
    """
    host, port = world.orchestrator.address
    telling = (world.operator.secret(worker), f"{host}:{port}")
    given = {*world.orchestrator.environment, *world.workers[worker].variables}
    return sorted(
        {
            name
            for environment in _environments(world, step, at_least=1)
            for name, value in environment.items()
            if name in _CONTROL_PLANE
            or not (name in given or _OF_THE_RUNTIME.fullmatch(name))
            or any(word in value for word in telling)
        }
    )


def _environment(world: World, row: Mapping[str, str]) -> dict[str, str]:
    start = int(row.get("start", "1"))
    return _environments(world, row["step"], at_least=start)[start - 1]


def _environments(world: World, step: str, *, at_least: int) -> list[dict[str, str]]:
    noted = world.probe_log.environments(step)
    if len(noted) < at_least:
        raise InfrastructureError(f'The step "{step}" noted its environment {len(noted)} times.')
    return noted


def _owner(world: World, worker: str, variable: str, environment: Mapping[str, str]) -> str:
    if variable not in environment:
        return NOBODY
    value = environment[variable]
    # Those that the scenario gave may be gone since; the others tell no owner.
    given = {owner: variables_of(owner, [variable]) for owner in (ORCHESTRATOR, RESTARTED, worker)}
    present = {ORCHESTRATOR: world.orchestrator.environment, worker: world.workers[worker].environment}
    for owner, own in (*given.items(), *present.items()):
        if value == own.get(variable):
            return owner
    return value if len(value) < _SHOWN else f"{value[:_SHOWN]}... ({len(value)} characters)"
