"""What a process may use of its machine: processors by affinity and quota."""

import math
import subprocess
import sys

import pytest

from swamp_harness.machinery.capacity import memory, processors, quota
from tests.conftest import ROOT

NAME = "0::/system.slice/runner.service\n"


@pytest.fixture
def groups(tmp_path):
    """Makes a tree of control groups, in which some have a quota."""
    (tmp_path / "system.slice" / "runner.service").mkdir(parents=True)

    folders = {
        "root": tmp_path,
        "outer": tmp_path / "system.slice",
        "own": tmp_path / "system.slice" / "runner.service",
    }

    def make(**quotas):
        for name, text in quotas.items():
            (folders[name] / "cpu.max").write_text(text)
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("quotas", "left"),
    [
        ({}, math.inf),
        ({"own": "max 100000\n"}, math.inf),
        ({"own": "150000 100000\n"}, 1.5),
        ({"own": "max 100000\n", "outer": "200000 100000\n"}, 2),
        ({"own": "300000 100000\n", "root": "50000 100000\n"}, 0.5),
        ({"own": ""}, math.inf),
        ({"own": "many 100000\n"}, math.inf),
        ({"own": "100000 0\n"}, math.inf),
    ],
)
def test_the_least_quota_of_a_group_and_those_around_it_counts(groups, quotas, left):
    assert quota(NAME, groups(**quotas)) == left


def test_a_group_that_cannot_be_seen_leaves_the_quota_of_the_container(groups):
    assert quota("0::/../elsewhere\n", groups(root="100000 100000\n")) == 1


@pytest.mark.parametrize("own_group", ["", "4:memory:/job\n1:cpu:/job\n"])
def test_groups_of_the_first_version_have_no_quota_here(own_group, groups):
    assert quota(own_group, groups()) == math.inf


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is told on Linux only")
def test_a_process_that_is_bound_to_one_processor_has_one():
    bound = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from swamp_harness.machinery.capacity import processors; print(processors() <= 1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", bound], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n", done.stderr


def test_this_machine_has_something_for_a_run():
    assert processors() > 0
    assert memory() > 0
