"""Mutants of certificates.

Promise 29: Workers and operators use TLS only with a trusted orchestrator, and otherwise show the reason.
"""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from standin.commandline import Call
    from standin.errors import UserError
    from standin.orchestrator.serve import Orchestrator
    from standin.worker.session import Session


@contextmanager
def _first_of(file: str) -> Iterator[str]:
    """A file with the first certificate of another file alone."""
    first, end, _ = Path(file).read_text("utf-8").partition("-----END CERTIFICATE-----\n")
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder, "first.pem")
        alone.write_text(first + end, "utf-8")
        yield str(alone)


@mutant(29)
def intermediate_certificates_left_out() -> None:
    """An orchestrator presents the first certificate of its file alone."""

    @replaces("orchestrator.serve:Orchestrator._tls")
    def _(
        old: Callable[[Orchestrator], ssl.SSLContext | None], orchestrator: Orchestrator
    ) -> ssl.SSLContext | None:
        chain, key = orchestrator._certificate
        if not chain:
            return old(orchestrator)
        with _first_of(chain) as alone:
            orchestrator._certificate = alone, key
            context = old(orchestrator)
        orchestrator._certificate = chain, key
        return context


@mutant(29)
def no_advice_about_certificates_that_may_sign() -> None:
    """A certificate that may sign others is reported as one whose issuer is not trusted."""

    @replaces("remote:may_sign")
    def _(old: Callable[[str], bool], url: str) -> bool:
        return False


@mutant(29)
def address_reported_without_tls_in_json() -> None:
    """The address that an orchestrator reports in JSON is not for TLS."""

    @replaces("orchestrator.serve:announcement")
    def _(old: Callable[..., str], url: str, *, in_json: bool) -> str:
        return old(url.replace("wss:", "ws:") if in_json else url, in_json=in_json)


@mutant(29)
def any_certificate() -> None:
    """Every certificate is accepted."""

    @replaces("remote:trust")
    def _(old: Callable[[str], ssl.SSLContext], file: str) -> ssl.SSLContext:
        context = old(file)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


@mutant(29)
def nobody_trusted() -> None:
    """A worker accepts no certificate, not even a trusted one."""

    @replaces("worker.session:connected")
    def _(
        old: Callable[..., AbstractAsyncContextManager[ClientConnection]],
        url: str,
        trusted: str,
        path: str = "",
    ) -> AbstractAsyncContextManager[ClientConnection]:
        os.environ.pop("SSL_CERT_FILE", None)  # the runtime would trust it by default
        return old(url, "", path)


@mutant(29)
def first_authority_only() -> None:
    """Only the first certificate of a file of trusted ones is trusted."""

    @replaces("remote:trust")
    def _(old: Callable[[str], ssl.SSLContext], file: str) -> ssl.SSLContext:
        if not file:
            return old(file)
        with _first_of(file) as alone:
            return old(alone)


@mutant(29)
def expiry_ignored() -> None:
    """An expired certificate is accepted."""

    @replaces("remote:trust")
    def _(old: Callable[[str], ssl.SSLContext], file: str) -> ssl.SSLContext:
        context = old(file)
        context.verify_flags |= 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME
        return context


@mutant(29)
def host_ignored() -> None:
    """A certificate for another host is accepted."""

    @replaces("remote:trust")
    def _(old: Callable[[str], ssl.SSLContext], file: str) -> ssl.SSLContext:
        context = old(file)
        context.check_hostname = False
        return context


@mutant(29)
def flaw_not_told() -> None:
    """The message for every bad certificate is only that the connection failed."""

    @replaces("remote:flaw")
    def _(old: Callable[[ssl.SSLCertVerificationError], str], error: ssl.SSLCertVerificationError) -> str:
        return "the connection has failed."


@mutant(29)
def wrong_advice() -> None:
    """An expired certificate is reported as one that is not trusted."""

    @replaces("remote:flaw")
    def _(old: Callable[[ssl.SSLCertVerificationError], str], error: ssl.SSLCertVerificationError) -> str:
        return "the server's certificate issuer is not trusted."


@mutant(29)
def refused_with_success() -> None:
    """A worker that refuses its orchestrator ends with a successful exit code."""

    @replaces("main:print_error")
    def _(old: Callable[..., int], error: UserError, *, in_json: bool) -> int:
        return old(error, in_json=in_json) * ("certificate" not in str(error))


