"""The operator's repository: prepared once for a run, copied for each scenario.

To initialise a repository and create a vault takes two commands; a copy takes a few milliseconds. A copy must
be independent: the vault's description holds the absolute path of the original, and two copies that keep it
would overwrite each other's secrets.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from swamp_harness.product.commands import Output, SwampCommands
from swamp_harness.product.conventions import VAULT
from swamp_harness.system.errors import InfrastructureError

# The commands that prepare a repository, without the flag for JSON.
INITIALISE = ("repo", "init", "--tool", "none")
CREATE_VAULT = ("vault", "create", "local_encryption", VAULT)
_DATABASES = ("*.db", "*.db-wal", "*.db-shm")
# Those that the product derives from other files.
CATALOGS = tuple(f"*_catalog{name.removeprefix('*')}" for name in _DATABASES)
_SECRETS = Path(".swamp", "secrets")


class Repository:
    """A swamp repository on disk.

    Attributes:
        folder: its root.
        vault_store: the folder of the vault's secrets, the only place where a token's plain text may be.
        audits_reads: whether its vault records who reads a secret.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault_store = folder / _SECRETS
        self.audits_reads = False

    def audit_reads(self) -> None:
        """Let its vault record who reads a secret, as an operator does who edits the vault's description."""
        for description in (self.folder / "vaults").rglob("*.yaml"):
            description.write_text(f"{description.read_text('utf-8').rstrip()}\nauditReads: true\n", "utf-8")
        self.audits_reads = True

    @property
    def audit_trail(self) -> list[Path]:
        """The files in which its vault has recorded who read a secret."""
        return sorted((self.folder / ".swamp" / "audit").glob("vault-audit-*"))

    def copy_to(self, folder: Path, *, left_out: Sequence[str] = _DATABASES) -> Repository:
        """Make an independent copy of this repository.

        Args:
            folder: of the copy.
            left_out: the patterns of the names of files that it does not have.

        Raises:
            InfrastructureError: the copy still refers to this repository.
        """
        # The product derives the catalogs from other files; they hold absolute paths in binary form.
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(*left_out))
        for path in folder.rglob("*.yaml"):
            text = path.read_text("utf-8")
            if str(self.folder) in text:
                path.write_text(text.replace(str(self.folder), str(folder)), "utf-8")
        _refuse_leftovers(folder, str(self.folder).encode())
        return Repository(folder)


def initialise(commands: SwampCommands, *, with_vault: bool) -> Repository:
    """Make a new repository in the working folder of the commands.

    Raises:
        InfrastructureError: the product failed.
    """
    for arguments in (INITIALISE, CREATE_VAULT) if with_vault else (INITIALISE,):
        result = commands.run(*arguments, output=Output.JSON)
        if not result.succeeded:
            raise InfrastructureError(
                f"The repository for the scenarios could not be prepared: {result.ending}.\n{result}"
            )
    return Repository(Path(commands.folder))


def _refuse_leftovers(folder: Path, original: bytes) -> None:
    leftovers = [
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and original in path.read_bytes()
    ]
    if leftovers:
        listed = ", ".join(map(str, leftovers))
        raise InfrastructureError(
            f"A copied repository still contains the path of the original in {listed}: "
            "scenarios would disturb each other. Make `Repository.copy_to` handle these files."
        )
