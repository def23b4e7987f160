"""The two ways in which a run goes wrong, kept apart everywhere: infrastructure, or a broken promise.

`PromiseBroken` is an `AssertionError`, so behave calls the step failed and Allure calls it failed;
`InfrastructureError` is not, so behave calls the step an error and Allure calls it broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from swamp_harness.system.redaction import SECRETS


class ExitCode(IntEnum):
    """What the whole run says to its caller."""

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
    """Two values that were to be equal, as JSON can hold them, blanked of secrets.

    Attributes:
        expected: the value that would have kept the promise.
        actual: the value that the product showed.
    """

    expected: Any
    actual: Any


class PromiseBroken(AssertionError):
    """The product did something else than was promised. The message is blanked of secrets.

    Attributes:
        comparison: of two values, if it is that; else None.
    """

    def __init__(self, message: str, comparison: Comparison | None = None) -> None:
        super().__init__(SECRETS.blank(message))
        self.comparison = comparison


class ContractBroken(PromiseBroken):
    """The product wrote something malformed, or did not write a file that it must write.

    This is a broken promise in every step, in a Given as well: no set-up excuses it.
    """


class InfrastructureError(Exception):
    """The infrastructure, not the promise under test: no binary, a port taken, the product not starting.

    The message is one sentence saying what is wrong, followed by the way to mend it where there is one.
    """

    def __init__(self, message: str) -> None:
        super().__init__(SECRETS.blank(message))


class UnusableInput(InfrastructureError):
    """Bad input from the person who started the run; carries the exit code that the run ends with."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code
