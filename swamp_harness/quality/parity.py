"""The comparison of the embedded target with swamp: the same command lines, the same kinds of answers.

Both run the same script: an operator at a repository, an orchestrator, workers, runs. The result of each
command becomes facts (exit code, streams, contract of the JSON, headings of a table, reasons for a failure).
A difference of facts fails the comparison unless a list explains it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.product.target import SWAMP, load
from swamp_harness.quality.normalised_result import Facts
from swamp_harness.quality.parity_script import conversation
from swamp_harness.results import schemas
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.yaml_files import read_yaml


@dataclass(frozen=True)
class Difference:
    """A difference between swamp and the embedded target.

    Attributes:
        command: that was given, with its mode of output.
        fact: in which they differ.
        swamp: the fact of swamp.
        embedded: the fact of the embedded target.
        explanation: the reason; unexplained when empty.
    """

    command: str
    fact: str
    swamp: str
    embedded: str
    explanation: str


def compare(environ: Mapping[str, str]) -> int:
    """Compare the embedded target with swamp, and print the differences.

    Returns:
        The exit code: an unexplained difference is a broken promise of the embedded target.

    Raises:
        UnusableInput: there is no swamp to compare with (exit code 3), or the list of explained differences
            is unusable (exit code 2).
    """
    explained = explanations(project.DIFFERENCES)
    target = load(project.EMBEDDED_TARGET)
    without = {name: value for name, value in environ.items() if not name.startswith("SWAMP_")}
    with tempfile.TemporaryDirectory(prefix="swamp-uat-comparison-") as folder:
        swamp = _facts("swamp", conversation(environ, load(SWAMP), Path(folder, "swamp")))
        embedded = _facts(target.name, conversation(without, target, Path(folder, "embedded")))
    found = list(differences(swamp, embedded, explained))
    for each in found:
        mark = f"explained: {each.explanation}" if each.explanation else "UNEXPLAINED"
        print(f"{each.command}\n  {each.fact}: swamp: {each.swamp}; {target.name}: {each.embedded}\n  {mark}")
    unexplained = sum(not each.explanation for each in found)
    unused = set(explained) - {(each.command, each.fact) for each in found}
    for command, fact in sorted(unused):
        print(f"{command}\n  {fact}: an explained difference that no longer exists: remove it")
    print(
        f"{len(swamp)} commands compared: {len(found)} differences, {unexplained} unexplained, "
        f"{len(unused)} explanations unused"
    )
    return ExitCode.PROMISE_BROKEN if unexplained or unused else ExitCode.EVERY_PROMISE_HELD


def _facts(target: str, answers: Iterator[tuple[str, Facts]]) -> dict[str, Facts]:
    # The comparison takes minutes: each line shows the progress, and where a timeout of the caller ended it.
    facts = {}
    for command, answer in answers:
        print(f"{target}: {command}", flush=True)
        facts[command] = answer
    return facts


def differences(
    swamp: Mapping[str, Facts], embedded: Mapping[str, Facts], explained: Mapping[tuple[str, str], str]
) -> Iterator[Difference]:
    """The differences between the facts of the two."""
    for command in sorted({*swamp, *embedded}):
        one, other = swamp.get(command, {}), embedded.get(command, {})
        for fact in sorted({*one, *other}):
            if one.get(fact) != other.get(fact):
                why = explained.get((command, fact), "")
                yield Difference(command, fact, one.get(fact, "none"), other.get(fact, "none"), why)


def explanations(file: Path) -> dict[tuple[str, str], str]:
    """The explained differences, by command and fact.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    entries = read_yaml(file, schemas.DIFFERENCES)
    return {(entry["command"], entry["fact"]): entry["why"] for entry in entries}


def main_environment() -> Mapping[str, str]:
    """The environment of the person who compares.

    Raises:
        UnusableInput: it has no swamp (exit code 3).
    """
    if not os.environ.get("SWAMP_BIN"):
        raise UnusableInput(
            "There is no swamp to compare with: give one with `make compare SWAMP_BIN=/path/to/swamp`.",
            ExitCode.NO_BINARY,
        )
    return os.environ
