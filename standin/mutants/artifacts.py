"""Mutants of artifacts.

Promise 26: An artifact of any size arrives bit for bit, or not at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from standin.orchestrator.dataplane import DataPlane
    from standin.redaction import Blanking
    from standin.store import Draft, Kind, Place
    from standin.worker.context import FileWriter, Handle


_LARGE = 1 << 20


@mutant(26)
def byte_cut() -> None:
    """The last byte of a large artifact is not kept."""

    @replaces("store:Draft.keep_as")
    def _(
        old: Callable[[Draft, Place, Kind, int], bool], draft: Draft, place: Place, kind: Kind, version: int
    ) -> bool:
        import os

        if draft._size >= _LARGE:
            draft._file.flush()
            os.truncate(draft._file.name, draft._size - 1)
        return old(draft, place, kind, version)


@mutant(26)
def bit_flipped() -> None:
    """One bit of a large artifact is flipped on its way."""

    @replaces("store:Draft.append")
    def _(old: Callable[[Draft, bytes], None], draft: Draft, content: bytes) -> None:
        if draft._size >= 10 * _LARGE and len(content) > 100:
            content = content[:99] + bytes([content[99] ^ 1]) + content[100:]
        old(draft, content)


@mutant(26)
def wrong_checksum_told() -> None:
    """The checksum of a large artifact is that of its first half."""

    @replaces("store:Draft.append")
    def _(old: Callable[[Draft, bytes], None], draft: Draft, content: bytes) -> None:
        kept = draft._digest.copy()
        old(draft, content)
        if draft._size > 10 * _LARGE:
            draft._digest = kept


@mutant(26)
def half_can_be_read() -> None:
    """An incomplete artifact of a lost worker is kept as if it were complete."""

    @replaces("orchestrator.dataplane:DataPlane.abandon")
    def _(old: Callable[[DataPlane, Draft], None], plane: DataPlane, draft: Draft) -> None:
        plane.keep_file(draft, "artifact", plane._description.files["artifact"])


@mutant(26)
def held_in_memory() -> None:
    """The orchestrator holds an artifact in memory until it is complete."""
    held = []

    @replaces("orchestrator.dataplane:DataPlane._take")
    def _(old: Callable[[DataPlane, bytes], None], plane: DataPlane, piece: bytes) -> None:
        held.append(bytes(bytearray(piece)))
        old(plane, piece)

    @replaces("orchestrator.dataplane:DataPlane.do_end_file")
    def _(old: Callable[..., dict[str, Any]], plane: DataPlane, *given: Any, **named: Any) -> dict[str, Any]:
        held.clear()
        return old(plane, *given, **named)


@mutant(26)
def pieces_swapped() -> None:
    """Two pieces of a large artifact are swapped."""
    waiting = {}

    @replaces("orchestrator.dataplane:DataPlane._take")
    def _(old: Callable[[DataPlane, bytes], None], plane: DataPlane, piece: bytes) -> None:
        if len(piece) < _LARGE:
            return old(plane, piece)
        if id(plane) not in waiting:
            waiting[id(plane)] = [piece]
        elif waiting[id(plane)]:
            first = waiting[id(plane)].pop()
            old(plane, piece)
            old(plane, first)
        else:
            old(plane, piece)


@mutant(26)
def read_cut() -> None:
    """A step that reads an artifact does not get all of it."""

    @replaces("orchestrator.dataplane:DataPlane.piece_sent")
    def _(old: Callable[[DataPlane, bytes], bytes], plane: DataPlane, piece: bytes) -> bytes:
        return piece[:-1] if len(piece) == _LARGE else piece


@mutant(26)
def last_piece_lost() -> None:
    """The last byte of an artifact is not kept if it fills its last block of 64 KiB."""

    @replaces("store:Draft.keep_as")
    def _(
        old: Callable[[Draft, Place, Kind, int], bool], draft: Draft, place: Place, kind: Kind, version: int
    ) -> bool:
        import os

        if draft._size and not draft._size % 65536:
            draft._file.flush()
            os.truncate(draft._file.name, draft._size - 1)
        return old(draft, place, kind, version)


@mutant(26)
def nothing_taken_for_an_error() -> None:
    """An empty artifact is kept as one with one byte."""

    @replaces("store:Draft.keep_as")
    def _(
        old: Callable[[Draft, Place, Kind, int], bool], draft: Draft, place: Place, kind: Kind, version: int
    ) -> bool:
        if not draft._size and kind.data_type == "file":
            draft.append(b"\n")
        return old(draft, place, kind, version)


@mutant(26)
def one_byte_more_is_not_read() -> None:
    """A step that reads an artifact of a megabyte and a byte does not get the last byte."""

    @replaces("orchestrator.dataplane:DataPlane.piece_sent")
    def _(old: Callable[[DataPlane, bytes], bytes], plane: DataPlane, piece: bytes) -> bytes:
        return b"" if len(piece) == 1 else piece


@mutant(26)
def name_kept_otherwise() -> None:
    """The name of an artifact loses its plus signs."""

    @replaces("orchestrator.dataplane:DataPlane.do_end_file")
    def _(
        old: Callable[[DataPlane, str, str, dict[str, Any]], dict[str, Any]],
        plane: DataPlane,
        spec: str,
        name: str,
        overrides: dict[str, Any],
    ) -> dict[str, Any]:
        return old(plane, spec, name.replace("+", " "), overrides)


@mutant(26)
def end_of_a_large_artifact_not_read() -> None:
    """A step that reads an artifact gets only its first 64 megabytes."""
    sent = []

    @replaces("orchestrator.dataplane:DataPlane.piece_sent")
    def _(old: Callable[[DataPlane, bytes], bytes], plane: DataPlane, piece: bytes) -> bytes:
        sent.append(len(piece))
        return b"" if sum(sent) > 64 * _LARGE else piece


# In seconds: shorter than the slow transfer in `target.yaml`, and longer than one over a usual network.
_TRANSFER_LIMIT = 2.5


def _is_over(started: dict[int, float], plane: DataPlane) -> bool:
    """Whether the limit of a transfer has passed; its first piece begins it."""
    import time

    return time.monotonic() - started.setdefault(id(plane), time.monotonic()) > _TRANSFER_LIMIT


@mutant(26)
def slow_sending_is_ended() -> None:
    """An artifact must be sent within a limit, as if it were an ordinary request."""
    started: dict[int, float] = {}

    @replaces("orchestrator.dataplane:DataPlane._take")
    def _(old: Callable[[DataPlane, bytes], None], plane: DataPlane, piece: bytes) -> None:
        from standin.errors import UserError

        if _is_over(started, plane):
            raise UserError("The operation was aborted due to timeout")
        old(plane, piece)


@mutant(26)
def slow_reading_is_ended() -> None:
    """An artifact must be read within a limit, as if it were an ordinary request."""
    started: dict[int, float] = {}

    @replaces("orchestrator.dataplane:DataPlane.piece_sent")
    def _(old: Callable[[DataPlane, bytes], bytes], plane: DataPlane, piece: bytes) -> bytes:
        return b"" if _is_over(started, plane) else old(plane, piece)


@mutant(26)
def subarray_uploads_whole_buffer() -> None:
    """Of an artifact that is a part of a larger buffer, the whole buffer is sent."""

    @replaces("worker.context:FileWriter.write")
    async def _(
        old: Callable[[FileWriter, bytes | memoryview], Awaitable[Handle]],
        writer: FileWriter,
        content: bytes | memoryview,
    ) -> Handle:
        return await old(writer, bytes(content.obj) if isinstance(content, memoryview) else content)


@mutant(26)
def long_pieces_cut() -> None:
    """Of a piece of a stream that is longer than 4 MiB, only so much is kept."""

    @replaces("redaction:Blanking.piece")
    def _(old: Callable[[Blanking, bytes], bytes], blanking: Blanking, content: bytes) -> bytes:
        return old(blanking, content[: 4 * _LARGE])
