"""The binaries of a run: that under test, and one of another protocol version."""

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
        other: one of another protocol version, if there is one.
        remedy: what to do where there is none.
    """

    tested: Binary
    other: Binary | None
    remedy: str

    @classmethod
    def found(cls, environ: Mapping[str, str], target: Target) -> Binaries:
        """The binaries that somebody has named, or that are downloaded for them.

        Raises:
            UnusableInput: there is no usable binary (exit code 3).
        """
        tested = binary_under_test(environ, target)
        return cls(tested, *other_binary(environ, target, tested.version))

    def under_their_own_name(self, folder: Path) -> Binaries:
        """The same, each in a folder of its own under the name that the product has."""
        other = under_its_own_name(self.other, folder / "other-binary") if self.other is not None else None
        return Binaries(under_its_own_name(self.tested, folder / "binary"), other, self.remedy)
