"""Verification of workers when they enroll: which cannot work, and what the operator sees of that."""

from __future__ import annotations

import contextlib

from swamp_harness.product.commands import Output
from swamp_harness.product.wordings import VERIFICATION_FAILED
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import VERIFICATION_ENDED
from swamp_harness.system.waiting import WaitTimeout, wait_until


def wait_until_found_unfit(world: World, worker: str) -> None:
    """Wait until the orchestrator logs that a worker has not passed its verification, or for the limit."""
    with contextlib.suppress(WaitTimeout):
        wait_until(
            f'the orchestrator to log that "{worker}" cannot work',
            lambda: _reason(world, worker),
            bool,
            VERIFICATION_ENDED,
        )


def shows_reason(world: World, worker: str) -> dict[str, bool]:
    """Whether the list of workers shows the reason that the orchestrator logs, in text and in JSON."""
    reason = _reason(world, worker)
    answers = {
        output: world.records.read("worker", "list", output=output) for output in (Output.TEXT, Output.JSON)
    }
    return {output.value: bool(reason) and reason in answer.stdout for output, answer in answers.items()}


def _reason(world: World, worker: str) -> str:
    found = VERIFICATION_FAILED.finditer(world.orchestrator.log.text())
    return next((match["reason"] for match in found if match["worker"] == world.member_of(worker)), "")
