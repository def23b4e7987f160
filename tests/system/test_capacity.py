"""The share of a machine that a process may use: processors by affinity and quota, memory by group."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from swamp_harness.runner.schedule import jobs_for
from swamp_harness.system.capacity import control_groups, memory, memory_left, processors, quota
from tests.conftest import ROOT

NAME = "0::/system.slice/runner.service\n"
GB = 10**9


@pytest.fixture
def groups(tmp_path):
    """Makes a tree of control groups of version 2, some with a limit, and sets the groups of this process."""
    (tmp_path / "system.slice" / "runner.service").mkdir(parents=True)
    mounts = f"41 31 0:38 / {tmp_path} rw,relatime - cgroup2 cgroup2 rw\n"

    folders = {
        "root": tmp_path,
        "outer": tmp_path / "system.slice",
        "own": tmp_path / "system.slice" / "runner.service",
    }

    def make(own_groups=NAME, file="cpu.max", **texts):
        for name, text in texts.items():
            (folders[name] / file).write_text(text)
        return control_groups(own_groups, mounts)

    return make


@pytest.fixture
def old_groups(tmp_path):
    """Makes control groups of version 1, each controller mounted on its own, as in a container."""
    mounts = ""
    for number, names in enumerate(("cpu,cpuacct", "memory")):
        (tmp_path / names / "job").mkdir(parents=True)
        mounts += f"3{number} 31 0:{number} /docker/abc {tmp_path / names} rw - cgroup cgroup rw,{names}\n"

    def make(**texts):
        for place, text in texts.items():
            controller, _, file = place.partition("_")
            folder = tmp_path / ("cpu,cpuacct" if controller == "cpu" else controller) / "job"
            (folder / f"{controller}.{file}").write_text(text)
        return control_groups("5:cpu,cpuacct:/docker/abc/job\n4:memory:/docker/abc/job\n0::/\n", mounts)

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
def test_the_lowest_quota_of_a_group_and_its_parents_counts(groups, quotas, left):
    assert quota(groups(**quotas)) == left


def test_with_an_invisible_group_the_quota_of_the_container_counts(groups):
    assert quota(groups("0::/../other\n", root="100000 100000\n")) == 1


def test_a_group_of_the_first_version_has_a_quota(old_groups):
    assert quota(old_groups(cpu_cfs_quota_us="-1\n", cpu_cfs_period_us="100000\n")) == math.inf
    assert quota(old_groups(cpu_cfs_quota_us="50000\n")) == 0.5


def test_the_used_memory_of_a_group_is_not_free(groups):
    groups(file="memory.current", own=f"{GB // 2}\n", outer=f"{GB // 2}\n")
    groups(file="memory.stat", own="anon 1\ninactive_file 100000000\n")
    assert memory_left(groups(file="memory.max", own="max\n")) == math.inf
    assert memory_left(groups(file="memory.max", own=f"{GB}\n", outer=f"{4 * GB}\n")) == 600_000_000
    assert memory_left(groups(file="memory.high", outer=f"{GB}\n")) == 500_000_000


def test_a_group_of_the_first_version_has_a_limit_of_memory(old_groups):
    usage = {
        "memory_usage_in_bytes": "300000000\n",
        "memory_stat": "cache 2\ntotal_inactive_file 100000000\n",
    }
    assert memory_left(old_groups(memory_limit_in_bytes=f"{GB}\n", **usage)) == 800_000_000


def test_a_group_with_a_gigabyte_gets_one_scenario_at_a_time(groups):
    assert jobs_for(8, int(memory_left(groups(file="memory.max", own=f"{GB}\n")))) == 1


@pytest.mark.parametrize("own_groups", ["", "4:memory:/job\n1:cpu:/job\n"])
def test_unmounted_groups_limit_nothing(own_groups, groups):
    assert quota(groups(own_groups)) == math.inf
    assert memory_left(groups(own_groups)) == math.inf


@pytest.fixture
def real_group():
    """A control group of this machine with a limit of one gigabyte."""
    for folder, file in (
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        ("/sys/fs/cgroup", "memory.max"),
    ):
        group = Path(folder, f"swamp-uat-test-{os.getpid()}")
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / file).write_text(str(GB))
            yield group
        except OSError:
            continue
        finally:
            group.rmdir()
        return
    pytest.skip("this machine does not allow a new control group")


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
def test_a_process_in_a_real_group_is_limited_to_its_memory(real_group):
    asks = (
        f"import os; open({str(real_group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))\n"
        "from swamp_harness.system.capacity import memory; print(memory() <= 10**9)"
    )
    done = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="affinity can be read on Linux only")
def test_a_process_that_is_bound_to_one_processor_has_one():
    bound = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from swamp_harness.system.capacity import processors; print(processors() <= 1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", bound], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n", done.stderr


def test_this_machine_has_capacity_for_a_run():
    assert processors() > 0
    assert memory() > 0
