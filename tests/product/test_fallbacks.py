"""Fallbacks: used only for a recognised answer, counted, and reported by name."""

import json
from types import SimpleNamespace

import pytest

from swamp_harness.product.fallbacks import Fallback, Fallbacks
from swamp_harness.product.serve_api import RequestRefused, UnknownRequest
from swamp_harness.render import summary
from swamp_harness.scenario import tokens
from tests.conftest import a_result, a_run

COPIED, MINTED = Fallback.PACKAGES_COPIED.value, Fallback.TOKEN_BY_COMMAND.value


def world_whose_orchestrator(answers):
    """A world with a running orchestrator; its operator records how tokens were minted."""

    def mint_at(_api, token, _lifetime, _machines):
        if answers is not None:
            raise answers
        minted.append(("request", token))

    def mint(token, _lifetime, _machines):
        minted.append(("command", token))
        return SimpleNamespace(succeeded=True)

    minted = []
    operator = SimpleNamespace(mint=mint, mint_at=mint_at, note_lifetime=lambda *_: None)
    world = SimpleNamespace(
        operator=operator,
        orchestrator=SimpleNamespace(api=None),
        has_orchestrator=True,
        times=SimpleNamespace(usual_lifetime="1h"),
        fallbacks=Fallbacks(),
        answer=lambda ask: ask(),
    )
    return world, minted


def test_a_token_that_only_has_to_exist_is_minted_without_a_command():
    world, minted = world_whose_orchestrator(answers=None)

    tokens.prepare(world, "alpha")

    assert minted == [("request", "alpha")]
    assert not world.fallbacks


def test_a_release_without_the_request_mints_by_a_counted_command():
    world, minted = world_whose_orchestrator(answers=UnknownRequest("unknown"))

    tokens.prepare(world, "alpha")

    assert minted == [("command", "alpha")]
    assert world.fallbacks == {Fallback.TOKEN_BY_COMMAND: 1}


def test_no_other_refusal_leads_to_the_command():
    world, minted = world_whose_orchestrator(answers=RequestRefused("Multiple vaults are configured"))

    with pytest.raises(RequestRefused):
        tokens.prepare(world, "alpha")

    assert not minted


def test_a_run_reports_its_fallbacks_by_name(tmp_path):
    run = a_run(
        a_result("one", fallbacks={COPIED: 1}),
        a_result("two", fallbacks={COPIED: 1, MINTED: 3}),
        a_result("three"),
    )
    run.write_to(tmp_path)

    assert f"Fallbacks: {MINTED} (3 times), {COPIED} (2 times)" in summary.of_run(run, [], tmp_path)
    assert json.loads((tmp_path / "run.json").read_text("utf-8"))["fallbacks"] == {MINTED: 3, COPIED: 2}


def test_a_run_without_fallbacks_reports_none(tmp_path):
    assert "Fallbacks: none" in summary.of_run(a_run(a_result("one")), [], tmp_path).splitlines()
