"""A worker that reports its enrollment, and what the worker list shows."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.scenario import enrollment
from swamp_harness.system.errors import ContractBroken
from swamp_harness.system.limits import Limit
from swamp_harness.system.waiting import WaitTimeout

REVOKED, OTHER_VERSION = "its token is revoked", "its protocol version differs"


class WorkersByName(dict):
    """Workers by their names."""

    def names(self):
        return list(self)


def world_that_lists(*names, rejections=(), lasts=3600):
    """A world in which every worker enrolls as "fleet-1", or is rejected; the worker list shows these names.

    The token "fleet" still lasts so many seconds.
    """

    def wait_until_enrolled():
        if rejections:
            raise WaitTimeout("Gave up waiting")

    worker = SimpleNamespace(
        name='worker "alpha"',
        alive=False,
        rejections=list(rejections),
        enrolled_as="fleet-1",
        settings=WorkerSettings("fleet.secret"),
        wait_until_enrolled=wait_until_enrolled,
    )
    now = datetime.now(UTC)
    listed = [SimpleNamespace(name=name) for name in names]
    return SimpleNamespace(
        operator=SimpleNamespace(
            credentials={"fleet": ""},
            credential=lambda _: "fleet.secret",
            lifetimes={"fleet": (now, now + timedelta(seconds=lasts))},
        ),
        settings_of_worker=WorkerSettings,
        workers=SimpleNamespace(
            make=lambda *_, **__: worker, start=lambda *_: None, remember_first_enrollment=lambda _: None
        ),
        orchestrator=SimpleNamespace(address=("127.0.0.1", 9)),
        memberships={},
        members=lambda name=None: [each for each in listed if name in (None, each.name)],
    )


def test_an_enrolled_worker_is_found_by_the_name_that_it_reports():
    world = world_that_lists("fleet-1", "fleet-2")
    enrollment.enroll_worker(world, "alpha", token="fleet")
    assert world.memberships["alpha"].name == "fleet-1"


def test_a_worker_list_without_an_enrolled_worker_breaks_a_promise(monkeypatch):
    monkeypatch.setattr(enrollment, "POOL_CHANGED", Limit("a change of the pool", 0))
    with pytest.raises(ContractBroken, match=r'enrolled as "fleet-1", but the worker list shows "fleet"'):
        enrollment.enroll_worker(world_that_lists("fleet"), "alpha", token="fleet")


def test_a_rejection_in_spite_of_a_valid_token_breaks_a_promise():
    with pytest.raises(ContractBroken, match=r'worker "alpha" was rejected because its token is revoked'):
        enrollment.enroll_worker(world_that_lists(rejections=[REVOKED]), "alpha", token="fleet")


@pytest.mark.parametrize(("reason", "lasts"), [(REVOKED, -1), (OTHER_VERSION, 3600)])
def test_a_rejection_that_may_have_another_cause_is_an_error_of_the_set_up(reason, lasts):
    with pytest.raises(WaitTimeout):
        enrollment.enroll_worker(world_that_lists(rejections=[reason], lasts=lasts), "alpha", token="fleet")


@pytest.mark.parametrize(
    ("row", "token", "enrollments", "member"),
    [
        ("alpha", "fleet", 1, "fleet-1"),
        ("alpha", "fleet", 0, "alpha"),
        ("alpha", "alpha", 1, "alpha"),
        ("beta", "fleet", 1, "first-of-beta"),
        ("nobody", "fleet", 1, "nobody"),
    ],
)
def test_a_row_of_the_pool_names_a_worker_or_a_member(row, token, enrollments, member):
    settings = SimpleNamespace(member=token)
    alpha = SimpleNamespace(settings=settings, enrollments=enrollments, enrolled_as="fleet-1")
    world = SimpleNamespace(
        memberships={"beta": SimpleNamespace(name="first-of-beta")}, workers=WorkersByName(alpha=alpha)
    )
    assert enrollment.pool_rows(world, [{"worker": row}]) == [{"worker": member}]
