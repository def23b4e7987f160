"""The entry point: runs one command line and returns its exit code."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence

from standin import garbage, protocol
from standin.commandline import PROGRAM, Call, parse
from standin.errors import UserError

_INTERRUPTED = 130


def main() -> int:
    """The stand-in."""
    return _main(protocol.RELEASE)


def previous() -> int:
    """A stand-in that uses the previous protocol version."""
    protocol.VERSION -= 1
    return _main("0.9.0-standin")


def earlier() -> int:
    """A stand-in of an earlier release, with the same protocol version."""
    return _main("0.9.9-standin")


def _main(version: str) -> int:
    garbage.collect_none()
    protocol.RELEASE = version
    words = sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", line_buffering=True)  # type: ignore[union-attr]
    if words == ["--version"]:
        print(f"{PROGRAM} {version}")
        return 0
    try:
        return run(words)
    finally:
        garbage.end()


def run(words: Sequence[str]) -> int:
    """Run a command line.

    Returns:
        The exit code.
    """
    try:
        call = parse(words)
        if isinstance(call, str):
            print(call, end="")
            return 0
        if call.has("--server"):
            os.environ.update(credential_of(call))
        return function_of(call)(call) or 0
    except UserError as error:
        return print_error(error, in_json="--json" in words)
    except KeyboardInterrupt:
        return _INTERRUPTED


def credential_of(call: Call) -> dict[str, str]:
    """The variable with the server token of a command that names an orchestrator."""
    return {"SWAMP_SERVER_TOKEN": call.option("--token")} if call.has("--token") else {}


def function_of(call: Call) -> Callable[[Call], int | None]:
    """The function that runs a call."""
    module, _, name = call.command.place.partition(":")
    function: Callable[[Call], int | None] = getattr(importlib.import_module(f"standin.{module}"), name)
    return function


def print_error(error: UserError, *, in_json: bool) -> int:
    """Print an error for people or as JSON.

    Returns:
        The exit code.
    """
    if in_json:
        document = {"error": str(error), **({"code": error.code} if error.code else {})}
        print(json.dumps(document, indent=2, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"\nError: {error}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
