"""The guardian of a run, which ends when the run has cleaned up itself."""

import sys

import psutil
import pytest

from swamp_harness.system import guardian
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.guardian import Guardian
from swamp_harness.system.limits import Limit


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of suspended processes differ on Windows")
def test_a_guardian_that_does_not_end_is_an_infrastructure_error(monkeypatch, tmp_path):
    monkeypatch.setattr(guardian, "PROCESS_GONE", Limit("the end of a killed process", 0.1))
    before = psutil.Process().children()
    hanging = Guardian("swamp-uat-test-of-the-guardian", tmp_path / "run")
    (process,) = [each for each in psutil.Process().children() if each not in before]
    process.suspend()

    with pytest.raises(InfrastructureError, match=rf"process {process.pid}\) did not end within 0.1 s"):
        hanging.dismiss()

    process.kill()
