"""The project's own files agree with each other: lock and dependencies, Makefile, documents and variables."""

import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

# Everything is imported as on this system first, then the tests alone as on Windows: mypy checks what they
# import for each system, and it cannot be imported as on another system.
AS_ON_WINDOWS = """
import importlib, os, pathlib, signal, sys
modules = [".".join(file.with_suffix("").parts) for file in pathlib.Path("tests").rglob("test_*.py")]
for module in modules:
    importlib.import_module(module)
for place, names in ((signal, ["SIGKILL"]), (os, ["fork", "geteuid", "getuid", "killpg", "setsid"])):
    for name in names:
        vars(place).pop(name, None)
sys.platform = "win32"
for module in [name for name in sys.modules if name.startswith("tests.")]:
    del sys.modules[module]
for module in modules:
    importlib.import_module(module)
"""

# Set by the suite for the processes that it starts, not by people.
INTERNAL = {"UAT_MARK", "UAT_NOTES", "UAT_WORKER"}


def test_the_lock_pins_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    missing = {canonicalize_name(Requirement(each).name) for each in named} - set(
        map(canonicalize_name, locked)
    )
    assert missing == set(), "run `make lock`"


def variables_in(text):
    return set(re.findall(r"\b(?:UAT_[A-Z_]+|SWAMP_(?:BIN|OTHER_BIN|EARLIER_BIN|VERSION))\b", text))


def test_make_passes_on_every_variable_of_the_suite_and_it_is_documented():
    known = {
        name
        for file in (ROOT / "swamp_harness").rglob("*.py")
        for name in re.findall(r'_VARIABLE = "(\w+)"', file.read_text())
        if variables_in(name)
    } - INTERNAL
    assert known <= variables_in((ROOT / "Makefile").read_text())
    assert known <= variables_in((ROOT / "docs" / "running.md").read_text())


def test_every_test_can_be_collected_on_windows():
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
