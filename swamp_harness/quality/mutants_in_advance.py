"""What every run against a mutant reads and asks, once, in the process that the runs are forks of."""

from __future__ import annotations

import contextlib
from pathlib import Path

from swamp_harness.product.binary import examined
from swamp_harness.product.target import load, of_the_project
from swamp_harness.quality.mutant_target import EXECUTABLES
from swamp_harness.runner import read_in_advance
from swamp_harness.specification import project
from swamp_harness.system.errors import UnusableInput

__all__ = ["read_in_advance"]

_EARLIER = load(project.EMBEDDED_TARGET).earlier_executable  # has no mutant

for _executable in (*EXECUTABLES.values(), _EARLIER):
    with contextlib.suppress(UnusableInput):  # each run finds it as well, and reports it
        examined(Path(of_the_project(_executable)), "The stand-in")
