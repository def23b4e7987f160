"""Processes on another machine, started over SSH.

A process there ends with the connection: a watcher beside it ends it when its own input ends, even if this
side was killed.
"""

from __future__ import annotations

import contextlib
import shlex
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from swamp_harness.system.child_process import Launch
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.hosts.ssh_connection import (
    NO_EXIT_CODE,
    SILENCE,
    SshConnection,
    lines_of,
    since_begun,
)
from swamp_harness.system.limits import HOST_ANSWER, OUTPUT_DRAINED, PROCESS_GONE, PROCESS_STOPPED, Limit
from swamp_harness.system.process_log import Life, ProcessLog
from swamp_harness.system.processes import wait_for_the_end_of
from swamp_harness.system.processor_time import Usage
from swamp_harness.system.stop_request import StopRequest
from swamp_harness.system.waiting import wait_until, without_the_product

_LIST = "ps -A -o pid= -o ppid= -o pgid= -o rss= -o args="
_SIGNALLED = 128


@dataclass(frozen=True)
class Group:
    """A process group: a shell, a program, and a watcher that ends the group with the connection.

    Attributes:
        number: the id of the group and of its leader, the shell.
        program: the process id of the program.
        watch: the process id of the watcher.
    """

    number: int
    program: int
    watch: int


@dataclass(frozen=True)
class Listed:
    """A process in the list of a host's processes; its memory is in bytes."""

    pid: int
    parent: int
    group: int
    memory: int
    command: str

    @classmethod
    def of(cls, listing: str) -> list[Listed]:
        """The processes of a list that `ps` printed."""
        rows = [line.split(None, 4) for line in listing.splitlines()]
        return [
            cls(int(pid), int(parent), int(group), int(kibibytes) * 1024, "".join(command))
            for pid, parent, group, kibibytes, *command in rows
        ]


