"""Releases of swamp from a release host on the loopback, and everything that can go wrong with one."""

import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
from functools import partial

import pytest

from swamp_harness.cli.main import main
from swamp_harness.product.binary import this_architecture, this_platform
from swamp_harness.product.releases import ASSETS, Releases, earlier_release, release_of_another_protocol
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import run_suite

VERSION = "20260822.011157.0-sha.06b61472"
OLDER = "20260706.191652.0-sha.11384d05"
ASSET = ASSETS["linux", "x86_64"]
BINARY = b"a binary " * 50_000


class ReleaseHost(http.server.BaseHTTPRequestHandler):
    """Imitates the release host; the server has what it publishes and how it fails."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/releases/latest":
            self.send_response(302)
            self.send_header("Location", f"/releases/tag/v{self.server.latest}")
            self.end_headers()
            return
        if self.path.startswith("/releases/tag/"):
            self._answer(b"a page about a release")
            return
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
        elif self.server.status:
            self.send_error(self.server.status)
        else:
            self._answer(content)

    def _answer(self, content):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.server.breaks_off_at in self.path else content)

    def log_message(self, *_):
        pass


@pytest.fixture
def host():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ReleaseHost)
    server.files, server.asked, server.latest = {}, [], VERSION
    server.status, server.breaks_off_at = 0, "nothing"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def publish(host, version=VERSION, asset=ASSET, content=BINARY, checksum=None):
    place = f"/releases/download/v{version}"
    digest = checksum or hashlib.sha256(content).hexdigest()
    host.files[f"{place}/{asset}"] = content
    host.files[f"{place}/checksums.txt"] = f"{digest}  {asset}\n".encode()


def address(host):
    return f"http://127.0.0.1:{host.server_port}/releases"


@pytest.fixture
def releases(host, tmp_path):
    return Releases(address(host), tmp_path / "cache")


def linux_binary(releases, version=VERSION):
    return releases.binary(version, "linux", "x86_64")


def what_is_left(folder):
    return [file for file in folder.rglob("*") if file.is_file()] if folder.exists() else []


def test_a_release_is_downloaded_verified_and_executable(host, releases):
    publish(host)
    file = linux_binary(releases)
    assert file.read_bytes() == BINARY
    assert os.access(file, os.X_OK)
    assert {left.name for left in what_is_left(releases.cache)} == {ASSET, "checksums.txt"}


def test_a_cached_release_needs_no_network(host, releases):
    publish(host)
    first = linux_binary(releases)
    host.asked.clear()
    host.files.clear()
    assert linux_binary(releases) == first
    assert host.asked == []


def test_a_corrupt_cached_release_is_downloaded_again(host, releases):
    publish(host)
    linux_binary(releases).write_bytes(b"spoilt")
    assert linux_binary(releases).read_bytes() == BINARY


@pytest.mark.parametrize("content", [b"", b"0123", b"\xff\xfe\x00", b"0123  another\n"])
def test_empty_cached_checksums_are_downloaded_again(host, releases, content):
    publish(host)
    checksums = linux_binary(releases).with_name("checksums.txt")
    content = checksums.read_bytes()
    checksums.write_bytes(content)
    assert linux_binary(releases).read_bytes() == BINARY
    assert checksums.read_bytes() == content


@pytest.mark.skipif(sys.platform == "win32", reason="every file is executable on Windows")
def test_a_cached_binary_that_is_not_executable_is_downloaded_again(host, releases):
    publish(host)
    linux_binary(releases).chmod(0o644)
    assert os.access(linux_binary(releases), os.X_OK)


def test_the_latest_release_is_found_by_the_redirect_of_the_host(releases):
    assert releases.version("latest") == VERSION


def test_a_version_may_have_a_v_before_it(releases):
    assert releases.version(f"v{VERSION}") == VERSION


@pytest.mark.parametrize("asked", ["1.2.3", "../../etc", "", "newest", f"{VERSION}; true"])
def test_an_invalid_version_is_refused_before_any_request(host, releases, asked):
    with pytest.raises(UnusableInput, match="is not a version of swamp: use for example") as raised:
        releases.version(asked)
    assert raised.value.exit_code == ExitCode.BAD_COMMAND_LINE
    assert host.asked == []


def test_a_version_that_was_never_released(releases):
    with pytest.raises(UnusableInput, match=f"There is not a release {VERSION}") as raised:
        linux_binary(releases)
    assert raised.value.exit_code == ExitCode.NO_SUCH_RELEASE
    assert not releases.cache.exists()


def test_a_release_without_a_binary_for_the_platform(host, releases):
    publish(host, asset="swamp-darwin-aarch64")
    with pytest.raises(UnusableInput, match=f"There is not a checksum of {ASSET}") as raised:
        linux_binary(releases)
    assert raised.value.exit_code == ExitCode.NO_SUCH_RELEASE


def test_a_platform_that_swamp_is_not_made_for(releases):
    with pytest.raises(UnusableInput, match="a release for plan9 mips") as raised:
        releases.binary(VERSION, "plan9", "mips")
    assert raised.value.exit_code == ExitCode.NO_SUCH_RELEASE


def test_a_host_without_a_latest_release(host, releases):
    host.latest = "never"
    with pytest.raises(UnusableInput, match="There is not a latest release"):
        releases.version("latest")


def test_no_network(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    releases = Releases(f"http://127.0.0.1:{port}/releases", tmp_path / "cache")
    for ask in (partial(releases.version, "latest"), partial(linux_binary, releases)):
        with pytest.raises(UnusableInput, match=r"could not be downloaded .*: check the network") as raised:
            ask()
        assert raised.value.exit_code == ExitCode.DOWNLOAD_FAILED
    assert what_is_left(tmp_path) == []


def test_a_server_that_fails(host, releases):
    publish(host)
    host.status = 503
    with pytest.raises(UnusableInput, match="the server answers 503") as raised:
        linux_binary(releases)
    assert raised.value.exit_code == ExitCode.DOWNLOAD_FAILED


def test_checksums_that_are_not_text(host, releases):
    publish(host)
    host.files[f"/releases/download/v{VERSION}/checksums.txt"] = b"\xff\xfe\x00"
    with pytest.raises(
        UnusableInput, match=r"could not be downloaded .* \(checksums.txt is not text\)"
    ) as raised:
        linux_binary(releases)
    assert raised.value.exit_code == ExitCode.DOWNLOAD_FAILED
    assert what_is_left(releases.cache) == []


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1", r"\(a SOCKS proxy is set; .*\): set HTTP_PROXY, .* again\.$"),
        ("ALL_PROXY", "ftp://127.0.0.1:1", r"\(the proxy that is set cannot be used: .*\): set HTTP_PROXY"),
        (
            "SSL_CERT_FILE",
            "nowhere.pem",
            r"\(the file that SSL_CERT_FILE .*: No such file .*\): set SSL_CERT_FILE",
        ),
    ],
)
def test_unusable_network_settings(releases, monkeypatch, variable, value, complaint):
    monkeypatch.setenv(variable, value)
    for ask in (partial(releases.version, "latest"), partial(linux_binary, releases)):
        with pytest.raises(UnusableInput, match=complaint) as raised:
            ask()
        assert raised.value.exit_code == ExitCode.DOWNLOAD_FAILED
    assert what_is_left(releases.cache) == []


def test_a_partial_download_is_deleted(host, releases):
    publish(host)
    host.breaks_off_at = ASSET
    with pytest.raises(UnusableInput, match=f"The release {VERSION} could not be downloaded") as raised:
        linux_binary(releases)
    assert raised.value.exit_code == ExitCode.DOWNLOAD_FAILED
    assert what_is_left(releases.cache) == []


def test_a_download_with_a_wrong_checksum_is_deleted(host, releases):
    publish(host, checksum="0" * 64)
    with pytest.raises(UnusableInput, match=r"does not match its checksums.txt: .* was removed") as raised:
        linux_binary(releases)
    assert raised.value.exit_code == ExitCode.CHECKSUM_MISMATCH
    assert what_is_left(releases.cache) == []


def test_a_cache_that_is_not_a_folder(host, tmp_path):
    publish(host)
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UnusableInput, match=r"cannot be stored .* set UAT_CACHE to another folder") as raised:
        linux_binary(Releases(address(host), tmp_path / "cache"))
    assert raised.value.exit_code == ExitCode.CACHE_UNUSABLE


@pytest.fixture
def mounted(tmp_path):
    """Mounts a small file system, which only root on Linux may do."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if not sys.platform.startswith("linux") or shutil.which("mount") is None:
            pytest.skip("needs Linux and its mount")
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("needs a person who may mount file systems")
        return folder

    yield mount
    subprocess.run([shutil.which("umount") or "umount", folder], capture_output=True, check=False)


