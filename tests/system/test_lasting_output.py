"""Output that survives its reader: what cannot be written is dropped, and told once."""

import io
import os
import sys

import pytest

from swamp_harness.system.lasting_output import LastingStream, lasting_output


@pytest.fixture
def without_reader():
    """A text stream into a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    yield stream
    stream.close()


def test_the_first_write_that_fails_is_told_and_all_that_follows_is_dropped(without_reader):
    lasting, told = LastingStream(without_reader), []
    lasting.when_lost(told.append)

    for _ in range(3):
        print("shown", file=lasting, flush=True)

    assert lasting.lost.startswith(("BrokenPipeError", "OSError"))
    assert told == [lasting.lost]
    assert not lasting.isatty()
    without_reader.flush()  # as the interpreter does at its end: what was in the buffer fails no more


def test_a_loss_that_came_before_somebody_asked_is_told_as_well():
    closed = io.StringIO()
    closed.close()
    lasting, told = LastingStream(closed), []
    lasting.write("shown")

    lasting.when_lost(told.append)

    assert told == ["ValueError: I/O operation on closed file"]


def test_output_lasts_within_and_is_itself_again_afterwards(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", None)

    with lasting_output() as outer, lasting_output() as inner:
        assert inner is outer is sys.stdout
        print("shown")
        print("dropped", file=sys.stderr)

    assert (sys.stdout, sys.stderr) == (shown, None)
    assert shown.getvalue() == "shown\n"
