"""Parameter types of steps: details, alone and combined, and their values."""

from __future__ import annotations

import re

import pytest

from swamp_harness.scenario.kinds import Detail, Details, Kind, one_of

WORDS = {
    "Name": Kind("a name", r"[^\"]+", str),
    "Number": Kind("a number", r"\d+", int),
    "Colour": one_of("a colour", {"red": 1, "reddish": 2}),
}
PEN = Details(
    "how a pen is",
    dict,
    [
        Detail("with {inks:Number} inks", "it has several inks", lambda inks: {"inks": inks}),
        Detail('with the cap of "{other:Name}"', "it has another's cap", lambda other: {"cap": other}),
        Detail("in {colour:Colour}", "it writes so", lambda colour: {"colour": colour}),
        Detail("without ink", "it writes nothing", lambda: {"inks": 0}),
    ],
    WORDS,
)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("with 2 inks", {"inks": 2}),
        ('with the cap of "a, b and c"', {"cap": "a, b and c"}),
        ("with 2 inks, in reddish", {"inks": 2, "colour": 2}),
        ('with the cap of "x" and 2 inks', {"cap": "x", "inks": 2}),
        ('in red with the cap of "x", and 2 inks', {"colour": 1, "cap": "x", "inks": 2}),
    ],
)
def test_details_can_be_combined_in_any_order(text, facts):
    assert re.fullmatch(PEN.pattern, text)
    assert PEN(text) == facts


@pytest.mark.parametrize(
    "text", ["", "2 inks", "with ink", "with 2 inks, ", "in green", "with 2 inks;in red"]
)
def test_a_text_that_is_not_a_detail_does_not_match(text):
    assert not re.fullmatch(PEN.pattern, text)


def test_two_details_with_the_same_effect_are_refused():
    with pytest.raises(ValueError, match="`with 2 inks, without ink` sets inks twice"):
        PEN("with 2 inks, without ink")


def test_the_phrases_of_details_are_listed_with_their_effect_and_found_in_a_text():
    assert PEN.phrases["with {inks} inks"] == "it has several inks"
    assert PEN.words == {"inks": "Number", "other": "Name", "colour": "Colour"}
    phrases = [(kind.description, phrase) for kind, phrase in PEN.phrases_in("with 2 inks, in red")]
    assert phrases == [
        ("how a pen is", "with {inks} inks"),
        ("a number", "2"),
        ("how a pen is", "in {colour}"),
        ("a colour", "red"),
    ]