@mutant(29)
def operator_does_not_check() -> None:
    """The commands of an operator accept every certificate; workers do not."""

    @replaces("remote:trust")
    def _(old: Callable[[str], ssl.SSLContext], file: str) -> ssl.SSLContext:
        context = old(file)
        if sys.argv[1:3] != ["worker", "connect"]:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


@mutant(29)
def self_signed_accepted() -> None:
    """Every self-signed certificate is accepted; all others are checked."""

    @replaces("remote:connected")
    def _(
        old: Callable[[str, str, str], AbstractAsyncContextManager[ClientConnection]],
        url: str,
        trusted: str,
        path: str = "",
    ) -> AbstractAsyncContextManager[ClientConnection]:
        shown = (
            ssl.get_server_certificate((urlsplit(url).hostname or "", urlsplit(url).port or 443))
            if "wss:" in url
            else ""
        )
        if shown and _is_self_signed(shown):
            file = Path(tempfile.mkdtemp()) / "shown.pem"
            file.write_text(shown)
            return old(url, str(file), path)
        return old(url, trusted, path)


def _is_self_signed(text: str) -> bool:
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(text.encode())
    return certificate.issuer == certificate.subject


@mutant(29)
def no_work_over_tls() -> None:
    """A worker enrolls over TLS, but its steps do not trust its certificates."""

    @replaces("worker.runner:connected")
    def _(
        old: Callable[[str, str, str], AbstractAsyncContextManager[ClientConnection]],
        url: str,
        trusted: str,
        path: str = "",
    ) -> AbstractAsyncContextManager[ClientConnection]:
        from standin.remote import CertificateRejected

        if url.startswith("wss:"):
            raise CertificateRejected("TLS certificate rejected: a step trusts no certificate")
        return old(url, trusted, path)


@mutant(29)
def certificate_on_the_command_line_ignored() -> None:
    """The flag that names a trusted certificate has no effect."""

    @replaces("operator.pool:trusted_by")
    def _(old: Callable[[Call], str], call: Call) -> str:
        return ""


@mutant(29)
def certificate_in_a_word_of_its_own_ignored() -> None:
    """The flag that names a trusted certificate has an effect only with an equals sign."""

    @replaces("operator.pool:trusted_by")
    def _(old: Callable[[Call], str], call: Call) -> str:
        return "" if "--ca-cert" in sys.argv else old(call)


@mutant(29)
def certificate_after_an_equals_sign_ignored() -> None:
    """The flag that names a trusted certificate has no effect with an equals sign."""

    @replaces("operator.pool:trusted_by")
    def _(old: Callable[[Call], str], call: Call) -> str:
        return old(call) if "--ca-cert" in sys.argv else ""


@mutant(29)
def certificate_as_first_option_ignored() -> None:
    """The flag that names a trusted certificate has no effect as the first option of a command."""

    @replaces("operator.pool:trusted_by")
    def _(old: Callable[[Call], str], call: Call) -> str:
        first = next(each for each in sys.argv if each.startswith("--"))
        return "" if first.startswith("--ca-cert") else old(call)


@mutant(29)
def cancellation_not_over_tls() -> None:
    """The command that cancels a run connects without TLS."""

    @replaces("operator.workflows:_server_of")
    def _(old: Callable[[Call], str], call: Call) -> str:
        cancels = call.command.words == "workflow cancel"
        return old(call).replace("wss:", "ws:") if cancels else old(call)


@mutant(29)
def lost_connection_not_renewed_over_tls() -> None:
    """A worker that has lost its connection over TLS gives up."""

    @replaces("worker.session:Session.has_lost_patience")
    def _(old: Callable[[Session], bool], session: Session) -> bool:
        return session._settings.url.startswith("wss:") or old(session)


@mutant(29)
def web_address_without_tls() -> None:
    """A command that is given the address of an orchestrator as one of the web connects without TLS."""

    @replaces("remote:address_in")
    def _(old: Callable[[str], str], url: str) -> str:
        return url.replace("https:", "ws:", 1) if url.startswith("https:") else old(url)


@mutant(29)
def plain_after_a_failure() -> None:
    """A worker that cannot connect over TLS tries it without TLS the next time."""

    @replaces("worker.session:Session._pause_before_next")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        settings = session._settings
        session._settings = replace(settings, url=settings.url.replace("wss:", "ws:"))
        await old(session)