class SshProcess:
    """A process on an SSH host, with its descendants.

    Args:
        connection: the connection to the machine where it runs.
        name: its name in messages.
        launch: what to start.
        log: takes the output line by line.

    Raises:
        InfrastructureError: it could not be started.

    Attributes:
        group: its process group.
        usage: empty; the processor time of another machine is not measured.
    """

    def __init__(self, connection: SshConnection, name: str, launch: Launch, log: ProcessLog) -> None:
        self.name = name
        self.log = log
        self.log_start = log.position
        # Its processor time is on another machine, and in no total of this one.
        self.usage = Usage(datetime.now(UTC))
        self._connection = connection
        self._begun = threading.Event()
        self._first_line = ""
        try:
            self._channel = connection.start(started_by(launch))
        except SILENCE as error:
            raise InfrastructureError(
                f"{name} could not be started on {connection.name}: {error!r}."
            ) from error
        readers = ((self._read_first_line_then_all, "stdout"), (self._read_all, "stderr"))
        self._pumps = [threading.Thread(target=read, args=(kind,), daemon=True) for read, kind in readers]
        for pump in self._pumps:
            pump.start()
        self.group = self._group_when_begun()
        log.note(f"{name} started on {connection.name} as process {self.pid}", Life.STARTED)

    @property
    def pid(self) -> int:
        """The process id of the root, on its host."""
        return self.group.program

    @property
    def alive(self) -> bool:
        """Whether the root still runs.

        Raises:
            InfrastructureError: its machine is gone, so its state is unknown.
        """
        if not self._channel.exit_status_ready():
            return True
        if self._channel.recv_exit_status() == NO_EXIT_CODE:
            raise self._connection.gone()
        return False

    @property
    def exit_code(self) -> int | None:
        """The exit code of the root, None while it runs; minus the signal's number when a signal ended it.

        Raises:
            InfrastructureError: its machine is gone, so the exit code is unknown.
        """
        if self.alive:
            return None
        self._drain()
        code = int(self._channel.recv_exit_status())
        return _SIGNALLED - code if code > _SIGNALLED else code

    @property
    def memory(self) -> int:
        """The memory of the tree, in bytes.

        Raises:
            InfrastructureError: it has ended, or its machine does not answer.
        """
        listed = processes_of(self._connection)
        tree = set(descendants(listed, self.pid))
        if not tree:
            raise InfrastructureError(f"The memory of {self.name} cannot be measured: it has ended.")
        return sum(each.memory for each in listed if each.pid in tree)

    def wait_for_end(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> int:
        """Wait until the root has ended by itself and its output has been read to the end.

        Raises:
            WaitTimeout: it still runs after the limit.
            InfrastructureError: its machine is gone.
        """
        return wait_for_the_end_of(self, limit, give_up_if)

    def kill(self) -> None:
        """Kill all of it at once, like a power cut.

        Raises:
            InfrastructureError: it cannot be killed, or its machine is gone.
        """
        self.log.note(f"{self.name} is killed", Life.KILLED)
        with without_the_product():
            self._kill_tree()

    def crash(self) -> None:
        """Kill the root alone; its descendants are left to themselves.

        Raises:
            InfrastructureError: it cannot be killed, or its machine is gone.
        """
        self.log.note(f"{self.name} crashes", Life.KILLED)
        self._signal("KILL", [self.pid])
        with without_the_product():
            self._wait_until_gone()

    def terminate(self) -> int:
        """Ask the root to stop (SIGTERM) and wait until it has.

        Raises:
            WaitTimeout: it did not stop within the limit.
            InfrastructureError: its machine is gone.
        """
        self.ask_to_stop()
        return self.wait_for_end(PROCESS_STOPPED)

    def ask_to_stop(self, by: StopRequest = StopRequest.TERMINATION) -> None:
        """Ask the root to stop, without waiting until it has."""
        self.log.note(f"{self.name} is asked to stop", Life.ASKED_TO_STOP)
        self._signal(by.value, [self.pid])

    def suspend(self) -> None:
        """Suspend all of it."""
        self.log.note(f"{self.name} is suspended", Life.SUSPENDED)
        self._signal("STOP", self._tree())

    def resume(self) -> None:
        """Resume it."""
        self.log.note(f"{self.name} is resumed", Life.RESUMED)
        self._signal("CONT", self._tree())

    def end(self) -> None:
        """Make sure that nothing of it runs; for cleanup only."""
        try:
            # If the machine does not answer any more, the watcher ends it.
            with contextlib.suppress(InfrastructureError):
                if self.alive:
                    self.log.note(f"{self.name} is killed at the end of its scenario", Life.KILLED)
                    self._kill_tree()
        finally:
            self._channel.close()

    def _kill_tree(self) -> None:
        tree = self._tree()
        # Freeze first: a running parent could start another child between the look and the kill.
        self._signal("STOP", tree)
        self._signal("KILL", [*tree, *(late for late in self._tree() if late not in tree)])
        self._wait_until_gone()
        self._drain()

    def _wait_until_gone(self) -> None:
        wait_until(f"{self.name} to be gone", lambda: self.alive, lambda alive: not alive, PROCESS_GONE)

    def _tree(self) -> list[int]:
        return descendants(processes_of(self._connection), self.pid)

    def _signal(self, name: str, pids: list[int]) -> None:
        if pids:  # all may have ended meanwhile
            self._connection.run(f"kill -{name} {' '.join(map(str, pids))} 2>/dev/null || true")

    def _drain(self) -> None:
        for pump in self._pumps:
            pump.join(OUTPUT_DRAINED.seconds)

    def _group_when_begun(self) -> Group:
        # The shell prints the process ids before the program prints anything.
        if self._begun.wait(HOST_ANSWER.seconds):
            with contextlib.suppress(ValueError, TypeError):
                return Group(*map(int, self._first_line.split()))
        self._channel.close()
        raise InfrastructureError(
            f"{self.name} could not be started on {self._connection.name}: {self.log.tail(3)}"
        )

    def _read_first_line_then_all(self, stream: str) -> None:
        lines = since_begun(lines_of(self._channel.recv))
        self._first_line = next(lines, "")
        self._begun.set()
        for line in lines:
            self.log.add(stream, line)
        self.log.note(f"{self.name} closed its output", Life.ENDED)

    def _read_all(self, stream: str) -> None:
        for line in since_begun(lines_of(self._channel.recv_stderr)):
            self.log.add(stream, line)


def started_by(launch: Launch) -> str:
    """The command of a POSIX shell that starts a program and ends it with the connection.

    Its first line of output has three numbers: the id of the process group, of the program, and of the
    watcher.
    """
    variables = (f"{name}={value}" for name, value in launch.environment.items())
    program = " ".join(map(shlex.quote, ("env", "-i", *variables, *launch.arguments)))
    script = (
        f"cd {shlex.quote(str(launch.folder))} || exit 1; exec 3<&0; "
        # The watcher's input ends with the connection; then it kills the whole group with itself.
        'sh -c \'cat >/dev/null; kill -KILL "-$0"\' "$$" <&3 >/dev/null 2>&1 & watch=$!; '
        'sh -c \'echo "$0 $$ $1"; shift; exec "$@"\' '
        f'"$$" "$watch" {program} </dev/null 3<&- & program=$!; '
        'wait "$program"; code=$?; kill -KILL "$watch" 2>/dev/null; exit "$code"'
    )
    return f"exec sh -c {shlex.quote(script)}"


def processes_of(connection: SshConnection) -> list[Listed]:
    """Every process of a machine."""
    return Listed.of(connection.run(_LIST))


def members(listed: Sequence[Listed], group: Group) -> list[Listed]:
    """The processes of a group, without the shell and the watcher."""
    aside = {group.number, *descendants(listed, group.watch)}
    return [each for each in listed if each.group == group.number and each.pid not in aside]


def descendants(listed: Sequence[Listed], root: int) -> list[int]:
    """A process of a list with its descendants."""
    tree = [root] if any(each.pid == root for each in listed) else []
    for member in tree:
        tree += [each.pid for each in listed if each.parent == member]
    return tree
