"""Runs of workflows and of methods, as whoever follows one is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from swamp_harness.product import contracts
from swamp_harness.product.commands import Output
from swamp_harness.product.followed import Followed
from swamp_harness.product.run_records import RunRecord, steps_of
from swamp_harness.product.wordings import (
    METHOD_SUCCEEDED,
    RUN_ENDINGS,
    RUN_FAILURES,
    STACK_TRACE,
    reasons_given,
)
from swamp_harness.system.errors import ContractBroken
from swamp_harness.system.limits import Limit
from swamp_harness.system.redaction import SECRETS

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
        recorded: the status in the run history.
        told: the status that its follower was told; "" if none was.
        exit_code: of the command that followed it.
        reasons: why it failed, by the run history, as the features call it.
        reasons_told: why it failed, by what its follower was told.
        unrecognised: what was said of a failure, blanked, if that is no reason that the suite knows.
        stack_trace: whether its follower was shown one.
        last_words: the last that its follower was told, for messages.
    """

    recorded: str
    told: str
    exit_code: int
    reasons: tuple[str, ...] = ()
    reasons_told: tuple[str, ...] = ()
    unrecognised: str = ""
    stack_trace: bool = False
    last_words: str = field(default="", compare=False)

    @classmethod
    def of(cls, ending: RunEnding, record: RunRecord) -> RunOutcome:
        """The outcome of a run.

        Args:
            ending: what its follower was told.
            record: what the run history tells of it.
        """
        told, recorded = (reasons_given(text, RUN_FAILURES) for text in (ending.text, record.failure))
        last_words = " / ".join(line.strip() for line in ending.text.strip().splitlines()[-3:])
        failed = FAILED in (ending.status, record.status)
        return cls(
            record.status,
            ending.status,
            ending.exit_code,
            tuple(recorded) if failed else (),
            tuple(told) if failed else (),
            "" if told or recorded or not failed else SECRETS.blank(record.failure or last_words),
            STACK_TRACE.search(ending.text) is not None,
            last_words,
        )

    def __str__(self) -> str:
        """In words: "succeeded", "failed because ..." or "cancelled", or how the accounts differ."""
        if self.told != self.recorded or self.exit_code != (0 if self.told == SUCCEEDED else _NOT_SUCCEEDED):
            return (
                f"{self.recorded} in the run history, told as {self.told or 'nothing'}, with exit code "
                f"{self.exit_code}. The last words: {self.last_words}"
            )
        ended = f"{FAILED} because {self._because()}" if self.told == FAILED else self.told
        return f"{ended}, with a stack trace" if self.stack_trace else ended

    def _because(self) -> str:
        told, recorded = (
            " and ".join(reasons) or "of something else" for reasons in (self.reasons_told, self.reasons)
        )
        if self.reasons_told != self.reasons:
            return f"{told}, recorded: {recorded}"
        return told if self.reasons else f"{told}: {self.unrecognised}"


def run_that(status: str, *reasons: str) -> RunOutcome:
    """How a run ends of which follower and run history tell the same.

    Args:
        status: "succeeded", "failed" or "cancelled".
        reasons: why it failed.
    """
    return RunOutcome(status, status, 0 if status == SUCCEEDED else _NOT_SUCCEEDED, reasons, reasons)


class WorkflowRun(Followed):
    """One run of a workflow, followed from its start to its end.

    Attributes:
        run_id: of the run, once it is known.
    """

    run_id = ""

    def wait_for_end(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> RunEnding:
        """Wait until whoever follows the run has been told how it ended.

        Raises:
            WaitTimeout: it goes on after the limit.
            ContractBroken: it was to be told in JSON, and what was told is none.
        """
        code = self.wait_for_exit(limit, give_up_if=give_up_if)
        text = self.said()
        return RunEnding(self._status(text), code, text)

    def steps(self) -> list[dict[str, Any]]:
        """The steps of a run that has ended and was told in JSON.

        Raises:
            PromiseBroken: what was told is no JSON, or breaks its contract.
        """
        return steps_of(self._document())

    def _status(self, text: str) -> str:
        if self.output is Output.JSON:
            return str(self._document().get("status", ""))
        return next((status for status, pattern in RUN_ENDINGS.items() if pattern.search(text)), "")

    def _document(self) -> dict[str, Any]:
        said = self.said("stdout")
        source, contract = "standard output", "workflow-run"
        if not said.strip():
            said = self.said("stderr")
            source, contract = "standard error", "error"
        try:
            document = json.loads(said)
        except ValueError as error:
            raise ContractBroken(
                f"The run was to be told in JSON, but {source} is not one document: {error}\n{said[:2000]}"
            ) from None
        contracts.validate(contract, document, f"`swamp workflow run`, {source},")
        return dict(document)


@dataclass(frozen=True)
class MethodOutcome:
    """How a run of a method ended, for the one who followed it.

    Attributes:
        told: "succeeded" or "failed", by what the command says.
        exit_code: of the command.
    """

    told: str
    exit_code: int

    def __str__(self) -> str:
        """In words."""
        return f"told as {self.told}, with exit code {self.exit_code}"


METHOD_SUCCEEDS = MethodOutcome(SUCCEEDED, 0)


class MethodRun(Followed):
    """One run of a model's method, followed from its start to its end, in text."""

    def outcome(self, limit: Limit) -> MethodOutcome:
        """Wait until whoever follows it has been told how it ended.

        Raises:
            WaitTimeout: it goes on after the limit.
        """
        code = self.wait_for_exit(limit)
        told = METHOD_SUCCEEDED.search(self.said()) is not None
        return MethodOutcome(SUCCEEDED if told else FAILED, code)


def method_run(model: str, method: str, **inputs: str) -> tuple[str, ...]:
    """The words of the command that runs a method of a model, after the word swamp."""
    given = [part for name, value in inputs.items() for part in ("--input", f"{name}={value}")]
    return ("model", "method", "run", model, method, *given)
