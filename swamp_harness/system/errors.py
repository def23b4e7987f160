"""The two kinds of failure: an infrastructure error, or a broken promise.

`PromiseBroken` is an `AssertionError`, so behave calls the step failed and Allure calls it failed;
`InfrastructureError` is not, so behave calls the step an error and Allure calls it broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from swamp_harness.system.redaction import SECRETS


class ExitCode(IntEnum):
    """The exit code of a command."""

    EVERY_PROMISE_HELD = 0
    PROMISE_BROKEN = 1
    BAD_COMMAND_LINE = 2
    NO_BINARY = 3
    KNOWN_DEVIATIONS = 4
    INFRASTRUCTURE_ERROR = 5
    INCOMPLETE = 6
    NO_SIGN_OFF = 7
    NO_SUCH_RELEASE = 8
    DOWNLOAD_FAILED = 9
    CHECKSUM_MISMATCH = 10
    CACHE_UNUSABLE = 11
    FEATURE_MISTAKE = 12
    CHECK_FAILED = 13
    NO_SUCH_STEP = 14
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True)
class Comparison:
    """Two values that should be equal, as JSON values, blanked of secrets.

    Attributes:
        expected: the value that keeps the promise.
        actual: the value of the product.
    """

    expected: Any
    actual: Any


class PromiseBroken(AssertionError):
    """The product broke a promise. The message is blanked of secrets.

    Attributes:
        comparison: the two values that differ; None if the failure is not a comparison.
    """

    def __init__(self, message: str, comparison: Comparison | None = None) -> None:
        super().__init__(SECRETS.blank(message))
        self.comparison = comparison


class ContractBroken(PromiseBroken):
    """The product wrote malformed output, contradicts itself, or did not write a file that it must write.

    This is a broken promise in every step, also in a Given.
    """


class InfrastructureError(Exception):
    """The infrastructure failed: no binary, a port in use, the product does not start.

    The message is one sentence: what is wrong, then how to fix it if there is a way.
    """

    def __init__(self, message: str) -> None:
        super().__init__(SECRETS.blank(message))


class UnusableInput(InfrastructureError):
    """Invalid input of the person who started the run, with the exit code of the run."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code
