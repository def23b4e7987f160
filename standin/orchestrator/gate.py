"""The gate of an orchestrator: which connections and requests it lets in, and for whom."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Collection
from dataclasses import dataclass

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from standin.access import Policy, Refused, redeem
from standin.errors import UserError
from standin.repository import Repository

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# The requests that a client without a server token may make; a step has a ticket for its data and its bundle.
OPEN = ("/ready", "/health", "/data")
BUNDLES = "/bundle/"
_FORBIDDEN, _UNAUTHORIZED = (403, "Forbidden"), (401, "Unauthorized")


@dataclass
class Gate:
    """The gate of an orchestrator.

    Attributes:
        repository: with the server tokens.
        host: the address at which it listens.
        trusted_hosts: the names by which other machines know it.
        secure: whether it uses TLS.
        policy: what clients may do; None if it authenticates nobody.
        tickets: returns the tickets of the steps that are running.
    """

    repository: Repository
    host: str
    trusted_hosts: Collection[str]
    secure: bool
    policy: Policy | None
    tickets: Callable[[], Collection[str]] = tuple

    def answer(self, request: Request) -> Response | None:
        """The refusal of a request; None if it is let in."""
        path = request.path.partition("?")[0]
        if "Upgrade" in request.headers and not self.is_trusted(request.headers):
            return _refusal(*_FORBIDDEN)
        if path.startswith(BUNDLES):
            return None if self.has_ticket(presented(request)) else _refusal(*_UNAUTHORIZED)
        if self.policy is None or path in OPEN:
            return None
        try:
            self.client_of(request)
        except Refused:
            return _refusal(*_UNAUTHORIZED)
        return None

    def has_ticket(self, shown: str) -> bool:
        """Whether a request presents the ticket of a step that is running."""
        return shown in self.tickets()

    def is_trusted(self, headers: Headers) -> bool:
        """Whether the page and the host name of a request to upgrade a connection are trusted."""
        return self.trusts_page(headers.get("Origin", "")) and (
            self.host in LOOPBACK or self.trusts_host(headers.get("Host", ""))
        )

    def trusts_page(self, origin: str) -> bool:
        """Whether a page is of this machine, or there is none."""
        if not origin:
            return True
        page = urllib.parse.urlsplit(origin)
        own = page.scheme in ("http", "https") and page.hostname in LOOPBACK
        return own or (self.secure and page.scheme == "https" and page.hostname == self.host)

    def trusts_host(self, host: str) -> bool:
        """Whether a host name, with or without a port, is the own one or a trusted one."""
        name = urllib.parse.urlsplit(f"//{host}").hostname
        return name in {*LOOPBACK, self.host, *(each.lower() for each in self.trusted_hosts)}

    def client_of(self, request: Request) -> str:
        """The client that makes a request.

        Raises:
            Refused: it presents no valid server token.
        """
        return redeem(self.repository, presented(request))


def presented(request: Request) -> str:
    """The server token that a request presents: in its header, as a subprotocol, or in its address."""
    _, _, in_header = request.headers.get("Authorization", "").partition("Bearer ")
    _, _, as_subprotocol = request.headers.get("Sec-WebSocket-Protocol", "").partition("bearer.")
    in_address = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query).get("token", [""])
    return in_header or as_subprotocol or in_address[0]


def gate_of(
    repository: Repository, host: str, trusted: str, mode: str, administrators: str, *, secure: bool
) -> Gate:
    """The gate that the options of `swamp serve` ask for.

    Raises:
        UserError: the orchestrator would not be safe.
    """
    if mode == "token" and not administrators:
        raise UserError('--admins is required when --auth-mode is "token"')
    check_safety(host, mode, secure=secure)
    policy = Policy(administrators.split(","), []) if mode == "token" else None
    if policy is not None:
        policy.read(repository)
    return Gate(repository, host, [each for each in trusted.split(",") if each], secure, policy)


def check_safety(host: str, mode: str, *, secure: bool) -> None:
    """Refuse to serve other machines without TLS and authentication.

    Raises:
        UserError: one of them is missing.
    """
    if host in LOOPBACK:
        return
    if not secure:
        raise UserError(
            "Off-loopback binding requires TLS — provide --cert-file and --key-file, or bind to 127.0.0.1"
        )
    if mode != "token":
        raise UserError(
            "Off-loopback binding requires authentication — set --auth-mode token or --auth-mode oauth, "
            "or bind to 127.0.0.1"
        )


def _refusal(status: int, reason: str) -> Response:
    body = reason.encode()
    headers = Headers({"Content-Type": "text/plain", "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status, reason, headers, body)
