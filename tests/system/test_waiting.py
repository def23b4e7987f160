import itertools
from datetime import UTC, datetime, timedelta

import pytest

from swamp_harness.system.errors import InfrastructureError, PromiseBroken, UnusableInput
from swamp_harness.system.limits import Limit, time_scale
from swamp_harness.system.waiting import WaitTimeout, wait_for_moment, wait_until, without_the_product

SHORT = Limit("a test", 0.1)


def test_a_wait_returns_the_last_observation():
    numbers = itertools.count()

    assert wait_until("three", lambda: next(numbers), lambda number: number >= 3, Limit("a test", 5)) == 3


def test_a_timeout_names_the_awaited_state_the_limit_and_the_last_observation():
    with pytest.raises(WaitTimeout) as caught:
        wait_until("a member", lambda: ["somebody else"], lambda _: False, SHORT)

    message = str(caught.value)
    assert "Timed out waiting for a member" in message
    assert "the limit for a test is 0.1 s" in message
    assert "somebody else" in message


def test_a_timeout_is_a_broken_promise():
    assert issubclass(WaitTimeout, PromiseBroken)


def test_a_timeout_of_a_wait_without_the_product_is_an_infrastructure_error():
    with pytest.raises(InfrastructureError, match="Timed out waiting for a folder"), without_the_product():
        wait_until("a folder", lambda: "", bool, SHORT)


def test_give_up_if_ends_a_wait_at_once_but_after_a_last_look():
    looks = []

    def look():
        looks.append(len(looks))
        return looks[-1]

    with pytest.raises(WaitTimeout, match="it died"):
        wait_until("anything", look, lambda _: False, Limit("a test", 60), give_up_if=lambda: "it died")
    assert looks == [0]
    assert wait_until("it", lambda: "there", lambda _: True, SHORT, give_up_if=lambda: "it died") == "there"


def test_limits_are_scaled(monkeypatch):
    monkeypatch.setenv("UAT_TIME_SCALE", "2.5")

    assert Limit("a test", 4).seconds == 10


def test_an_empty_scale_is_ignored(monkeypatch):
    monkeypatch.setenv("UAT_TIME_SCALE", "")

    assert time_scale() == 1


@pytest.mark.parametrize("value", ["0", "-1", "fast", "nan", "inf"])
def test_a_scale_that_is_not_a_positive_number_is_bad_input(monkeypatch, value):
    monkeypatch.setenv("UAT_TIME_SCALE", value)

    with pytest.raises(UnusableInput, match="UAT_TIME_SCALE"):
        time_scale()


def test_a_wait_for_an_announced_time_is_not_scaled(monkeypatch):
    monkeypatch.setenv("UAT_TIME_SCALE", "0.01")
    moment = datetime.now(UTC) + timedelta(seconds=0.3)

    wait_for_moment("the moment", moment)

    assert datetime.now(UTC) >= moment
