"""How a command that cannot finish ends: a message, and an exit code that says nothing about promises."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Callable

from swamp_harness.specification.project import REPORTS_VARIABLE
from swamp_harness.system.errors import ExitCode, InfrastructureError, UnusableInput
from swamp_harness.system.plain_text import for_terminal, shortened
from swamp_harness.system.redaction import SECRETS


def exit_code_of(command: Callable[[], int]) -> int:
    """Run a command, and print its error, if any, on standard error.

    Returns:
        Its exit code, or the one for what it raised; see docs/reading-failures.md.
    """
    try:
        return command()
    except KeyboardInterrupt:
        return _ended("interrupted.", ExitCode.INTERRUPTED)
    except UnusableInput as error:
        return _ended(str(error), error.exit_code)
    except InfrastructureError as error:
        return _ended(str(error), ExitCode.INFRASTRUCTURE_ERROR)
    except Exception as error:  # noqa: BLE001 - no error of the suite may look like a broken promise
        if isinstance(error, OSError) and (error.filename is not None or error.errno == errno.ENOSPC):
            return _ended(_about_a_file(error), ExitCode.BAD_COMMAND_LINE)
        trace = SECRETS.blank(traceback.format_exc())
        return _ended(failed_suite(trace), ExitCode.INCOMPLETE)


def failed_suite(what: str) -> str:
    """The sentence about an error of the suite itself, with its trace or its message."""
    return f"The suite itself failed, not the product: {what}"


def _about_a_file(error: OSError) -> str:
    # The error of a full disk does not name the file.
    what = "A file" if error.filename is None else error.filename
    return (
        f"{what} cannot be read or written ({error.strerror}): free disk space, correct the "
        f"permissions, or give another folder for the reports with {REPORTS_VARIABLE}."
    )


def _ended(what: str, code: ExitCode) -> ExitCode:
    print(for_terminal(f"swamp-uat: {shortened(what)}"), file=sys.stderr)
    return code
