"""Reads the product's help of its commands."""

from __future__ import annotations

import re

from swamp_harness.system.errors import PromiseBroken

_SECTION = re.compile(r"^Commands:\s*$", re.MULTILINE)
_COMMAND = re.compile(r"^  (?P<name>[a-z][a-z-]*)\s+(?:[\[<].*[\]>]\s+)?- ", re.MULTILINE)
_SUBJECT = re.compile(r"^Usage:\s+swamp (?P<command>[a-z -]+)(?:[\[<].*)?\s*$", re.MULTILINE)


def subcommands(help_text: str, command: str) -> list[str]:
    """The sub-commands in the help of a command, in order; empty if it is not a group of commands.

    Args:
        help_text: the output of `swamp COMMAND --help`.
        command: the command, without the word swamp.

    Raises:
        PromiseBroken: the text is not the help of that command.
    """
    subject = _SUBJECT.search(help_text)
    if subject is None or subject["command"].strip() != command:
        raise PromiseBroken(f"`swamp {command} --help` does not show the help of that command:\n{help_text}")
    section = _SECTION.search(help_text)
    return [match["name"] for match in _COMMAND.finditer(help_text, section.end())] if section else []
