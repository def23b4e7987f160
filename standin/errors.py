"""Errors for people and for scripts."""

from __future__ import annotations


class UserError(Exception):
    """An error that the user of a command can correct.

    Args:
        message: one clear sentence.
        code: for scripts; empty for none.
        exit_code: of the command.
    """

    def __init__(self, message: str, code: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_code
