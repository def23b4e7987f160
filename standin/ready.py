"""The stand-in, ready: a process that has loaded everything, and forks for each of its commands.

Who starts many commands sends each of them to the socket of this process, over a connection of its own: a
JSON object with `arguments`, which begin with the path of the executable, `environment` and `folder`, then
the descriptors of its three standard streams. The answer is the number of the new process. Any further
message asks how that process has ended, and waits for its end; the answer is a JSON object with `exit code`,
negative for a signal, and `seconds` of processor time. Nothing else has the number of the process before.

    python -m standin.ready SOCKET

It goes on in the background when it is ready, and ends at the end of its standard input; what it has forked
goes on. Linux shows to other processes the environment that a process was started with. So a fork writes its
own there, for which this process needs room: its own environment must be larger than that of any fork.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import distribution
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import recv_handle
from pathlib import Path
from typing import Any

from standin import fork, garbage
from standin.commandline import COMMANDS

assert sys.platform == "linux"

_WAITING = 128
_STREAMS = 3
# What commands load only where they use it.
_USED_BY_SOME = (
    *("psutil", "ssl", "urllib.request", "websockets.asyncio.client", "yaml"),
    *("standin.orchestrator.workflow", "standin.worker.runner"),
)
# Of the fields of a process, behind its name: where its environment begins, and where it ends.
_ENVIRONMENT = slice(47, 49)
_LOOK_EVERY = 1.0


def main() -> None:
    """Fork for each command that is sent to the socket, until the standard input ends."""
    garbage.collect_none()
    for module in (*_USED_BY_SOME, *(f"standin.{each.place.partition(':')[0]}" for each in COMMANDS)):
        importlib.import_module(module)
    gc.freeze()  # a fork shares what its garbage collector does not touch
    programs = {each.name: each.load for each in distribution("swamp-uat").entry_points}
    with socket.socket(socket.AF_UNIX) as incoming:
        path = Path(sys.argv[1])
        os.chdir(path.parent)
        incoming.bind(path.name)  # the system allows 107 bytes
        incoming.listen(_WAITING)
        if os.fork() == 0:
            Ready(programs).serve(incoming)


class Ready:
    """What this process has forked.

    Args:
        programs: by the name of the executable, each loaded when it is called.
    """

    def __init__(self, programs: Mapping[str, Callable[[], Callable[[], int]]]) -> None:
        self._programs = programs
        self._forks: dict[Connection, int] = {}
        self._unasked: set[int] = set()  # their connections are closed

    def serve(self, incoming: socket.socket) -> None:
        """Fork for each command, until the standard input ends."""
        end = sys.stdin.fileno()
        while True:
            for each in wait([end, incoming, *self._forks], _LOOK_EVERY if self._unasked else None):
                if each == end:
                    return
                if isinstance(each, Connection):
                    self._answer(each)
                else:
                    self._begin(Connection(incoming.accept()[0].detach()))
            self._unasked = {pid for pid in self._unasked if os.waitpid(pid, os.WNOHANG) == (0, 0)}

    def _begin(self, connection: Connection) -> None:
        try:
            command = json.loads(connection.recv_bytes())
            streams = [recv_handle(connection) for _ in range(_STREAMS)]
        except (EOFError, OSError):  # who wanted it is gone
            connection.close()
            return
        environment = command["environment"]
        pid = fork.forked(
            lambda: self._run(command["arguments"], environment),
            environment,
            Path(command["folder"]),
            streams,
        )
        for each in streams:
            os.close(each)
        self._forks[connection] = pid
        self._send(connection, pid)

    def _run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
        """Be a command."""
        os.setsid()
        _show(environment)
        sys.argv = list(arguments)
        return self._programs[Path(arguments[0]).name]()()

    def _answer(self, connection: Connection) -> None:
        pid = self._forks.pop(connection)
        try:
            connection.recv_bytes()
        except (EOFError, OSError):
            self._unasked.add(pid)
        else:
            _, status, usage = os.wait4(pid, 0)
            seconds = usage.ru_utime + usage.ru_stime
            self._send(connection, {"exit code": os.waitstatus_to_exitcode(status), "seconds": seconds})
        connection.close()

    @staticmethod
    def _send(connection: Connection, answer: Any) -> None:
        with suppress(OSError):  # who wanted it is gone
            connection.send_bytes(json.dumps(answer).encode())


def _show(environment: Mapping[str, str]) -> None:
    """Let Linux show an environment as that of this process.

    Raises:
        ValueError: there is no room for it.
    """
    shown = b"".join(
        b"%b=%b\0" % (os.fsencode(name), os.fsencode(value)) for name, value in environment.items()
    )
    fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
    beginning, end = map(int, fields[_ENVIRONMENT])
    if len(shown) > end - beginning:
        raise ValueError(f"the environment takes {len(shown)} bytes, but there is room for {end - beginning}")
    ctypes.memset(beginning, 0, end - beginning)
    ctypes.memmove(beginning, shown, len(shown))


if __name__ == "__main__":
    main()
