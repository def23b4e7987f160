"""What a step makes arrives however large it is: bit for bit, or not at all."""

from standin.faults import broken

_LARGE = 1 << 20


def byte_cut():
    """The last byte of a large artifact is not kept."""

    @broken("store:Draft.keep_as")
    def _(old, draft, place, kind, version):
        import os

        if draft._size >= _LARGE:
            draft._file.flush()
            os.truncate(draft._file.name, draft._size - 1)
        return old(draft, place, kind, version)


def bit_flipped():
    """A bit of a large artifact is another one when it arrives."""

    @broken("store:Draft.append")
    def _(old, draft, content):
        if draft._size >= 10 * _LARGE and len(content) > 100:
            content = content[:99] + bytes([content[99] ^ 1]) + content[100:]
        old(draft, content)


def wrong_checksum_told():
    """The checksum of a large artifact is that of its first half."""

    @broken("store:Draft.append")
    def _(old, draft, content):
        kept = draft._digest.copy()
        old(draft, content)
        if draft._size > 10 * _LARGE:
            draft._digest = kept


def half_can_be_read():
    """What has arrived of an artifact whose worker was lost is kept as if it were whole."""

    @broken("orchestrator.dataplane:DataPlane.abandon")
    def _(old, plane, draft):
        plane.keep_file(draft, "artifact", plane._description.files["artifact"])


def held_in_memory():
    """The orchestrator holds an artifact in its memory until it is whole."""
    held = []

    @broken("orchestrator.dataplane:DataPlane._take")
    def _(old, plane, piece):
        held.append(bytes(bytearray(piece)))
        old(plane, piece)

    @broken("orchestrator.dataplane:DataPlane.do_end_file")
    def _(old, plane, **given):
        held.clear()
        return old(plane, **given)


def pieces_swapped():
    """Two pieces of a large artifact change places."""
    waiting = {}

    @broken("orchestrator.dataplane:DataPlane._take")
    def _(old, plane, piece):
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


def read_cut():
    """A step that reads an artifact does not get all of it."""

    @broken("orchestrator.dataplane:DataPlane.piece_sent")
    def _(old, plane, piece):
        return piece[:-1] if len(piece) == _LARGE else piece


def last_piece_lost():
    """Of an artifact that fills its last block of 64 KiB, the last byte is not kept."""

    @broken("store:Draft.keep_as")
    def _(old, draft, place, kind, version):
        import os

        if draft._size and not draft._size % 65536:
            draft._file.flush()
            os.truncate(draft._file.name, draft._size - 1)
        return old(draft, place, kind, version)


def nothing_taken_for_an_error():
    """An artifact without any byte is kept as one that has a byte."""

    @broken("store:Draft.keep_as")
    def _(old, draft, place, kind, version):
        if not draft._size and kind.data_type == "file":
            draft.append(b"\n")
        return old(draft, place, kind, version)


def one_byte_more_is_not_read():
    """A step that reads an artifact of a megabyte and a byte does not get that byte."""

    @broken("orchestrator.dataplane:DataPlane.piece_sent")
    def _(old, plane, piece):
        return b"" if len(piece) == 1 else piece


def name_kept_otherwise():
    """The name of an artifact loses its plus signs."""

    @broken("orchestrator.dataplane:DataPlane.do_end_file")
    def _(old, plane, **given):
        return old(plane, **{**given, "name": given["name"].replace("+", " ")})


def end_of_a_large_artifact_not_read():
    """A step that reads an artifact gets its first 64 megabytes."""
    sent = []

    @broken("orchestrator.dataplane:DataPlane.piece_sent")
    def _(old, plane, piece):
        sent.append(len(piece))
        return b"" if sum(sent) > 64 * _LARGE else piece
