"""Tokens: the lifetime for which a scenario waits, and their secrets."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from swamp_harness.product.credential import Credential
from swamp_harness.scenario import tokens
from swamp_harness.system.errors import ContractBroken

MINUTE = timedelta(minutes=1)


def world_that_mints(*, lasts):
    """A world in which every token expires so long after it was minted."""

    def mint_at(_, token, lifetime, *_of_the_token):
        operator.asked_lifetimes[token] = lifetime
        operator.lifetimes[token] = (datetime.now(UTC), datetime.now(UTC) + lasts)

    operator = SimpleNamespace(asked_lifetimes={}, lifetimes={}, mint_at=mint_at)
    return SimpleNamespace(
        operator=operator,
        has_orchestrator=True,
        orchestrator=SimpleNamespace(api=None),
        times=SimpleNamespace(shortest_lifetime="1m", usual_lifetime="1h", lasts=lambda _: MINUTE),
    )


def test_a_short_lifetime_is_the_requested_one():
    world = world_that_mints(lasts=MINUTE)
    tokens.prepare(world, "alpha", short=True)
    assert list(world.operator.lifetimes) == ["alpha"]


@pytest.mark.parametrize("lasts", [MINUTE / 2, 60 * MINUTE])
def test_another_lifetime_than_the_requested_one_breaks_a_promise(lasts):
    with pytest.raises(ContractBroken, match='token "alpha" was minted with a lifetime of 1m'):
        tokens.prepare(world_that_mints(lasts=lasts), "alpha", short=True)


def test_tokens_that_share_a_secret_are_named_in_groups():
    secrets = {"delta": "1", "alpha": "2", "beta": "1", "gamma": "3"}
    minted = [Credential(name, secret) for name, secret in secrets.items()]
    assert tokens.with_the_same_secret(minted) == [["beta", "delta"]]
