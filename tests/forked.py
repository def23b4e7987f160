"""Commands of the suite as forks of a process that has loaded it, which takes longer than most commands.

The processes of the stand-in that they start are forks as well.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from swamp_harness.cli.main import main
from swamp_harness.quality.mutant_target import all_ready
from swamp_harness.specification import project
from swamp_harness.system.ready_program import ReadyProgram, all_in_use, use

_LONGEST = 120
_LOADED = ["swamp_harness.runner.read_in_advance", __name__]


def run_uat(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `swamp-uat` to its end, in the folder of the project."""
    # Python reads its own variables when it starts.
    other_python = any(
        name.startswith("PYTHON") and value != os.environ.get(name) for name, value in environment.items()
    )
    if sys.platform == "win32" or other_python:
        return subprocess.run(
            [sys.executable, "-m", "swamp_harness.cli.main", *words],
            env=environment,
            cwd=project.ROOT,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(_LOADED)
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        process = forks.Process(target=_run, args=(list(words), dict(environment), outputs, _ready()))
        process.start()
        process.join(_LONGEST)
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired(list(words), _LONGEST)
        stdout, stderr = (output.read_text("utf-8") for output in outputs)
        return subprocess.CompletedProcess(list(words), process.exitcode or 0, stdout, stderr)


@cache
def _ready() -> list[ReadyProgram]:
    """The stand-in, ready until this process ends."""
    end = ExitStack()
    atexit.register(end.close)
    folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="swamp-uat-tests-")))
    end.enter_context(all_ready(folder))
    return all_in_use()


def _run(
    words: list[str], environment: dict[str, str], outputs: list[Path], ready: list[ReadyProgram]
) -> None:
    use(ready)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(project.ROOT)
    for stream, output in zip((1, 2), outputs, strict=True):
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT), stream)
    sys.argv = ["swamp-uat", *words]
    sys.exit(main())