# The binary fills the last one, so its checksums do not fit.
@pytest.mark.parametrize(
    ("options", "why"),
    [("ro", "Read-only file system"), ("size=64k", "No space left"), ("size=440k", "No space left")],
)
def test_a_cache_on_a_full_disk(host, mounted, options, why):
    publish(host)
    cache = mounted(options)
    with pytest.raises(
        UnusableInput, match=rf"cannot be stored in .* \({why}.*\): free disk space"
    ) as raised:
        linux_binary(Releases(address(host), cache))
    assert raised.value.exit_code == ExitCode.CACHE_UNUSABLE
    assert what_is_left(cache) == []


def test_the_remains_of_a_killed_download_are_deleted_by_the_next(host, releases):
    publish(host)
    folder = releases.cache / VERSION
    folder.mkdir(parents=True)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (folder / f"{ASSET}.{ended.pid}.part").write_bytes(b"half")
    linux_binary(releases)
    assert {left.name for left in what_is_left(folder)} == {ASSET, "checksums.txt"}


def test_the_environment_sets_the_release_host_and_the_cache(tmp_path):
    found = Releases.of({"UAT_RELEASES": "http://127.0.0.1:1/releases/", "UAT_CACHE": str(tmp_path)})
    assert found == Releases("http://127.0.0.1:1/releases", tmp_path)
    assert Releases.of({}).host.startswith("https://")


