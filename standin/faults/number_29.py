"""Over TLS, workers and operators know whom they talk to, or do not talk at all and say why."""

import os
import ssl
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from standin.faults import broken


def any_certificate():
    """Every certificate is taken for good."""

    @broken("remote:trust")
    def _(old, file):
        context = old(file)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def nobody_trusted():
    """A worker takes no certificate for good, whomever it is told to trust."""

    @broken("worker.session:connected")
    def _(old, url, trusted, *rest):
        os.environ.pop("SSL_CERT_FILE", None)  # the runtime would trust it by itself
        return old(url, "", *rest)


def expiry_ignored():
    """A certificate that has expired is taken for good."""

    @broken("remote:trust")
    def _(old, file):
        context = old(file)
        context.verify_flags |= 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME
        return context


def host_ignored():
    """A certificate for another host is taken for good."""

    @broken("remote:trust")
    def _(old, file):
        context = old(file)
        context.check_hostname = False
        return context


def flaw_not_told():
    """Whatever is wrong with a certificate, the connection is said to have failed."""

    @broken("remote:flaw")
    def _(old, error):
        return "the connection has failed."


def wrong_advice():
    """A certificate that has expired is told as one that is not trusted."""

    @broken("remote:flaw")
    def _(old, error):
        return "the server's certificate issuer is not trusted."


def refused_with_success():
    """A worker that refuses its orchestrator ends with a successful exit code."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        return old(error, in_json=in_json) * ("certificate" not in str(error))


def operator_does_not_check():
    """The commands of an operator take every certificate for good; workers do not."""

    @broken("remote:trust")
    def _(old, file):
        context = old(file)
        if sys.argv[1:3] != ["worker", "connect"]:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def self_signed_accepted():
    """A self-signed certificate is taken for good, whoever has signed it; all others are checked."""

    @broken("remote:connected")
    def _(old, url, trusted, path=""):
        shown = ssl.get_server_certificate(urlsplit(url).netloc.rsplit(":", 1)) if "wss:" in url else ""
        if shown and _is_self_signed(shown):
            file = Path(tempfile.mkdtemp()) / "shown.pem"
            file.write_text(shown)
            return old(url, str(file), path)
        return old(url, trusted, path)


def _is_self_signed(text):
    certificate = x509.load_pem_x509_certificate(text.encode())
    return certificate.issuer == certificate.subject


def no_work_over_tls():
    """A worker enrolls over TLS, but its steps do not trust whom it trusts."""

    @broken("worker.runner:connected")
    def _(old, url, trusted, path=""):
        from standin.remote import CertificateRejected

        if url.startswith("wss:"):
            raise CertificateRejected("TLS certificate rejected: a step trusts nobody")
        return old(url, trusted, path)
