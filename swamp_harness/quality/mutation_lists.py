"""Decisions of people about mutants: modules that are left out, and survivors that are acceptable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.quality.code_mutants import Mutant
from swamp_harness.render.mutation_report import Outcome
from swamp_harness.results import schemas
from swamp_harness.system.yaml_files import read_yaml

_OUTCOMES = {"equivalent": Outcome.EQUIVALENT, "outside": Outcome.OUTSIDE}


@dataclass(frozen=True)
class Decision:
    """The decision of a person about a mutant.

    Attributes:
        module: of the mutant.
        operator: that made it.
        was: the changed lines.
        becomes: the new lines.
        outcome: EQUIVALENT or OUTSIDE.
        reason: why.
    """

    module: str
    operator: str
    was: str
    becomes: str
    outcome: Outcome
    reason: str

    def is_about(self, mutant: Mutant) -> bool:
        """Whether it is about a mutant: the same change by the same operator in the same module."""
        changed = (mutant.site.module, mutant.site.operator, mutant.was, mutant.becomes)
        return changed == (self.module, self.operator, self.was, self.becomes)

    def matches_nothing_in(self, text: str | None) -> bool:
        """Whether the module, or the changed lines in it, no longer exist.

        Args:
            text: of the module; None if it does not exist.
        """
        lines = "\n".join(line.strip() for line in (text or "").splitlines())
        return f"\n{self.was}\n" not in f"\n{lines}\n"


@dataclass(frozen=True)
class Decisions:
    """All decisions of people.

    Attributes:
        left_out: the modules that are not mutated, each with the reason.
        decided: about survivors.
    """

    left_out: Mapping[str, str]
    decided: tuple[Decision, ...]

    def about(self, mutant: Mutant) -> Decision | None:
        """The decision about a mutant, None if there is none."""
        return next((each for each in self.decided if each.is_about(mutant)), None)

    def stale(self, texts: Mapping[str, str]) -> list[str]:
        """The entries about modules and lines that do not exist, as sentences.

        Args:
            texts: of all modules of the stand-in, those that are left out as well.
        """
        gone = [f"{each} is left out and does not exist" for each in self.left_out if each not in texts]
        return gone + [
            f"{each.module} does not contain {each.was!r}"
            for each in self.decided
            if each.matches_nothing_in(texts.get(each.module))
        ]


def read_decisions(file: Path) -> Decisions:
    """Read the list.

    Raises:
        UnusableInput: it cannot be read, or an entry is not complete (exit code 2).
    """
    document = read_yaml(file, schemas.MUTATION)
    return Decisions(
        {each["module"]: each["reason"] for each in document["left out"]},
        tuple(
            Decision(
                each["module"],
                each["operator"],
                each["was"].rstrip("\n"),
                each["becomes"].rstrip("\n"),
                _OUTCOMES[each["is"]],
                each["reason"],
            )
            for each in document["decided"]
        ),
    )
