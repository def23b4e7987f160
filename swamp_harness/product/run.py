"""A run of a workflow: `swamp workflow run --server` as the process of whoever follows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from swamp_harness.machinery.faults import InfrastructureFault, PromiseBroken
from swamp_harness.machinery.limits import Limit
from swamp_harness.machinery.processes import Launch, ProcessTree
from swamp_harness.machinery.processlog import ProcessLog
from swamp_harness.machinery.terminal import ConsoleProcess, TerminalProcess, where_ctrl_c_can_be_pressed
from swamp_harness.product import contracts
from swamp_harness.product.commands import Output
from swamp_harness.product.run_records import RunRecord
from swamp_harness.product.wordings import RUN_ENDINGS, RUN_FAILURES, STACK_TRACE, reasons_given

SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
# The exit code of whoever follows a run that did not succeed.
_NOT_SUCCEEDED = 1


@dataclass(frozen=True)
class RunEnding:
    """What the one who followed a run was told at its end.

    Attributes:
        status: "succeeded", "failed" or "cancelled"; "" if it was not said.
        exit_code: of the command.
        text: all that was said.
    """

    status: str
    exit_code: int
    text: str


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended, as far as an operator is concerned.

    Attributes:
        ending: what its follower was told.
        record: what the run history tells of it.
    """

    ending: RunEnding
    record: RunRecord

    def __str__(self) -> str:
        """In words: "succeeded", "failed because ..." or "cancelled", or how the accounts differ."""
        told, recorded, code = self.ending.status, self.record.status, self.ending.exit_code
        if told != recorded or code != (0 if told == SUCCEEDED else _NOT_SUCCEEDED):
            return (
                f"{recorded} in the run history, told as {told or 'nothing'}, with exit code {code}. "
                f"The last words: {self._last_words()}"
            )
        ended = f"{FAILED} because {self._reasons()}" if told == FAILED else told
        return f"{ended}, with a stack trace" if STACK_TRACE.search(self.ending.text) else ended

    def _reasons(self) -> str:
        told = reasons_given(self.ending.text, RUN_FAILURES)
        recorded = reasons_given(self.record.failure, RUN_FAILURES)
        if told != recorded:
            return (
                f"{' and '.join(told) or 'of something else'}, recorded: {self.record.failure or 'nothing'}"
            )
        return " and ".join(told) or f"of something else: {self.record.failure or self._last_words()}"

    def _last_words(self) -> str:
        return " / ".join(line.strip() for line in self.ending.text.strip().splitlines()[-3:])


class WorkflowRun:
    """One run, followed from its start to its end.

    Args:
        name: how messages call it.
        arguments: what follows the word swamp, without the flag for the mode of output.
        binary: the swamp of the one who follows.
        environment: of that person's machine.
        folder: where that person is.
        log: takes what is said.
        output: how it is to be told.

    Attributes:
        run_id: of the run, once it is known.
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
        self.run_id = ""
        self._output = output
        flags = ("--json",) if output is Output.JSON else ()
        launch = Launch([str(binary), *arguments, *flags], environment, folder)
        self._process = (
            where_ctrl_c_can_be_pressed(name, launch, log)
            if output is Output.TERMINAL
            else ProcessTree(name, launch, log)
        )

    @property
    def alive(self) -> bool:
        """Whether it is still followed."""
        return self._process.alive

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C where the run is followed.

        Raises:
            InfrastructureFault: it is not followed at a terminal.
        """
        if not isinstance(self._process, TerminalProcess | ConsoleProcess):
            raise InfrastructureFault("Only somebody at a terminal can press Ctrl-C.")
        self._process.press_ctrl_c()

    def wait_for_end(self, limit: Limit, *, hopeless: Callable[[], str | None] = lambda: None) -> RunEnding:
        """Wait until whoever follows the run has been told how it ended.

        Raises:
            AwaitedInVain: it goes on after the limit.
            PromiseBroken: it was to be told in JSON, and what was told is none.
        """
        code = self._process.wait_for_end(limit, hopeless=hopeless)
        text = self.log.text(self._process.log_start)
        return RunEnding(self._status(text), code, text)

    def end(self) -> None:
        """Make sure that nobody follows it any longer."""
        self._process.end()

    def _status(self, text: str) -> str:
        if self._output is Output.JSON:
            return str(self._document().get("status", ""))
        return next((status for status, pattern in RUN_ENDINGS.items() if pattern.search(text)), "")

    def _document(self) -> dict[str, Any]:
        said = self.log.text(self._process.log_start, "stdout")
        source, contract = "standard output", "workflow-run"
        if not said.strip():
            said = self.log.text(self._process.log_start, "stderr")
            source, contract = "standard error", "error"
        try:
            document = json.loads(said)
        except ValueError as error:
            raise PromiseBroken(
                f"The run was to be told in JSON, but {source} is not one document: {error}\n{said[:2000]}"
            ) from None
        contracts.honour(contract, document, f"`swamp workflow run`, {source},")
        return dict(document)
