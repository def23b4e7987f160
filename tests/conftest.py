"""What the tests share: a fake swamp whose defects can be chosen, and a way to run the suite against it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FAKE = Path(__file__).parent / "fake_swamp.py"


@dataclass(frozen=True)
class FakeSwamp:
    """An executable that plays swamp.

    Attributes:
        path: of the executable.
        secrets_file: where it notes every secret that it mints, one a line.
    """

    path: Path
    secrets_file: Path

    def secrets(self) -> list[str]:
        return self.secrets_file.read_text().split()


@pytest.fixture(autouse=True)
def _without_the_callers_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test never depends on what the person who runs the tests has set."""
    for name in os.environ:
        if name.startswith(("SWAMP_", "UAT_")):
            monkeypatch.delenv(name)


@pytest.fixture
def fake_swamp(tmp_path: Path) -> Callable[..., FakeSwamp]:
    """Makes a fake swamp with the defects that are named."""
    if sys.platform == "win32":
        pytest.skip("the fake swamp is a script, which Windows cannot execute as a binary")

    def make(*defects: str) -> FakeSwamp:
        path, secrets_file = tmp_path / "swamp", tmp_path / "minted-secrets"
        secrets_file.touch()
        path.write_text(
            f"#!{sys.executable}\n"
            f"import runpy, sys\n"
            f"sys.argv[1:1] = [{str(secrets_file)!r}, {','.join(defects)!r}]\n"
            f"runpy.run_path({str(FAKE)!r}, run_name='__main__')\n"
        )
        path.chmod(0o755)
        return FakeSwamp(path, secrets_file)

    return make


def suite_environment(reports: Path, **extra: str) -> dict[str, str]:
    return {**os.environ, "UAT_REPORTS": str(reports), **extra}


def run_suite(
    reports: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `swamp-uat run` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "swamp_harness.tools.command", "run", *arguments],
        env=suite_environment(reports, **(env or {})),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
