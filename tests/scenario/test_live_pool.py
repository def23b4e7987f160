"""The live pool that the rows of a feature expect."""

import pytest

from swamp_harness.product.serve_api import LiveMember
from swamp_harness.scenario.enrollment import LivePool

ALPHA, BETA, GONE = (
    LiveMember("alpha", "1", True),
    LiveMember("beta", "2", True),
    LiveMember("beta", "2", False),
)


def rows(*rows_of_a_table):
    headings = ("worker", "status", "connected")
    return [dict(zip(headings, row, strict=False)) for row in rows_of_a_table]


WITH_COLUMN = LivePool.of(rows(("alpha", "idle", "yes"), ("beta", "disconnected", "no")))
WITHOUT_COLUMN = LivePool.of(rows(("alpha", "idle"), ("beta", "disconnected")))
OF_A_PAST_MEMBER = LivePool.of(
    rows(("alpha", "idle", "yes"), ("beta", "disconnected", "not in the live pool"))
)


@pytest.mark.parametrize(
    ("expected", "shown", "is_shown"),
    [
        (WITH_COLUMN, [ALPHA, GONE], True),
        (WITH_COLUMN, [ALPHA, BETA], False),
        (WITH_COLUMN, [ALPHA], False),
        (WITHOUT_COLUMN, [ALPHA, GONE], True),
        (WITHOUT_COLUMN, [ALPHA], True),
        (WITHOUT_COLUMN, [ALPHA, BETA], False),
        (WITHOUT_COLUMN, [GONE], False),
        (OF_A_PAST_MEMBER, [ALPHA], True),
        (OF_A_PAST_MEMBER, [ALPHA, GONE], False),
        (LivePool(), [], True),
        (LivePool(), [GONE], False),
    ],
)
def test_the_live_pool_is_the_expected_one(expected, shown, is_shown):
    assert expected.is_shown_by(shown) is is_shown
