"""The start of an orchestrator whose process ends by itself."""

from types import SimpleNamespace

import pytest

from swamp_harness.product import orchestrator as module
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.system.errors import InfrastructureError, PromiseBroken


@pytest.fixture
def log():
    return SimpleNamespace(text=lambda _: "", tail=lambda _: "")


@pytest.fixture
def orchestrator(tmp_path, monkeypatch, log):
    ended = SimpleNamespace(exit_code=3, log_start=0)
    monkeypatch.setattr(module, "ProcessTree", lambda *_: ended)
    return Orchestrator("orchestrator", tmp_path / "swamp", {}, SimpleNamespace(folder=tmp_path), log=log)


def test_a_product_that_never_ran_is_an_error_of_the_set_up(orchestrator):
    with pytest.raises(InfrastructureError, match="did not start"):
        orchestrator.start()


def test_an_orchestrator_that_does_not_start_again_breaks_a_promise(orchestrator):
    with pytest.raises(InfrastructureError):
        orchestrator.start()
    with pytest.raises(PromiseBroken, match=r"does not start again\..*exit code 3"):
        orchestrator.start()


def test_a_port_that_another_program_took_breaks_no_promise(orchestrator, log):
    log.text = lambda _: "AddrInUse"
    for _ in range(2):
        with pytest.raises(InfrastructureError):
            orchestrator.start()
