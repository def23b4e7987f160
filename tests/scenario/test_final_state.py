"""The last evidence of a scenario: what could be read, and in place of the rest why it could not."""

import json
from types import SimpleNamespace

import pytest

from swamp_harness.product.serve_api import NoAnswer
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.final_state import record_final_state
from swamp_harness.system.errors import ContractBroken

LEASE = {"step": "build"}


class Api:
    """Answers everything, except for what fails."""

    def __init__(self, **errors):
        self._errors = errors
        self.asked = []

    def _answer(self, name, answer):
        self.asked.append(name)
        if name in self._errors:
            raise self._errors[name]
        return answer

    def live_pool(self):
        return self._answer("live_pool", ["alpha"])

    def leases(self):
        return self._answer("leases", [LEASE])

    def ask(self, request):
        return self._answer(request.replace(".", "_"), f"answer to {request}")


@pytest.fixture
def recorded(tmp_path):
    def recorded(api):
        evidence, probe_log = Evidence(tmp_path), SimpleNamespace(text="entries")
        orchestrator = SimpleNamespace(alive=True, api=api)
        leases = record_final_state(evidence, SimpleNamespace(), orchestrator, probe_log, failed=True)
        files = {
            each: json.loads((tmp_path / f"{each}.json").read_text()) for each in ("pool", "tokens", "runs")
        }
        return leases, files

    return recorded


def test_everything_that_an_orchestrator_answers_is_recorded(recorded):
    leases, files = recorded(Api())
    assert leases == [LEASE]
    assert files == {
        "pool": {"live pool": ["alpha"], "worker list": "answer to worker.list"},
        "tokens": "answer to worker.token.list",
        "runs": {
            "runs": "answer to workflow.history.search",
            "queue": "answer to worker.queue.list",
            "leases": [LEASE],
        },
    }


def test_an_error_takes_the_place_of_its_own_answer_only(recorded):
    broken = ContractBroken("odd")
    leases, files = recorded(Api(live_pool=broken, leases=broken))
    not_read = {"not read": "ContractBroken: odd"}
    assert leases == []
    assert files["pool"] == {"live pool": not_read, "worker list": "answer to worker.list"}
    assert files["tokens"] == "answer to worker.token.list"
    assert files["runs"]["queue"] == "answer to worker.queue.list"
    assert files["runs"]["leases"] == not_read


def test_an_orchestrator_that_does_not_answer_is_asked_once(recorded):
    api = Api(worker_list=NoAnswer("silent"))
    _, files = recorded(api)
    assert api.asked == ["live_pool", "worker_list"]
    assert files["pool"] == {"live pool": ["alpha"], "worker list": {"not read": "NoAnswer: silent"}}
    assert files["tokens"] == {"not asked": "after NoAnswer: silent"}
