"""Requests to an orchestrator over its WebSocket: the option `--server`.

The libraries for connections are imported where a connection is made. A command without a connection would
spend most of its time on importing them.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from standin.errors import UserError

if TYPE_CHECKING:
    import ssl

    from websockets.asyncio.client import ClientConnection

_Result = TypeVar("_Result")

_PATIENCE = 30
_VARIABLE = "SWAMP_SERVER_TOKEN"
_UNAUTHORIZED = (401, 403)
# The extension of a certificate by which it may sign others, in DER.
_MAY_SIGN = bytes.fromhex("0603551d130101ff040530030101ff")
SIGNING = "the server certificate has basicConstraints CA:TRUE, which is invalid for a server certificate."
# The types of messages with the id of a run and with its output.
ACCEPTED, SAID = "run.accepted", "run.said"


class CertificateRejected(UserError):
    """The certificate of an orchestrator is not trusted."""


class Unreachable(UserError):
    """An orchestrator cannot be reached."""


class NotAuthenticated(Unreachable):
    """An orchestrator does not accept the server token of its client."""


def ask(url: str, request: str, *, trusted: str = "", **payload: Any) -> Any:
    """Send one request to an orchestrator.

    Args:
        url: of the orchestrator.
        request: its type.
        trusted: a file of trusted certificates; the variable overrides it; empty for none.
        payload: of the request.

    Raises:
        UserError: it cannot be reached, or answers with an error.
    """
    return result_of(_ask(url, request, trusted, payload))


def result_of(conversation: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a conversation of an operator with an orchestrator to its end.

    Raises:
        UserError: the orchestrator does not accept the operator's server token.
    """
    import asyncio

    try:
        return asyncio.run(conversation)
    except NotAuthenticated as error:
        raise UserError(how_to_authenticate()) from error


def how_to_authenticate() -> str:
    """The message for an operator whose server token is not accepted."""
    return "Authentication failed — run: swamp auth server-login --server <url>"


async def _ask(url: str, request: str, trusted: str, payload: dict[str, Any]) -> Any:
    trusted = os.environ.get("SWAMP_CA_CERT", trusted)
    check_certificates(trusted)
    async with connected(url, trusted) as socket:
        await socket.send(message(request, payload))
        return answer_in(await socket.recv())


def check_certificates(file: str) -> None:
    """Make sure that the file of trusted certificates, if there is one, can be read.

    Raises:
        UserError: it cannot.
    """
    try:
        if file:
            Path(file).read_bytes()
    except OSError as error:
        raise UserError(f"Could not read CA certificate file '{file}': {error.strerror}") from error


def message(request: str, payload: dict[str, Any]) -> str:
    """The message of a request."""
    return json.dumps({"type": request, "id": "1", "payload": payload})


def answer_in(text: str | bytes) -> Any:
    """The answer in an orchestrator's message.

    Raises:
        UserError: the answer is an error.
    """
    reply = json.loads(text)
    if "error" in reply:
        raise UserError(reply["error"]["message"], reply["error"].get("code", ""))
    return reply["payload"]["data"]


def address_in(url: str) -> str:
    """The address of an orchestrator, which may be given as one of the web."""
    return url.replace("http", "ws", 1) if url.startswith("http") else url


@asynccontextmanager
async def connected(url: str, trusted: str, path: str = "") -> AsyncIterator[ClientConnection]:
    """A connection to an orchestrator.

    Args:
        url: of the orchestrator.
        trusted: a file of trusted certificates, in addition to the system's authorities; empty for none.
        path: of the connection.

    Raises:
        Unreachable: the orchestrator cannot be reached.
        CertificateRejected: its certificate is not trusted.
    """
    import ssl

    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus, WebSocketException

    url = address_in(url)
    credential = credential_for(path)
    try:
        socket = await connect(
            f"{url}{path}",
            ssl=trust(trusted) if url.startswith("wss:") else None,
            proxy=None,
            max_size=None,
            compression=None,
            open_timeout=_PATIENCE,
            ping_interval=None,
            additional_headers={"Authorization": f"Bearer {credential}"} if credential else None,
        )
    except ssl.SSLCertVerificationError as error:
        why = SIGNING if may_sign(url) else flaw(error)
        raise CertificateRejected(f"TLS certificate rejected: {why}") from error
    except InvalidStatus as error:
        status = error.response.status_code
        refused = NotAuthenticated if status in _UNAUTHORIZED else Unreachable
        raise refused(
            f"Could not connect to {url}: NetworkError: failed to connect to WebSocket: "
            f"Invalid status code: {status}"
        ) from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise Unreachable(
            f"Could not connect to {url}: NetworkError: failed to connect to WebSocket: "
            f"{'tcp connect error' if isinstance(error, OSError) else error}"
        ) from error
    try:
        yield socket
    finally:
        await socket.close()


def credential_for(path: str) -> str:
    """The server token for a connection; empty for none, as for that of a step, which has a ticket."""
    return "" if path else os.environ.get(_VARIABLE, "")


def trust(file: str) -> ssl.SSLContext:
    """The trusted authorities: those of the system, and those in a file."""
    import ssl

    context = ssl.create_default_context()
    # A trusted certificate does not have to be an authority's.
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    if file:
        context.load_verify_locations(file)
    return context


def may_sign(url: str) -> bool:
    """Whether the certificate of an orchestrator may sign others, as an authority's."""
    import ssl
    from urllib.parse import urlsplit

    place = urlsplit(url)
    presented = ssl.get_server_certificate((str(place.hostname), int(place.port or 0)))
    return _MAY_SIGN in ssl.PEM_cert_to_DER_cert(presented)


def flaw(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, in one sentence."""
    answer = error.verify_message.lower()
    if "expired" in answer:
        return "the server's certificate has expired."
    if "mismatch" in answer:
        return "the server's certificate is not valid for the host that was dialled."
    return (
        "the server's certificate issuer is not trusted. If using a self-signed certificate, pass it with "
        "SWAMP_CA_CERT."
    )
