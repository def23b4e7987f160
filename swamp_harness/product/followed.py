"""A run that an operator follows from start to end: `swamp … run --server` as a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath

from swamp_harness.product.commands import Output
from swamp_harness.product.costs import command_kind
from swamp_harness.product.wordings import RECONNECTS
from swamp_harness.system.child_process import Launch
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import Limit
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.processes import ProcessTree
from swamp_harness.system.processor_time import Usage
from swamp_harness.system.terminal import ConsoleProcess, TerminalProcess, start_with_ctrl_c


class Followed:
    """A command that follows a run.

    Args:
        name: its name in messages.
        arguments: the arguments after the word swamp, without the flag for the mode of output.
        binary: the swamp binary of the operator.
        environment: the environment of the operator's machine.
        folder: the working folder.
        log: takes its output.
        output: the mode of output.

    Attributes:
        launch: how its process was started.
        log: its output.
        output: the mode of output.
        kind: the kind of the command.
        started: the time of its start.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        binary: Path,
        environment: Mapping[str, str],
        folder: PurePath,
        log: ProcessLog,
        output: Output,
    ) -> None:
        self.log = log
        self.output = output
        flags = ("--json",) if output is Output.JSON else ()
        launch = self.launch = Launch([str(binary), *arguments, *flags], environment, folder)
        self.kind = command_kind(arguments)
        self.started = datetime.now(UTC)
        self._process = (
            start_with_ctrl_c(name, launch, log)
            if output is Output.TERMINAL
            else ProcessTree(name, launch, log)
        )

    @property
    def alive(self) -> bool:
        """Whether the command still runs."""
        return self._process.alive

    @property
    def usage(self) -> Usage:
        """What the command has used, once it has ended."""
        return self._process.usage

    def printed(self, stream: str | None = None) -> str:
        """The output of the command so far, of one stream or of both."""
        return self.log.text(self._process.log_start, stream)

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C in the terminal of the command.

        Raises:
            InfrastructureError: it has no terminal.
        """
        if not isinstance(self._process, TerminalProcess | ConsoleProcess):
            raise InfrastructureError("Ctrl-C needs a command at a terminal.")
        self._process.press_ctrl_c()

    @property
    def reconnections(self) -> int:
        """How often the command has reported that its connection dropped and that it connects again."""
        return len(RECONNECTS.findall(self.printed("stderr")))

    def kill(self) -> None:
        """Kill the command.

        Raises:
            InfrastructureError: it has a terminal.
        """
        if not isinstance(self._process, ProcessTree):
            raise InfrastructureError(
                "A command at a terminal cannot be killed: start it without a terminal."
            )
        self._process.kill()

    def wait_for_exit(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> int:
        """Wait until the command has ended.

        Returns:
            Its exit code.

        Raises:
            WaitTimeout: it still runs after the limit.
        """
        return self._process.wait_for_end(limit, give_up_if=give_up_if)

    def end(self) -> None:
        """Make sure that the command does not run."""
        self._process.end()
