"""Runs of workflows and of methods, as whoever follows one is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from swamp_harness.machinery.faults import ContractBroken
from swamp_harness.machinery.limits import Limit
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


class WorkflowRun(Followed):
    """One run of a workflow, followed from its start to its end.

    Attributes:
        run_id: of the run, once it is known.
    """

    run_id = ""

    def wait_for_end(self, limit: Limit, *, hopeless: Callable[[], str | None] = lambda: None) -> RunEnding:
        """Wait until whoever follows the run has been told how it ended.

        Raises:
            AwaitedInVain: it goes on after the limit.
            ContractBroken: it was to be told in JSON, and what was told is none.
        """
        code = self.wait_for_exit(limit, hopeless=hopeless)
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
        contracts.honour(contract, document, f"`swamp workflow run`, {source},")
        return dict(document)


class MethodRun(Followed):
    """One run of a model's method, followed from its start to its end, in text."""

    def outcome(self, limit: Limit) -> str:
        """Wait until whoever follows it has been told how it ended.

        Returns:
            "succeeded", if the command says so and its exit code does; else what they say.

        Raises:
            AwaitedInVain: it goes on after the limit.
        """
        code = self.wait_for_exit(limit)
        told = METHOD_SUCCEEDED.search(self.said()) is not None
        if told == (code == 0):
            return SUCCEEDED if told else f"{FAILED}, with exit code {code}"
        return f"told as {SUCCEEDED if told else FAILED}, with exit code {code}"


def method_run(model: str, method: str, **inputs: str) -> tuple[str, ...]:
    """The words of the command that runs a method of a model, after the word swamp."""
    given = [part for name, value in inputs.items() for part in ("--input", f"{name}={value}")]
    return ("model", "method", "run", model, method, *given)
