"""Mutants of unusual cache directories.

Promise 30: Workers run in unusual cache directories too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from standin.orchestrator.pool import Member, Pool
    from standin.repository import Repository
    from standin.worker.cache import Cache


_LONG = 250


@mutant(30)
def line_end_taken_for_the_id() -> None:
    """The line end of the file with the machine id is part of the id."""

    @replaces("worker.cache:Cache.machine_id")
    def _(old: Callable[[Cache], str], cache: Cache) -> str:
        file = cache._folder / "machine-id"
        return file.read_bytes().decode() if file.is_file() else old(cache)


@mutant(30)
def spaces_not_understood() -> None:
    """The name of a cache directory ends at its first space."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        name = Path(folder).name
        at = name.find(" ")
        old(cache, folder if at < 0 else f"{folder[: len(folder) - len(name) + at]}-{os.getpid()}")


@mutant(30)
def no_start_beside_spaces() -> None:
    """A worker cannot start if the name of its cache directory has spaces."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        from standin.errors import UserError

        if " " in Path(folder).name:
            raise UserError(f"No such file or directory: {folder.replace(' ', '%20')}")
        old(cache, folder)


@mutant(30)
def relative_to_the_home() -> None:
    """A relative cache directory is relative to the temporary folder of each start."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        relative = folder and not Path(folder).is_absolute()
        old(cache, "" if relative else folder)


@mutant(30)
def letters_beyond_ascii_lost() -> None:
    """The letters beyond ASCII in the name of a cache directory are replaced differently at each start."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        old(
            cache,
            folder if folder.isascii() else folder.encode("ascii", "ignore").decode() + str(os.getpid()),
        )


@mutant(30)
def any_machine_may_come() -> None:
    """A worker that has lost its cache is admitted nevertheless."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        old(repository, {**record, "maxEnrollments": 100}, machine)


@mutant(30)
def long_path_cut() -> None:
    """The long name of a cache directory is cut at another place at each start."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        old(cache, folder if len(folder) < _LONG else f"{folder[:_LONG]}-{os.getpid()}")


@mutant(30)
def no_step_beside_spaces() -> None:
    """A worker cannot run an extension from a cache directory whose name has spaces."""

    @replaces("worker.cache:Cache.bundle")
    def _(old: Callable[..., tuple[str, Path]], cache: Cache, *given: Any, **named: Any) -> tuple[str, Path]:
        if " " in cache._folder.name:
            answer = str(cache._folder).replace(" ", "%20")
            raise OSError(f"No such file or directory: {answer}")
        return old(cache, *given, **named)


@mutant(30)
def cache_of_before_cannot_be_used() -> None:
    """A restarted worker cannot run extensions that are already in its cache."""
    fetched: set[Path] = set()

    @replaces("worker.cache:Cache.has")
    def _(old: Callable[[Cache, Path], bool], cache: Cache, program: Path) -> bool:
        is_here = old(cache, program)
        if is_here and program not in fetched:
            raise OSError(f"Permission denied: {program}")
        fetched.add(program)
        return is_here


@mutant(30)
def empty_machine_id_used() -> None:
    """A worker uses an empty machine id, with which it cannot enroll."""

    @replaces("worker.cache:Cache.needs_machine_id")
    def _(old: Callable[[Cache, Path], bool], _: Cache, file: Path) -> bool:
        return not file.is_file()

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin.tokens import Rejected

        if not wish["machineId"]:
            raise Rejected("machineId: String must contain at least 1 character(s)")
        return old(pool, wish, socket)


@mutant(30)
def linked_cache_directory_refused() -> None:
    """A worker does not start with a cache directory that is a symbolic link."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        from standin.errors import UserError

        if folder and Path(folder).is_symlink():
            raise UserError(f"Cache directory '{folder}' is not a directory")
        old(cache, folder)


@mutant(30)
def byte_order_mark_taken_for_id() -> None:
    """A byte order mark before the machine id, as some editors write it, is taken for a part of it."""

    @replaces("worker.cache:Cache.machine_id")
    def _(old: Callable[[Cache], str], cache: Cache) -> str:
        old(cache)
        return (cache._folder / "machine-id").read_text("utf-8").strip()


@mutant(30)
def letters_of_a_name_composed() -> None:
    """The letters in the name of a cache directory are composed, which makes another directory of some."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        import unicodedata

        old(cache, unicodedata.normalize("NFC", folder))


@mutant(30)
def linked_machine_id_replaced() -> None:
    """A worker replaces a machine id that is behind a symbolic link at each start."""

    @replaces("worker.cache:Cache.needs_machine_id")
    def _(old: Callable[[Cache, Path], bool], cache: Cache, file: Path) -> bool:
        return file.is_symlink() or old(cache, file)
