"""The extension that the suite publishes: published, pulled, and as it arrives on workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from swamp_harness.product.commands import Output
from swamp_harness.product.publication import Publication
from swamp_harness.product.registry import REGISTRY_VARIABLE, Registry
from swamp_harness.product.wire_paths import BUNDLE_PATHS
from swamp_harness.scenario.probe import SHIPPED_FILES, SHIPPED_MODEL
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError, PromiseBroken

_FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
_MODEL = _FIXTURES / "published" / "uat_shipped.ts"
_VERSION = _MODEL.with_name("version.ts")
_NOTES = _FIXTURES / "extensions" / "shared" / "notes.ts"
_NO_VERSION = "0000.00.00.0"
_NO_MODEL_VERSION = "0000.00.00.1"
_PROGRAM, _FILE = "program", "file"
# The file of the extension that a cache loses; it is alone in its folder.
_LOST_FILE = PurePosixPath(SHIPPED_FILES[1])
# A text in the program of every version, and nowhere else.
_MARK = b"Notes its version, and the digest of each file that came with it"


def publish(
    world: World, version: str, *, program: str = "", of_the_rest: str = "", more_files: int = 0
) -> None:
    """Publish a version of the extension in the scenario's registry, which is started on first use.

    Args:
        world: the scenario's.
        version: such as "2026.01.01.1".
        program: the version whose program it contains; its own if empty.
        of_the_rest: the version whose model and files it contains, around the program; its own if empty.
        more_files: how many files it contains besides those that steps look at.
    """
    if world.registry is None:
        world.registry = world.cleanup.enter_context(Registry())
        world.operator.commands.environment[REGISTRY_VARIABLE] = world.registry.url
    own = program or version
    code = _MODEL.read_text("utf-8").replace(_NO_MODEL_VERSION, of_the_rest or own)
    imported = _VERSION.read_text("utf-8").replace(_NO_VERSION, own)
    world.registry.publish(
        Publication(
            SHIPPED_MODEL,
            version,
            models={_MODEL.name: code},
            helpers={_NOTES.name: _NOTES.read_text("utf-8"), _VERSION.name: imported},
            files={
                **_files_of(of_the_rest or version),
                **{f"more/{number}.txt": str(number).encode() for number in range(more_files)},
            },
        )
    )


def pull(world: World, *, anew: bool = False) -> None:
    """Pull the extension as the operator, over an earlier version of it if asked.

    Raises:
        InfrastructureError: the pull failed; that breaks no promise of remote execution.
    """
    flags = ("--force",) if anew else ()
    result = world.operator.commands.run("extension", "pull", SHIPPED_MODEL, *flags, output=Output.TEXT)
    if not result.succeeded:
        raise InfrastructureError(f"The scenario's extension could not be pulled:\n{result}")


def replace(world: World, version: str, *, same_program: bool = False, only_program: bool = False) -> None:
    """Publish a new version of the extension, and pull it over the present one.

    An orchestrator only knows the extensions that existed when it started, so restart it afterwards, or make
    it reload them.

    Args:
        world: the scenario's.
        version: the new one.
        same_program: whether only the files that come with it are new.
        only_program: whether only a module of the program is new, not its model and not the files.
    """
    present = world.registry.versions(SHIPPED_MODEL)[-1].version if world.registry else ""
    publish(
        world, version, program=present if same_program else "", of_the_rest=present if only_program else ""
    )
    pull(world, anew=True)


def lose_one_file(world: World, worker: str) -> None:
    """Remove one file that came with the extension from the cache of a worker.

    Raises:
        InfrastructureError: the cache does not have it.
    """
    machine = world.workers.machine_of(worker)
    files = machine.host.files
    kept = [file for file in files.below(machine.cache) if file.name == _LOST_FILE.name]
    if not kept:
        raise InfrastructureError(f'The cache of "{worker}" has no file {_LOST_FILE.name} to lose.')
    for file in kept:
        files.remove(file.parent)


def reload(world: World) -> None:
    """Make the orchestrator reload its extensions (design/remote-execution.md, "Hot-Reload").

    Raises:
        PromiseBroken: the command fails.
    """
    url = world.orchestrator.api.url
    result = world.operator.commands.run("serve", "reload", "--server", url, output=Output.TEXT)
    if not result.succeeded:
        raise PromiseBroken(f"The orchestrator does not reload its extensions:\n{result}")


def found_by(world: World, step: str) -> list[Row]:
    """The versions of the program and of the files that a step found each time that it started.

    Returns:
        A row for each start, in order: start, program, files. If the files are not exactly those of one
        version, they are listed by name with the version of each.
    """
    rows = []
    for number, text in enumerate(world.probe_log.notes("shipped", step), start=1):
        found = json.loads(text)
        rows.append(
            {"start": str(number), "program": found["program"], "files": _version_of(world, found["files"])}
        )
    return rows


def sent_to(world: World, worker: str) -> list[Row]:
    """The programs and files of extensions that were sent to a worker, by the requests in its network.

    Returns:
        For programs and for files: how many different ones, and how many in total.
    """
    paths = [seen.path for seen in world.workers.network(worker).requests.all() if seen.method == "GET"]
    rows = []
    for what, pattern in ((_PROGRAM, BUNDLE_PATHS["bundle"]), (_FILE, BUNDLE_PATHS["file"])):
        asked = [path for path in paths if pattern.fullmatch(path)]
        rows.append({"what": what, "different": str(len(set(asked))), "sent": str(len(asked))})
    return rows


def places_on_machine(world: World, worker: str) -> list[str]:
    """The places of the extension's program on a worker's machine: "the cache", or the files elsewhere.

    Raises:
        PromiseBroken: it is nowhere, although it ran there.
    """
    machine = world.workers.machine_of(worker)
    on_it = machine.host.files
    files = [file for file in on_it.below(machine.root) if _MARK in on_it.read(file)]
    if not files:
        raise PromiseBroken(f'The program of the extension is nowhere on the machine of "{worker}".')
    places = [
        "the cache" if file.is_relative_to(machine.cache) else str(file.relative_to(machine.root))
        for file in files
    ]
    return sorted(set(places))


def _files_of(version: str) -> dict[str, bytes]:
    every_byte = bytes(range(256)) * 300
    contents = (
        f"Greetings from {version}\r\n".encode(),
        every_byte + version.encode(),
        b"",
        version.encode(),
    )
    return dict(zip(SHIPPED_FILES, contents, strict=True))


def _version_of(world: World, found: Mapping[str, str]) -> str:
    if world.registry is None:
        raise InfrastructureError("The scenario has no registry: publish a version of the extension first.")
    for publication in world.registry.versions(SHIPPED_MODEL):
        if found == {name: _digest(publication.files[name]) for name in SHIPPED_FILES}:
            return publication.version
    return f"of several versions: {', '.join(_described(world.registry, *item) for item in found.items())}"


def _described(registry: Registry, name: str, digest: str) -> str:
    published = registry.versions(SHIPPED_MODEL)
    versions = [each.version for each in published if _digest(each.files[name]) == digest]
    return f'"{name}" of {" and ".join(versions) or "no version, SHA-256 " + digest}'


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
