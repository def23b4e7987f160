"""Where a search for a leaked secret looks."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.credential import Credential
from swamp_harness.scenario import secrets
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.world import World

SECRET = "beefcafe" * 8


def result_of(*arguments, stdout):
    return CommandResult(arguments, Output.TEXT, 0, stdout, "", datetime.now(UTC), 0.1)


@pytest.fixture
def world(tmp_path):
    """A world whose operator has minted the token "alpha", and has another machine."""
    operator = Operator(SwampCommands(tmp_path / "swamp", {}, tmp_path))
    operator.credentials["alpha"] = Credential("alpha", SECRET)
    operator.minted.append(result_of("worker", "token", "create", "alpha", stdout=f"alpha.{SECRET}"))
    operator.commands.results += operator.minted
    world = SimpleNamespace(
        operator=operator,
        remote_client=SimpleNamespace(commands=SwampCommands(tmp_path / "swamp", {}, tmp_path)),
        folder=tmp_path,
        repository=SimpleNamespace(audits_reads=False, vault_store=tmp_path / "vault"),
        workers=SimpleNamespace(fetch=lambda: None),
        logs=list,
    )
    world.typed = lambda: World.typed(world)
    return world


def places(world):
    return [leak.place for leak in secrets.leaks_of(world, "alpha")]


def test_the_command_that_minted_a_token_may_show_its_secret(world):
    assert places(world) == []


@pytest.mark.parametrize("machine", ["operator", "remote_client"])
def test_no_other_command_may_show_it_on_any_machine(world, machine):
    getattr(world, machine).commands.results.append(result_of("worker", "token", "list", stdout=SECRET))
    assert places(world) == ["`swamp worker token list`"]
