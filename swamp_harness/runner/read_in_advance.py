"""What every run of the suite reads, read once by the process that quiet runs are forks of.

That process imports this module and does nothing else. A run has its step definitions, and reads everything
else again, as every run does; it finds the work done: parsed features, validated lists.
"""

from __future__ import annotations

import contextlib
import gc

from swamp_harness.runner import quiet_suite
from swamp_harness.runner.references import refuse_id_mistakes
from swamp_harness.runner.steps import load_definitions
from swamp_harness.specification import features, project
from swamp_harness.system.errors import UnusableInput

__all__ = ["quiet_suite"]


def _read() -> None:
    with contextlib.suppress(UnusableInput):  # each run finds it as well, and reports it
        refuse_id_mistakes(features.parse(project.FEATURES))
    load_definitions(project.FEATURES)
    gc.freeze()  # a fork shares what its garbage collector does not touch


_read()
