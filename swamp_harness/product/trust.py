"""How an orchestrator's TLS clients get the certificates that they trust."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePath

from swamp_harness.product.commands import Output


class TrustedBy(Enum):
    """The way in which an operator trusts a certificate; the value is its phrase in the features."""

    VARIABLE = "a variable"
    FLAG = "a flag"
    SYSTEM = "the system"


@dataclass(frozen=True)
class OperatorTrust:
    """What an operator adds to commands with `--server`, for the trusted certificates.

    Attributes:
        variables: the environment variables.
        named_by_flag: the file that a flag names; none if empty.
    """

    variables: dict[str, str] = field(default_factory=dict)
    named_by_flag: str = ""

    def flags(self, output: Output) -> tuple[str, ...]:
        """The words of a command: one for scripts, which read JSON, and two for people, as both must work."""
        if not self.named_by_flag:
            return ()
        if output is Output.JSON:
            return (f"--ca-cert={self.named_by_flag}",)
        return ("--ca-cert", self.named_by_flag)


def trust_of_system(file: PurePath | None) -> dict[str, str]:
    """The variables for trusted certificates besides the authorities of the system; the only way of a worker.

    The product's advice about a rejected certificate names `SSL_CERT_FILE`. A swamp that runs from its source
    has loaded its certificates before it reads this variable, and uses Deno's own variable instead.
    """
    return {} if file is None else {"SSL_CERT_FILE": str(file), "DENO_CERT": str(file)}


def trust_of_operator(file: Path | None, way: TrustedBy) -> OperatorTrust:
    """The trust of an operator in the certificates of a file, in one of the ways of the commands' help."""
    if file is None:
        return OperatorTrust()
    if way is TrustedBy.FLAG:
        return OperatorTrust(named_by_flag=str(file))
    system = way is TrustedBy.SYSTEM
    return OperatorTrust(trust_of_system(file) if system else {"SWAMP_CA_CERT": str(file)})
