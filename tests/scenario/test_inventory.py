"""The hosts of a run: the hosts file, machines that cannot be used, and the workers on them."""

import errno
import hashlib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import paramiko
import pytest
import yaml

from swamp_harness.product.binary import Binary, this_architecture, this_platform
from swamp_harness.product.releases import Releases
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.quality import edited_yaml
from swamp_harness.runner.requirements import platforms_asked_by
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.final_state import failure_context
from swamp_harness.scenario.inventory import HostEntry, load, prepare
from swamp_harness.scenario.probe_log import ProbeLog
from swamp_harness.scenario.worker_hosts import WorkerHosts
from swamp_harness.scenario.workers import Workers
from swamp_harness.system.errors import ExitCode, InfrastructureError, UnusableInput
from swamp_harness.system.hosts.ssh import SshHost
from swamp_harness.system.limits import Limit
from swamp_harness.system.waiting import wait_until
from tests.conftest import run_suite
from tests.sshd import new_key, sshd_in

VERSION = "20260822.011157.0-sha.06b61472"
PLATFORM = f"{this_platform()} {this_architecture()}"
SOON = Limit("a test", 20)
MINT = "A minted credential is shown exactly once, in JSON"


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    yield from sshd_in(tmp_path_factory.mktemp("sshd"))


@pytest.fixture
def swamp(tmp_path):
    """A binary that prints its version, as the suite describes it."""
    path = tmp_path / "swamp"
    path.write_text(f"#!/bin/sh\necho swamp {VERSION}\n")
    path.chmod(0o755)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Binary(path, path, VERSION, digest, 7, this_platform(), this_architecture())


@pytest.fixture
def entry(sshd, swamp, tmp_path):
    """A machine over SSH, as an entry of the hosts file."""
    address = sshd.address
    return {
        "name": "the lab",
        "kind": "ssh",
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "key": str(address.key),
        "known-hosts": str(address.known_hosts),
        "platform": PLATFORM,
        "binary": str(swamp.path),
        "folder": str(tmp_path / "the hosts"),
    }


def hosts_file(folder, *entries):
    file = folder / "hosts.yaml"
    file.write_text(yaml.safe_dump({"machines": list(entries)}, sort_keys=False, width=1000))
    return file


def loaded(folder, *entries):
    return load({"UAT_HOSTS": str(hosts_file(folder, *entries))})


def prepared(folder, entry, swamp, cache=Path("nowhere")):
    (machine,) = loaded(folder, entry)
    return prepare(machine, swamp, Releases("http://127.0.0.1:1/releases", cache))


# --- the file


def test_without_a_file_workers_run_on_this_machine():
    assert load({}) == [HostEntry("this machine", "here", PLATFORM)]


def test_keys_are_relative_to_the_file(tmp_path, entry):
    (machine,) = loaded(tmp_path, {**entry, "key": "keys/lab"})
    assert machine.address.key == tmp_path / "keys" / "lab"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "moon"}, r"line 3, .*: 'moon' is not one of \['here', 'namespace', 'ssh'\]"),
        ({"kind": None}, "line 2, .*: 'kind' is a required property"),
        ({"host": None}, "line 2, .*: 'host' is a required property"),
        ({"colour": "red"}, r"line 2, .*: Additional properties are not allowed \('colour' was unexpected\)"),
        ({"platform": "windows x86_64"}, "line 9, .*: 'windows x86_64' is not one of .*'linux aarch64'"),
        ({"version": VERSION}, 'line 12: "the lab" has both a binary and a version'),
        ({"port": "many"}, "line 5, .*: a whole number is expected, not 'many'"),
        ({"port": 0}, "line 5, .*: 0 is less than the minimum of 1"),
    ],
)
def test_an_invalid_entry_is_reported_with_its_line(tmp_path, entry, change, message):
    wrong = {name: value for name, value in {**entry, **change}.items() if value is not None}
    with pytest.raises(UnusableInput, match=rf"hosts\.yaml is not usable, {message}") as raised:
        loaded(tmp_path, wrong)
    assert raised.value.exit_code == ExitCode.BAD_COMMAND_LINE
    assert str(raised.value).endswith("correct the file.")


