"""Why something did not run, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from swamp_harness.results.outcome import Ending


class SkipKind(Enum):
    """What kept a scenario from running."""

    NOT_SELECTED = "not selected"
    RUN_ENDED = "the run ended"
    OVER_BUDGET = "over the time budget"
    NO_OTHER_BINARY = "no binary of another protocol version"
    NO_EARLIER_BINARY = "no binary of an earlier release with the same protocol version"
    NO_SUCH_MACHINE = "no machine of a platform"
    NO_MACHINE = "no machine"
    NO_TERMINAL = "no terminal"
    NO_POSIX_SHELL = "no POSIX shell"


@dataclass(frozen=True)
class Skip:
    """Why a scenario did not run.

    Attributes:
        kind: what kept it from running.
        platforms: the operating systems on one of which it can run, sorted; empty for any.
        ending: how the run ended, if it is that.
        detail: more about it, such as why a host cannot be used, or which variable to set.
    """

    kind: SkipKind
    platforms: tuple[str, ...] = ()
    ending: Ending | None = None
    detail: str = ""

    @classmethod
    def by(cls, ending: Ending) -> Skip:
        """The run ended before the scenario."""
        return cls(SkipKind.RUN_ENDED, ending=ending)

    def is_about_others_than(self, system: str) -> bool:
        """Whether it can run on other operating systems only."""
        return bool(self.platforms) and system not in self.platforms

    def as_document(self) -> dict[str, Any]:
        """The value as JSON has it."""
        return {
            "kind": self.kind.value,
            "platforms": list(self.platforms),
            "ending": self.ending.value if self.ending else None,
            "detail": self.detail,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Skip:
        """The value that `as_document` wrote.

        Raises:
            ValueError, KeyError: the document is invalid.
        """
        ending = document["ending"]
        return cls(
            SkipKind(document["kind"]),
            tuple(document["platforms"]),
            None if ending is None else Ending(ending),
            document["detail"],
        )


NOT_SELECTED = Skip(SkipKind.NOT_SELECTED)
OVER_BUDGET = Skip(SkipKind.OVER_BUDGET)
