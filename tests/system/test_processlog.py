"""The log of a process: lines as they arrive, and no part of a secret on disk."""

import gc
import secrets
import sys
import weakref

import pytest

from swamp_harness.system.child_process import Launch
from swamp_harness.system.clean_env import scrubbed_environment
from swamp_harness.system.lines import Lines
from swamp_harness.system.process_log import Life, ProcessLog
from swamp_harness.system.processes import ProcessTree
from swamp_harness.system.redaction import BLANK, SECRETS
from tests.disguised import DISGUISES


@pytest.fixture
def log(tmp_path):
    return ProcessLog(tmp_path / "process.log")


@pytest.fixture
def secret():
    known = secrets.token_hex(32)
    SECRETS.add(known)
    return known


def texts(log):
    return [line[len("00:00:00.000000 x ") :] for line in log.file.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("cut", [4, 15, 32, 60])
def test_a_secret_split_over_two_reads_never_reaches_the_disk(log, secret, cut):
    log.add("stdout", "before", f"it is {secret[:cut]}")
    assert not any(secret[:4] in text for text in texts(log))

    log.add("stderr", "in between")
    log.add("stdout", f"{secret[cut:]} it was")

    assert texts(log) == ["in between", "before", f"it is {BLANK}", f"{BLANK} it was"]
    assert log.text(stream="stdout") == f"before\nit is {secret[:cut]}\n{secret[cut:]} it was"
    assert log.tail(1) == f"{BLANK} it was"


def test_held_back_text_is_written_when_nothing_follows(log, secret):
    log.add("stdout", f"it is {secret[:6]}")
    log.note("closed its output", Life.ENDED)

    assert texts(log) == [f"it is {secret[:6]}", "closed its output"]


@pytest.mark.usefixtures("secret")
def test_lines_without_the_start_of_a_secret_are_written_at_once(log):
    log.add("stdout", "one", "two")
    assert texts(log) == ["one", "two"]


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_secret_is_blanked_in_a_log_in_every_disguise(log, secret, disguise):
    for line in f"before\n{DISGUISES[disguise](secret)}\nafter".split("\n"):
        log.add("stdout", line)

    written = texts(log)
    assert (written[0], written[-1]) == ("before", "after")
    assert any(BLANK in text for text in written)
    assert DISGUISES[disguise](secret) not in "\n".join(written)
    assert BLANK in log.tail(4)


def test_a_secret_that_becomes_known_later_is_blanked_in_earlier_lines(log):
    secret = secrets.token_hex(32)
    log.add("stdout", "before", secret.upper())
    log.add("stderr", f"{secret[:30]}", f"{secret[30:]}")
    log.note("a note", Life.STARTED)

    SECRETS.add(secret)

    assert texts(log) == ["before", BLANK, BLANK, BLANK, "a note"]


def test_the_secrets_do_not_keep_a_log_in_memory(tmp_path):
    log = weakref.ref(ProcessLog(tmp_path / "process.log"))
    gc.collect()

    assert log() is None


def test_a_line_of_many_megabytes_is_read_blanked_and_stored(tmp_path, secret):
    log = ProcessLog(tmp_path / "process.log")
    code = f"import sys; sys.stdout.write('f' * 5_000_000 + ' {secret} ' + '0' * 5_000_000)"
    launch = Launch([sys.executable, "-c", code], scrubbed_environment(tmp_path, tmp_path, {}), tmp_path)
    tree = ProcessTree("the process", launch, log)
    try:
        tree._popen.wait(60)
        assert tree.exit_code == 0
    finally:
        tree.end()

    (line,) = log.lines()
    assert len(line.text) == 10_000_066
    (written,) = [text for text in texts(log) if len(text) > 100]
    assert written == "f" * 5_000_000 + f" {BLANK} " + "0" * 5_000_000


def test_lines_are_separated_in_pieces_of_any_size():
    content = "one\r\ntwo\n\nthrée\nthe rest".encode()
    for size in range(1, len(content) + 1):
        lines = Lines()
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        cut = [line for piece in pieces for line in lines.feed(piece)]
        assert [*cut, *lines.rest()] == ["one", "two", "", "thrée", "the rest"]
        assert lines.rest() == []
