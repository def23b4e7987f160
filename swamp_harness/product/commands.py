"""Commands of the operator: one call, one `CommandResult`, one entry in the transcript."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

import psutil

from swamp_harness.product import contracts
from swamp_harness.product.conventions import SERVE_URL, SERVER_FLAG
from swamp_harness.product.costs import command_kind
from swamp_harness.product.credential import learn_from_output, learn_from_reading
from swamp_harness.product.wordings import ACCESS_FAILURES, COMMAND_FAILURES, STACK_TRACE, reasons_given
from swamp_harness.system.child_process import ChildProcess, Launch, start
from swamp_harness.system.errors import ContractBroken, InfrastructureError, PromiseBroken
from swamp_harness.system.limits import COMMAND, OUTPUT_DRAINED, PROCESS_GONE
from swamp_harness.system.processes import kill_tree
from swamp_harness.system.processor_time import Usage
from swamp_harness.system.redaction import SECRETS
from swamp_harness.system.terminal import Terminal

_MINTING = (("worker", "token", "create"), ("access", "token", "mint"))
_READING = ("vault", "read-secret")
# A message is blanked before it is cut, so that no part of a secret is left.
_MOST_OF_AN_OUTPUT = 2000
_MOST_OF_A_REASON = 500


class Output(Enum):
    """The mode of output of a command."""

    TEXT = "text"
    JSON = "JSON"
    TERMINAL = "text on a terminal"


@dataclass(frozen=True)
class CommandOutcome:
    """How a command ended, for an operator.

    Attributes:
        failed: whether its exit code means failure.
        reasons: the reasons, in the words of the features.
        unrecognised: its error message, blanked, if it gives no known reason.
        wrote_to_stdout: whether a failed command wrote to standard output.
        stack_trace: whether its error has a stack trace.
        exit_code: the exit code; None if only success or failure matters.
    """

    failed: bool = False
    reasons: tuple[str, ...] = ()
    unrecognised: str = ""
    wrote_to_stdout: bool = False
    stack_trace: bool = False
    exit_code: int | None = None

    def __str__(self) -> str:
        """In words: "succeeds", or the failure."""
        code = "" if self.exit_code is None else f", exit code {self.exit_code}"
        if not self.failed:
            return f"succeeds{code}"
        because = " and ".join(self.reasons) or f"of something else: {self.unrecognised}"
        return (
            f"fails because {because}, {'something' if self.wrote_to_stdout else 'nothing'} on standard "
            f"output, {'a' if self.stack_trace else 'no'} stack trace{code}"
        )


SUCCEEDS = CommandOutcome()


def fails_because(reason: str, exit_code: int | None = None) -> CommandOutcome:
    """The outcome of a command that fails for one reason, with a clear message."""
    return CommandOutcome(failed=True, reasons=(reason,), exit_code=exit_code)


@dataclass(frozen=True)
class CommandResult:
    """The result of a command of the operator.

    Attributes:
        arguments: the arguments after the word swamp.
        output: the mode of output.
        exit_code: the exit code; minus the signal's number if a signal ended it.
        stdout: its standard output; on a terminal, all output.
        stderr: its standard error; on a terminal, always empty.
        started: the time of its start.
        seconds: its duration.
        stdin: its standard input; None for nothing.
        variables: the environment variables that only this command had.
    """

    arguments: tuple[str, ...]
    output: Output
    exit_code: int
    stdout: str
    stderr: str
    started: datetime
    seconds: float
    stdin: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command line as an operator would type it, blanked."""
        before = (f"{name}={value}" for name, value in self.variables.items())
        return SECRETS.blank(" ".join((*before, "swamp", *self.arguments)))

    @property
    def ending(self) -> str:
        """How the command ended, as a phrase such as "`swamp repo init` ended with exit code 1", blanked."""
        return f"`{self.command}` ended with exit code {self.exit_code}"

    @property
    def ended(self) -> datetime:
        """The time of its end."""
        return self.started + timedelta(seconds=self.seconds)

    @property
    def succeeded(self) -> bool:
        """Whether the exit code means success."""
        return self.exit_code == 0

    def answer(self, contract: str) -> Any:
        """The JSON answer, checked against its contract.

        Raises:
            ContractBroken: standard output is not one JSON document, or breaks the contract.
        """
        return self._document(self.stdout, "standard output", contract)

    @property
    def error_message(self) -> str:
        """The error message of the command; in JSON mode, the `error` of the error object on stderr.

        Raises:
            ContractBroken: in JSON mode, standard error is not one error object.
        """
        if self.output is Output.JSON:
            return str(self._document(self.stderr, "standard error", "error")["error"])
        return self.stderr or self.stdout

    @property
    def error_code(self) -> str:
        """The code for scripts in the error object on stderr, in JSON mode; "none" if it has none.

        Raises:
            ContractBroken: standard error is not one error object.
        """
        return str(self._document(self.stderr, "standard error", "error").get("code", "none"))

    @property
    def outcome(self) -> CommandOutcome:
        """How the command ended, without its exit code.

        Raises:
            ContractBroken: in JSON mode, standard error is not one error object.
        """
        if self.succeeded:
            return SUCCEEDS
        message = self.error_message
        reasons = tuple(reasons_given(message, {**ACCESS_FAILURES, **COMMAND_FAILURES}))
        return CommandOutcome(
            failed=True,
            reasons=reasons,
            unrecognised="" if reasons else SECRETS.blank(message).strip()[:_MOST_OF_A_REASON],
            wrote_to_stdout=self.output is not Output.TERMINAL and bool(self.stdout.strip()),
            stack_trace=STACK_TRACE.search(message) is not None,
        )

    @property
    def outcome_and_code(self) -> CommandOutcome:
        """How the command ended, with its exit code.

        Raises:
            ContractBroken: in JSON mode, standard error is not one error object.
        """
        return replace(self.outcome, exit_code=self.exit_code)

    def _document(self, text: str, stream: str, contract: str) -> Any:
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ContractBroken(
                f"`{self.command}` was asked for JSON, but its {stream} is not one JSON document: {error}\n"
                f"{SECRETS.blank(text)[:_MOST_OF_AN_OUTPUT]}"
            ) from None
        contracts.validate(contract, document, f"`{self.command}`, {stream},")
        return document

    def __str__(self) -> str:
        """The command with its exit code and output, blanked, for a transcript."""
        parts = [
            f"$ {self.command}",
            f"exit code {self.exit_code}, {self.seconds:.1f} s, {self.output.value}",
        ]
        parts += [f"[stdout]\n{self.stdout.rstrip()}"] if self.stdout.strip() else []
        parts += [f"[stderr]\n{self.stderr.rstrip()}"] if self.stderr.strip() else []
        return SECRETS.blank("\n".join(parts))


