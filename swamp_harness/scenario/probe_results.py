"""What the steps of the probe wrote, read from the product's data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swamp_harness.scenario.probe import RESULT

_TRACE = "trace"
_WRITTEN = frozenset({RESULT, "before", "after", _TRACE})
_FOR_AN_ITEM = (f"{RESULT}-", f"{_TRACE}-")
# Written into the trace before the step holds.
_LINE_BEFORE = "before\n"
_WORKER_IN_OUTPUT = re.compile(r"^worker=(?P<worker>\S*)$", re.MULTILINE)


@dataclass(frozen=True)
class ResultRecord:
    """Data that a step wrote.

    Attributes:
        step: that wrote it; with a note if the content comes from another step.
        name: of the datum.
        version: of the datum.
        worker: the worker that the datum names; "" if it names none.
        word: the input that the step wrote; "" if it had none.
    """

    step: str
    name: str
    version: int
    worker: str
    word: str = ""


def is_work(item: Mapping[str, Any]) -> bool:
    """Whether an item of `swamp data query` was written by a step, not a report or a log about it.

    If a step writes data for each of its items, an item follows the usual name of the data.
    """
    return item["name"] in _WRITTEN or item["name"].startswith(_FOR_AN_ITEM)


def result_of_step(item: Mapping[str, Any]) -> ResultRecord:
    """What a step wrote, from an item of `swamp data query`.

    A step's model instance has the name of the step.
    """
    content = item.get("content")
    content = content if isinstance(content, Mapping) else {}  # a file's content is a text, without a worker
    shell = _WORKER_IN_OUTPUT.search(str(content.get("stdout", "")))
    worker = shell["worker"] if shell else str(content.get("worker", ""))
    step = item["modelName"]
    writer = content.get("step", step)
    named = step if writer == step else f"{step}, with the content of {writer}"
    return ResultRecord(named, item["name"], item["version"], worker, str(content.get("word", "")))


def written_by_probe(name: str, step: str) -> str:
    """The expected value of `reading_of` for a datum that a step of the probe wrote."""
    return _LINE_BEFORE if name == _TRACE else f'the account of "{step}"'


def reading_of(content: object) -> str:
    """The content of a datum that a step of the probe wrote, as a phrase."""
    if isinstance(content, Mapping) and "pid" in content:
        return f'the account of "{content.get("step")}"'
    return str(content)
