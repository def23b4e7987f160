"""A shell script that repeats by hand what a failed scenario did, in an empty folder and without the suite.

It exits with 0 if it sees what the scenario saw, with 1 if it does not, with 2 if it could not be set up, and
with 3 if somebody has to compare by eye.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from swamp_harness.render.bug_checks import checks_of, recorded_answers
from swamp_harness.render.shell_text import has_placeholders, quoted, shown, variable
from swamp_harness.results.result import ScenarioResult
from swamp_harness.scenario.probe_log import NOTES_VARIABLE, PROBE_LOG
from swamp_harness.scenario.reproduction import ROOT, Event, EventKind, Place, Reproduction

# The parts of the script that are the same for every scenario.
_HEAD = Path(__file__).parent / "templates" / "bug_head.sh"
_END_OF_FILE = "END_OF_FILE"
_LONGEST_VALUE = 1000
# The variables that name a folder which must exist.
_FOLDERS = ("HOME", "TMPDIR", NOTES_VARIABLE)
_FOLDER_OF_RUN = re.compile(r"/[^\s'\"]*/scenario-[0-9]+/")
# Shorter pauses of a scenario come from the machine and are not part of the scenario.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 4, 180
_LOG_PATTERNS = {
    "enrolled": 'Enrolled as |"kind": ?"enrolled"',
    "disconnected": 'Disconnected: |"kind": ?"disconnected"',
}


def script_of(
    title: str, reproduction: Reproduction, result: ScenarioResult, obstacles: Sequence[str] = ()
) -> str:
    """The text of the script.

    Args:
        title: of the report.
        reproduction: the actions and observations of the scenario.
        result: of the scenario.
        obstacles: what the script cannot do as the scenario did, in sentences.
    """
    return "\n".join(_Script(reproduction, result).lines(title, obstacles)) + "\n"


def _seen_in_log(event: Event, name: str, _: str) -> str:
    looked_for = shlex.quote(_LOG_PATTERNS[event.text])
    return f'await "{name}: {event.text}" {event.count} {looked_for} "$ROOT/output/{name}.log"'


def _seen_in_notes(event: Event, name: str, _: str) -> str:
    looked_for = shlex.quote(f'"event": ?"{event.text}", ?"step": ?"{name}"')
    what = f"the {event.text} of the step {name}"
    return f'await "{what}" {event.count} {looked_for} "$ROOT/notes/{PROBE_LOG}"'


_OTHERS: Mapping[EventKind, Callable[[Event, str, str], str]] = {
    EventKind.KILL: lambda _, name, pid: f'step "{name} is killed"; end_tree {pid}',
    EventKind.STOP: lambda _, name, pid: (
        f'step "{name} is asked to stop"; kill -TERM {pid}; {_wait_end(name)}'
    ),
    EventKind.SUSPEND: lambda _, name, pid: f'step "{name} is suspended"; kill -STOP {pid}',
    EventKind.RESUME: lambda _, name, pid: f'step "{name} is resumed"; kill -CONT {pid}',
    EventKind.LET_GO_ON: lambda _, name, __: (
        f'step "the step {name} may go on"; mkdir "$ROOT/notes/go-on-{name}"'
    ),
    EventKind.REPORTED: _seen_in_log,
    EventKind.STEP: _seen_in_notes,
    EventKind.ENDED: lambda _, name, __: _wait_end(name),
}


class _Script:
    def __init__(self, reproduction: Reproduction, result: ScenarioResult) -> None:
        self._of = reproduction
        self._result = result
        self._checks = checks_of(reproduction, result)
        self._names: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
        self._commands = 0

    def lines(self, title: str, obstacles: Sequence[str]) -> Iterator[str]:
        """All lines of the script."""
        yield from ("#!/bin/sh", *(f"# {line}" for line in title.splitlines()))
        yield from _HEAD.read_text("utf-8").rstrip().splitlines()
        yield from (f"say {shlex.quote(each)}" for each in obstacles)
        yield from ("", "# --- the machines", "")
        events = list(self._events())  # names the places
        yield from self._folders()
        yield from self._secrets()
        yield from self._places()
        yield from ("", "# --- the repository", "")
        yield from self._prepared()
        yield from ("", "# --- what the scenario did", "", *events)
        yield from self._end()

    def _folders(self) -> Iterator[str]:
        within = [
            folder
            for place, variables in self._names
            for folder in (place, *(value for name, value in variables if name in _FOLDERS))
        ]
        for folder in dict.fromkeys(each for each in within if each.startswith(ROOT)):
            yield f"mkdir -p {quoted(folder)}"

    def _secrets(self) -> Iterator[str]:
        for key, count in self._of.secrets.items():
            parts = ["$(random_text)"] * max(count, 1)
            yield f'SECRET_{variable(key)}="' + "\n".join(parts) + '"'

    def _places(self) -> Iterator[str]:
        for (folder, variables), name in self._names.items():
            given = " ".join(f"{key}={quoted(value)}" for key, value in variables)
            yield f'{name}() (cd {quoted(folder)} && exec env {given} "$@")'

    def _place(self, place: Place, name: str) -> str:
        key = (place.folder, tuple(sorted(place.variables.items())))
        if key not in self._names:
            wanted = f"at_{variable(name)}"
            same = sum(each == wanted or each.startswith(f"{wanted}__") for each in self._names.values())
            self._names[key] = f"{wanted}__{same + 1}" if same else wanted
        return self._names[key]

    def _prepared(self) -> Iterator[str]:
        at = self._place(self._of.operator, "operator")
        commands = [_words(each) for each in self._of.preparation]
        yield from (_prepare(at, each) for each in commands[:2])
        for file, text in self._of.files.items():
            yield f"mkdir -p {quoted(str(Path(file).parent))}"
            yield from _written(file, text)
        yield from (_prepare(at, each) for each in commands[2:])

    def _events(self) -> Iterator[str]:
        self._place(self._of.operator, "operator")
        ended_by_us: set[str] = set()
        starts_serving = False  # the script waits for that, the time that it took is not meant
        behind = self._of.events[0].at if self._of.events else self._of.end
        for event in self._of.events:
            if event.kind.is_action and not starts_serving:
                yield from _pause((event.at - behind).total_seconds())
            starts_serving = event.kind is EventKind.START and event.arguments[:1] == ("serve",)
            if event.kind is EventKind.ENDED and event.name in ended_by_us:
                continue
            if event.kind in (EventKind.KILL, EventKind.STOP):
                ended_by_us.add(event.name)
            elif event.kind is EventKind.START:
                ended_by_us.discard(event.name)
            yield from self._event(event)
            behind = max(behind, event.until)
        yield from _pause((self._of.end - behind).total_seconds())

    def _event(self, event: Event) -> Iterator[str]:
        if event.kind is EventKind.COMMAND:
            yield from self._command(event)
        elif event.kind is EventKind.START:
            yield from self._start(event)
        else:
            name, pid = event.name, f'"$PID_{variable(event.name)}"'
            yield _OTHERS[event.kind](event, name, pid)

    def _command(self, event: Event) -> Iterator[str]:
        self._commands += 1
        number, place = self._commands, event.place or self._of.operator
        at = self._place(place, "operator" if place.folder == self._of.operator.folder else "remote")
        typed = f"printf %s {quoted(event.stdin)} | " if event.stdin is not None else ""
        words = _words(event.arguments)
        yield f"step {shlex.quote(_line(event))}"
        yield (
            f'{typed}{at} $LIMIT "$SWAMP_BIN" {words} '
            f'>"$ROOT/output/{number}.out" 2>"$ROOT/output/{number}.err"; CODE_{number}=$?'
        )
        # That a judged command ends in another way is an answer, and no obstacle.
        is_judged = event.is_of_failed_step or any(each.command == number for each in self._checks)
        if event.exit_code == 0 and not is_judged:
            yield f'[ "$CODE_{number}" -eq 0 ] || cannot "this command failed" "$ROOT/output/{number}.err"'
        if event.arguments[:3] == ("worker", "token", "create") and event.arguments[3] in self._of.tokens:
            token = event.arguments[3]
            yield f'TOKEN_{variable(token)}=$(token_in {shlex.quote(token)} "$ROOT/output/{number}.out")'

    def _start(self, event: Event) -> Iterator[str]:
        at = self._place(event.place or self._of.operator, event.name)
        log, name = f'"$ROOT/output/{event.name}.log"', variable(event.name)
        yield f"step {shlex.quote(f'{_line(event)} &')}"
        yield f'{at} "$SWAMP_BIN" {_words(event.arguments)} >>{log} 2>&1 </dev/null &'
        yield f'PID_{name}=$!; STARTED="$STARTED $!"'
        if event.arguments[:1] == ("serve",):
            yield f'URL_{name}=$(url_of {log}) || cannot "{event.name} does not listen" {log}'
            yield f"PORT_{name}=${{URL_{name}##*:}}"
        if any(f"⟦run {event.name}⟧" in each for other in self._of.events for each in other.arguments):
            yield f'RUN_{name}=$(run_after "${{RUNS:-}}") || cannot "{event.name} is not known"'
            yield f"RUNS=$RUN_{name}"

    def _end(self) -> Iterator[str]:
        yield from ("", "# --- what is expected, and what is seen", "")
        yield f"say {shlex.quote(f'Expected: {_short(self._result.expected)}')}"
        yield f"say {shlex.quote(f'Actual in the run: {_short(self._result.actual)}')}"
        if not self._checks:
            yield "say 'Actual here: compare the files in output/ and notes/ with the report.'"
            yield "exit 3"
            return
        for number, text in recorded_answers(self._of, self._checks).items():
            yield from _written(f"⟦root⟧/output/{number}.recorded", text)
        yield "say 'Actual here:'"
        for check in self._checks:
            yield f"look {shlex.quote(check.text)} <<'{_END_OF_FILE}'"
            yield from (check.condition, _END_OF_FILE)
        yield "finish"


def _words(arguments: tuple[str, ...]) -> str:
    return " ".join(map(quoted, arguments))


def _line(event: Event) -> str:
    return f"$ swamp {shown(' '.join(event.arguments))}"


def _prepare(at: str, words: str) -> str:
    return f'prepare {at} "$SWAMP_BIN" {words}'


def _wait_end(name: str) -> str:
    return f'wait_end {name} "$PID_{variable(name)}"; CODE_{variable(name)}=$CODE'


def _pause(seconds: float) -> Iterator[str]:
    if seconds >= _SHORTEST_PAUSE:
        yield f"pause {min(round(seconds), _LONGEST_PAUSE)}"


def _written(file: str, text: str) -> Iterator[str]:
    if has_placeholders(text) or f"\n{_END_OF_FILE}\n" in text or not text.endswith("\n"):
        yield f"printf %s {quoted(text)} >{quoted(file)}"
        return
    yield f"cat >{quoted(file)} <<'{_END_OF_FILE}'"
    yield from (*text[:-1].split("\n"), _END_OF_FILE)


def _short(value: object) -> str:
    return shown(without_folder_of_run(json.dumps(value, ensure_ascii=False)))[:_LONGEST_VALUE]


def without_folder_of_run(text: str) -> str:
    """A text without the folder of the scenario, which is gone with the run."""
    return _FOLDER_OF_RUN.sub("…/", text)
