"""The operator's repository: prepared once for a run, copied for each scenario.

Initialising a repository and creating a vault cost two commands; a copy costs a few milliseconds. The copy
must be a repository of its own: the vault's description holds the absolute path of the original, and two
copies that kept it would overwrite each other's secrets.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from swamp_harness.product.commands import Output, SwampCommands
from swamp_harness.product.conventions import VAULT
from swamp_harness.system.errors import InfrastructureError

_SECRETS = Path(".swamp", "secrets")


class Repository:
    """A swamp repository on disk.

    Attributes:
        folder: its root.
        vault_store: where the vault keeps its secrets: the one place where a token's plain text may be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault_store = folder / _SECRETS

    def copy_to(self, folder: Path) -> Repository:
        """Make an independent repository that is equal to this one.

        Raises:
            InfrastructureError: the copy would still point at this repository.
        """
        # The catalogs are derived from what lies beside them, and hold absolute paths in a binary form.
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.db", "*.db-wal", "*.db-shm"))
        for path in folder.rglob("*.yaml"):
            text = path.read_text("utf-8")
            if str(self.folder) in text:
                path.write_text(text.replace(str(self.folder), str(folder)), "utf-8")
        _refuse_leftovers(folder, str(self.folder).encode())
        return Repository(folder)


def initialise(commands: SwampCommands, *, with_vault: bool) -> Repository:
    """Make a new repository in the folder where the commands are typed.

    Raises:
        InfrastructureError: the product could not do it.
    """
    steps = [("repo", "init", "--tool", "none")]
    if with_vault:
        steps.append(("vault", "create", "local_encryption", VAULT))
    for arguments in steps:
        result = commands.run(*arguments, output=Output.JSON)
        if not result.succeeded:
            raise InfrastructureError(f"The repository for the scenarios could not be prepared:\n{result}")
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
            f"A copied repository still names the original's folder in {listed}: "
            "scenarios would disturb each other. Teach `Repository.copy_to` about these files."
        )
