"""The scenarios that a change of the project concerns, by what git shows since a commit."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from swamp_harness.runner.steps import matching
from swamp_harness.specification import project
from swamp_harness.specification.features import location_of
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.root import in_project

_FEATURES = PurePosixPath("features")
_STEPS = _FEATURES / "steps"
_SCENARIO = PurePosixPath("swamp_harness/scenario")
# What every scenario rests on: a change there concerns them all.
_DEEPER = tuple(
    map(
        PurePosixPath,
        (
            "features/environment.py",
            "fixtures",
            "standin",
            "swamp_harness/product",
            "swamp_harness/results",
            "swamp_harness/runner",
            "swamp_harness/scenario",
            "swamp_harness/specification",
            "swamp_harness/system",
        ),
    )
)
# No scenario runs these.
_APART = (PurePosixPath("standin/mutants"),)


@dataclass(frozen=True)
class Changed:
    """What has changed since a commit.

    Attributes:
        since: the commit, as it was named.
        files: that have changed and concern scenarios, from the project's folder on.
        deeper: those of them that concern every scenario.
    """

    since: str
    files: tuple[PurePosixPath, ...]
    deeper: tuple[PurePosixPath, ...]

    def concerns(self, scenario: Any) -> bool:
        """Whether a scenario of behave's must run again."""
        if self.deeper:
            return True
        feature = PurePosixPath(in_project(scenario.filename))
        used = {Path(each.location.filename).stem for step in scenario.all_steps for each in matching(step)}
        own = {feature, *(_STEPS / f"{name}.py" for name in used)}
        own = own.union(*(_modules_behind(name) for name in (*used, feature.stem)))
        return not own.isdisjoint(self.files)


def changed_since(ref: str) -> Changed:
    """What has changed since a commit, in commits and in files that are not committed.

    Args:
        ref: names the commit, such as "main" or "HEAD~3".

    Raises:
        UnusableInput: there is no such commit, or the project is no git repository (exit code 2).
    """
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit is None:
        raise UnusableInput(
            f"{ref!r} names no commit of this project's git repository: give for example main or HEAD~1.",
            ExitCode.BAD_COMMAND_LINE,
        )
    named = _git("diff", "--name-only", "--no-renames", "--relative", "-z", commit.strip(), "--") or ""
    added = _git("ls-files", "--others", "--exclude-standard", "-z") or ""
    return changes_in(ref, [name for name in (named + added).split("\0") if name])


def changes_in(ref: str, names: Sequence[str]) -> Changed:
    """The changes that concern scenarios.

    Args:
        ref: names the commit since which they were made.
        names: of the changed files, from the project's folder on.
    """
    files = [each for each in map(PurePosixPath, names) if not _is_below(each, _APART)]
    concerning = [each for each in files if _is_below(each, (_FEATURES, *_DEEPER))]
    subjects = _subjects()
    deeper = [
        each
        for each in concerning
        if _is_below(each, _DEEPER) and not (each.parent == _SCENARIO and each.stem in subjects)
    ]
    return Changed(ref, tuple(concerning), tuple(deeper))


def select_changed(changed: Changed, scenarios: Sequence[Any]) -> list[Any]:
    """The scenarios of behave's that a change concerns, in order.

    Raises:
        UnusableInput: it concerns none of them (exit code 2).
    """
    found = [each for each in scenarios if changed.concerns(each)]
    if scenarios and not found:
        raise UnusableInput(
            f"Nothing that one of these scenarios rests on has changed since {changed.since}.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return found


def since_in_words(changed: Changed, chosen: Collection[Any]) -> str:
    """What has changed, and how much of it runs, in a line."""
    count = len({location_of(each) for each in chosen})
    shown = changed.deeper or changed.files
    others = f" and {len(shown) - 1} more" if shown[1:] else ""
    if changed.deeper:
        why = f"every scenario rests on {shown[0]}{others}, so all {count} selected ones run"
    else:
        why = f"{shown[0]}{others}, which concern {count} scenarios"
    return f"Changed since {changed.since}: {why}"


@functools.cache
def _subjects() -> frozenset[str]:
    return frozenset(file.stem for file in project.FEATURES.glob("*.feature"))


@functools.cache
def _modules_behind(subject: str) -> frozenset[PurePosixPath]:
    """The subject's module, the subjects that its steps import, and all that these modules import."""
    found: set[str] = set()
    # The other imports of steps are phrases, which import every subject.
    ahead = [subject, *(_imported_by(_STEPS / f"{subject}.py") & _subjects())]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += _imported_by(_SCENARIO / f"{name}.py")
    return frozenset(_SCENARIO / f"{name}.py" for name in found)


@functools.cache
def _imported_by(place: PurePosixPath) -> frozenset[str]:
    """The names of the modules in `swamp_harness/scenario` that a file imports; none if there is no file."""
    file = project.ROOT / place
    if not file.is_file():
        return frozenset()
    package = ".".join(_SCENARIO.parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == package:
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}."):
            found.add(str(node.module).removeprefix(f"{package}."))
    return frozenset(found)


def _is_below(file: PurePosixPath, places: Collection[PurePosixPath]) -> bool:
    return any(file.is_relative_to(each) for each in places)


def _git(*arguments: str) -> str | None:
    """The output of git in the project's folder; None if it fails or is not there."""
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - the git of the person who runs it
            cwd=project.ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
