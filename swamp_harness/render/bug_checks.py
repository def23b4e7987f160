"""How a script recognises by itself that it sees what the scenario saw: conditions in the language of sh."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from swamp_harness.render.shell_text import quoted, variable
from swamp_harness.results.result import ScenarioResult
from swamp_harness.scenario.reproduction import Event, EventKind, Reproduction

# Parts of a path that are different in each run.
_VOLATILE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{20,}|…")
_LONGEST_TEXT = 100
_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]+")


@dataclass(frozen=True)
class Check:
    """One thing that a script looks at in the end.

    Attributes:
        text: what is seen if the condition holds.
        condition: a command that succeeds if it is seen; it may print what it found.
        command: the number of the command whose outcome it is about; None for anything else.
    """

    text: str
    condition: str
    command: int | None = None


def checks_of(reproduction: Reproduction, result: ScenarioResult) -> list[Check]:
    """The conditions that all hold if the script sees what the scenario saw; none if the evidence has none.

    Args:
        reproduction: what the scenario did and saw.
        result: of the scenario, with the values that it compared.
    """
    for find in _FINDERS:
        if found := list(find(reproduction, result.expected, result.actual)):
            return found
    return []


def _of_outcome(reproduction: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    if not isinstance(actual, dict) or not isinstance(expected, dict) or "stack_trace" not in actual:
        return
    if "failed" in actual:
        commands = [
            (number, each)
            for number, each in enumerate(_commands(reproduction), start=1)
            if (each.exit_code != 0) is bool(actual["failed"])
        ]
        if not commands:
            return
        number, last = commands[-1]
        code, output = f'"$CODE_{number}"', f'"$ROOT/output/{number}.out" "$ROOT/output/{number}.err"'
        yield Check(f"the exit code is {last.exit_code}", f"[ {code} -eq {last.exit_code} ]", number)
    else:
        runs = [each.name for each in _starts(reproduction) if "run" in each.arguments[:3]]
        if not runs:
            return
        code, output = f'"$CODE_{variable(runs[-1])}"', f'"$ROOT/output/{runs[-1]}.log"'
        yield Check(f"the exit code is {actual['exit_code']}", f"[ {code} -eq {actual['exit_code']} ]")
    if actual["stack_trace"] and not expected.get("stack_trace"):
        yield Check("the output has a stack trace", f"grep -E '^ +at .*[(:]' {output}")
    if text := _steady_part(str(actual.get("unrecognised") or "")):
        yield Check(f"the output says {text!r}", f"grep -F -e {quoted(text)} {output}")


def _of_leaks(reproduction: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    if _has_fields(expected, actual, "place"):
        for key in reproduction.secrets:
            yield Check(f'the secret "{key}" stands outside of the vault', f'leaked "${_secret(key)}"')


def _of_queue(_: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    at = 'at_operator $LIMIT "$SWAMP_BIN" worker queue --json'
    for each in actual if _has_fields(expected, actual, "step", "waits for") else ():
        step = re.escape(str(each["step"]))
        yield Check(f'the queue lists the step "{each["step"]}"', f"{at} | grep -E '\"{step}\"'")


def _of_paths(reproduction: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    for path in _texts(expected, actual):
        if path.startswith(".swamp/") and not _VOLATILE.search(path):
            file = quoted(f"{reproduction.operator.folder}/{path}")
            yield Check(f"the repository holds {path}", f"ls -d {file}")


def _of_variables(_: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    for name in _texts(expected, actual):
        if _VARIABLE_NAME.fullmatch(name):
            pattern = quoted(f'^{name}=|"{name}"')
            yield Check(f"a step found {name}", f'grep -rlE -e {pattern} "$ROOT/notes"')


def _of_processes(_: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    for command in _texts(expected, actual):
        if not command.startswith(".swamp/"):
            yield Check(f"{command!r} still runs", f"left_running {quoted(command)}")


def _has_fields(expected: Any, actual: Any, *names: str) -> bool:
    """Whether objects with some fields were seen, and none was expected."""
    seen = actual if isinstance(actual, list) and not expected else []
    return bool(seen) and all(isinstance(each, dict) and set(names) <= set(each) for each in seen)


def _texts(expected: Any, actual: Any) -> list[str]:
    """The texts that were seen, if none was expected and nothing else was seen."""
    seen = actual if isinstance(actual, list) and not expected else []
    return seen if all(isinstance(each, str) for each in seen) else []


def _of_end(reproduction: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    if (expected, actual) != (True, False):
        return
    for event in reproduction.events:
        is_orchestrator = any(
            each.name == event.name and each.arguments[:1] == ("serve",) for each in _starts(reproduction)
        )
        if event.kind is EventKind.ENDED and is_orchestrator:
            yield Check(f"the process of {event.name} has ended", f'! kill -0 "$PID_{variable(event.name)}"')
            return


def _of_note(reproduction: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    """What a step noted outside of the product."""
    is_text = isinstance(actual, str) and isinstance(expected, str)
    if is_text and not _checked_commands(reproduction) and (text := _steady_part(actual)):
        yield Check(f"a step noted {text!r}", f'grep -rhF -e {quoted(text)} "$ROOT/notes"')


def _of_answer(reproduction: Reproduction, expected: Any, actual: Any) -> Iterator[Check]:
    for number in _checked_commands(reproduction)[-1:]:
        answer = list(_commands(reproduction))[number - 1].stdout
        if isinstance(expected, str) and isinstance(actual, str) and f'"{actual}"' in answer:
            for value in (expected, actual):
                text = f'"{value}"'
                times = answer.count(text)
                yield Check(
                    f"the answer says {text} {times} times",
                    f'has_times {times} {quoted(text)} "$ROOT/output/{number}.out"',
                )
            return
        yield Check("swamp gives the same answer as in the run", f"same_answer {number}")


def recorded_answers(reproduction: Reproduction, checks: Sequence[Check]) -> Mapping[int, str]:
    """The answers of the run that checks compare with, by the number of the command."""
    commands = list(_commands(reproduction))
    return {
        number: commands[number - 1].stdout
        for number in _checked_commands(reproduction)
        if any(each.condition == f"same_answer {number}" for each in checks)
    }


def _checked_commands(reproduction: Reproduction) -> list[int]:
    """The numbers of the commands that the failing step ran."""
    commands = enumerate(_commands(reproduction), start=1)
    return [number for number, each in commands if each.is_of_failed_step]


def _commands(reproduction: Reproduction) -> Iterator[Event]:
    return (each for each in reproduction.events if each.kind is EventKind.COMMAND)


def _starts(reproduction: Reproduction) -> list[Event]:
    return [each for each in reproduction.events if each.kind is EventKind.START]


def _secret(key: str) -> str:
    return f"SECRET_{variable(key)}"


def _steady_part(text: str) -> str:
    """The longest part of the first line that is the same in every run."""
    first = text.strip().partition("\n")[0]
    # JSON writes a quote in another way than text.
    parts = re.split(r"⟦[^⟧]*⟧|\[blanked\]|/\S+|[\"\\]|" + _VOLATILE.pattern, first)
    return max((part.strip() for part in parts), key=len, default="")[:_LONGEST_TEXT]


def file_name(text: str) -> str:
    """A text as the name of a file."""
    return PurePosixPath(re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")).name


# What a value may be, the most particular first.
_FINDERS = (
    *(_of_outcome, _of_leaks, _of_queue, _of_paths, _of_variables, _of_processes, _of_end),
    *(_of_note, _of_answer),
)