def test_a_list_of_machines_that_is_no_file_is_reported_with_its_path(tmp_path):
    missing = tmp_path / "nonexistent.yaml"
    for place, message in ((missing, "does not exist: correct the path"), (tmp_path, "is a folder: give")):
        with pytest.raises(UnusableInput, match=f"^{re.escape(str(place))} {message}") as raised:
            load({"UAT_HOSTS": str(place)})
        assert raised.value.exit_code == ExitCode.BAD_COMMAND_LINE


def test_two_machines_of_one_name_and_an_empty_list_are_reported(tmp_path, entry):
    with pytest.raises(UnusableInput, match='line 12: two machines have the name "the lab"'):
        loaded(tmp_path, entry, dict(entry))
    with pytest.raises(UnusableInput, match=r"line 1, under machines: .* should be non-empty"):
        loaded(tmp_path)


def test_a_hosts_file_is_checked_with_the_other_yaml_files(tmp_path, entry, monkeypatch):
    monkeypatch.setenv("UAT_HOSTS", str(hosts_file(tmp_path, {**entry, "kind": "moon"})))

    (finding,) = [each for each in edited_yaml.findings() if "hosts.yaml" in each.file]

    assert "'moon' is not one of" in finding.message


# --- a machine


def test_a_machine_with_the_binary_under_test_can_be_used(tmp_path, entry, swamp):
    assert prepared(tmp_path, entry, swamp).binary == str(swamp.path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"port": 1}, "the lab cannot be reached at "),
        ({"user": "no-such-user"}, "the lab refuses the login no-such-user"),
        ({"binary": "/no/swamp/here"}, "the lab has no swamp at /no/swamp/here: put one there"),
        ({"binary": "/bin/false"}, "`env .*` failed on the lab"),
        ({"folder": "/proc/nowhere"}, "failed on the lab: mkdir"),
    ],
)
def test_a_machine_that_cannot_be_used_is_reported_with_the_reason(tmp_path, entry, swamp, change, message):
    with pytest.raises(InfrastructureError, match=message):
        prepared(tmp_path, {**entry, **change}, swamp)


def test_a_wrong_key_is_reported(tmp_path, entry, swamp):
    new_key(tmp_path / "another key")
    with pytest.raises(InfrastructureError, match=r"the lab refuses the login .* with the key"):
        prepared(tmp_path, {**entry, "key": str(tmp_path / "another key")}, swamp)


def test_a_machine_with_another_platform_than_in_the_file_is_reported(tmp_path, entry, swamp):
    other = "darwin aarch64" if this_platform() == "linux" else "linux aarch64"
    with pytest.raises(InfrastructureError, match=f"which is not {other}: correct the platform"):
        prepared(tmp_path, {**entry, "platform": other}, swamp)


@pytest.mark.parametrize("answer", ["What?", "You are not welcome here"])
def test_a_shell_that_prints_something_else_is_reported(tmp_path, entry, swamp, answer):
    for sshd in sshd_in(tmp_path, f"uname() {{ echo '{answer}'; }}"):
        address = sshd.address
        strange = {"port": sshd.port, "key": str(address.key), "known-hosts": str(address.known_hosts)}
        with pytest.raises(InfrastructureError, match=f"the lab answers `uname -sm` with '{answer[:-1]}"):
            prepared(tmp_path, {**entry, **strange}, swamp)


