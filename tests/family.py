"""The processes of a run of the suite; forks of a ready program are no children of it."""

from __future__ import annotations

import contextlib

import psutil

from swamp_harness.system.marked_processes import mark_of, marked_processes

_GUARDIAN = "swamp_harness.system.guardian_process"


def family_of(run: int, scenario: str = "") -> list[psutil.Process]:
    """The descendants of a run, and every process with its mark; without a guardian it has none.

    Args:
        run: the number of its process.
        scenario: the beginning of a scenario's name; only processes with its mark, if it is given.
    """
    try:
        children = psutil.Process(run).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    marked = {
        process for run_id in _run_ids(children) for process in marked_processes(mark_of(run_id, scenario))
    }
    return list(marked if scenario else marked.union(children))


def _run_ids(children: list[psutil.Process]) -> list[str]:
    found = []
    for child in children:
        with contextlib.suppress(psutil.Error):
            words = child.cmdline()
            if _GUARDIAN in words:
                found.append(words[words.index(_GUARDIAN) + 1])
    return found
