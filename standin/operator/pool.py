"""Commands about the pool of workers and the queue of steps."""

from __future__ import annotations

from typing import Any

from standin import questions
from standin.answers import labels, respond, table
from standin.commandline import Call
from standin.errors import UserError
from standin.remote import ask
from standin.repository import Repository

_WORKERS = ("NAME", "STATUS", "SLOTS", "LABELS", "PLATFORM/ARCH", "LAST SEEN")
_QUEUE = ("REQUIREMENT", "STEP", "MODEL", "QUEUED AT", "AGE")
_VERIFIED = ("WORKER", "STATUS", "PLATFORM", "ARCH", "DETAILS")


def workers(call: Call) -> None:
    """`swamp worker list`."""
    past = call.has("--all")
    if call.has("--server"):
        answer = ask(call.option("--server"), "worker.list", trusted=trusted_by(call), showAll=past)
    else:
        answer = questions.worker_list(Repository.here(call.option("--repo-dir")), past=past)
    respond(call, answer, table_of_workers(answer, past=past))


def trusted_by(call: Call) -> str:
    """The file of trusted certificates on the command line; empty for none."""
    return call.option("--ca-cert")


def table_of_workers(answer: dict[str, Any], *, past: bool) -> str:
    """Format workers for people."""
    rows = [
        {
            "NAME": each["name"],
            "STATUS": each["status"],
            "SLOTS": f"{len(each['activeDispatchIds'])}/{each['capacity']}",
            "LABELS": labels(each["labels"]),
            "PLATFORM/ARCH": f"{each['platform']}/{each['arch']}",
            "LAST SEEN": each["lastSeenAt"],
        }
        for each in answer["workers"]
    ]
    if rows:
        return "\n".join((table(rows, _WORKERS), *_hidden(answer), *unverified_note(answer)))
    if past or "filteredDisconnectedCount" not in answer:
        return "No workers found."
    return "\n".join(("No connected workers found.", *_hidden(answer)))


def _hidden(answer: dict[str, Any]) -> list[str]:
    number = answer.get("filteredDisconnectedCount", 0)
    what = "disconnected worker" if number == 1 else "disconnected workers"
    return [f"{number} {what} hidden — use 'swamp worker list --all' to show all."] if number else []


def unverified_note(answer: dict[str, Any]) -> list[str]:
    """The note about workers that have not passed their verification, with the reasons."""
    unfit = [each for each in answer["workers"] if each["status"] == "unverified"]
    reasons = "; ".join(
        f"{each['name']}: {each.get('verifyFailureReason', 'no result yet')}" for each in unfit
    )
    note = f"Some workers are unverified ({reasons}) — run 'swamp worker verify' to diagnose."
    return [note] if unfit else []


def queue(call: Call) -> None:
    """`swamp worker queue`."""
    if call.has("--server"):
        answer = ask(call.option("--server"), "worker.queue.list")["items"]
    else:
        answer = questions.queue(Repository.here(call.option("--repo-dir")))
    respond(call, answer, table_of_queue(answer))


def table_of_queue(answer: list[dict[str, Any]]) -> str:
    """Format waiting steps for people."""
    rows = [
        {
            "REQUIREMENT": each["requirement"],
            "STEP": each["stepName"],
            "MODEL": each["modelType"],
            "QUEUED AT": each["queuedAt"],
            "AGE": f"{each['ageMs'] // 1000}s",
        }
        for each in answer
    ]
    return table(rows, _QUEUE) if rows else "No steps are currently queued."


def verify(call: Call) -> int:
    """`swamp worker verify`; it fails if a worker does."""
    if not call.has("--server"):
        raise UserError(
            "Worker verify requires a running orchestrator — pass --server or set SWAMP_SERVE_URL"
        )
    name = call.arguments[0] if call.arguments else ""
    labels_wanted = dict(label.split("=", 1) for label in call.options.get("--label", ()))
    answer = ask(call.option("--server"), "worker.verify", workerName=name, labels=labels_wanted)
    rows = [
        {
            "WORKER": each["name"],
            "STATUS": {"pass": "✓ PASS", "fail": "✗ FAIL", "error": "! ERROR"}[each["status"]],
            "PLATFORM": each.get("platform", "-"),
            "ARCH": each.get("arch", "-"),
            "DETAILS": each.get("error", ""),
        }
        for each in answer["workers"]
    ]
    summary = (
        f"{answer['failed']} of {answer['total']} worker(s) did not pass verification."
        if answer["failed"]
        else f"All {answer['passed']} worker(s) passed verification."
    )
    text = f"{table(rows, _VERIFIED)}\n\n{summary}" if rows else "No connected workers found to verify."
    respond(call, answer, text)
    return 1 if answer["failed"] else 0


def daemon_status(call: Call) -> None:
    """`swamp worker daemon status`."""
    document = {"enabled": False, "running": False, "serviceMode": "system"}
    respond(call, document, "Status (system service): not configured")


def daemon_enable(_: Call) -> None:
    """`swamp worker daemon enable`."""
    raise UserError("The stand-in changes no services of this machine.")


def daemon_disable(call: Call) -> None:
    """`swamp worker daemon disable`."""
    daemon_enable(call)
