"""Text of the product and of features, in files of every format and on terminals."""

import re

import pytest

from swamp_harness.system.plain_text import clean, cut, for_terminal, json_text, shortened
from swamp_harness.system.process_log import ProcessLog


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("over\rwritten", r"over\rwritten"),
        ("one\r\ntwo\tand", "one\ntwo\tand"),
        ("\x00\ud800\ufffe", r"\x00\ud800\ufffe"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("Grüße, 你好 👩‍💻", "Grüße, 你好 👩‍💻"),
    ],
)
def test_characters_that_a_format_cannot_contain_are_escaped(text, shown):
    assert clean(text) == shown


@pytest.mark.parametrize(
    "command",
    [
        "::error::it broke",
        "   ::set-output name=a::b",
        "##[group]a",
        "before ##vso[task.complete]",
        "##teamcity[testFailed]",
        "--- a group",
        "+++ a group",
        "section_start:1:a\r\x1b[0K",
    ],
)
def test_no_line_is_a_command_for_a_ci_system(command):
    taken = re.compile(r"^\s*::|##\w*\[|^(---|\+\+\+)|\r\x1b", re.MULTILINE)
    assert taken.search(f"all is well\n{command}")

    shown = for_terminal(f"all is well\n{command}")

    assert not taken.search(shown)
    assert re.sub(r"\W", "", command.partition("\r")[0]) in re.sub(r"\W", "", shown)


def test_a_terminal_shows_the_beginning_and_the_end_of_a_long_text():
    shown = shortened("\n".join(f"line {number}" for number in range(2_000_000)))

    assert shown.startswith("line 0\n")
    assert "[... 1999940 lines left out ...]" in shown
    assert shown.endswith("line 1999999")
    assert len(shown.splitlines()) == 61
    assert cut("x" * 10_000_000, 5) == "xxxxx [... 9999995 characters left out]"


def test_the_last_lines_of_a_process_are_cut_but_its_log_is_complete(tmp_path):
    log = ProcessLog(tmp_path / "worker.log")

    log.add("stdout", "\x1b]0;\x07" + "x" * 10_000_000)

    assert len(log.tail(6)) < 600
    written = log.file.read_text("utf-8")
    assert "x" * 10_000_000 in written
    assert r"\x1b]0;\x07" in written


def test_json_contains_no_half_of_a_surrogate_pair():
    assert json_text({"a\ud800": ["b\udfff", 1]}, indent=None) == '{"a\\\\ud800": ["b\\\\udfff", 1]}'
