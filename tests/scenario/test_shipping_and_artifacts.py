"""Requests on a network path, a registry of extensions, the bytes of an artifact, the memory of processes."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from datetime import UTC, datetime

import psutil
import pytest
import yaml

from swamp_harness.product.publication import Publication
from swamp_harness.product.registry import Registry
from swamp_harness.scenario.artifact_bytes import blocks, described
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import Limit
from swamp_harness.system.memory import MemoryWatch, memory_of
from swamp_harness.system.waiting import wait_until
from swamp_harness.system.wire import RequestLog, SeenRequest

REQUEST = b"GET /bundle/abc/files HTTP/1.1\r\nhost: there\r\n\r\n"
EXTENSION = Publication(
    "@uat/one",
    "2026.01.01.1",
    models={"one.ts": "// a model"},
    files={"deep/every byte.bin": bytes(range(256))},
)
SHORT = Limit("a short while", 10)


@pytest.mark.parametrize("cut", [1, 5, 20, len(REQUEST) - 1, len(REQUEST)])
def test_a_request_is_counted_once_however_it_is_split(cut):
    log = RequestLog()
    read = log.reader()
    for piece in (b"\0" * 70_000, REQUEST[:cut], REQUEST[cut:], b"\0" * 70_000):
        read(piece)
    assert log.all() == [SeenRequest("GET", "/bundle/abc/files")]


def test_requests_of_several_connections_are_counted():
    log = RequestLog()
    first, second = log.reader(), log.reader()
    first(REQUEST[:10])
    second(REQUEST + REQUEST)
    first(REQUEST[10:])
    assert len(log.all()) == 3


def test_other_traffic_is_not_counted():
    log = RequestLog()
    log.reader()(b"HTTP/1.1 200 OK\r\nGET HTTP/1.1\r\nsays GET /somewhere HTTP/1.1 and goes on")
    assert log.all() == []


@pytest.fixture
def registry():
    with Registry() as registry:
        registry.publish(EXTENSION)
        yield registry


def answer(registry, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{registry.url}/api/v1/extensions/{path}", timeout=10) as response:
        return response.read()


def test_a_registry_serves_the_archive_with_its_checksum(registry):
    assert json.loads(answer(registry, "%40uat%2Fone"))["latestVersion"] == "2026.01.01.1"
    archive = answer(registry, "%40uat%2Fone@2026.01.01.1/download")
    checksum = json.loads(answer(registry, "%40uat%2Fone@2026.01.01.1/checksum"))["checksum"]
    assert hashlib.sha256(archive).hexdigest() == checksum


@pytest.mark.parametrize("path", ["%40uat%2Ftwo", "%40uat%2Fone@2027.01.01.1/download"])
def test_a_registry_does_not_serve_unpublished_extensions(registry, path):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        answer(registry, path)


def test_a_registry_reports_the_version_that_was_published_last(registry):
    registry.publish(Publication("@uat/one", "2026.01.02.1", models={"one.ts": ""}))
    assert json.loads(answer(registry, "%40uat%2Fone"))["latestVersion"] == "2026.01.02.1"
    assert [each.version for each in registry.versions("@uat/one")] == ["2026.01.01.1", "2026.01.02.1"]


def test_an_archive_is_complete_and_reproducible():
    with tarfile.open(fileobj=io.BytesIO(EXTENSION.archive())) as archive:
        content = {entry.name: archive.extractfile(entry).read() for entry in archive}
    assert content["extension/files/deep/every byte.bin"] == bytes(range(256))
    assert content["extension/models/one.ts"] == b"// a model"
    manifest = yaml.safe_load(content["extension/manifest.yaml"])
    assert manifest["version"] == "2026.01.01.1"
    assert manifest["additionalFiles"] == ["deep/every byte.bin"]
    assert EXTENSION.archive() == EXTENSION.archive()


@pytest.mark.parametrize("size", [1, (1 << 20) - 1, 1 << 20, 3 * (1 << 20) + 5])
def test_an_artifact_has_its_size_and_no_two_blocks_alike(size):
    pieces = list(blocks("build", size))
    assert sum(map(len, pieces)) == size
    assert len(set(pieces)) == len(pieces)


def test_artifacts_of_different_steps_differ():
    assert described(blocks("first", 1000)) != described(blocks("second", 1000))
    assert described(blocks("first", 1000)) == described(blocks("first", 1000))


def test_the_memory_of_a_process_includes_its_children():
    megabytes = 80
    hold = f"held = bytearray(b'x' * {megabytes * 1_000_000}); print('held', flush=True); input()"
    parent = f"import subprocess, sys; input(); subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        with MemoryWatch(lambda: memory_of(process.pid)) as watch:
            before = datetime.now(UTC)
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "held\n"
            wait_until(
                "the memory to be measured",
                lambda: watch.most_between(before, datetime.now(UTC)) - watch.at_first,
                lambda more: more > megabytes * 1_000_000,
                SHORT,
            )
        process.communicate("\n")


def test_memory_that_cannot_be_measured_is_an_infrastructure_error():
    unused = max(psutil.pids()) + 100_000
    with pytest.raises(InfrastructureError, match="cannot be measured"):
        MemoryWatch(lambda: memory_of(unused))
