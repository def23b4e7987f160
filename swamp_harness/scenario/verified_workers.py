"""Verifying workers: the rows that a scenario expects, and those of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from swamp_harness.product.commands import CommandResult
from swamp_harness.product.records import Verification, verifications_from_json, verifications_from_table
from swamp_harness.product.wordings import ALL_VERIFIED
from swamp_harness.scenario.list_answers import Answer, answers
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World


def verifications(world: World, *selected: str) -> list[Answer]:
    """Verify all workers, or those that arguments select, in text and in JSON."""
    return list(answers(world, "worker", "verify", *selected, in_repository=False))


def selected_by(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments that select the workers with all of some labels."""
    return tuple(part for name, value in labels.items() for part in ("--label", f"{name}={value}"))


def expected_verified(world: World, rows: Sequence[Row]) -> dict[str, object]:
    """The rows of the feature with what the scenario knows besides, and the number that passed."""
    expected = [
        {**row, "platform": world.first_membership(row["worker"]).platform, "details": ""} for row in rows
    ]
    return {"workers": expected, "passed": len(expected)}


def listed_verified(answer: Answer) -> dict[str, Any]:
    """The verified workers of an answer, and the number that it reports as passed."""
    result = answer.result
    if answer.in_json:
        document = result.answer("worker-verify")
        return {"workers": _rows(verifications_from_json(document)), "passed": document["passed"]}
    passed = ALL_VERIFIED.search(result.stdout)
    return {
        "workers": _rows(verifications_from_table(result.stdout)),
        "passed": int(passed["number"]) if passed else "not all",
    }


def failed_verification(result: CommandResult) -> dict[str, object]:
    """The workers of a verification, each verified or not, how many passed, and the command's exit code.

    Raises:
        ContractBroken: it is to be in JSON, and is not one document, or breaks its contract.
    """
    listed = listed_verified(Answer(f"in {result.output.value}", result))
    # In JSON an unreachable worker has the status "error", one that fails a check has the status "fail".
    verified = {row["worker"]: "yes" if row["verified"] == "pass" else "no" for row in listed["workers"]}
    return {"verified": verified, "passed": listed["passed"] or "not all", "exit code": result.exit_code}


def shown_verification(result: CommandResult) -> dict[str, object]:
    """The workers of a verification, each verified or not, and the command's exit code.

    Raises:
        ContractBroken: it is to be in JSON, and is not one document, or breaks its contract.
    """
    listed = listed_verified(Answer(f"in {result.output.value}", result))
    shown = {row["worker"]: _in_words(row) for row in listed["workers"]}
    return {"workers": shown, "exit code": result.exit_code}


def _in_words(row: Row) -> str:
    if row["verified"] == "pass":
        return "yes"
    return "no" if row["details"] else "no, without a reason"


def _rows(verified: Sequence[Verification]) -> list[Row]:
    return [
        {
            "worker": each.worker,
            "verified": each.status,
            "platform": f"{each.platform}/{each.arch}",
            "details": each.details,
        }
        for each in sorted(verified, key=lambda each: each.worker)
    ]
