"""What somebody follows from its start to its end: `swamp … run --server` as a process of theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath

from swamp_harness.product.commands import Output
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import Limit
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.processes import Launch, ProcessTree
from swamp_harness.system.terminal import ConsoleProcess, TerminalProcess, start_with_ctrl_c


class Followed:
    """One such command.

    Args:
        name: how messages call it.
        arguments: what follows the word swamp, without the flag for the mode of output.
        binary: the swamp of the one who follows.
        environment: of that person's machine.
        folder: where that person is.
        log: takes what is said.
        output: how it is to be told.

    Attributes:
        launch: how its process was started.
        log: what has been said.
        output: how it is told.
        started: when it was started.
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
        self.started = datetime.now(UTC)
        self._process = (
            start_with_ctrl_c(name, launch, log)
            if output is Output.TERMINAL
            else ProcessTree(name, launch, log)
        )

    @property
    def alive(self) -> bool:
        """Whether it is still followed."""
        return self._process.alive

    def said(self, stream: str | None = None) -> str:
        """What the one who follows has been told, on one stream or on both."""
        return self.log.text(self._process.log_start, stream)

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C where it is followed.

        Raises:
            InfrastructureError: it is not followed at a terminal.
        """
        if not isinstance(self._process, TerminalProcess | ConsoleProcess):
            raise InfrastructureError("Only somebody at a terminal can press Ctrl-C.")
        self._process.press_ctrl_c()

    def wait_for_exit(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> int:
        """Wait until the command has ended.

        Returns:
            Its exit code.

        Raises:
            WaitTimeout: it goes on after the limit.
        """
        return self._process.wait_for_end(limit, give_up_if=give_up_if)

    def end(self) -> None:
        """Make sure that nobody follows it any longer."""
        self._process.end()
