"""The certificates of one scenario: an authority, valid and invalid server certificates, and trust files.

Each scenario makes its own. They are of no use outside of it.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LOCALHOST = "localhost"
_HERE = ("127.0.0.1", _LOCALHOST)
_SOMEWHERE_ELSE = "another-host.example"
_DAY = timedelta(days=1)


class Identity(Enum):
    """The kind of certificate that a server presents."""

    OF_THE_AUTHORITY = "a certificate of the authority"
    OF_AN_INTERMEDIATE = "a certificate of an intermediate authority"
    OF_ANOTHER_AUTHORITY = "a certificate of another authority"
    SELF_SIGNED = "a self-signed certificate"
    SELF_SIGNED_AUTHORITY = "a self-signed certificate that may sign others"
    EXPIRED = "an expired certificate"
    FOR_ANOTHER_HOST = "a certificate for another host"


class Trust(Enum):
    """What a client trusts, besides the authorities of its system."""

    THE_AUTHORITY = "the authority"
    THE_CERTIFICATE = "that certificate"
    ANOTHER_CERTIFICATE = "another self-signed certificate"


@dataclass(frozen=True)
class ServerCertificate:
    """A server's certificate and its key, as files in PEM format.

    Attributes:
        identity: what kind of certificate it is.
        chain: the certificate, followed by the intermediate certificates up to its authority.
        key: the private key.
    """

    identity: Identity
    chain: Path
    key: Path


class Certificates:
    """Makes certificates for servers on this machine, and the files of trusted certificates.

    Args:
        folder: where they are stored; created here.
        addresses: the addresses of this machine, besides the loopback.
    """

    def __init__(self, folder: Path, addresses: Sequence[str] = ()) -> None:
        folder.mkdir()
        self._names = (*_HERE, *addresses)
        self._folder = folder
        self._authority = trustme.CA(organization_name="The authority of a scenario")

    def server(self, identity: Identity) -> ServerCertificate:
        """Make a certificate with its key for a server."""
        if identity in (Identity.SELF_SIGNED, Identity.SELF_SIGNED_AUTHORITY):
            return self._self_signed("server", identity)
        authority = self._authority_for(identity)
        hosts = [_SOMEWHERE_ELSE] if identity is Identity.FOR_ANOTHER_HOST else self._names
        now = datetime.now(UTC)
        lifetime = (now - 9 * _DAY, now - _DAY) if identity is Identity.EXPIRED else (now - _DAY, now + _DAY)
        leaf = authority.issue_cert(*hosts, not_before=lifetime[0], not_after=lifetime[1])
        chain, key = self._files("server")
        chain.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(key)
        return ServerCertificate(identity, chain, key)

    def _authority_for(self, identity: Identity) -> trustme.CA:
        if identity is Identity.OF_ANOTHER_AUTHORITY:
            return trustme.CA()
        if identity is Identity.OF_AN_INTERMEDIATE:
            return self._authority.create_child_ca()
        return self._authority

    def trusted_by(self, trust: Trust, server: ServerCertificate) -> Path:
        """The file of certificates that a client of a server trusts."""
        if trust is Trust.THE_CERTIFICATE:
            return server.chain
        if trust is Trust.ANOTHER_CERTIFICATE:
            return self._self_signed("another").chain
        # A client trusts every authority of its file, not the first one only.
        file = self._folder / "authorities.pem"
        file.write_bytes(trustme.CA().cert_pem.bytes() + self._authority.cert_pem.bytes())
        return file

    def _self_signed(self, name: str, identity: Identity = Identity.SELF_SIGNED) -> ServerCertificate:
        # trustme only makes certificates with an authority behind them.
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} of a scenario")])
        now = datetime.now(UTC)
        addresses = [x509.IPAddress(ipaddress.ip_address(name)) for name in self._names if name != _LOCALHOST]
        names = [*addresses, x509.DNSName(_LOCALHOST)]
        may_sign = identity is Identity.SELF_SIGNED_AUTHORITY
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            # Many clients refuse a server certificate that may sign others, as `openssl req -x509` makes it.
            .add_extension(x509.BasicConstraints(ca=may_sign, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        chain, key_file = self._files(name)
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return ServerCertificate(identity, chain, key_file)

    def _files(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.pem", self._folder / f"{name}-key.pem"


def without_verification() -> ssl.SSLContext:
    """An SSL context that accepts every certificate, as some are invalid on purpose."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
