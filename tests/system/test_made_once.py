"""A value that the first of several processes makes."""

import threading
from multiprocessing.pool import ThreadPool

import pytest

from swamp_harness.system.errors import ContractBroken, InfrastructureError
from swamp_harness.system.limits import Limit
from swamp_harness.system.made_once import made_once

SOON = Limit("a value of another process", 10)


def test_the_value_is_made_by_the_first_only(tmp_path):
    place = tmp_path / "place"

    assert [made_once(place, lambda value=value: value, SOON) for value in ("first", "second")] == [
        "first"
    ] * 2


def test_another_process_waits_for_the_value(tmp_path):
    place = tmp_path / "place"
    begun, go_on = threading.Event(), threading.Event()

    def make():
        begun.set()
        go_on.wait(10)
        return {"made": "elsewhere"}

    with ThreadPool(2) as threads:
        elsewhere = threads.apply_async(made_once, (place, make, SOON))
        assert begun.wait(10)
        here = threads.apply_async(made_once, (place, lambda: "here", SOON))
        go_on.set()
        assert elsewhere.get(10) == here.get(10) == {"made": "elsewhere"}


@pytest.mark.parametrize(
    "error", [ValueError("no disk"), ContractBroken("no disk"), InfrastructureError("no disk")]
)
def test_everybody_gets_the_same_error_if_the_value_cannot_be_made(tmp_path, error):
    def fail():
        raise error

    messages = []
    for make in (fail, lambda: "never"):
        with pytest.raises(
            InfrastructureError, match=r"could not be made \(place\): (.|\n)*no disk"
        ) as caught:
            made_once(tmp_path / "place", make, SOON)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_who_waits_learns_that_the_first_one_was_interrupted(tmp_path):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(tmp_path / "place", interrupted, SOON)
    with pytest.raises(InfrastructureError, match=r"could not be made .*: it was interrupted"):
        made_once(tmp_path / "place", lambda: "never", SOON)


def test_the_wait_for_another_process_has_a_limit(tmp_path):
    place = tmp_path / "place"
    place.mkdir()

    with pytest.raises(InfrastructureError, match="Timed out waiting for another process to make place"):
        made_once(place, lambda: "never", Limit("a value of another process", 0.05))
