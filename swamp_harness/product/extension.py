"""Extensions of a repository, and the packages that the product needs once to bundle them."""

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
# The one thing that the suite downloads; it does so the way the caller's other tools do.
_NETWORK_SETTINGS = frozenset(
    {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "npm_config_registry", "node_extra_ca_certs"}
)
# How a file system says that it cannot link: across two of them, without hard links, or with too many of one.
_NO_HARD_LINKS = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
)


def network_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What an environment says about reaching the network: proxies, the package registry, certificates."""
    return {name: value for name, value in environ.items() if name.lower() in _NETWORK_SETTINGS}


def install(repository: Repository, extensions: Path, commands: SwampCommands, model_type: str) -> None:
    """Put extensions into a repository and have the product bundle them, which downloads what they need.

    Args:
        repository: to install them in.
        extensions: the folder with the extensions by kind, such as "models".
        commands: of somebody in that repository who may reach the package registry.
        model_type: one of the types in it, to see that it is there.

    Raises:
        InfrastructureError: the product could not bundle them.
    """
    shutil.copytree(extensions, repository.folder / "extensions", dirs_exist_ok=True)
    result = commands.run("model", "type", "describe", model_type, output=Output.JSON)
    if not result.succeeded or model_type not in result.stdout:
        raise InfrastructureError(
            "The extensions for the scenarios could not be bundled. The product downloads two packages from "
            f"the npm registry for this, once for each run: see that it can be reached from here.\n{result}"
        )


def share_packages(owner: Machine, other: Machine, fallbacks: Fallbacks) -> None:
    """Give a machine the packages that another has downloaded, so that it needs no network.

    Files are linked, or, where the file system has no hard links, copied, which counts as a fallback.

    Raises:
        ContractBroken: the product has kept none.
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
