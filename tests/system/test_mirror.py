"""A folder on several machines, for the probe logs of the steps of a scenario."""

from pathlib import Path

import pytest

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import HERE, LocalFiles
from swamp_harness.system.hosts.mirror import Mirror
from swamp_harness.system.hosts.ssh import SshHost
from swamp_harness.system.limits import Limit
from swamp_harness.system.waiting import wait_until
from tests.sshd import sshd_in

SOON = Limit("a test", 10)


@pytest.fixture
def mirror(tmp_path):
    (tmp_path / "here").mkdir()
    mirror = Mirror(tmp_path / "here", "log", ("begun-", "half-"))
    yield mirror
    mirror.close()


@pytest.fixture
def there(mirror, tmp_path):
    folders = tmp_path / "there", tmp_path / "other"
    for folder in folders:
        mirror.add(HERE, folder)
    return folders


def append(folder, line):
    with (folder / "log").open("a") as log:
        log.write(line)


def lines_here(mirror):
    return (mirror.folder_now() / "log").read_text().splitlines()


def test_a_line_written_on_any_machine_is_here_after_the_next_look(mirror, there, tmp_path):
    one, other = there
    append(one, "first\n")
    append(other, "second\n")
    append(tmp_path / "here", "third\n")
    assert sorted(lines_here(mirror)) == ["first", "second", "third"]
    append(one, "fourth\n")
    assert sorted(lines_here(mirror)) == ["first", "fourth", "second", "third"]


def test_an_incomplete_line_is_not_copied(mirror, there):
    append(there[0], "one\ntw")
    assert lines_here(mirror) == ["one"]
    append(there[0], "o\n")
    assert lines_here(mirror) == ["one", "two"]


def test_files_are_copied_here_and_only_signals_are_copied_there(mirror, there):
    one, other = there
    (one / "digest-build").write_text("abc")
    assert (mirror.folder_now() / "digest-build").read_text() == "abc"
    assert not (other / "digest-build").exists()


def test_signals_reach_every_machine(there, tmp_path):
    one, other = there
    (one / "begun-build").mkdir()
    (tmp_path / "here" / "half-test").write_text("half")
    wait_until(
        "the signs", lambda: sorted(each.name for each in other.iterdir()), lambda n: len(n) == 2, SOON
    )
    assert (other / "begun-build").is_dir()
    assert (other / "half-test").read_text() == "half"
    assert (tmp_path / "here" / "begun-build").is_dir()
    assert (one / "half-test").exists()


def test_a_file_that_has_grown_is_copied_again(mirror, there):
    (there[0] / "environment-build").write_text("")
    assert (mirror.folder_now() / "environment-build").read_text() == ""
    (there[0] / "environment-build").write_text("A=1")
    assert (mirror.folder_now() / "environment-build").read_text() == "A=1"


def test_the_same_folder_is_read_once(mirror, there):
    mirror.add(HERE, there[0])
    append(there[0], "once\n")
    assert lines_here(mirror) == ["once"]


class Silent(LocalFiles):
    """The files of a machine that stops answering."""

    def __init__(self, error):
        self.error = error
        self.answers = True
        self.failed_attempts = 0

    def entries(self, folder):
        if not self.answers:
            self.failed_attempts += 1
            raise self.error
        return super().entries(folder)


@pytest.fixture(params=[InfrastructureError("the machine is gone"), ConnectionResetError("the line is gone")])
def silent(request):
    return Silent(request.param)


def test_a_silent_machine_is_reported_by_the_next_look_and_not_by_close(mirror, silent, tmp_path):
    mirror.add(silent, tmp_path / "there")
    append(tmp_path / "there", "before\n")
    assert lines_here(mirror) == ["before"]
    silent.answers = False
    with pytest.raises(InfrastructureError, match="is gone"):
        mirror.folder_now()
    mirror.close()
    assert lines_here(mirror) == ["before"]


def test_a_machine_that_answers_again_is_read_again(mirror, silent, tmp_path):
    mirror.add(silent, tmp_path / "there")
    silent.answers = False
    wait_until("two failed attempts", lambda: silent.failed_attempts, lambda count: count >= 2, SOON)
    append(tmp_path / "there", "meanwhile\n")
    silent.answers = True
    here = tmp_path / "here" / "log"
    wait_until(
        "the missed line", lambda: here.exists() and here.read_text(), lambda t: t == "meanwhile\n", SOON
    )


def test_mirroring_works_over_ssh(mirror, tmp_path, tmp_path_factory):
    for sshd in sshd_in(tmp_path_factory.mktemp("sshd")):
        host = SshHost("the other machine", sshd.address)
        there = Path(tmp_path / "there")
        mirror.add(host.files, there)
        append(there, "from there\n")
        (there / "note").write_text("noted")
        (tmp_path / "here" / "begun-build").mkdir()
        assert lines_here(mirror) == ["from there"]
        assert (tmp_path / "here" / "note").read_text() == "noted"
        assert (there / "begun-build").is_dir()
        mirror.close()
        host.close()
