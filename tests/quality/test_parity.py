"""The comparison of the stand-in with swamp: what counts as a difference, and what fails it."""

from __future__ import annotations

import pytest

from swamp_harness.quality import parity
from swamp_harness.system.errors import ExitCode

LIST = "worker list (text)"
CODE = "exit code"


@pytest.fixture
def compare(monkeypatch):
    """Compares two targets that give these answers, with these explained differences."""

    def compared(swamp, embedded, explained=()):
        monkeypatch.setattr(
            parity,
            "conversation",
            lambda _environ, target, _folder: iter((swamp if target.name == "swamp" else embedded).items()),
        )
        monkeypatch.setattr(parity, "explanations", lambda _file: dict(explained))
        return parity.compare({"SWAMP_BIN": "/swamp"})

    return compared


def test_the_same_answers_are_no_difference(compare, capsys):
    answers = {LIST: {CODE: "0"}, "worker queue (JSON)": {CODE: "1"}}
    assert compare(answers, answers) == ExitCode.EVERY_PROMISE_HELD
    assert "2 commands compared: 0 differences" in capsys.readouterr().out


def test_each_command_is_printed_when_it_has_run(compare, capsys):
    compare({LIST: {CODE: "0"}}, {LIST: {CODE: "0"}})
    assert capsys.readouterr().out.count(LIST) == 2


def test_a_difference_without_an_explanation_fails(compare, capsys):
    assert compare({LIST: {CODE: "0"}}, {LIST: {CODE: "1"}}) == ExitCode.PROMISE_BROKEN
    output = capsys.readouterr().out
    assert "UNEXPLAINED" in output
    assert "exit code: swamp: 0; " in output


def test_a_command_that_only_one_of_them_runs_is_a_difference(compare):
    assert compare({LIST: {CODE: "0"}}, {}) == ExitCode.PROMISE_BROKEN


def test_an_explained_difference_passes_with_its_explanation(compare, capsys):
    explained = {(LIST, CODE): "The stand-in has no club."}
    assert compare({LIST: {CODE: "0"}}, {LIST: {CODE: "1"}}, explained) == ExitCode.EVERY_PROMISE_HELD
    assert "explained: The stand-in has no club." in capsys.readouterr().out


def test_an_explanation_of_no_difference_fails(compare, capsys):
    explained = {(LIST, CODE): "The stand-in has no club."}
    assert compare({LIST: {CODE: "0"}}, {LIST: {CODE: "0"}}, explained) == ExitCode.PROMISE_BROKEN
    assert "remove it" in capsys.readouterr().out
