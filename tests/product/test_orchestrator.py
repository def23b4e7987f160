"""The start of an orchestrator whose process ends by itself."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from swamp_harness.product import orchestrator as module
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.system.errors import InfrastructureError, PromiseBroken
from swamp_harness.system.process_log import Life, LifeEvent


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


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        ([Life.STARTED], None),
        ([Life.STARTED, Life.ENDED, Life.STARTED, Life.ASKED_TO_STOP], None),
        ([Life.STARTED, Life.ASKED_TO_STOP, Life.ENDED, Life.STARTED, Life.KILLED, Life.ENDED], 1),
        ([Life.STARTED, Life.ASKED_TO_STOP, Life.ENDED, Life.STARTED, Life.ASKED_TO_STOP, Life.ENDED], 1),
    ],
    ids=["not stopped", "not ended", "killed later", "stopped twice"],
)
def test_the_time_to_stop_is_that_of_the_last_stop(orchestrator, log, events, seconds):
    begin = datetime(2026, 8, 22, tzinfo=UTC)
    log.life = [LifeEvent(begin + timedelta(seconds=at), what) for at, what in enumerate(events)]

    assert orchestrator.time_to_stop == (seconds and timedelta(seconds=seconds))
