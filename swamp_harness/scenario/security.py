"""TLS in a scenario: the orchestrator's certificate, and the authorities that clients trust."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from swamp_harness.system.certificates import Certificates, Identity, ServerCertificate, Trust

_SOUND = "nothing"
_UNTRUSTED = "the certificate is not trusted"
# In the words of the product's wordings.
_FLAWS = {
    Identity.OF_ANOTHER_AUTHORITY: _UNTRUSTED,
    Identity.SELF_SIGNED: _UNTRUSTED,
    Identity.SELF_SIGNED_AUTHORITY: "the certificate may sign others",
    Identity.EXPIRED: "the certificate has expired",
    Identity.FOR_ANOTHER_HOST: "the certificate is for another host",
}


class Security:
    """The certificates of one scenario.

    Args:
        folder: for the certificates; created here.
        identity: the kind of the orchestrator's certificate.
        addresses: the orchestrator's, beside the loopback.

    Attributes:
        certificate: the orchestrator's.
        trusted: the file with the authorities that new clients trust; None for those of their system.
    """

    def __init__(self, folder: Path, identity: Identity, addresses: Sequence[str] = ()) -> None:
        self._certificates = Certificates(folder, addresses)
        self._trust: Trust | None = None
        self.certificate: ServerCertificate = self._certificates.server(identity)
        self.trusted: Path | None = None

    def trust(self, trust: Trust) -> None:
        """Set what workers and operators trust that connect from now on."""
        self._trust = trust
        self.trusted = self._certificates.trusted_by(trust, self.certificate)

    @property
    def flaw(self) -> str:
        """What is wrong with the certificate for a client that connects now."""
        if self._trust is Trust.THE_CERTIFICATE:
            return _SOUND
        if self._trust is not Trust.THE_AUTHORITY:
            return _UNTRUSTED
        return _FLAWS.get(self.certificate.identity, _SOUND)
