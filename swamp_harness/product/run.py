"""Runs of workflows and of methods, and the output of the command that follows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from swamp_harness.product import contracts
from swamp_harness.product.commands import Output
from swamp_harness.product.followed import Followed
from swamp_harness.product.run_records import RunRecord, steps_of
from swamp_harness.product.wordings import (
    APPROVAL_ASKED,
    LOST_AFTER_WRITING,
    METHOD_SUCCEEDED,
    RUN_ENDINGS,
    RUN_FAILURES,
    STACK_TRACE,
    STEP_TO_APPROVE,
    reasons_given,
)
from swamp_harness.system.errors import ContractBroken
from swamp_harness.system.limits import Limit
from swamp_harness.system.redaction import SECRETS

SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
RUNNING, SUSPENDED = "running", "suspended"
# The exit code of the command that follows a run without success.
_NOT_SUCCEEDED = 1
_WITHOUT_ERROR = (SUCCEEDED, SUSPENDED)


@dataclass(frozen=True)
class RunEnding:
    """The output of the command that followed a run, at its end.

    Attributes:
        status: "succeeded", "failed", "cancelled" or "suspended"; "" if it was not printed.
        exit_code: the exit code of the command.
        text: its whole output.
    """

    status: str
    exit_code: int
    text: str


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended, for an operator.

    Attributes:
        recorded: the status in the run history.
        printed: the status that the command printed; "" if it printed none.
        exit_code: the exit code of the command.
        reasons: the reasons of a failure in the run history, in the words of the features.
        printed_reasons: the reasons of a failure that the command printed.
        unrecognised: the message of a failure, blanked, if it gives no known reason.
        stack_trace: whether the command printed a stack trace.
        last_lines: the last lines of the command, for messages.
    """

    recorded: str
    printed: str
    exit_code: int
    reasons: tuple[str, ...] = ()
    printed_reasons: tuple[str, ...] = ()
    unrecognised: str = ""
    stack_trace: bool = False
    last_lines: str = field(default="", compare=False)

    @classmethod
    def of(cls, ending: RunEnding, record: RunRecord) -> RunOutcome:
        """The outcome of a run.

        Args:
            ending: the output of the command that followed it.
            record: its record in the run history.
        """
        printed, recorded = (reasons_given(text, RUN_FAILURES) for text in (ending.text, record.failure))
        last_lines = " / ".join(line.strip() for line in ending.text.strip().splitlines()[-3:])
        failed = FAILED in (ending.status, record.status)
        return cls(
            record.status,
            ending.status,
            ending.exit_code,
            tuple(recorded) if failed else (),
            tuple(printed) if failed else (),
            "" if printed or recorded or not failed else SECRETS.blank(record.failure or last_lines),
            STACK_TRACE.search(ending.text) is not None,
            last_lines,
        )

    def __str__(self) -> str:
        """In words: "succeeded", "failed because ..." or "cancelled", or how output and history differ."""
        if self.printed != self.recorded or self.exit_code != (
            0 if self.printed in _WITHOUT_ERROR else _NOT_SUCCEEDED
        ):
            return (
                f"{self.recorded} in the run history, printed as {self.printed or 'nothing'}, with exit code "
                f"{self.exit_code}. Last lines: {self.last_lines}"
            )
        ended = f"{FAILED} because {self._because()}" if self.printed == FAILED else self.printed
        return f"{ended}, with a stack trace" if self.stack_trace else ended

    def _because(self) -> str:
        printed, recorded = (
            " and ".join(reasons) or "of something else" for reasons in (self.printed_reasons, self.reasons)
        )
        if self.printed_reasons != self.reasons:
            return f"{printed}, recorded: {recorded}"
        return printed if self.reasons else f"{printed}: {self.unrecognised}"


def run_that(status: str, *reasons: str) -> RunOutcome:
    """The outcome of a run for which output and run history agree.

    Args:
        status: "succeeded", "failed", "cancelled" or "suspended".
        reasons: the reasons of a failure.
    """
    return RunOutcome(status, status, 0 if status in _WITHOUT_ERROR else _NOT_SUCCEEDED, reasons, reasons)


