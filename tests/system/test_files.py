"""Files of this machine: deleting waits for files in use."""

import os
import shutil
import sys
import threading

import pytest

from swamp_harness.system import files
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import HERE, remove_folder, walk


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "folder"
    (folder / "deep" / "down").mkdir(parents=True)
    (folder / "deep" / "down" / "file").write_text("content")
    return folder


def test_a_walk_finds_everything_below_a_folder_in_order(folder):
    (folder / "a").touch()
    deep = folder / "deep"
    assert walk(folder) == [folder / "a", deep, deep / "down", deep / "down" / "file"]
    assert walk(folder / "nowhere") == []


def test_a_walk_leaves_out_a_folder_that_vanishes_meanwhile(folder, monkeypatch):
    scan = os.scandir

    def scandir(place):
        if str(place).endswith("down"):
            shutil.rmtree(place)  # as a running process may
        return scan(place)

    (folder / "deep" / "kept").touch()
    monkeypatch.setattr("os.scandir", scandir)
    assert HERE.below(folder) == [folder / "deep" / "kept"]


def test_a_folder_that_cannot_be_read_is_an_infrastructure_error(folder, monkeypatch):
    def scandir(place):
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(InfrastructureError, match=r"folder cannot be read: .*Permission denied"):
        walk(folder)


def test_a_folder_is_removed_with_all_that_is_in_it(folder):
    remove_folder(folder)
    assert not folder.exists()


def test_a_missing_folder_is_ignored(tmp_path):
    remove_folder(tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="a link needs a privilege there")
def test_a_link_leads_to_its_folder(folder):
    HERE.link(folder.parent / "link", folder)
    assert (folder.parent / "link" / "deep").is_dir()
    assert (folder.parent / "link").is_symlink()


def test_read_only_files_are_removed(folder):
    (folder / "deep" / "down" / "file").chmod(0o400)
    (folder / "deep" / "down").chmod(0o500)
    remove_folder(folder)
    assert not folder.exists()


def test_the_removal_waits_for_a_locked_file(folder, monkeypatch):
    remove, refusals = files.shutil.rmtree, iter(range(3))

    def rmtree(place):
        if next(refusals, None) is not None:
            raise PermissionError(13, "The process cannot access the file", str(folder / "deep"))
        remove(place)

    monkeypatch.setattr("shutil.rmtree", rmtree)
    remove_folder(folder)
    assert not folder.exists()


def test_a_folder_that_cannot_be_removed_is_an_error_with_its_reason(folder, monkeypatch):
    def rmtree(_):
        raise PermissionError(13, "The process cannot access the file", str(folder / "deep"))

    monkeypatch.setattr("shutil.rmtree", rmtree)
    monkeypatch.setenv("UAT_TIME_SCALE", "0.01")
    with pytest.raises(InfrastructureError, match=r"folder to be removed(.|\n)*cannot access the file"):
        remove_folder(folder)


@pytest.mark.skipif(sys.platform != "win32", reason="on other systems an open file can be removed")
def test_an_open_file_is_removed_once_it_is_closed(folder):
    opened = (folder / "deep" / "down" / "file").open()
    threading.Timer(0.5, opened.close).start()
    remove_folder(folder)
    assert not folder.exists()
