"""Gives a worker another protocol version, or none: a WebSocket relay that rewrites its enroll message.

It replaces an older or newer binary if there is none (issue 630, scenario 10). In every other respect the
orchestrator sees a real worker.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import Server, ServerConnection, serve

from swamp_harness.system.limits import HTTP_ANSWER

_ENROLL = "worker.enroll"
# A later release may state more than the orchestrator knows.
_FIELD_OF_LATER_RELEASES = "statedByLaterReleases"

# The worker and the orchestrator log what passes; the relay need not.
_SILENT = logging.getLogger("swamp_harness.protocol_skew")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class ProtocolSkew:
    """Relays WebSocket connections to an orchestrator and shifts the workers' protocol version.

    Args:
        target: host and port of the orchestrator.
        shift: the number to add to the version; -1 makes a worker of the previous version, 1 one of the next,
            which states more about itself, and None one that states no version.
    """

    def __init__(self, target: tuple[str, int], shift: int | None) -> None:
        self._target = target
        self._shift = shift
        self.rewritten = 0
        self._server: Server = serve(self._relay, "127.0.0.1", 0, max_size=None, logger=_SILENT)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for the worker."""
        host, port = self._server.socket.getsockname()[:2]
        return host, port

    def close(self) -> None:
        """End the relay."""
        self._server.shutdown()

    def _relay(self, worker: ServerConnection) -> None:
        host, port = self._target
        try:
            orchestrator = connect(
                f"ws://{host}:{port}", proxy=None, max_size=None, open_timeout=HTTP_ANSWER.seconds
            )
        except (OSError, WebSocketException):
            return  # the worker's connection closes, as without the relay
        with orchestrator:
            back = threading.Thread(target=_pass_on, args=(orchestrator, worker), daemon=True)
            back.start()
            with contextlib.suppress(ConnectionClosed):
                for message in worker:
                    orchestrator.send(self._skewed(message) if isinstance(message, str) else message)

    def _skewed(self, message: str) -> str:
        frame = json.loads(message)
        if frame.get("method") != _ENROLL:
            return message
        if self._shift is None:
            del frame["params"]["protocolVersion"]
        else:
            frame["params"]["protocolVersion"] += self._shift
            if self._shift > 0:
                frame["params"][_FIELD_OF_LATER_RELEASES] = "also stated"
        self.rewritten += 1
        return json.dumps(frame)


def _pass_on(orchestrator: ClientConnection, worker: ServerConnection) -> None:
    try:
        for message in orchestrator:
            worker.send(message)
        worker.close(orchestrator.close_code or 1000, orchestrator.close_reason or "")
    except ConnectionClosed:
        worker.close()
