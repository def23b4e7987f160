"""The process of a step: a fork and a new Python do the same."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from standin import step_process
from standin.step_process import StepProcess, started

Begin = Callable[[Mapping[str, str], Path], Awaitable[StepProcess]]

_JOB = {"modelType": "@uat/nothing", "method": "do", "secrets": [], "url": "", "trusted": "", "inputs": {}}

if sys.platform == "win32":
    _WAYS = [started]
else:
    _WAYS = [started, step_process.forked]

either_way = pytest.mark.parametrize("begin", _WAYS)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(step_process.__file__).parents[1])}


@either_way
def test_a_step_reads_its_job_reports_its_result_and_ends(begin: Begin, tmp_path: Path) -> None:
    async def run() -> tuple[dict[str, Any], int, int | None]:
        process = await begin(_environment(), tmp_path)
        process.write(json.dumps(_JOB).encode() + b"\n")
        result = json.loads(await process.output.readline())
        return result, await process.wait(), process.returncode

    result, code, known = asyncio.run(run())
    assert result == {"status": "error", "error": "Unknown model type: @uat/nothing"}
    assert (code, known) == (0, 0)


@either_way
def test_a_step_that_cannot_read_its_job_ends_with_an_error(
    begin: Begin, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def run() -> tuple[bytes, int]:
        process = await begin(_environment(), tmp_path)
        process.write(b"no job\n")
        return await process.output.read(), await process.wait()

    assert asyncio.run(run()) == (b"", 1)
    assert "JSONDecodeError" in capfd.readouterr().err


@either_way
def test_a_step_that_is_killed_ends_with_its_signal(begin: Begin, tmp_path: Path) -> None:
    async def run() -> int:
        process = await begin(_environment(), tmp_path)
        psutil.Process(process.pid).kill()
        await process.output.read()
        return await process.wait()

    assert asyncio.run(run()) == (-signal.SIGKILL if sys.platform != "win32" else 1)


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no forks")
def test_a_fork_keeps_no_connection_of_its_parent_open(tmp_path: Path) -> None:
    async def run() -> bytes:
        ours, theirs = socket.socketpair()
        with ours:
            process = await step_process.forked(_environment(), tmp_path)
            theirs.close()
            received = await asyncio.to_thread(ours.recv, 1)
        process.write(b"no job\n")
        await process.wait()
        return received

    assert asyncio.run(run()) == b""
