"""What a scenario did and saw, in the order of time: all that is needed to do the same by hand.

Paths, addresses and secrets of the run are replaced by placeholders such as `⟦root⟧`, so that whoever repeats
it can have values of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

REPRODUCTION_FILE = "reproduction.json"
ROOT, SWAMP, MADE_UP = "⟦root⟧", "⟦swamp⟧", "⟦made up⟧"


class EventKind(Enum):
    """What can happen: the first ones were done, the others were seen."""

    COMMAND = "command"
    START = "start"
    KILL = "kill"
    STOP = "stop"
    SUSPEND = "suspend"
    RESUME = "resume"
    LET_GO_ON = "let go on"
    REPORTED = "reported"
    STEP = "step"
    ENDED = "ended"

    @property
    def is_action(self) -> bool:
        """Whether somebody has to do it."""
        return self not in (EventKind.REPORTED, EventKind.STEP, EventKind.ENDED)


class Obstacle(Enum):
    """What a shell script cannot repeat by hand."""

    NETWORK = "network"
    CERTIFICATES = "certificates"
    TERMINAL = "terminal"
    REGISTRY = "registry"
    OTHER_VERSION = "other version"
    OTHER_MACHINE = "other machine"
    MEMORY = "memory"


@dataclass(frozen=True)
class Place:
    """Where something is run.

    Attributes:
        folder: the working folder.
        variables: the environment, beside what any process on the machine has.
    """

    folder: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Event:
    """Something that was done or seen.

    Attributes:
        at: when it began.
        kind: what it is.
        until: when it was over; the same moment for what takes no time.
        name: the process or the step that it is about; empty for a command.
        place: where a command or a process was started; None otherwise.
        arguments: what was started, after the name of the program.
        stdin: what was typed into a command; None for nothing.
        exit_code: of a command.
        stdout: of a command.
        stderr: of a command.
        text: what was seen: the kind of a line, or the event of a step.
        count: how often that had been seen then.
        is_of_failed_step: whether the failing step ran the command.
    """

    at: datetime
    kind: EventKind
    until: datetime
    name: str = ""
    place: Place | None = None
    arguments: tuple[str, ...] = ()
    stdin: str | None = None
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    text: str = ""
    count: int = 1
    is_of_failed_step: bool = False


@dataclass(frozen=True)
class Reproduction:
    """All that is needed to repeat a scenario by hand.

    Attributes:
        files: that are there before anything is run, by path, with their text.
        preparation: commands that were run before the scenario, with the operator.
        operator: where the operator is.
        events: in the order of time, up to the end of the failing step.
        end: of the failing step.
        tokens: the names of the tokens whose credentials are used.
        secrets: the keys of the vault's secrets, with the number of their lines.
        obstacles: what cannot be repeated by hand.
    """

    files: Mapping[str, str]
    preparation: tuple[tuple[str, ...], ...]
    operator: Place
    events: tuple[Event, ...]
    end: datetime
    tokens: tuple[str, ...] = ()
    secrets: Mapping[str, int] = field(default_factory=dict)
    obstacles: tuple[Obstacle, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The reproduction as JSON has it."""
        return {
            **asdict(self),
            "end": self.end.isoformat(),
            "obstacles": [each.value for each in self.obstacles],
            "events": [
                {
                    **asdict(each),
                    "at": each.at.isoformat(),
                    "until": each.until.isoformat(),
                    "kind": each.kind.value,
                }
                for each in self.events
            ],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Reproduction:
        """The reproduction that `as_document` wrote.

        Raises:
            TypeError, ValueError, KeyError: it is none.
        """
        values = {
            "preparation": tuple(map(tuple, document["preparation"])),
            "operator": Place(**document["operator"]),
            "end": datetime.fromisoformat(document["end"]),
            "tokens": tuple(document["tokens"]),
            "obstacles": tuple(map(Obstacle, document["obstacles"])),
            "events": tuple(map(_event_from, document["events"])),
        }
        return cls(**{**document, **values})


def _event_from(document: Mapping[str, Any]) -> Event:
    values = {
        "at": datetime.fromisoformat(document["at"]),
        "until": datetime.fromisoformat(document["until"]),
        "kind": EventKind(document["kind"]),
        "arguments": tuple(document["arguments"]),
        "place": Place(**document["place"]) if document["place"] else None,
    }
    return Event(**{**document, **values})
