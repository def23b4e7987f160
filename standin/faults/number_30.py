"""Workers run in cache directories as people have them."""

import os
from pathlib import Path

from standin.faults import broken

_LONG = 250


def line_end_taken_for_the_id():
    """A line end in the file with the machine id is taken for a part of the id."""

    @broken("worker.cache:Cache.machine_id")
    def _(old, cache):
        file = cache._folder / "machine-id"
        return file.read_bytes().decode() if file.is_file() else old(cache)


def spaces_not_understood():
    """The name of a cache directory ends at its first space."""

    @broken("worker.cache:Cache.__init__")
    def _(old, cache, folder):
        name = Path(folder).name
        at = name.find(" ")
        old(cache, folder if at < 0 else f"{folder[: len(folder) - len(name) + at]}-{os.getpid()}")


def no_start_beside_spaces():
    """A worker cannot start at all where the name of its cache directory has spaces."""

    @broken("worker.cache:Cache.__init__")
    def _(old, cache, folder):
        from standin.errors import UserError

        if " " in Path(folder).name:
            raise UserError(f"No such file or directory: {folder.replace(' ', '%20')}")
        old(cache, folder)


def relative_to_the_home():
    """A relative cache directory is looked for in the temporary folder of each start."""

    @broken("worker.cache:Cache.__init__")
    def _(old, cache, folder):
        relative = folder and not Path(folder).is_absolute()
        old(cache, "" if relative else folder)


def letters_beyond_ascii_lost():
    """The letters beyond ASCII in the name of a cache directory are lost, each time in another way."""

    @broken("worker.cache:Cache.__init__")
    def _(old, cache, folder):
        old(
            cache,
            folder if folder.isascii() else folder.encode("ascii", "ignore").decode() + str(os.getpid()),
        )


def any_machine_may_come():
    """A worker that has lost its cache is let in all the same."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        old(repository, {**record, "maxEnrollments": 100}, machine)


def long_path_cut():
    """Of the name of a cache directory that is long, each start keeps another beginning."""

    @broken("worker.cache:Cache.__init__")
    def _(old, cache, folder):
        old(cache, folder if len(folder) < _LONG else f"{folder[:_LONG]}-{os.getpid()}")


def no_step_beside_spaces():
    """A worker cannot run an extension from a cache directory whose name has spaces."""

    @broken("worker.cache:Cache.bundle")
    def _(old, cache, *given):
        if " " in cache._folder.name:
            told = str(cache._folder).replace(" ", "%20")
            raise OSError(f"No such file or directory: {told}")
        return old(cache, *given)
