"""What the product's processes cost in processor time, by purpose and by kind of command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

# The commands that have sub-commands; every other word after them is the command itself.
_GROUPS = {
    *[("access",), ("data",), ("extension",), ("model",), ("repo",), ("run",), ("vault",)],
    *[("model", "method"), ("model", "output"), ("model", "type")],
    *[("worker",), ("worker", "token"), ("worker", "queue"), ("worker", "capability")],
    *[("workflow",), ("workflow", "history")],
}
# Flags that make another command of it: another way to the answer.
_TELLING_FLAGS = ("--server", "--help")


class Purpose(Enum):
    """What a process was started for; its value is its name in reports."""

    SET_UP = "set-up"
    ACTION = "action"
    JUDGEMENT = "judgement"
    EVIDENCE = "evidence"
    ORCHESTRATORS = "orchestrators"
    WORKERS = "workers with their steps"
    PREPARATION = "preparation of the run"


# The steps of a scenario, as behave calls their types, and the purpose of the commands that they start.
PURPOSE_OF_STEP = {"given": Purpose.SET_UP, "when": Purpose.ACTION, "then": Purpose.JUDGEMENT}


@dataclass(frozen=True)
class Cost:
    """What processes of one kind cost that were started for one purpose.

    Attributes:
        purpose: for which they were started.
        command: their kind, such as "worker token create --server".
        starts: how many they were.
        seconds: of processor time, with their descendants.
        unreaped: the part of them that is in no total of the operating system, because the descendants that
            used it were killed together with their parent.
    """

    purpose: Purpose
    command: str
    starts: int
    seconds: float
    unreaped: float = 0.0

    def as_document(self) -> dict[str, Any]:
        """The cost as JSON has it."""
        return {**asdict(self), "purpose": self.purpose.value}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Cost:
        """The cost that `as_document` wrote.

        Raises:
            TypeError, ValueError, KeyError: the document is invalid.
        """
        return cls(**{**document, "purpose": Purpose(document["purpose"])})


def command_kind(arguments: Sequence[str]) -> str:
    """The kind of a command, without any value that was given to it.

    Args:
        arguments: the arguments after the word swamp.
    """
    words: tuple[str, ...] = ()
    for argument in arguments:
        if words and words not in _GROUPS:
            break
        if argument.startswith("-") and words:
            break
        words = (*words, argument)
    return " ".join([*words, *(flag for flag in _TELLING_FLAGS if flag in arguments and flag not in words)])
