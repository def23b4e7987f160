"""What a run leaves behind: its processes, its network namespaces, and its working folder."""

from __future__ import annotations

from pathlib import Path

from swamp_harness.system.cleanup import run_all_cleanups
from swamp_harness.system.files import remove_folder
from swamp_harness.system.hosts.namespaces import remove_namespaces
from swamp_harness.system.marked_processes import end_marked, mark_of

KEEP_FILE = "KEEP"


def clean_up(run_id: str, folder: Path) -> None:
    """End every process of a run, and remove what need not be kept.

    Args:
        run_id: the mark of the run.
        folder: the run's working folder.

    Raises:
        InfrastructureError: a process cannot be ended, or something in the folder cannot be removed; the rest
            is cleaned up all the same.
    """
    run_all_cleanups(
        lambda: end_marked(mark_of(run_id)),
        lambda: remove_namespaces(run_id),
        lambda: remove_unless_kept(folder),
    )


def remove_unless_kept(folder: Path) -> None:
    """Remove a run's working folder, except the scenario folders that must be kept.

    Raises:
        InfrastructureError: something in it cannot be removed.
    """
    kept = {marker.parent for marker in folder.glob(f"*/{KEEP_FILE}")}
    if not kept:
        remove_folder(folder)
        return
    for entry in folder.iterdir():
        if entry not in kept and entry.is_dir():
            remove_folder(entry)
