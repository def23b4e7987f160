"""What a step runs comes to its worker from the orchestrator: once, whole, and in the right version."""

from pathlib import Path

from standin.faults import broken


def fetched_every_time():
    """A worker fetches an extension each time that a step needs it."""

    @broken("worker.cache:Cache.has")
    def _(old, cache, program):
        return False


def forgotten_at_the_start():
    """A worker that starts again has lost its extensions."""

    @broken("worker.cache:Cache.machine_id")
    def _(old, cache):
        import shutil

        shutil.rmtree(cache._folder / "bundles", ignore_errors=True)
        return old(cache)


def new_files_not_sent():
    """A worker that has the program of an extension is not sent its new files."""

    @broken("orchestrator.serve:fingerprint_of")
    def _(old, bundle):
        return short(bundle)

    @broken("orchestrator.web:answer")
    def _(old, path, pool, bundles):
        return old(path, pool, {**bundles, **{short(each): each for each in bundles.values()}})

    def short(bundle):
        import hashlib

        return hashlib.sha256(bundle.program.encode()).hexdigest()


def old_version_runs():
    """A worker runs the version of an extension that it was sent first."""

    @broken("worker.cache:Cache.bundle")
    def _(old, cache, fingerprint, url, trusted):
        known = sorted(cache._folder.glob("bundles/*/bundle.js"))
        return old(cache, known[0].parent.name if known else fingerprint, url, trusted)


def byte_of_a_file_lost():
    """The last byte of a file that comes with an extension is lost."""

    @broken("orchestrator.web:file_sent")
    def _(old, content):
        return content[:-1]


def program_left_elsewhere():
    """A worker leaves a copy of an extension's program outside of its cache."""

    @broken("worker.cache:Cache.bundle")
    def _(old, cache, fingerprint, url, trusted):
        program, files = old(cache, fingerprint, url, trusted)
        (Path.home() / "last-bundle.js").write_text(program)
        return program, files
