"""The results of a run as one page, made by Allure 3: it opens offline, and loads nothing.

Allure 3's newest kind of page embeds a tracker and has no categories; its plug-in for pages like those of
Allure 2 has categories and works without the tracker. The lock file in `allure-report/`, where npm puts
all of it, has the exact versions.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from swamp_harness.render.documents import ALLURE_PAGE, ALLURE_RESULTS
from swamp_harness.results import history
from swamp_harness.results.history import HISTORY_FILE
from swamp_harness.results.run_record import RUN_FILE, SuiteRun, read_run
from swamp_harness.runner.allure_history import write_history
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, InfrastructureError, UnusableInput
from swamp_harness.system.limits import VERSION_ANSWER

_OLDEST_NODE = (20, 19)
_LOCK = "package-lock.json"
_INSTALLED = Path("node_modules", "installed-lock.json")
_ALLURE = Path("node_modules", "allure", "cli.js")
_LONGEST_INSTALL = 900
_LONGEST_PAGE = 300
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def make_page(reports: Path, environ: Mapping[str, str]) -> Path:
    """Make `report.html` of the Allure results in a folder of reports; Allure is installed first if need be.

    Args:
        reports: the folder.
        environ: the environment; Node.js is found on its PATH.

    Returns:
        The page.

    Raises:
        UnusableInput: there are no results (exit code 2), or no Node.js that will do (exit code 3).
        InfrastructureError: Allure cannot be installed, or makes no page.
    """
    record, results = read_run(reports / RUN_FILE), reports / ALLURE_RESULTS
    if not any(results.glob("*-result.json")):
        raise UnusableInput(
            f"There are no Allure results in {reports}: run `make uat` first.", ExitCode.BAD_COMMAND_LINE
        )
    node = _node(environ)
    _install(project.REPORT_PACKAGE, environ)
    with tempfile.TemporaryDirectory(prefix="swamp-uat-report-") as name:
        work = Path(name)
        past, output = work / "past", work / "output"
        past.mkdir()
        ids = {result.id for result in record.results}
        started = record.started.isoformat(timespec="seconds")
        write_history(history.read(reports / HISTORY_FILE), started, ids, past)
        settings = work / "settings.json"
        settings.write_text(json.dumps(_settings(record)), "utf-8")
        command = [
            *(node, str(project.REPORT_PACKAGE / _ALLURE), "generate"),
            *("--config", str(settings), "--output", str(output), str(results), str(past)),
        ]
        # Sends no analytics.
        complaint = _run(command, work, {**environ, "ALLURE_NO_ANALYTICS": "true"}, _LONGEST_PAGE)
        made = output / "index.html"
        if complaint is not None or not made.exists():
            raise InfrastructureError(
                f"Allure made no page of {results} ({complaint or 'it printed no error'})."
            )
        return Path(shutil.copyfile(made, reports / ALLURE_PAGE))


def _settings(record: SuiteRun) -> dict[str, object]:
    note = "" if record.is_for_sign_off else " (NOT A SIGN-OFF)"
    options = {"singleFile": True, "reportName": f"{record.target} {record.version}{note}"}
    return {"plugins": {"allure2": {"import": "@allurereport/plugin-allure2", "options": options}}}


def _node(environ: Mapping[str, str]) -> str:
    node = shutil.which("node", path=environ.get("PATH"))
    if node is None:
        raise _without_node("there is no node on the PATH")
    answer = _version_answer(node, environ)
    version = re.match(r"v(\d+)\.(\d+)\.", answer)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST_NODE:
        raise _without_node(f"{node} is {answer or 'not Node.js'}")
    return node


def _version_answer(node: str, environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            [node, "--version"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_ANSWER.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        limit = f"{VERSION_ANSWER.seconds:g} s"
        raise _without_node(f"{node} does not answer --version within {limit}") from error
    except OSError as error:
        raise _without_node(f"{node} cannot be executed ({error.strerror})") from error
    return done.stdout.decode("utf-8", errors="replace").strip()


def _without_node(found: str) -> UnusableInput:
    oldest = ".".join(map(str, _OLDEST_NODE))
    return UnusableInput(
        f"Allure 3 makes the report and needs Node.js {oldest} or newer with npm, but {found}: "
        "install it and run `make report` again; the results are kept.",
        ExitCode.NO_BINARY,
    )


def is_installed(package: Path) -> bool:
    """Whether a folder holds what its lock file lists."""
    lock, installed = package / _LOCK, package / _INSTALLED
    return installed.exists() and installed.read_bytes() == lock.read_bytes()


def _install(package: Path, environ: Mapping[str, str]) -> None:
    if is_installed(package):
        return
    npm = shutil.which("npm", path=environ.get("PATH"))
    if npm is None:
        raise _without_node("there is no npm on the PATH")
    print(f"Allure is being installed into {package} ...", flush=True)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    complaint = _run(command, package, environ, _LONGEST_INSTALL)
    if complaint is not None:
        raise InfrastructureError(
            f"npm cannot install Allure ({complaint}): make sure that npm reaches its registry, then run "
            "`make report` again; the results are kept."
        )
    shutil.copyfile(package / _LOCK, package / _INSTALLED)


def _run(command: Sequence[str], place: Path, environ: Mapping[str, str], longest: int) -> str | None:
    """Run a command.

    Returns:
        The first line of its error; None if it succeeded.
    """
    try:
        done = subprocess.run(
            command,
            cwd=place,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=longest,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    lines = _COLOUR.sub("", done.stderr or done.stdout).strip().splitlines()
    return lines[0] if lines else f"exit code {done.returncode}"
