"""The variables for trusted certificates of an orchestrator's TLS clients."""

from __future__ import annotations

from pathlib import Path, PurePath


def trust_of_worker(file: PurePath | None) -> dict[str, str]:
    """The variables for a worker's trusted certificates, besides the authorities of its system.

    The product's advice about a rejected certificate names `SSL_CERT_FILE`. A swamp that runs from its source
    has loaded its certificates before it reads this variable, and uses Deno's own variable instead.
    """
    return {} if file is None else {"SSL_CERT_FILE": str(file), "DENO_CERT": str(file)}


def trust_of_command(file: Path | None) -> dict[str, str]:
    """The variable for the trusted certificates of a command with `--server`, from the commands' help."""
    return {} if file is None else {"SWAMP_CA_CERT": str(file)}
