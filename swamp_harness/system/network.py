"""A network path between two processes that a scenario can cut: a TCP forwarder with outages.

The outages are those of real networks, and look the same from both ends:

- stall: nothing passes. Connections stay open, new ones are accepted, and what was sent is held back and
  arrives when the path heals, as TCP retransmits it.
- reset: every open connection breaks with a connection reset.
- cut: stall and reset together: open connections break, and a new connection gets no answer.
- break at the near end: every open connection breaks for the client, and its far end stays open until it is
  broken as well, as after a reboot of a router.
- refuse: every open connection breaks, and every new one is refused, as if no program listens.
- heal: everything passes again.

A path can also be slow, from its first connection to its last.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import TracebackType
from typing import Self

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.wire import RequestLog

_CHUNK = 65536
# Closing with a zero linger time sends a reset. On Windows the two integers are short.
_LINGER_ZERO = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_DIAL_LIMIT = 10


class PathState(Enum):
    """What happens to the data that is sent over a path."""

    PASSING = "passing"
    HELD = "held back"
    BROKEN = "broken off"
    REFUSED = "refused"


@dataclass(frozen=True)
class PathChange:
    """The start or the end of an outage.

    Attributes:
        at: the time.
        state: the state of the path from then on; BROKEN lasts for a moment only.
    """

    at: datetime
    state: PathState


class NetworkPath:
    """Forwards TCP connections from a port of its own to a target.

    Args:
        target: host and port at the far end; read at each connection, so it may change.
        listen_at: the address of this machine at the near end.

    The path listens as soon as it exists, at `address`.

    Attributes:
        stalled_at: the time of the last stall; None if there was none.
        changes: the outages and their ends, in order.
        requests: the unencrypted requests to the target.
        bytes_per_second: the most that a new connection carries in each direction; None for no limit.
    """

    def __init__(self, target: tuple[str, int], listen_at: str = "127.0.0.1") -> None:
        self.target = target
        self._listen_at = listen_at
        self._passing = threading.Event()
        self._passing.set()
        self._admitting = threading.Event()
        self._admitting.set()
        self._lock = threading.Lock()
        self._pairs: set[_Pair] = set()
        self.stalled_at: datetime | None = None
        self.changes: list[PathChange] = []
        self.requests = RequestLog()
        self.bytes_per_second: float | None = None
        self._listen(port=0)
        self._address: tuple[str, int] = self._listener.getsockname()[:2]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the near end."""
        return self._address

    @property
    def connections(self) -> int:
        """The number of open connections, passing or held."""
        with self._lock:
            return len(self._pairs)

    @property
    def held_connections(self) -> int:
        """The number of connections that `hold_new` holds back."""
        with self._lock:
            return sum(not pair.is_admitted for pair in self._pairs)

    @property
    def messages(self) -> int:
        """The most pieces of data that an open connection has carried to the target."""
        with self._lock:
            # A broken pair stays among the others until its threads notice.
            return max((pair.messages for pair in self._pairs if not pair.is_broken), default=0)

    @property
    def being_read(self) -> int:
        """The number of connection ends that are read now; a broken one drops out soon."""
        with self._lock:
            return sum(pair.being_read for pair in self._pairs)

    def hold(self) -> None:
        """Accept connections, and hold all data back until the path heals."""
        self.stalled_at = self._note(PathState.HELD)
        self._passing.clear()

    def hold_new(self) -> None:
        """Accept new connections, and hold them back until the path heals; those that are open go on."""
        self._admitting.clear()

    def stall(self) -> None:
        """Silently hold back all data, in both directions."""
        self.hold()

    def reset(self) -> None:
        """Break every open connection with a reset, at both ends."""
        self._note(PathState.BROKEN)
        self._break()

    def _break(self) -> None:
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.reset()

    def break_near_ends(self) -> None:
        """Break every open connection with a reset at its near end, and leave its far end open."""
        self._note(PathState.BROKEN)
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.break_near_end()

    def break_far_ends(self) -> None:
        """Break, with a reset, the far ends that `break_near_ends` has left open."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.break_far_end()

    def cut(self) -> None:
        """Break the open connections and leave new ones without an answer."""
        self.stall()
        self.reset()

    def refuse(self) -> None:
        """Break the open connections and refuse new ones."""
        self._note(PathState.REFUSED)
        self._stop_listening()
        self._break()

    def heal(self) -> None:
        """Let all data pass again; what was held back arrives first.

        Raises:
            InfrastructureError: another program took the path's port while the path refused connections.
        """
        self._note(PathState.PASSING)
        self._passing.set()
        self._admitting.set()
        if self._refusing:
            try:
                self._listen(self._address[1])
            except OSError as error:
                raise InfrastructureError(
                    f"Port {self._address[1]} was taken by another program while the network path refused "
                    "connections: run again."
                ) from error

    def close(self) -> None:
        """Close the path and its connections."""
        self._passing.set()
        self._admitting.set()
        self._stop_listening()
        self._break()

    def _note(self, state: PathState) -> datetime:
        now = datetime.now(UTC)
        self.changes.append(PathChange(now, state))
        return now

    def _listen(self, port: int) -> None:
        self._refusing = False
        self._listener = socket.create_server((self._listen_at, port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _stop_listening(self) -> None:
        self._refusing = True
        with contextlib.suppress(OSError):
            # On Linux only a shutdown wakes the thread that accepts; elsewhere closing does, and this fails.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return  # the listener was closed
            pair = _Pair(near, self._passing, self.requests.reader(), self.bytes_per_second)
            with self._lock:
                self._pairs.add(pair)
            threading.Thread(target=self._carry, args=(pair,), daemon=True).start()

    def _carry(self, pair: _Pair) -> None:
        try:
            self._admitting.wait()
            pair.is_admitted = True
            self._passing.wait()
            pair.carry(self.target)
        finally:
            with self._lock:
                self._pairs.discard(pair)


class _Pair:
    """One connection through the path: the near socket, and the far one when the target is reached."""

    def __init__(
        self,
        near: socket.socket,
        passing: threading.Event,
        read: Callable[[bytes], None],
        bytes_per_second: float | None,
    ) -> None:
        self._near = near
        self._read = read
        self._bytes_per_second = bytes_per_second
        self.is_admitted = False
        self._far: socket.socket | None = None
        self._passing = passing
        self._broken = threading.Event()
        self._far_end_may_break = threading.Event()
        self._far_end_may_break.set()
        self._lock = threading.Lock()
        self.being_read = 0
        self.messages = 0

    @property
    def is_broken(self) -> bool:
        return self._broken.is_set()

    def carry(self, target: tuple[str, int]) -> None:
        try:
            far = socket.create_connection(target, timeout=_DIAL_LIMIT)
        except OSError:
            self.reset()  # the target is unreachable: break the near end
            return
        far.settimeout(None)
        with self._lock:
            self._far = far
            broken = self._broken.is_set()
        if broken:
            self.reset()
            return
        back = threading.Thread(target=self._copy, args=(far, self._near), daemon=True)
        back.start()
        self._copy(self._near, far, self._note)
        back.join()
        if not self._broken.is_set():
            self._near.close()
            far.close()

    def _note(self, chunk: bytes) -> None:
        self.messages += 1
        self._read(chunk)

    def break_near_end(self) -> None:
        self._far_end_may_break.clear()
        _reset(self._near)

    def break_far_end(self) -> None:
        if not self._far_end_may_break.is_set():
            self.reset()

    def reset(self) -> None:
        self._far_end_may_break.set()
        with self._lock:
            self._broken.set()
            ends = [end for end in (self._near, self._far) if end is not None]
        for end in ends:
            _reset(end)

    def _copy(
        self, source: socket.socket, sink: socket.socket, read: Callable[[bytes], None] = lambda _: None
    ) -> None:
        free_at = 0.0  # when the line is free again
        try:
            while chunk := self._received(source):
                if self._bytes_per_second is not None:
                    free_at = max(free_at, time.monotonic()) + len(chunk) / self._bytes_per_second
                    if self._broken.wait(free_at - time.monotonic()):
                        return  # what a slow path still holds is lost with its connection
                self._passing.wait()
                read(chunk)
                sink.sendall(chunk)
            self._passing.wait()
            self._far_end_may_break.wait()
            if not self._broken.is_set():
                sink.shutdown(socket.SHUT_WR)  # pass on the end of the stream
        except OSError:
            self._far_end_may_break.wait()
            if not self._broken.is_set():
                self.reset()  # one end broke: break the other as well

    def _received(self, source: socket.socket) -> bytes:
        with self._lock:
            self.being_read += 1
        try:
            return source.recv(_CHUNK)
        finally:
            with self._lock:
                self.being_read -= 1


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    _wake_and_close(end)


def _wake_and_close(end: socket.socket) -> None:
    # close() alone does not end a recv() that is under way in another thread; a shutdown of the receiving
    # side does, and unlike a full shutdown it sends nothing, so the close still sends its reset.
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RD)
    end.close()