@pytest.mark.parametrize("host", ["nonsense", "file:///releases", "github.com/swamp-club"])
def test_an_address_of_a_release_host_that_is_none_is_refused(host):
    with pytest.raises(UnusableInput, match=r"^UAT_RELEASES is .*: it must begin with https://") as caught:
        Releases.of({"UAT_RELEASES": host})
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


@pytest.mark.parametrize(
    ("version", "other"),
    [
        (VERSION, OLDER),
        ("20990101.000000.0-sha.00000000", OLDER),
        (OLDER, VERSION),
        ("20260612.000000.0-sha.00000000", VERSION),
    ],
)
def test_the_other_version_is_the_newest_known_release_with_another_protocol(version, other):
    assert release_of_another_protocol(version) == other


@pytest.mark.parametrize(
    ("version", "earlier"),
    [
        (VERSION, "20260706.194109.0-sha.700203dc"),
        ("20990101.000000.0-sha.00000000", VERSION),
        ("20260706.180000.0-sha.00000000", "20260705.174109.0-sha.eabb4847"),
    ],
)
def test_the_earlier_release_is_the_newest_known_older_one_of_the_same_protocol(version, earlier):
    assert earlier_release(version) == earlier


def test_a_release_of_which_no_older_one_of_its_protocol_is_known_has_no_earlier_release():
    with pytest.raises(UnusableInput, match="No release is known that is older"):
        earlier_release("20260601.000000.0-sha.00000000")


def publish_swamp(host, swamp, *versions):
    """Publish a swamp for this machine that reports a version; otherwise it is the given one."""
    for version in versions:
        script = f'#!/bin/sh\n[ "$1" = --version ] && echo swamp {version} && exit 0\nexec \'{swamp}\' "$@"\n'
        publish(host, version, ASSETS[this_platform(), this_architecture()], script.encode())


def test_a_run_downloads_the_version_under_test_and_the_other_version(host, fake_swamp, tmp_path):
    publish_swamp(host, fake_swamp().path, VERSION, OLDER)
    result = run_suite(
        tmp_path / "reports",
        "--tags=@uat-01",
        "--name=A minted credential is shown exactly once, in JSON",
        env={"SWAMP_VERSION": "latest", "UAT_RELEASES": address(host), "UAT_CACHE": str(tmp_path / "cache")},
    )
    assert result.returncode == ExitCode.EVERY_PROMISE_HELD, result.stdout + result.stderr
    assert f"version      {VERSION}" in result.stdout
    assert f"({OLDER})" in result.stdout
    assert f"Downloading swamp {VERSION}" in result.stderr


def test_without_the_other_version_only_the_scenarios_that_need_it_are_not_run(host, fake_swamp, tmp_path):
    publish_swamp(host, fake_swamp().path, VERSION)
    result = run_suite(
        tmp_path / "reports",
        *("--tags", "@other-binary or @uat-01"),
        *(
            "--name",
            "of a release with another",
            "--name",
            "minted credential is shown exactly once, in JSON",
        ),
        env={"SWAMP_VERSION": VERSION, "UAT_RELEASES": address(host), "UAT_CACHE": str(tmp_path / "cache")},
    )
    assert result.returncode == ExitCode.EVERY_PROMISE_HELD, result.stdout + result.stderr
    assert "1 held, 1 not run" in result.stdout
    needed = "a binary of another protocol version: set SWAMP_OTHER_BIN."
    assert f"needs {needed} There is not a release {OLDER}" in result.stdout


def test_a_named_other_version_that_cannot_be_used_is_bad_input(fake_swamp, tmp_path):
    swamp = fake_swamp().path
    result = run_suite(
        tmp_path / "reports",
        env={"SWAMP_BIN": str(swamp), "SWAMP_OTHER_BIN": str(tmp_path / "nowhere")},
    )
    assert result.returncode == ExitCode.NO_BINARY
    assert "SWAMP_OTHER_BIN is" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the binary is a script")
def test_a_binary_of_another_version_than_was_asked_for(host, tmp_path):
    asset = ASSETS[this_platform(), this_architecture()]
    publish(host, VERSION, asset, f"#!/bin/sh\necho swamp {OLDER}\n".encode())
    result = run_suite(
        tmp_path / "reports",
        env={"SWAMP_VERSION": VERSION, "UAT_RELEASES": address(host), "UAT_CACHE": str(tmp_path / "cache")},
    )
    assert result.returncode == ExitCode.NO_BINARY
    assert f"reports version {OLDER}" in result.stderr


def test_a_version_and_a_binary_at_once(fake_swamp, tmp_path):
    result = run_suite(
        tmp_path / "reports", env={"SWAMP_VERSION": VERSION, "SWAMP_BIN": str(fake_swamp().path)}
    )
    assert result.returncode == ExitCode.BAD_COMMAND_LINE
    assert "set only one of them" in result.stderr


def test_a_version_is_resolved_once_for_all_jobs(host, monkeypatch, capsys):
    monkeypatch.setenv("UAT_RELEASES", address(host))
    assert main(["resolve", "latest"]) == 0
    assert capsys.readouterr().out == f"{VERSION}\n"
