"""`swamp worker connect`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

from standin import garbage
from standin.commandline import Call
from standin.errors import UserError
from standin.moments import stamp
from standin.timing import SECOND
from standin.worker.cache import Cache
from standin.worker.session import Session, Settings


def connect(call: Call) -> None:
    """Run a worker."""
    url = call.arguments[0] if call.arguments else os.environ.get("SWAMP_ORCHESTRATOR_URL", "")
    if not url:
        raise UserError(
            "Missing orchestrator URL — pass it as a positional argument or set SWAMP_ORCHESTRATOR_URL"
        )
    if not url.startswith(("ws://", "wss://")):
        raise UserError(f"Orchestrator URL must start with ws:// or wss:// (got '{url}')")
    token = call.option("--token", os.environ.get("SWAMP_WORKER_TOKEN", ""))
    if not token:
        raise UserError("Missing enrollment token — pass --token or set SWAMP_WORKER_TOKEN")
    settings = Settings(
        url,
        token,
        dict(map(label_in, [*labels_from_variable(), *call.options.get("--label", ())])),
        slots(call.option("--concurrency"), slots_from_variable()),
        os.environ.get("SSL_CERT_FILE", ""),
        call.option("--data-plane-url").replace("http", "ws", 1),
        reconnects=reconnects(call),
        step_limit=positive(limit_of_steps(call), "--max-dispatches must be a positive integer"),
        idle_time=idle_time(call) * SECOND,
    )
    os.environ.update(credential_of(call))
    cache = Cache(call.option("--cache-dir", cache_from_variable()))
    garbage.collect_from_now_on()
    asyncio.run(_live(call, settings, cache))


def credential_of(call: Call) -> dict[str, str]:
    """The variable with the server token of the command line, which overrides it."""
    return {"SWAMP_SERVER_TOKEN": call.option("--server-token")} if call.has("--server-token") else {}


def labels_from_variable() -> list[str]:
    """The labels in the variable; those of the command line override them."""
    found = os.environ.get("SWAMP_WORKER_LABELS", "").split(",")
    return [label.strip() for label in found if label.strip()]


def positive(text: str, otherwise: str) -> int:
    """A number above 0; 0 for an empty text.

    Raises:
        UserError: it is none.
    """
    if text and not (text.isdigit() and int(text) > 0):
        raise UserError(otherwise)
    return int(text or "0")


def slots(flag: str, variable: str) -> int:
    """The number of slots: "auto" is one for each processor.

    Raises:
        UserError: it is neither that nor a number above 0.
    """
    text = flag or variable
    if text == "auto":
        return os.cpu_count() or 1
    return positive(text, '--concurrency must be a positive integer or "auto"')


def reconnects(call: Call) -> bool:
    """Whether the worker connects again when its connection closes."""
    return not call.has("--no-reconnect")


def limit_of_steps(call: Call) -> str:
    """The number of steps after which the worker stops; empty for no limit."""
    return call.option("--max-dispatches", os.environ.get("SWAMP_WORKER_MAX_DISPATCHES", ""))


def idle_time(call: Call) -> int:
    """The seconds without a step after which the worker stops; 0 for no limit.

    Raises:
        UserError: they are not a number above 0.
    """
    text = call.option("--idle-timeout", os.environ.get("SWAMP_WORKER_IDLE_TIMEOUT", ""))
    return positive(text.removesuffix("s"), f'Invalid --idle-timeout value "{text}": must be positive')


def slots_from_variable() -> str:
    """The number of slots in the variable; the command line overrides it."""
    return os.environ.get("SWAMP_WORKER_CONCURRENCY", "1")


def label_in(text: str) -> tuple[str, str]:
    """The name and the value of a label.

    Raises:
        UserError: it has none.
    """
    name, _, value = text.partition("=")
    if not (name and value):
        raise UserError(f"Invalid label '{text}' — expected the form key=value")
    return name, value


def cache_from_variable() -> str:
    """The cache in the variable; the command line overrides it; empty for none."""
    return os.environ.get("SWAMP_WORKER_CACHE_DIR", "")


async def _live(call: Call, settings: Settings, cache: Cache) -> None:
    report = _report_in_json if call.json else _report_in_text
    session = Session(settings, cache, report, _silent if call.json else _print_line)
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def receive(number: int, _: Any) -> None:
        received.append(number)
        loop.call_soon_threadsafe(asked_to_stop, session, received)

    for name in stopping_signals():
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), receive)
    await session.live()


def stopping_signals() -> tuple[str, ...]:
    """The names of the signals that make a worker finish its work and stop."""
    return ("SIGTERM", "SIGINT", "SIGHUP")


def asked_to_stop(session: Session, received: list[int]) -> None:
    """Handle a signal: the first makes the worker finish its work, the second ends it at once.

    Args:
        session: of the worker.
        received: all signals so far.
    """
    if len(received) > 1:
        os._exit(1)
    session.stop()


def _report_in_json(kind: str, facts: dict[str, Any]) -> None:
    print(json.dumps({"kind": kind, **facts}))


def _report_in_text(kind: str, facts: dict[str, Any]) -> None:
    print(in_words(kind, facts))


def in_words(kind: str, facts: dict[str, Any]) -> str:
    """Format an event of a worker for people."""
    step = f"{facts.get('dispatchId', '')[:8]}: {facts.get('modelType')}.{facts.get('methodName')}"
    seconds = facts.get("delayMs", 0) / 1000
    return {
        "connecting": f"Connecting to {facts.get('url')} (attempt {facts.get('attempt')})...",
        "enrolled": f"✓ Enrolled as {facts.get('workerId')}",
        "disconnected": f"Disconnected: {facts.get('reason')}",
        "retrying": f"Reconnecting in {seconds:g}s",
        "stopped": f"Worker stopped: {_reason(facts)}",
        "draining": f"Draining ({_reason(facts)}) — finishing in-flight work...",
        "drain_complete": "Drain complete — disconnecting",
        "dispatch_started": f"▶ Dispatch {step} ({facts.get('workflowName')} \u203a {facts.get('stepName')})",
        "dispatch_finished": f"✓ Dispatch {step} succeeded in {facts.get('durationMs')}ms"
        if facts.get("status") == "success"
        else f"✗ Dispatch {step} failed in {facts.get('durationMs')}ms — {facts.get('error', '')}",
    }[kind]


def _reason(facts: dict[str, Any]) -> str:
    reason = str(facts.get("reason"))
    return {
        "signal": "received shutdown signal",
        "max-dispatches": "reached max dispatches",
        "idle-timeout": "idle timeout elapsed",
    }.get(reason, reason)


def _print_line(line: str) -> None:
    print(f"{stamp()} [INF] worker·dispatch: {line}")


def _silent(_: str) -> None:
    """In JSON mode only events are printed."""
