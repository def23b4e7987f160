"""A WebSocket relay that rewrites what a worker states when it enrolls, and records how it is refused.

It replaces a binary of another release, or a machine of another platform, if there is none (issue 630,
scenarios 5 and 10). In every other respect the orchestrator sees a real worker.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import Server, ServerConnection, serve

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import HTTP_ANSWER

_ENROLL = "worker.enroll"
_NO_CODE = "none"
# A later release may state more than the orchestrator knows.
_FIELD_OF_LATER_RELEASES = "statedByLaterReleases"

# The worker and the orchestrator log what passes; the relay need not. It keeps its own errors.
_SILENT = logging.getLogger("swamp_harness.enrollment_relay")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class EnrollmentRelay:
    """Relays the WebSocket connections of a worker to an orchestrator.

    Args:
        target: host and port of the orchestrator.
        shift: the number to add to the version; -1 makes a worker of the previous version, 1 one of the next,
            which states more about itself, and None one that states no version.
        stated: the fields that the worker states with these values instead of its own.

    Attributes:
        refusals: the code of each refusal that the orchestrator sent; "none" for one without a code.
    """

    def __init__(self, target: tuple[str, int], shift: int | None, stated: Mapping[str, str]) -> None:
        self._target = target
        self._shift = shift
        self._stated = stated
        self.refusals: list[str] = []
        self._error: Exception | None = None
        self._server: Server = serve(self._relay, "127.0.0.1", 0, max_size=None, logger=_SILENT)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for the worker."""
        host, port = self._server.socket.getsockname()[:2]
        return host, port

    def demand_no_error(self) -> None:
        """Make sure that what happened to the worker's connections was not the relay's own doing.

        Raises:
            InfrastructureError: the relay failed at a message, and broke a connection.
        """
        if self._error is not None:
            raise InfrastructureError(
                "The relay between a worker and its orchestrator failed at a message, so the worker's "
                f"connection says nothing about swamp: {self._error!r}. Check the messages of this release."
            ) from self._error

    def close(self) -> None:
        """End the relay.

        Raises:
            InfrastructureError: it failed at a message.
        """
        self._server.shutdown()
        self.demand_no_error()

    def _relay(self, worker: ServerConnection) -> None:
        host, port = self._target
        try:
            orchestrator = connect(
                f"ws://{host}:{port}", proxy=None, max_size=None, open_timeout=HTTP_ANSWER.seconds
            )
        except (OSError, WebSocketException):
            return  # the worker's connection closes, as without the relay
        with orchestrator:
            back = threading.Thread(target=self._pass_on, args=(orchestrator, worker), daemon=True)
            back.start()
            with self._keeping_errors(), contextlib.suppress(ConnectionClosed, OSError):
                for message in worker:
                    orchestrator.send(self._rewritten(message) if isinstance(message, str) else message)

    @contextlib.contextmanager
    def _keeping_errors(self) -> Iterator[None]:
        # Before the connection breaks: who sees its end then also finds the error.
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, this side breaks the connection
            self._error = self._error or error

    def _rewritten(self, message: str) -> str:
        frame = _frame(message)
        if frame.get("method") != _ENROLL:
            return message
        frame["params"] |= self._stated
        if self._shift is None:
            del frame["params"]["protocolVersion"]
        else:
            frame["params"]["protocolVersion"] += self._shift
            if self._shift > 0:
                frame["params"][_FIELD_OF_LATER_RELEASES] = "also stated"
        return json.dumps(frame)

    def _pass_on(self, orchestrator: ClientConnection, worker: ServerConnection) -> None:
        with self._keeping_errors(), contextlib.suppress(ConnectionClosed, OSError):
            for message in orchestrator:
                if isinstance(message, str) and (error := _frame(message).get("error")):
                    has_code = isinstance(error, dict) and "code" in error
                    self.refusals.append(str(error["code"]) if has_code else _NO_CODE)
                worker.send(message)
            worker.close(orchestrator.close_code or 1000, orchestrator.close_reason or "")
        worker.close()  # does nothing if it is closed


def _frame(message: str) -> dict[str, Any]:
    """A message as an object; empty if it is none, for whom it is meant may complain."""
    try:
        frame = json.loads(message)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}
