"""The process of the guardian: waits for the end of a run, and cleans up unless the run has done it.

It loads what cleans up only when that is needed: each of the thousand runs of a proof has a guardian.
"""

from __future__ import annotations

import signal
import sys

# What a run writes that has cleaned up itself.
NOTHING_LEFT = b"nothing left"


def _guard(run_id: str, folder: str) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # a signal to the run must not end the guardian
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if sys.stdin.buffer.read() != NOTHING_LEFT:  # ends with the run
        from pathlib import Path  # noqa: PLC0415 - see above

        from swamp_harness.system.remains_of_run import clean_up  # noqa: PLC0415 - see above

        clean_up(run_id, Path(folder))


if __name__ == "__main__":
    _guard(sys.argv[1], sys.argv[2])
