"""Ctrl-C at the console of a process on Windows, where there are no signals to stop a program.

Each process of a scenario has a console of its own, without a window. A key pressed there reaches the process
and its children. A Ctrl-C in the terminal of the run does not reach them. (pexpect's PopenSpawn starts
programs in a process group of their own instead, in which Windows turns Ctrl-C off.)
"""

from __future__ import annotations

import subprocess
import sys

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import PROCESS_STOPPED

_CTRL_C = 0
_ALL_AT_THE_CONSOLE = 0


def press_ctrl_c(pid: int) -> None:
    """Press Ctrl-C at the console of a process.

    Raises:
        InfrastructureError: the process has ended, it has no console, nothing could be pressed within the
            limit, or this is not Windows.
    """
    if sys.platform != "win32":
        raise InfrastructureError(f"Process {pid} has no console: only Windows has them.")
    # A process has one console only, so a helper process attaches to the other one.
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(pid)],
            creationflags=subprocess.CREATE_NO_WINDOW,
            timeout=PROCESS_STOPPED.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InfrastructureError(
            f"Cannot press Ctrl-C at the console of process {pid} within {PROCESS_STOPPED.seconds:g} s."
        ) from error
    if done.returncode:
        raise InfrastructureError(
            f"Cannot press Ctrl-C at the console of process {pid} (Windows error {done.returncode})."
        )


def _press(pid: int) -> int:
    if sys.platform != "win32":
        return 1
    import ctypes  # noqa: PLC0415 - only used here

    kernel = ctypes.windll.kernel32
    kernel.FreeConsole()
    pressed = (
        kernel.AttachConsole(pid)
        # The helper itself ignores it.
        and kernel.SetConsoleCtrlHandler(None, True)
        and kernel.GenerateConsoleCtrlEvent(_CTRL_C, _ALL_AT_THE_CONSOLE)
    )
    return 0 if pressed else int(kernel.GetLastError()) or 1


if __name__ == "__main__":
    sys.exit(_press(int(sys.argv[1])))
