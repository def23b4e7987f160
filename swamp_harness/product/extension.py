"""Extensions of a repository, and the packages that the product downloads to bundle them."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from swamp_harness.product.commands import Output, SwampCommands
from swamp_harness.product.fallbacks import Fallback, Fallbacks
from swamp_harness.product.machine import Machine
from swamp_harness.product.repository import Repository
from swamp_harness.system.errors import ContractBroken, InfrastructureError

_PACKAGES = Path(".swamp", "deno-cache")
# This download uses the network settings of the caller, like the caller's other tools.
_NETWORK_SETTINGS = frozenset(
    {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "npm_config_registry", "node_extra_ca_certs"}
)
# The errors of a failed hard link: two file systems, no support, or too many links.
_NO_HARD_LINKS = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
)


def network_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The network settings of an environment: proxies, the package registry, certificates."""
    return {name: value for name, value in environ.items() if name.lower() in _NETWORK_SETTINGS}


def bundling(model_type: str) -> tuple[str, ...]:
    """The command that lets the product bundle the extension with a model type, without the flag for JSON."""
    return "model", "type", "describe", model_type


def install(repository: Repository, extensions: Path, commands: SwampCommands, model_type: str) -> None:
    """Put extensions into a repository and let the product bundle them, which downloads packages.

    Args:
        repository: the repository.
        extensions: the folder with the extensions by kind, such as "models".
        commands: the commands of an operator in that repository with access to the package registry.
        model_type: one of its model types, to check the result.

    Raises:
        InfrastructureError: the product could not bundle them.
    """
    shutil.copytree(extensions, repository.folder / "extensions", dirs_exist_ok=True)
    result = commands.run(*bundling(model_type), output=Output.JSON)
    if not result.succeeded or model_type not in result.stdout:
        raise InfrastructureError(
            "The extensions for the scenarios could not be bundled. The product downloads two packages from "
            f"the npm registry for this, once for each run: check the connection to the registry.\n{result}"
        )


def share_packages(owner: Machine, other: Machine, fallbacks: Fallbacks) -> None:
    """Give a machine the packages that another one has downloaded, so that it needs no network.

    Files are linked. If the file system has no hard links, they are copied, which counts as a fallback.

    Raises:
        ContractBroken: the product did not keep any packages.
    """
    kept = owner.home / _PACKAGES
    if not owner.host.files.exists(kept):
        raise ContractBroken(f"The product bundled an extension but kept no packages: {kept} does not exist.")
    cannot_link = False

    def link_or_copy(source: str, target: str) -> str:
        nonlocal cannot_link
        try:
            os.link(source, target)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            cannot_link = True
            shutil.copy2(source, target)
        return target

    shutil.copytree(kept, other.home / _PACKAGES, copy_function=link_or_copy)
    fallbacks[Fallback.PACKAGES_COPIED] += cannot_link
