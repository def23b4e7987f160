"""When the processes of the stand-in collect garbage.

Most of what a command does is imports, which leave no garbage, and it ends before it has made much. Looking
for garbage meanwhile, and once more at the end, would take a fifth of its processor time.
"""

from __future__ import annotations

import gc


def collect_none() -> None:
    """Collect no garbage until `collect_from_now_on`."""
    gc.disable()


def collect_from_now_on() -> None:
    """Collect the garbage of a process that stays, other than what it has loaded."""
    gc.freeze()
    gc.enable()


def end() -> None:
    """Leave everything to the system, which takes all memory of a process that ends."""
    gc.freeze()