def named_as_lost(text: str) -> list[dict[str, str]]:
    """The workers that a text names as lost after their steps had written, each with its step, once."""
    named: list[dict[str, str]] = []
    for match in LOST_AFTER_WRITING.finditer(text):
        named += [match.groupdict()] if match.groupdict() not in named else []
    return named


class WorkflowRun(Followed):
    """One run of a workflow, followed from its start to its end.

    Attributes:
        run_id: the id of the run; known after its start.
    """

    run_id = ""

    def wait_for_end(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> RunEnding:
        """Wait until the command has printed how the run ended.

        Raises:
            WaitTimeout: it still runs after the limit.
            ContractBroken: the output in JSON mode is not JSON.
        """
        code = self.wait_for_exit(limit, give_up_if=give_up_if)
        text = self.printed()
        return RunEnding(self._status(text), code, text)

    def steps(self) -> list[dict[str, Any]]:
        """The steps of a run that has ended, from output in JSON.

        Raises:
            PromiseBroken: the output is not JSON, or breaks its contract.
        """
        return steps_of(self._document())

    def approval_asked(self) -> dict[str, str]:
        """The step that must be approved, and the question about it; empty texts if there is none.

        Raises:
            ContractBroken: the output in JSON mode is not JSON, or breaks its contract.
        """
        if self.output is Output.JSON:
            asked = self._document().get("approvalRequired", {})
            return {"step": asked.get("stepId", ""), "prompt": asked.get("prompt", "")}
        text = self.printed()
        step, prompt = STEP_TO_APPROVE.search(text), APPROVAL_ASKED.search(text)
        return {"step": step["step"] if step else "", "prompt": prompt["prompt"] if prompt else ""}

    def _status(self, text: str) -> str:
        if self.output is Output.JSON:
            return str(self._document().get("status", ""))
        return next((status for status, pattern in RUN_ENDINGS.items() if pattern.search(text)), "")

    def _document(self) -> dict[str, Any]:
        text = self.printed("stdout")
        source, contract = "standard output", "workflow-run"
        if not text.strip():
            text = self.printed("stderr")
            source, contract = "standard error", "error"
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ContractBroken(
                f"The run is in JSON mode, but {source} is not one JSON document: {error}\n{text[:2000]}"
            ) from None
        contracts.validate(contract, document, f"`swamp workflow run`, {source},")
        return dict(document)


@dataclass(frozen=True)
class MethodOutcome:
    """How a run of a method ended, by the command that followed it.

    Attributes:
        printed: "succeeded" or "failed", by the output of the command.
        exit_code: the exit code of the command.
    """

    printed: str
    exit_code: int

    def __str__(self) -> str:
        """In words."""
        return f"printed as {self.printed}, with exit code {self.exit_code}"


METHOD_SUCCEEDS = MethodOutcome(SUCCEEDED, 0)


class MethodRun(Followed):
    """One run of a model's method, followed from its start to its end, in text."""

    def outcome(self, limit: Limit) -> MethodOutcome:
        """Wait until the command has printed how the run ended.

        Raises:
            WaitTimeout: it still runs after the limit.
        """
        code = self.wait_for_exit(limit)
        succeeded = METHOD_SUCCEEDED.search(self.printed()) is not None
        return MethodOutcome(SUCCEEDED if succeeded else FAILED, code)


def skipping_checks(output: Output, check: str, label: str) -> tuple[str, ...]:
    """The arguments of a command that leave out a check: by its name in JSON, by its label otherwise."""
    return ("--skip-check", check) if output is Output.JSON else ("--skip-check-label", label)


def method_run(model: str, method: str, **inputs: str) -> tuple[str, ...]:
    """The arguments of the command that runs a method of a model."""
    return ("model", "method", "run", model, method, *giving(inputs))


def giving(inputs: Mapping[str, str], file: Path | None = None) -> tuple[str, ...]:
    """The arguments that give a command its inputs.

    Args:
        inputs: by name.
        file: a new file from which the command reads them; each is an argument if None.
    """
    if file is None:
        return tuple(part for name, value in inputs.items() for part in ("--input", f"{name}={value}"))
    file.write_text(yaml.safe_dump(dict(inputs), allow_unicode=True), "utf-8")
    return ("--input-file", str(file))
