"""The operator's look at what steps left: asked once for runs that have ended."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.fallbacks import Fallbacks
from swamp_harness.scenario.records import Records

ENDED, GOES_ON = SimpleNamespace(alive=False), SimpleNamespace(alive=True)


class Commands:
    """Answers every query with one lease, and keeps the results."""

    def __init__(self, state):
        self.results = []
        self._state = state

    def run(self, *arguments, output=Output.JSON):
        lease = {
            "leaseId": "1",
            "dispatchId": "1",
            "workerName": "alpha",
            "workflowName": "release",
            "stepName": "build",
            "state": self._state,
            "hasWrites": True,
            "createdAt": "2026-08-22T10:00:00Z",
            "modelType": "@uat/probe",
            "methodName": "once",
            **({} if self._state == "active" else {"endedAt": "2026-08-22T10:00:01Z"}),
        }
        result = item("swamp/step-lease", "lease-1", lease), item("@uat/probe", "result", {"step": "build"})
        answer = json.dumps({"results": result})
        self.results.append(CommandResult(arguments, output, 0, answer, "", datetime.now(UTC), 0.1))
        return self.results[-1]


def item(model_type, name, content):
    return {"modelType": model_type, "modelName": "build", "name": name, "version": 1, "content": content}


@pytest.fixture(autouse=True)
def _any_answer(monkeypatch):
    monkeypatch.setattr(CommandResult, "answer", lambda self, _: json.loads(self.stdout))


def looked_at(state, runs, then=lambda _: None):
    commands = Commands(state)
    records = Records(commands, Fallbacks(), lambda: runs)
    assert [lease.step for lease in records.leases()] == ["build"]
    then(commands)
    assert [result.step for result in records.results()] == ["build"]
    return sum(result.arguments[0] == "data" for result in commands.results)


def test_what_ended_runs_left_is_asked_once():
    assert looked_at("completed", [ENDED]) == 1


@pytest.mark.parametrize(("state", "runs"), [("completed", [ENDED, GOES_ON]), ("active", [ENDED])])
def test_what_may_still_change_is_asked_again(state, runs):
    assert looked_at(state, runs) == 2


def test_it_is_asked_again_after_a_command_that_acts():
    assert looked_at("completed", [ENDED], lambda commands: commands.run("worker", "verify")) == 2


def test_it_is_asked_again_after_another_run():
    runs = [ENDED]

    assert looked_at("completed", runs, lambda _: runs.append(ENDED)) == 2
