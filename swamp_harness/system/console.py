"""Ctrl-C at the console of a process, on Windows: how a program there is asked to stop, without signals.

Each process of a scenario has a console of its own, without a window. What is pressed there reaches it and
what it has started; a Ctrl-C that is meant for the run does not. (pexpect's PopenSpawn starts programs in a
process group of their own instead, in which Windows turns Ctrl-C off.)
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
        InfrastructureError: it has no console, or this is not Windows.
    """
    if sys.platform != "win32":
        raise InfrastructureError(f"Process {pid} has no console: only Windows has them.")
    # A process can be at one console only, so another one goes there in its place.
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(pid)],
        creationflags=subprocess.CREATE_NO_WINDOW,
        timeout=PROCESS_STOPPED.seconds,
        check=False,
    )
    if done.returncode:
        raise InfrastructureError(
            f"Ctrl-C could not be pressed at the console of process {pid} (Windows error {done.returncode})."
        )


def _press(pid: int) -> int:
    if sys.platform != "win32":
        return 1
    import ctypes  # noqa: PLC0415 - nobody else needs it

    kernel = ctypes.windll.kernel32
    kernel.FreeConsole()
    pressed = (
        kernel.AttachConsole(pid)
        # This process is not meant.
        and kernel.SetConsoleCtrlHandler(None, True)
        and kernel.GenerateConsoleCtrlEvent(_CTRL_C, _ALL_AT_THE_CONSOLE)
    )
    return 0 if pressed else int(kernel.GetLastError()) or 1


if __name__ == "__main__":
    sys.exit(_press(int(sys.argv[1])))
