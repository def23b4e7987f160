"""Output that survives its reader: text that cannot be written is dropped, and this is reported once."""

import io
import os
import sys

import pytest

from swamp_harness.system.lasting_output import LastingStream, lasting_output


@pytest.fixture
def without_reader():
    """A text stream into a pipe without a reader."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    yield stream
    stream.close()


def test_the_first_failed_write_is_reported_and_later_ones_are_dropped(without_reader):
    lasting, reported = LastingStream(without_reader), []
    lasting.when_lost(reported.append)

    for _ in range(3):
        print("shown", file=lasting, flush=True)

    assert lasting.lost.startswith(("BrokenPipeError", "OSError"))
    assert reported == [lasting.lost]
    assert not lasting.isatty()
    without_reader.flush()  # as the interpreter does at its end: the buffered text causes no error any more


def test_an_earlier_loss_is_reported_as_well():
    closed = io.StringIO()
    closed.close()
    lasting, reported = LastingStream(closed), []
    lasting.write("shown")

    lasting.when_lost(reported.append)

    assert reported == ["ValueError: I/O operation on closed file"]


def test_output_lasts_within_the_block_and_is_restored_afterwards(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", None)

    with lasting_output() as outer, lasting_output() as inner:
        assert inner is outer is sys.stdout
        print("shown")
        print("dropped", file=sys.stderr)

    assert (sys.stdout, sys.stderr) == (shown, None)
    assert shown.getvalue() == "shown\n"
