"""The files that programs write from others: their present text, and whether the files are up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.quality.editors import settings_text
from swamp_harness.render import coverage, step_pages, verification, words
from swamp_harness.render.step_pages import Catalogue
from swamp_harness.results import deviations
from swamp_harness.results.findings import Finding, finding_in
from swamp_harness.specification import features, project


@dataclass(frozen=True)
class GeneratedFile:
    """A file that a program writes.

    Attributes:
        file: that is written.
        text: that it should have now.
        command: that writes it.
        refusal: why it must not be written now, as a sentence; "" if it may.
    """

    file: Path
    text: str
    command: str
    refusal: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether it is missing or has another text."""
        return _text_of(self.file) != self.text

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with it."""
        if self.refusal:
            return [finding_in(self.file, 1, self.refusal)]
        if not self.is_stale:
            return []
        line = _first_difference(_text_of(self.file), self.text)
        return [finding_in(self.file, line, f"the file is stale: run `{self.command}`")]

    def write(self) -> bool:
        """Write it, unless it is up to date, or must not be written; whether it was written."""
        if self.refusal or not self.is_stale:
            return False
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(self.text, "utf-8", newline="\n")
        return True


def coverage_file() -> GeneratedFile:
    """`coverage.md`, which is not written while a promise has no scenario."""
    promises, scenarios = features.catalogue(), features.scenarios_in(features.parse(project.FEATURES))
    text = coverage.coverage_map(
        promises,
        scenarios,
        deviations.load(project.deviations()),
        coverage.load_recorded(project.RECORDED_RESULTS),
        coverage.documented_defaults(),
    )
    bare = coverage.without_scenario(promises, scenarios)
    refusal = f"no scenario serves {words.promises_in_words(bare)}: write one" if bare else ""
    return GeneratedFile(project.COVERAGE_MAP, text, "make coverage", refusal)


def verification_file() -> GeneratedFile:
    """`docs/verification.md`."""
    text = verification.page(verification.read_measurements(project.MEASUREMENTS))
    return GeneratedFile(project.VERIFICATION, text, "make verification")


def step_files(catalogue: Catalogue) -> list[GeneratedFile]:
    """`docs/steps.md`, `docs/steps.html`, and the editor settings that follow from the steps."""
    return [
        GeneratedFile(project.STEPS, step_pages.markdown(catalogue), "make docs"),
        GeneratedFile(project.STEPS_PAGE, step_pages.html(catalogue), "make docs"),
        GeneratedFile(project.EDITOR_SETTINGS, settings_text(project.EDITOR_SETTINGS), "make docs"),
    ]


def written(files: Sequence[GeneratedFile]) -> list[Path]:
    """Write what is stale; returns the files that were written."""
    return [each.file for each in files if each.write()]


def _text_of(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""


def _first_difference(before: str, after: str) -> int:
    pairs = zip([*before.split("\n"), ""], [*after.split("\n"), ""], strict=False)
    return next((number for number, (one, other) in enumerate(pairs, 1) if one != other), 1)