def test_a_binary_without_access_is_reported(tmp_path, entry, swamp, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(
        paramiko.SFTPClient, "stat", refused
    )  # the person who runs the tests may be able to read everything
    with pytest.raises(InfrastructureError, match=f"The user on the lab has no access to {swamp.path}"):
        prepared(tmp_path, entry, swamp)


def test_another_build_of_the_version_under_test_is_reported(tmp_path, entry, swamp):
    other = tmp_path / "rebuilt"
    other.write_bytes(swamp.path.read_bytes() + b"# rebuilt\n")
    other.chmod(0o755)
    with pytest.raises(InfrastructureError, match=f"has the same version: copy {swamp.path} there"):
        prepared(tmp_path, {**entry, "binary": str(other)}, swamp)
    on_windows = replace(swamp, platform="windows")  # whose binary of the same release is another file
    assert prepared(tmp_path, {**entry, "binary": str(other)}, on_windows).binary == str(other)


def test_another_version_than_the_one_under_test_is_reported(tmp_path, entry, swamp):
    other = tmp_path / "older"
    other.write_text("#!/bin/sh\necho swamp 1.0\n")
    other.chmod(0o755)
    with pytest.raises(InfrastructureError, match=f"has 'swamp 1.0', but swamp {VERSION} is under test"):
        prepared(tmp_path, {**entry, "binary": str(other)}, swamp)


def test_a_release_is_copied_to_a_machine_without_a_binary(tmp_path, entry, swamp, monkeypatch):
    asked = []
    monkeypatch.setattr(Releases, "binary", lambda _, *wanted: asked.append(wanted) or swamp.path)
    del entry["binary"]
    machine = prepared(tmp_path, entry, swamp)
    assert machine.binary == str(tmp_path / "the hosts" / f"swamp-{VERSION}")
    brought = Path(machine.binary)
    assert brought.read_bytes() == swamp.path.read_bytes()
    assert asked == [(VERSION, this_platform(), this_architecture())]
    first = brought.stat().st_ino
    prepared(tmp_path, {**entry, "version": VERSION}, swamp)
    assert brought.stat().st_ino == first  # it was already there the second time
    assert [file.name for file in brought.parent.iterdir()] == [f"swamp-{VERSION}"]


def test_a_changed_release_is_copied_again(tmp_path, entry, swamp, monkeypatch):
    monkeypatch.setattr(Releases, "binary", lambda *_: swamp.path)
    del entry["binary"]
    brought = Path(prepared(tmp_path, entry, swamp).binary)
    brought.write_bytes(swamp.path.read_bytes()[:-5])
    prepared(tmp_path, entry, swamp)
    assert brought.read_bytes() == swamp.path.read_bytes()
    assert [file.name for file in brought.parent.iterdir()] == [f"swamp-{VERSION}"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file on a full disk")
def test_a_release_that_does_not_fit_on_the_disk_leaves_no_files(tmp_path, entry, swamp, monkeypatch):
    monkeypatch.setattr(Releases, "binary", lambda *_: swamp.path)
    monkeypatch.setattr("secrets.token_hex", lambda _: "full")
    del entry["binary"]
    folder = Path(entry["folder"])
    folder.mkdir()
    (folder / f"swamp-{VERSION}.full.part").symlink_to("/dev/full")
    with pytest.raises(InfrastructureError, match=f"{VERSION} could not be copied to the lab .* disk space"):
        prepared(tmp_path, entry, swamp)
    assert list(folder.iterdir()) == []


def test_a_build_that_is_not_a_release_cannot_be_copied(tmp_path, entry, swamp):
    del entry["binary"]
    build = Binary(swamp.path, swamp.path, "1.0-local", "ab", 7, swamp.platform, swamp.architecture)
    with pytest.raises(InfrastructureError, match="is not a version of swamp"):
        prepared(tmp_path, entry, build)


# --- a scenario's workers


def test_workers_use_the_machines_in_turn_and_nothing_is_left_there(tmp_path, entry, swamp):
    machines = loaded(tmp_path, {"name": "here", "kind": "here"}, entry)
    worker_hosts = WorkerHosts(machines, swamp, "run-1", "scenario-1", tmp_path / "workers")
    here, there, here_again = (worker_hosts.next_for(name) for name in ("alpha", "beta", "gamma"))
    assert here.root == tmp_path / "workers" / "alpha"
    assert here_again.host is here.host
    assert isinstance(there.host, SshHost)
    assert there.root == PurePosixPath(entry["folder"]) / "run-1-scenario-1" / "beta"
    there.host.files.make(there.root)
    there.host.files.write(there.root / "file", b"from there")
    worker_hosts.fetch()
    assert (tmp_path / "workers" / "the lab" / "beta" / "file").read_bytes() == b"from there"
    worker_hosts.close()
    assert list(Path(entry["folder"]).iterdir()) == []


@pytest.fixture
def lost(tmp_path, entry, swamp):
    """A server that can be lost, and the workers of a scenario, one of them on it."""
    for sshd in sshd_in(tmp_path):
        address = sshd.address
        there = {"port": sshd.port, "key": str(address.key), "known-hosts": str(address.known_hosts)}
        swamp.path.write_text("#!/bin/sh\nexec sleep 605\n")
        machines = loaded(tmp_path, {**entry, **there}, {"name": "here", "kind": "here"})
        worker_hosts = WorkerHosts(machines, swamp, "run-1", "scenario-1", tmp_path / "workers")
        probe_log = ProbeLog(tmp_path / "notes")
        workers = Workers(worker_hosts, {}, probe_log, Evidence(tmp_path / "evidence"))
        for name in ("beta", "alpha"):
            workers.make(name, WorkerSettings("token.secret"))
            workers.start(name, ("127.0.0.1", 1))
        probe_log.close()
        yield sshd, workers
        workers.end(keep=False)


def test_a_lost_machine_is_an_infrastructure_error(lost):
    sshd, workers = lost
    sshd.lose_connections()
    for ask in (workers["beta"].wait_until_enrolled, workers["beta"].wait_until_ended):
        with pytest.raises(InfrastructureError, match=r"^the lab is gone"):
            ask()
    assert "whose machine is gone" in "".join(failure_context(workers.all(), []))


def test_nothing_is_left_on_a_machine_whose_connection_was_lost_nor_here(lost, entry):
    sshd, workers = lost
    assert list(Path(entry["folder"]).iterdir())
    sshd.lose_connections()
    with pytest.raises(InfrastructureError, match="the lab"):
        workers.end(keep=True)  # its files cannot be fetched any more
    assert not workers["alpha"].alive
    wait_until("all to be removed", lambda: list(Path(entry["folder"]).iterdir()), lambda it: not it, SOON)


def test_a_worker_that_cannot_be_ended_does_not_stop_the_cleanup(lost, entry, monkeypatch):
    _, workers = lost

    def fail():
        raise InfrastructureError("beta cannot be ended")

    with monkeypatch.context() as patch:
        patch.setattr(workers["beta"], "end", fail)
        with pytest.raises(InfrastructureError, match="beta cannot be ended"):
            workers.end(keep=True)
    assert not workers["alpha"].alive
    assert list(Path(entry["folder"]).iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the fake swamp is a script")
def test_scenarios_whose_machine_cannot_be_used_are_not_run(tmp_path, entry, fake_swamp):
    file = hosts_file(tmp_path, {**entry, "port": 1})
    done = run_suite(
        tmp_path / "reports",
        "--name",
        MINT,
        env={"SWAMP_BIN": str(fake_swamp().path), "UAT_HOSTS": str(file)},
    )
    assert done.returncode == ExitCode.INFRASTRUCTURE_ERROR, done.stdout + done.stderr
    assert "the lab cannot be reached at" in done.stdout
    results = json.loads((tmp_path / "reports" / "run.json").read_text())["results"]
    assert {each["outcome"] for each in results if each["skip"]["kind"] != "not selected"} == {"not run"}


def test_only_platform_tags_require_a_platform():
    scenario = SimpleNamespace(effective_tags=["platform-is-shown", "platform-darwin", "tls"])

    assert platforms_asked_by(scenario) == {"darwin"}
