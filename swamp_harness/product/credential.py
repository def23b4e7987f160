"""The credential that minting prints: `<name>.<secret>` (design/remote-execution.md, "Enrollment tokens")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from swamp_harness.machinery.redaction import SECRETS

_CREDENTIAL = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)\.(?P<secret>[0-9a-f]{64})(?![0-9a-f])")

# Known by its form, the secret is blanked even in the answer that first shows it.
SECRETS.add_pattern(_CREDENTIAL)


@dataclass(frozen=True)
class Credential:
    """What a worker presents to enroll.

    Attributes:
        name: the name of the token, and of the pool member.
        secret: the half that must never be seen again.
    """

    name: str
    secret: str

    def __str__(self) -> str:
        """The credential as a worker presents it."""
        return f"{self.name}.{self.secret}"


def credentials_in(text: str) -> list[Credential]:
    """Every credential that stands in a text, each as often as it stands there."""
    return [Credential(match["name"], match["secret"]) for match in _CREDENTIAL.finditer(text)]
