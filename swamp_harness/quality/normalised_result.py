"""The result of a command as facts that are the same for swamp and the embedded target."""

from __future__ import annotations

from collections.abc import Mapping

from swamp_harness.product.commands import CommandResult, Output, is_json
from swamp_harness.product.wordings import (
    ALREADY_REVOKED,
    COMMAND_FAILURES,
    DAEMON_IS_OFF,
    NOBODY_TO_VERIFY,
    RUN_FAILURES,
    reasons_given,
)
from swamp_harness.system.errors import PromiseBroken

Facts = Mapping[str, str]

_FAILURES = {**COMMAND_FAILURES, **RUN_FAILURES}
# The contract of a command's JSON answer, by the beginning of the command.
_CONTRACTS = {
    "worker token create": "token-create",
    "worker token list": "token-list",
    "worker token revoke": "token-revoke",
    "worker list": "worker-list",
    "worker queue": "worker-queue",
    "worker verify": "worker-verify",
    "worker daemon status": "daemon-status",
    "workflow history search": "workflow-history",
    "workflow history get": "workflow-run",
    "run history": "run-history",
    "data query": "data-query",
    "data get": "data-get",
    "model method run": "method-run",
}
_TABLES = (
    ("NAME", "STATE", "EXPIRES", "ENROLLMENTS"),
    ("NAME", "STATUS", "SLOTS", "LABELS", "PLATFORM/ARCH", "LAST SEEN"),
    ("REQUIREMENT", "STEP", "MODEL", "QUEUED AT", "AGE"),
    ("WORKER", "STATUS", "PLATFORM", "ARCH", "DETAILS"),
)
_SENTENCES = {
    "no tokens": "No enrollment tokens found.",
    "no workers": "No workers found.",
    "no connected workers": "No connected workers found.",
    "no waiting steps": "No steps are currently queued.",
    "shown once": "This token is shown once",
    "revoked": "✓ Token ",
}


def facts_of(result: CommandResult) -> Facts:
    """The result of a command as facts that are the same for equal targets."""
    failed = not result.succeeded
    return {
        "exit code": str(result.exit_code),
        "standard output": _text_answer(result, result.stdout),
        "standard error": _error_answer(result) if failed else _anything(result.stderr),
    }


def _text_answer(result: CommandResult, text: str) -> str:
    if not text.strip():
        return "nothing"
    if result.output is Output.JSON:
        return _json_answer(result)
    headings = [
        " ".join(table)
        for table in _TABLES
        if text.split()[: len(" ".join(table).split())] == " ".join(table).split()
    ]
    sentences = [name for name, words in _SENTENCES.items() if words in text]
    patterns = {
        "revoked before": ALREADY_REVOKED,
        "daemon off": DAEMON_IS_OFF,
        "nobody to verify": NOBODY_TO_VERIFY,
    }
    recognised = [name for name, pattern in patterns.items() if pattern.search(text)]
    return ", ".join([*(f"table {each}" for each in headings), *sentences, *recognised]) or "text"


def _json_answer(result: CommandResult) -> str:
    command = " ".join(result.arguments)
    contract = next((name for words, name in _CONTRACTS.items() if command.startswith(words)), "")
    if not contract:
        return "JSON" if is_json(result.stdout) else "no JSON"
    try:
        result.answer(contract)
    except PromiseBroken as broken:
        return f"JSON that breaks its contract: {broken}"
    return f"JSON that keeps the contract {contract}"


def _error_answer(result: CommandResult) -> str:
    if not result.stderr.strip():
        return "nothing"
    try:
        message = result.error_message
    except PromiseBroken:
        return "no error object"
    return f"error: {' and '.join(reasons_given(message, _FAILURES)) or 'of another kind'}"


def _anything(text: str) -> str:
    return "something" if text.strip() else "nothing"
