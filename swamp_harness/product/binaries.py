"""The binaries of a run: the one under test, and one of another protocol version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.product.binary import Binary, binary_under_test, other_binary, under_its_own_name
from swamp_harness.product.target import Target


@dataclass(frozen=True)
class Binaries:
    """The binaries of a run.

    Attributes:
        tested: the binary under test.
        other: a binary of another protocol version; None if there is none.
        remedy: how to provide one, if there is none.
    """

    tested: Binary
    other: Binary | None
    remedy: str

    @classmethod
    def found(cls, environ: Mapping[str, str], target: Target) -> Binaries:
        """Find the binaries that the environment names, or download them.

        Raises:
            UnusableInput: there is no usable binary (exit code 3).
        """
        tested = binary_under_test(environ, target)
        return cls(tested, *other_binary(environ, target, tested.version))

    def under_their_own_name(self, folder: Path) -> Binaries:
        """Copies of the binaries under the product's own name, each in a folder of its own."""
        other = under_its_own_name(self.other, folder / "other-binary") if self.other is not None else None
        return Binaries(under_its_own_name(self.tested, folder / "binary"), other, self.remedy)
