"""The results of the scenarios of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from swamp_harness.product.costs import Cost
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.system.errors import ExitCode

# The exit codes of outcomes, the gravest first: a run ends with the first that occurs.
_GRAVEST_FIRST = (
    ExitCode.PROMISE_BROKEN,
    ExitCode.INFRASTRUCTURE_ERROR,
    ExitCode.KNOWN_DEVIATIONS,
    ExitCode.EVERY_PROMISE_HELD,
)


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario of a run.

    Attributes:
        id: what identifies it in every run.
        name: of the scenario, or of the example of an outline.
        numbers: of the promises that it serves.
        location: "file:line".
        outcome: of the scenario.
        reason: why, in a sentence; empty for a promise that held, and for a scenario that did not run.
        skip: why it did not run; None if it did.
        step: the step that failed, with its keyword; empty otherwise.
        deviation: the id of the known deviation that explains a broken promise, waived or not; else empty.
        step_type: "given", "when" or "then": what kind of step that is; empty otherwise.
        platform: where it ran, such as "linux x86_64".
        evidence: the folder of its evidence, below that of the reports; empty if it has none.
        fallbacks: the fallbacks for older releases that it used, by name, and how often.
        seconds: wall time, preparing and cleaning up included.
        commands: how many times it started the product.
        product_cpu_seconds: processor time of the product, where the platform reports it.
        leaked: processes that were still running when its actors had ended.
        feature: the name of its feature.
        mark: the scenario's name in the mark of its processes; empty if it started none.
        expected: the value that would have kept the promise, if two values were compared; else None.
        actual: the value that the product showed instead; else None.
        costs: what the processes of the product cost, by purpose and kind of command.
    """

    id: str
    name: str
    numbers: tuple[int, ...]
    location: str
    outcome: Outcome
    reason: str
    step: str
    seconds: float
    commands: int
    product_cpu_seconds: float
    leaked: int
    skip: Skip | None = None
    deviation: str = ""
    step_type: str = ""
    platform: str = ""
    evidence: str = ""
    fallbacks: Mapping[str, int] = field(default_factory=dict)
    feature: str = ""
    mark: str = ""
    expected: Any = None
    actual: Any = None
    costs: tuple[Cost, ...] = ()

    @property
    def is_unselected(self) -> bool:
        """Whether it was not selected."""
        return self.skip is not None and self.skip.kind is SkipKind.NOT_SELECTED

    @property
    def lacked_machine_of(self) -> tuple[str, ...]:
        """The operating systems on one of which it must run, if it did not for lack of such a machine."""
        lacks = self.skip is not None and self.skip.kind is SkipKind.NO_SUCH_MACHINE
        return self.skip.platforms if self.skip is not None and lacks else ()

    @property
    def is_for_elsewhere(self) -> bool:
        """Whether it did not run because it is for other operating systems than the one of this result."""
        return self.skip is not None and self.skip.is_about_others_than(self.platform.partition(" ")[0])

    @property
    def is_missing(self) -> bool:
        """Whether it did not run on the platform of this result, and should have."""
        return self.outcome is Outcome.NOT_RUN and not self.is_for_elsewhere

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands in the features, for sorting."""
        file, _, line = self.location.rpartition(":")
        return file, int(line)

    @property
    def title(self) -> str:
        """Its numbers and its name, for people; the location distinguishes the examples of an outline."""
        return f"{','.join(f'{number:02}' for number in self.numbers)} {title_of(self.name)}"

    def as_document(self) -> dict[str, Any]:
        """The result as JSON has it."""
        skip = self.skip.as_document() if self.skip else None
        costs = [cost.as_document() for cost in self.costs]
        return {**asdict(self), "outcome": self.outcome.value, "skip": skip, "costs": costs}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ScenarioResult:
        """The result that `as_document` wrote.

        Raises:
            TypeError, ValueError, KeyError: the document is invalid.
        """
        skip = document["skip"]
        values = {
            "outcome": Outcome(document["outcome"]),
            "numbers": tuple(document["numbers"]),
            "skip": None if skip is None else Skip.from_document(skip),
            "costs": tuple(map(Cost.from_document, document["costs"])),
        }
        return cls(**{**document, **values})


def title_of(name: str) -> str:
    """The name of a scenario without behave's note of the example."""
    return name.partition(" -- @")[0]


def numbers_in(results: Iterable[ScenarioResult]) -> list[int]:
    """The numbers of the promises that some scenarios serve, in ascending order."""
    return sorted({number for result in results for number in result.numbers})


def fallbacks_in(results: Iterable[ScenarioResult]) -> Counter[str]:
    """How often scenarios took each fallback, by name; those taken most come first."""
    taken: Counter[str] = Counter()
    for result in results:
        taken.update(result.fallbacks)
    return Counter(dict(taken.most_common()))


def counts(results: Sequence[ScenarioResult]) -> Counter[Outcome]:
    """How many scenarios have each outcome."""
    return Counter(result.outcome for result in results)


def exit_code_of(results: Sequence[ScenarioResult]) -> ExitCode:
    """The exit code of a complete run.

    It reports what the run saw. The policy for releases does not change it: known deviations and nothing
    worse are `KNOWN_DEVIATIONS`, whether or not they stand against a release.
    """
    ran = {result.outcome.traits.exit_code for result in results if result.outcome is not Outcome.NOT_RUN}
    return next((code for code in _GRAVEST_FIRST if code in ran), ExitCode.BAD_COMMAND_LINE)
