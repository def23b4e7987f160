"""How every command of the suite starts: in its own checkout, by the project's own settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from behave.configuration import Configuration, read_configuration

from swamp_harness.install import place_of
from swamp_harness.product.releases import CACHE_VARIABLE, RELEASES_VARIABLE
from swamp_harness.product.target import REQUIRE_VARIABLE, TARGET_VARIABLE
from swamp_harness.scenario.inventory import FORMER_NAME, HOSTS_VARIABLE
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.limits import SCALE_VARIABLE
from swamp_harness.system.marked_processes import MARK_VARIABLE

_OWN = "UAT_"
# How alike a variable is to one of the suite's that was probably meant, from 0 to 1.
_ALMOST = 0.85
# What people set; docs/running.md explains them.
VARIABLES = (
    *(project.REPORTS_VARIABLE, project.DEVIATIONS_VARIABLE, project.WAIVERS_VARIABLE),
    *(CACHE_VARIABLE, RELEASES_VARIABLE, REQUIRE_VARIABLE, TARGET_VARIABLE, HOSTS_VARIABLE, SCALE_VARIABLE),
)
# The first has a message of its own; the suite sets the second one for its processes.
_OTHERS = (FORMER_NAME, MARK_VARIABLE)


def refuse_if_misplaced() -> None:
    """Refuse to run a command that would use the code of another checkout.

    Raises:
        UnusableInput: its environment was made for another place (exit code 2).
    """
    complaint = misplaced(Path(sys.argv[0]), Path(sys.prefix), project.ROOT)
    if complaint:
        raise UnusableInput(complaint, ExitCode.BAD_COMMAND_LINE)


def refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """Refuse variables that are almost the suite's: without the one that was meant a run may go another way.

    Others that begin alike may belong to another program.

    Raises:
        UnusableInput: there is one (exit code 2).
    """
    for name in environ:
        if name.startswith(_OWN) and environ[name] and name not in (*VARIABLES, *_OTHERS):
            for near in get_close_matches(name, VARIABLES, n=1, cutoff=_ALMOST):
                raise UnusableInput(
                    f"{name} is not a variable of the suite: did you mean {near}?", ExitCode.BAD_COMMAND_LINE
                )


def refuse_another_runner(context: Any) -> None:
    """End a run by behave's own runner, which behave uses where it does not find this project's settings.

    The process ends with exit code 2, and a message on standard error.
    """
    if "session" not in context:
        print(
            f"swamp-uat: behave reads this project's settings in {project.ROOT} only: start it there, or use "
            "`swamp-uat run`, which may be started anywhere.",
            file=sys.stderr,
            flush=True,
        )
        # An exception in a hook ends behave's own runner with 1, which would mean a broken promise.
        os._exit(ExitCode.BAD_COMMAND_LINE)


def misplaced(script: Path, environment: Path, root: Path) -> str:
    """Why a command, copied or moved with its checkout, would use the code of another one; empty if not.

    Args:
        script: that was started.
        environment: the folder of the Python environment that runs it.
        root: the checkout that its code was loaded from.
    """
    belongs_to = script.absolute().parent.parent
    if (belongs_to / "pyvenv.cfg").exists() and belongs_to.resolve() != environment.resolve():
        return _moved(belongs_to, f"runs what is installed in {environment}")
    made_for = place_of(environment)
    if made_for and not (Path(made_for) == root == environment.resolve().parent):
        return _moved(environment, f"was made for {made_for}")
    return ""


def configuration(arguments: list[str], **settings: Any) -> Configuration:
    """Behave's configuration by this project's settings alone; a user's own settings do not apply."""
    project_settings: Mapping[str, Any] = read_configuration(str(project.ROOT / "pyproject.toml"))
    # Without a stage behave would look for one in the environment.
    return Configuration(arguments, load_config=False, **{**project_settings, "stage": "", **settings})


def _moved(environment: Path, why: str) -> str:
    return (
        f"{environment} {why}, as its checkout was copied or moved: run `make uat` or `make test` in this "
        "checkout, which makes its own environment."
    )
