"""Installing: in the checkout, once at a time, and independent of people's own pip settings."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from swamp_harness import install
from tests.conftest import ROOT

SCRIPT = ROOT / "swamp_harness" / "install.py"
# Installing takes half a minute. Here only who installs, when, and how often is tested.
NOTES_WHO_MAKES_IT = f"""
import pathlib, sys, time
sys.path.insert(0, {str(SCRIPT.parent)!r})
import install

def make(root):
    with (root / "made").open("a") as made:
        made.write("begins ")
        made.flush()
        time.sleep(1)
        made.write("ends ")
    install.python_of(root).parent.mkdir(parents=True, exist_ok=True)
    install.python_of(root).touch()
    import json
    (root / ".venv" / "ready").write_text(json.dumps(install.fingerprint(root)))

install.make = make
install.ensure(pathlib.Path(sys.argv[1]))
"""


@pytest.fixture
def checkout(tmp_path):
    """A checkout with a finished environment."""
    root = tmp_path / "a checkout with ü and spaces"
    root.mkdir()
    (root / "requirements.lock").write_text("behave==1.3.3\n")
    (root / "pyproject.toml").write_text("[project]\n")
    python = install.python_of(root)
    python.parent.mkdir(parents=True)
    python.touch()
    (root / ".venv" / "ready").write_text(install.json.dumps(install.fingerprint(root)), "utf-8")
    return root


def installer(root):
    return subprocess.Popen(
        [sys.executable, "-c", NOTES_WHO_MAKES_IT, str(root)], stdout=subprocess.PIPE, text=True
    )


def test_a_complete_environment_in_its_own_checkout_is_kept(checkout):
    assert install.is_ready(checkout)


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_an_environment_of_other_packages_is_made_again(checkout, name):
    (checkout / name).write_text("changed\n")
    assert not install.is_ready(checkout)


def test_an_environment_copied_with_its_checkout_is_made_again(checkout, tmp_path):
    moved = checkout.rename(tmp_path / "moved")
    assert not install.is_ready(moved)


@pytest.mark.parametrize("stamp", [None, "", "{", "[]"])
def test_an_interrupted_installation_is_made_again(checkout, stamp):
    ready = checkout / ".venv" / "ready"
    ready.unlink() if stamp is None else ready.write_text(stamp)
    assert not install.is_ready(checkout)


def test_an_environment_without_its_python_is_made_again(checkout):
    install.python_of(checkout).unlink()
    assert not install.is_ready(checkout)


def test_two_simultaneous_first_uses_install_once(checkout):
    (checkout / ".venv" / "ready").unlink()

    outputs = [process.communicate(timeout=60)[0] for process in [installer(checkout), installer(checkout)]]

    assert (checkout / "made").read_text() == "begins ends "
    assert sorted(outputs) == ["", "Waiting for another installation in this checkout to end ...\n"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_installation_blocks_no_other(checkout):
    (checkout / ".venv" / "ready").unlink()
    killed = installer(checkout)
    end = time.monotonic() + 30
    while not (checkout / "made").exists() and time.monotonic() < end:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=30)

    assert installer(checkout).wait(timeout=30) == 0
    assert install.is_ready(checkout)


def test_settings_for_other_environments_have_no_effect():
    person = {
        "PATH": "/usr/bin",
        "PIP_USER": "1",
        "PIP_TARGET": "/other",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_CONSTRAINT": "old.txt",
        "PYTHONPATH": "/another/python",
        "VIRTUAL_ENV": "/another",
        "PIP_INDEX_URL": "https://index.example/simple",
        "PIP_CERT": "ca.pem",
        "PIP_CONFIG_FILE": "pip.conf",
    }
    assert install.clean_environment(person) == {
        "PATH": "/usr/bin",
        "PIP_INDEX_URL": "https://index.example/simple",
        "PIP_CERT": "ca.pem",
        "PIP_CONFIG_FILE": "pip.conf",
    }


def test_settings_for_the_package_index_are_kept():
    listed = (
        ":env:.index-url='https://of-the-environment.example'\n"
        "global.find-links='/one\\n/two'\n"
        "global.index-url='https://of-the-file.example'\n"
        "global.proxy='proxy.example:3128'\n"
        "global.target='/other'\n"
        "global.user='true'\n"
        "freeze.timeout='10'\n"
        "install.timeout='60'\n"
        "install.no-deps='true'\n"
    )
    assert install.settings_of_pip(listed) == {
        "PIP_FIND_LINKS": "/one /two",
        "PIP_INDEX_URL": "https://of-the-environment.example",
        "PIP_PROXY": "proxy.example:3128",
        "PIP_TIMEOUT": "60",
    }


def test_a_failed_step_is_reported_with_its_fix(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(install, "ROOT", tmp_path)
    (tmp_path / "requirements.lock").write_text("")
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.setattr(sys, "executable", str(Path(os.devnull)))

    assert install.main() == 2

    assert "Install Python's module venv" in capsys.readouterr().err
