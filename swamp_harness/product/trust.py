"""How those who connect to an orchestrator over TLS are told whom to trust."""

from __future__ import annotations

from pathlib import Path, PurePath


def trust_of_worker(file: PurePath | None) -> dict[str, str]:
    """The variables that tell a worker whom to trust, besides the authorities of its system.

    `SSL_CERT_FILE` is what the product's advice on a rejected certificate names. A swamp that is run from
    its source has read its trust by the time that it looks at this variable, and heeds Deno's own instead.
    """
    return {} if file is None else {"SSL_CERT_FILE": str(file), "DENO_CERT": str(file)}


def trust_of_command(file: Path | None) -> dict[str, str]:
    """The variable that tells a command with `--server` whom to trust, by the commands' help."""
    return {} if file is None else {"SWAMP_CA_CERT": str(file)}
