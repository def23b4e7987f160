"""Files of this machine: what is removed is gone, even if it resists for a while."""

import sys
import threading

import pytest

from swamp_harness.system import files
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import remove_folder


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "folder"
    (folder / "deep" / "down").mkdir(parents=True)
    (folder / "deep" / "down" / "file").write_text("content")
    return folder


def test_a_folder_is_removed_with_all_that_is_in_it(folder):
    remove_folder(folder)
    assert not folder.exists()


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path):
    remove_folder(tmp_path / "nowhere")


def test_what_may_only_be_read_is_removed(folder):
    (folder / "deep" / "down" / "file").chmod(0o400)
    (folder / "deep" / "down").chmod(0o500)
    remove_folder(folder)
    assert not folder.exists()


def test_a_file_that_is_locked_for_a_while_is_waited_for(folder, monkeypatch):
    remove, refusals = files.shutil.rmtree, iter(range(3))

    def rmtree(place):
        if next(refusals, None) is not None:
            raise PermissionError(13, "The process cannot access the file", str(folder / "deep"))
        remove(place)

    monkeypatch.setattr("shutil.rmtree", rmtree)
    remove_folder(folder)
    assert not folder.exists()


def test_a_folder_that_cannot_be_removed_is_a_fault_that_says_why(folder, monkeypatch):
    def rmtree(_):
        raise PermissionError(13, "The process cannot access the file", str(folder / "deep"))

    monkeypatch.setattr("shutil.rmtree", rmtree)
    monkeypatch.setenv("UAT_TIME_SCALE", "0.01")
    with pytest.raises(InfrastructureError, match=r"folder to be removed(.|\n)*cannot access the file"):
        remove_folder(folder)


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere an open file can be removed")
def test_a_file_that_somebody_has_open_is_removed_once_it_is_closed(folder):
    opened = (folder / "deep" / "down" / "file").open()
    threading.Timer(0.5, opened.close).start()
    remove_folder(folder)
    assert not folder.exists()
