"""Cleaning up: one error does not stop the rest."""

from types import SimpleNamespace

import pytest

from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.scenario import closing
from swamp_harness.scenario.world import World
from swamp_harness.system.cleanup import run_all_cleanups
from swamp_harness.system.process_log import ProcessLog


def test_every_cleanup_runs_and_the_first_error_is_raised():
    taken = []

    def fail(error):
        taken.append(error)
        raise error

    with pytest.raises(KeyError):
        run_all_cleanups(
            lambda: taken.append("first"),
            lambda: fail(KeyError("second")),
            lambda: fail(ValueError("third")),
            lambda: taken.append("last"),
        )
    assert [taken[0], taken[-1], len(taken)] == ["first", "last", 4]


def test_a_world_ends_everything_even_if_one_actor_cannot_be_ended(tmp_path, monkeypatch):
    ended = []

    def end(name, error=None):
        ended.append(name)
        if error is not None:
            raise error

    run_context = SimpleNamespace(
        folder=tmp_path,
        reports=tmp_path / "reports",
        mark=lambda _: {},
        worker_hosts_for=lambda *_: SimpleNamespace(
            close=lambda: end("workers", OSError("no host is freed"))
        ),
        end_scenario=lambda *_, **__: end("scenario"),
        target=SimpleNamespace(times=SimpleNamespace(grace_window=30)),
    )
    world = World(run_context, "scenario-1", "a scenario")
    monkeypatch.setattr(Orchestrator, "end", lambda self: end(self.name, ValueError("it does not end")))
    log = ProcessLog(tmp_path / "log")
    for name in ("one", "two"):
        world.orchestrators[name] = Orchestrator(name, tmp_path / "swamp", {}, None, log=log)
    world.cleanup.callback(end, "cleanup")
    with pytest.raises(OSError, match="no host is freed"):
        closing.close(world, keep=False)
    assert ended == ["workers", "one", "two", "cleanup", "scenario"]
