"""The state of mutation testing: the mutants, the scenarios that reach them, and the findings so far."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from swamp_harness.quality.code_mutants import MutableModule, Mutant, Site
from swamp_harness.quality.known_noticers import KnownNoticers
from swamp_harness.quality.mutation_lists import Decisions
from swamp_harness.quality.reach import Reach, fingerprint, statement_lines
from swamp_harness.quality.uses import uses_of
from swamp_harness.render.mutation_report import Finding, Outcome, as_value, from_value
from swamp_harness.results.ids import id_of
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.files import write_whole
from swamp_harness.system.plain_text import json_text

# How many changed modules a message names: a longer one would be cut.
_STALE_SHOWN = 3


@dataclass(frozen=True)
class ScenarioPlace:
    """A scenario in mutation testing.

    Attributes:
        at: where it stands in the features, as "file:line".
        numbers: that it serves.
        givens: its Given steps, without their keyword.
    """

    at: str
    numbers: tuple[int, ...]
    givens: frozenset[str]


@dataclass(frozen=True)
class Plan:
    """The sources of the mutants, and the scenarios that they run.

    Attributes:
        modules: of the stand-in, by path, that are mutated.
        texts: of all modules of the stand-in, by path.
        found: which scenarios reach which lines.
        decisions: of people.
        noticers: the scenarios that have noticed a mutant, by the function that it replaces.
        places: of the scenarios, the numbers they serve, and their Given steps, by id.
    """

    modules: Mapping[str, MutableModule]
    texts: Mapping[str, str]
    found: Reach
    decisions: Decisions
    noticers: KnownNoticers
    places: Mapping[str, ScenarioPlace]

    def mutant(self, site: Site) -> tuple[Mutant, list[str]] | None:
        """The mutant of a site and the scenarios that reach it; None if there is none, or no scenario."""
        module = self.modules[site.module]
        mutant = module.mutant(site)
        if mutant is None:
            return None
        at = statement_lines(module.text)
        lines = {line for each in mutant.lines for line in at.get(each, (each,))}
        uses = uses_of(self.texts, site.module, mutant.lines.start)
        about = {**uses, site.module: lines | uses.get(site.module, set())}
        noticers = self.noticers.of_lines(self.texts, about)
        ordered = self.found.scenarios_at(site.module, lines, uses, noticers.__contains__, self._subject)
        names = [name for name in ordered if name in self.places]
        return (mutant, names) if names else None

    def _subject(self, name: str) -> tuple[int, ...]:
        return self.places[name].numbers if name in self.places else ()


@dataclass
class Session:
    """The findings so far, stored in a file to continue an interrupted run.

    Attributes:
        file: where they are kept.
        key: identifies the code, the scenarios and the sample.
        findings: by name of the mutant.
        killers: the scenario that killed a mutant before the code or the scenarios changed, by its name.
    """

    file: Path
    key: str
    findings: dict[str, Finding] = field(default_factory=dict)
    killers: dict[str, str] = field(default_factory=dict)

    def resume(self) -> None:
        """Load the findings of an earlier run with the same code, scenarios and sample."""
        if self.file.exists():
            document = json.loads(self.file.read_text("utf-8"))
            findings = document["findings"]
            self.killers = document.get("killers", {})
            if document["key"] == self.key:
                self.findings = {each["mutant"]: from_value(each) for each in findings}
                print(f"{len(self.findings)} mutants are done from an earlier run: {self.file}")
            else:
                killed = [each for each in findings if each["outcome"] == Outcome.KILLED.value]
                self.killers |= {each["mutant"]: each["scenario"] for each in killed}
                print(
                    "The earlier run had other code, scenarios or another sample: all mutants run again, each"
                    " first with the scenario that killed it then."
                )

    def in_order(self, mutant: str, scenarios: Sequence[str]) -> list[str]:
        """The scenarios for a mutant, first the one that killed it before."""
        return sorted(scenarios, key=lambda each: each != self.killers.get(mutant))

    def reopen(self, most: int) -> None:
        """Drop the undecided mutants for which more scenarios can run.

        Args:
            most: how many scenarios a mutant runs at most; all that reach it when 0.
        """
        self.findings = {
            name: each
            for name, each in self.findings.items()
            if each.outcome is not Outcome.UNDECIDED or (most and most <= each.scenarios)
        }

    def take(self, finding: Finding) -> None:
        """Keep a finding."""
        self.findings[finding.mutant] = finding
        findings = [as_value(each) for each in self.findings.values()]
        document = {"key": self.key, "killers": self.killers, "findings": findings}
        write_whole(self.file, json_text(document) + "\n")


def places_of_scenarios() -> dict[str, ScenarioPlace]:
    """All scenarios of the features, by id."""
    return {
        id_of(row): ScenarioPlace(
            f"{row.filename}:{row.line}",
            features.numbers_of(row),
            frozenset(step.name for step in row.all_steps if step.step_type == "given"),
        )
        for feature in features.parse(project.FEATURES)
        for row in feature.walk_scenarios()
    }


def unreached(module: str, text: str, found: Reach) -> list[str]:
    """The statements of a module that no scenario reaches, each with its line number."""
    lines = text.splitlines()
    heads = {at.start: at for at in statement_lines(text).values()}
    reached = {*found.lines.get(module, {}), *found.prepared.get(module, ())}
    return [
        f"{first}: {lines[first - 1].strip()}"
        for first, at in sorted(heads.items())
        if not reached & set(at)
        and not lines[first - 1].strip().startswith(('"', "from ", "import ", "else"))
    ]


def refuse_stale(found: Reach, texts: Mapping[str, str]) -> None:
    """Refuse a record of other texts.

    Raises:
        UnusableInput: a module has changed since it was recorded (exit code 2).
    """
    stale = [
        name for name, text in texts.items() if name in found.texts and found.texts[name] != fingerprint(text)
    ]
    if stale:
        more = len(stale) - _STALE_SHOWN
        named = ", ".join(stale[:_STALE_SHOWN]) + (
            f" and {more} other{'s' * (more != 1)}" if more > 0 else ""
        )
        raise UnusableInput(
            f"{project.REACHED.name} is stale: record it with `make mutate RECORD=1`. "
            f"Changed since: {named}.",
            ExitCode.BAD_COMMAND_LINE,
        )
