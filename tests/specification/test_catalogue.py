"""The catalogue of promises: its two groups, sources, and severities that nobody has decided."""

from __future__ import annotations

import pytest

from swamp_harness.results.policy import Group, Severity
from swamp_harness.specification.features import read_catalogue
from swamp_harness.system.errors import UnusableInput

THIRTY = "Naps:\n  1: { severity: normal, title: Short }\n  2: { severity: blocker, title: Long }\n"
SINCE = "Since issue 630:\n"
LATER = "  40: { proposed-severity: critical, title: Deep, source: 'naps.md, \"Depth\"' }\n"


@pytest.fixture
def catalogue(tmp_path):
    def written(text):
        file = tmp_path / "catalogue.yaml"
        file.write_text(text)
        return read_catalogue(file)

    return written


def test_a_promise_belongs_to_the_group_of_its_section_and_has_a_source(catalogue):
    decided = "  41: { severity: blocker, title: Deeper, source: help of nap }\n"

    promises = catalogue(THIRTY + SINCE + LATER + decided)

    assert [(each.number, each.group, each.source) for each in promises] == [
        (1, Group.THIRTY, "issue 630, 'Naps'"),
        (2, Group.THIRTY, "issue 630, 'Naps'"),
        (40, Group.SINCE, 'naps.md, "Depth"'),
        (41, Group.SINCE, "help of nap"),
    ]
    assert [(each.severity, each.is_proposed) for each in promises[-2:]] == [
        (Severity.CRITICAL, True),
        (Severity.BLOCKER, False),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        "{ severity: normal, title: Deep }",
        "{ title: Deep, source: naps.md }",
        "{ severity: normal, proposed-severity: normal, title: Deep, source: naps.md }",
        "{ proposed-severity: severe, title: Deep, source: naps.md }",
        "{ severity: normal, source: naps.md }",
    ],
    ids=["no source", "no severity", "two severities", "an unknown severity", "no title"],
)
def test_an_incomplete_promise_since_the_issue_is_bad_input(catalogue, entry):
    with pytest.raises(UnusableInput, match=r"line 5, under Since issue 630"):
        catalogue(f"{THIRTY}{SINCE}  40: {entry}\n")


@pytest.mark.parametrize(
    "text", [THIRTY + SINCE + LATER.replace("40", "2"), SINCE + LATER + THIRTY], ids=["twice", "not in order"]
)
def test_numbers_that_do_not_ascend_are_bad_input(catalogue, text):
    with pytest.raises(UnusableInput, match=r"promise \d+ comes after promise \d+"):
        catalogue(text)
