"""Mutants of extensions, and how they reach a worker.

Promise 23: A worker gets the program of a step from the orchestrator: once, complete, in the right version.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from websockets.http11 import Response

    from standin.bundles import Bundle
    from standin.orchestrator.pool import Pool
    from standin.orchestrator.serve import Orchestrator
    from standin.worker.cache import Cache
    from standin.worker.session import Session


@mutant(23)
def fetched_every_time() -> None:
    """A worker fetches an extension each time that a step needs it."""

    @replaces("worker.cache:Cache.has")
    def _(old: Callable[[Cache, Path], bool], cache: Cache, program: Path) -> bool:
        return False


@mutant(23)
def fetched_every_time_without_a_cache_directory() -> None:
    """A worker without a cache directory fetches an extension each time that a step needs it."""

    @replaces("worker.cache:Cache.has")
    def _(old: Callable[[Cache, Path], bool], cache: Cache, program: Path) -> bool:
        return not cache._folder.name.startswith("swamp-worker-cache-") and old(cache, program)


@mutant(23)
def forgotten_at_the_start() -> None:
    """A restarted worker has lost its extensions."""

    @replaces("worker.cache:Cache.machine_id")
    def _(old: Callable[[Cache], str], cache: Cache) -> str:
        import shutil

        shutil.rmtree(cache._folder / "bundles", ignore_errors=True)
        return old(cache)


@mutant(23)
def new_files_not_sent() -> None:
    """A worker that has the program of an extension does not get its new files."""

    def short(bundle: Bundle) -> str:
        import hashlib

        return hashlib.sha256(bundle.program.encode()).hexdigest()

    _distinguish_bundles_by(short)


@mutant(23)
def old_version_runs() -> None:
    """A worker runs the first version of an extension that it got."""

    @replaces("worker.cache:Cache.bundle")
    def _(
        old: Callable[[Cache, str, str, str, str], tuple[str, Path]],
        cache: Cache,
        fingerprint: str,
        url: str,
        trusted: str,
        ticket: str,
    ) -> tuple[str, Path]:
        known = sorted(cache._folder.glob("bundles/*/bundle.js"))
        return old(cache, known[0].parent.name if known else fingerprint, url, trusted, ticket)


@mutant(23)
def old_version_after_a_reload() -> None:
    """The orchestrator reloads its extensions, but its steps keep the versions that it had at its start."""

    @replaces("orchestrator.serve:Orchestrator.load_extensions")
    def _(old: Callable[[Orchestrator], int], orchestrator: Orchestrator) -> int:
        return len(orchestrator._bundles) or old(orchestrator)


@mutant(23)
def byte_of_a_file_lost() -> None:
    """The last byte of a file that comes with an extension is lost."""

    @replaces("orchestrator.web:file_sent")
    def _(old: Callable[[bytes], bytes], content: bytes) -> bytes:
        return content[:-1]


@mutant(23)
def program_left_elsewhere() -> None:
    """A worker leaves a copy of an extension's program outside of its cache."""

    @replaces("worker.cache:Cache.bundle")
    def _(
        old: Callable[[Cache, str, str, str, str], tuple[str, Path]],
        cache: Cache,
        fingerprint: str,
        url: str,
        trusted: str,
        ticket: str,
    ) -> tuple[str, Path]:
        program, files = old(cache, fingerprint, url, trusted, ticket)
        (Path.home() / "last-bundle.js").write_text(program)
        return program, files


@mutant(23)
def imported_module_not_looked_at() -> None:
    """A worker that has run a model does not get a new version of an imported module."""

    def of_model_alone(bundle: Bundle) -> str:
        import re
        from dataclasses import replace

        alone = re.sub(r'^export const VERSION = ".+"', "", bundle.program, flags=re.MULTILINE)
        return replace(bundle, program=alone).fingerprint

    _distinguish_bundles_by(of_model_alone)


@mutant(23)
def program_told_by_its_model_version() -> None:
    """A worker that has run a version of a model does not get a new program of the same version."""

    def of_model(bundle: Bundle) -> str:
        import hashlib
        import re

        version = re.search(r'^const MODEL_VERSION = "(.+)"', bundle.program, re.MULTILINE)
        return hashlib.sha256(f"{bundle.model_type} {version}".encode()).hexdigest()

    _distinguish_bundles_by(of_model)


def _distinguish_bundles_by(fingerprint: Callable[[Bundle], str]) -> None:
    """Orchestrator and workers identify a bundle by this fingerprint, not by that of all its contents."""

    @replaces("orchestrator.serve:fingerprint_of")
    def _(old: Callable[[Bundle], str], bundle: Bundle) -> str:
        return fingerprint(bundle)

    @replaces("orchestrator.web:answer")
    def _(
        old: Callable[[str, Pool, Mapping[str, Bundle]], Response | None],
        path: str,
        pool: Pool,
        bundles: Mapping[str, Bundle],
    ) -> Response | None:
        return old(path, pool, {**bundles, **{fingerprint(each): each for each in bundles.values()}})


@mutant(23)
def dot_assets_not_shipped() -> None:
    """Files of an extension in a folder whose name begins with a dot are not sent."""

    @replaces("bundles:_files_in")
    def _(old: Callable[[Path], dict[str, bytes]], folder: Path) -> dict[str, bytes]:
        return {path: content for path, content in old(folder).items() if not path.startswith(".")}


@mutant(23)
def interrupted_fetch_never_completed() -> None:
    """A worker that has some files of an extension never fetches the others."""

    @replaces("worker.cache:Cache.missing")
    def _(
        old: Callable[[Cache, Path, list[str]], list[str]], cache: Cache, folder: Path, files: list[str]
    ) -> list[str]:
        return [] if folder.is_dir() else old(cache, folder, files)


@mutant(23)
def program_kept_in_place() -> None:
    """A worker that fetches a program twice at once empties the file of the first one to write the second."""

    @replaces("worker.cache:keep")
    def _(old: Callable[[Path, bytes], None], file: Path, content: bytes) -> None:
        import time

        if file.is_file():
            file.write_bytes(b"")
            time.sleep(0.3)
        old(file, content)


@mutant(23)
def forgotten_when_back() -> None:
    """A worker that has lost its connection has lost its extensions as well."""

    @replaces("worker.session:Session._pause_before_next")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        import shutil

        shutil.rmtree(session._cache._folder / "bundles", ignore_errors=True)
        await old(session)


@mutant(23)
def one_extension_at_a_time() -> None:
    """The orchestrator sends only the extension of the step that it has dispatched last."""
    last: list[str] = []

    @replaces("orchestrator.serve:fingerprint_of")
    def _(old: Callable[[Bundle], str], bundle: Bundle) -> str:
        last[:] = [old(bundle)]
        return last[0]

    @replaces("orchestrator.web:answer")
    def _(
        old: Callable[[str, Pool, Mapping[str, Bundle]], Response | None],
        path: str,
        pool: Pool,
        bundles: Mapping[str, Bundle],
    ) -> Response | None:
        return old(path, pool, {each: bundles[each] for each in bundles if each in last})


@mutant(23)
def first_hundred_files_sent() -> None:
    """Only the first hundred files of an extension are sent."""

    @replaces("bundles:_files_in")
    def _(old: Callable[[Path], dict[str, bytes]], folder: Path) -> dict[str, bytes]:
        return dict(sorted(old(folder).items())[:100])