def naming(orchestrator: str, *, by_variable: bool) -> tuple[tuple[str, ...], dict[str, str]]:
    """The arguments and the variables by which a command names its orchestrator: a flag, or a variable."""
    return ((), {SERVE_URL: orchestrator}) if by_variable else ((SERVER_FLAG, orchestrator), {})


class SwampCommands:
    """Runs commands as one person on one machine.

    Args:
        binary: the swamp to run.
        environment: the person's environment.
        folder: the working folder of the commands.
        elsewhere: the working folder of commands that name an orchestrator, for they need no repository;
            `folder` if None.

    Attributes:
        folder: as given.
        flags: the flags of every command.
        results: every command so far that has ended by itself, in order.
        usages: what every command so far has used, with its kind; also of one that had to be killed.
    """

    def __init__(
        self,
        binary: Path,
        environment: Mapping[str, str],
        folder: PurePath,
        elsewhere: PurePath | None = None,
    ) -> None:
        self.binary = binary
        self.environment = dict(environment)
        self.folder = folder
        self._elsewhere = elsewhere
        self.flags: tuple[str, ...] = ()
        self.results: list[CommandResult] = []
        self.usages: list[tuple[str, Usage]] = []

    def run(
        self,
        *arguments: str,
        output: Output = Output.JSON,
        stdin: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> CommandResult:
        """Run one command to its end.

        Args:
            arguments: the arguments after the word swamp, without the flag for the mode of output.
            output: the mode of output.
            stdin: its standard input; empty if None. Not possible on a terminal.
            variables: environment variables of this command alone; none if None.

        Raises:
            PromiseBroken: the command did not end, or its output did not, within the limit for a command.
            InfrastructureError: it could not be started, or this platform has no terminals.
        """
        given = (*arguments, *self.flags, *(("--json",) if output is Output.JSON else ()))
        call = self._on_a_terminal if output is Output.TERMINAL else self._through_pipes
        started, clock = datetime.now(UTC), time.monotonic()
        own = dict(variables or {})
        code, stdout, stderr = call([str(self.binary), *given], stdin, {**self.environment, **own})
        seconds = time.monotonic() - clock
        result = CommandResult(given, output, code, stdout, stderr, started, seconds, stdin, own)
        for text in (stdout, stderr):
            _learn(given, text)
        self.results.append(result)
        return result

    def folder_of(self, arguments: Sequence[str], environment: Mapping[str, str]) -> PurePath:
        """The working folder of a command with these arguments in this environment."""
        names_orchestrator = SERVER_FLAG in arguments or SERVE_URL in environment
        return self._elsewhere if self._elsewhere and names_orchestrator else self.folder

    def _through_pipes(
        self, command: Sequence[str], stdin: str | None, environment: Mapping[str, str]
    ) -> tuple[int, str, str]:
        started = datetime.now(UTC)
        try:
            process = start(
                Launch(command, environment, self.folder_of(command, environment)),
                has_input=stdin is not None,
            )
        except OSError as error:
            raise InfrastructureError(f"`{_shown(command)}` could not be started: {error}.") from error
        unreaped = 0.0
        try:
            typed = stdin.encode() if stdin is not None else None
            stdout, stderr = process.communicate(typed, timeout=COMMAND.seconds)
        except subprocess.TimeoutExpired:
            has_ended = process.poll() is not None
            if not has_ended:
                unreaped = kill_tree(psutil.Process(process.pid))
            text = _rest_of_output(process).decode("utf-8", errors="replace")
            _learn(command[1:], text)
            what = (
                "ended, but a process that it left held its output after"
                if has_ended
                else "did not end within"
            )
            raise PromiseBroken(
                f"`{_shown(command)}` {what} {COMMAND.seconds:g} s. Its output:\n"
                f"{SECRETS.blank(text)[-_MOST_OF_AN_OUTPUT:]}"
            ) from None
        except BaseException:
            unreaped = kill_tree(psutil.Process(process.pid))
            process.wait(PROCESS_GONE.seconds)
            raise
        finally:
            uncounted = process.uncounted_seconds + unreaped
            self._keep_usage(command[1:], Usage(started, process.cpu_seconds + unreaped, uncounted))
        return process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace")

    def _on_a_terminal(
        self, command: Sequence[str], stdin: str | None, environment: Mapping[str, str]
    ) -> tuple[int, str, str]:
        if stdin is not None:
            raise ValueError("a command on a terminal takes no piped input")
        launch = Launch(command, environment, self.folder_of(command, environment))
        terminal = Terminal(f"`{_shown(command)}`", launch)
        try:
            written, ended = terminal.read_all(COMMAND)
        finally:
            terminal.close()
            self._keep_usage(command[1:], terminal.usage)
        shown = written.decode("utf-8", "replace").replace("\r\n", "\n")
        if not ended:
            _learn(command[1:], shown)
            raise PromiseBroken(
                f"`{_shown(command)}` on a terminal did not end within {COMMAND.seconds:g} s. "
                f"Its output:\n{shown}"
            )
        return terminal.exit_code or 0, shown, ""

    def _keep_usage(self, arguments: Sequence[str], usage: Usage) -> None:
        self.usages.append((command_kind(arguments), usage))


def _rest_of_output(process: ChildProcess) -> bytes:
    """The output of a process that has ended or was killed; an orphan may hold its pipes for much longer."""
    try:
        stdout, stderr = process.communicate(timeout=OUTPUT_DRAINED.seconds)
    except subprocess.TimeoutExpired as unread:
        stdout, stderr = unread.output or b"", unread.stderr or b""
        if sys.platform != "win32":  # there, threads that still read would block that
            for pipe in (process.stdout, process.stderr):
                assert pipe is not None  # noqa: S101 - both were opened as pipes
                pipe.close()
        process.wait(PROCESS_GONE.seconds)
    return stdout + stderr


def _learn(arguments: Sequence[str], text: str) -> None:
    # Always before anything is written: a new secret must be known by then.
    given = tuple(arguments)
    if any(given[: len(words)] == words for words in (*_MINTING, _READING)):
        learn_from_output(text)
    if given[: len(_READING)] == _READING:
        learn_from_reading(text, given)


def _shown(command: Sequence[str]) -> str:
    return SECRETS.blank(" ".join(("swamp", *command[1:])))


def is_json(text: str) -> bool:
    """Whether a text is one JSON document."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
