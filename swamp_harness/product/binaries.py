"""The binaries of a run: the one under test, and those of other releases that scenarios use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.product.binary import (
    Binary,
    Companion,
    Release,
    binary_under_test,
    companion,
    under_its_own_name,
)
from swamp_harness.product.target import Target

_FOLDERS = {Release.OTHER: "other-binary", Release.EARLIER: "earlier-binary"}


@dataclass(frozen=True)
class Binaries:
    """The binaries of a run.

    Attributes:
        tested: the binary under test.
        companions: the binaries of other releases.
    """

    tested: Binary
    companions: Mapping[Release, Companion]

    @classmethod
    def found(cls, environ: Mapping[str, str], target: Target) -> Binaries:
        """Find the binaries that the environment names, or download them.

        Raises:
            UnusableInput: there is no usable binary (exit code 3).
        """
        tested = binary_under_test(environ, target)
        return cls(tested, {each: companion(each, environ, target, tested.version) for each in _FOLDERS})

    def under_their_own_name(self, folder: Path) -> Binaries:
        """Copies of the binaries under the product's own name, each in a folder of its own."""
        return Binaries(
            under_its_own_name(self.tested, folder / "binary"),
            {
                release: Companion(under_its_own_name(each.binary, folder / _FOLDERS[release]))
                if each.binary
                else each
                for release, each in self.companions.items()
            },
        )
