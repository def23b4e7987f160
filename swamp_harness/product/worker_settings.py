"""The settings of a worker's start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from swamp_harness.product.commands import Output
from swamp_harness.product.conventions import SERVER_TOKEN

# An address where nothing listens: programs without special rights cannot take this port.
NO_ADDRESS = "http://127.0.0.1:2"
# Variables that contradict a command line. With one of the first three in effect no worker enrolls as itself;
# with another one, a worker has many slots, or does not stop by itself within a scenario.
OTHER_SETTINGS = {
    "SWAMP_ORCHESTRATOR_URL": NO_ADDRESS.replace("http", "ws"),
    "SWAMP_WORKER_TOKEN": f"from-a-variable.{'0' * 64}",
    "SWAMP_WORKER_CACHE_DIR": "cache-from-a-variable",
    "SWAMP_WORKER_CONCURRENCY": "97",
    "SWAMP_WORKER_MAX_DISPATCHES": "97",
    "SWAMP_WORKER_IDLE_TIMEOUT": "3600s",
}


A_SLOT_FOR_EACH_PROCESSOR = 0
# The numbers of slots that are not written as numbers; one slot is what a worker has without any setting.
_CONCURRENCY = {A_SLOT_FOR_EACH_PROCESSOR: "auto", 1: ""}


@dataclass(frozen=True)
class WorkerSettings:
    """The settings of a worker's start.

    Attributes:
        credential: its credential, the value of `--token`.
        labels: its scheduling labels.
        cached: whether it uses its machine's cache directory.
        by_environment: whether credential, address, cache, labels, slots and limits are variables.
        slots: the number of steps that it takes at the same time, or `A_SLOT_FOR_EACH_PROCESSOR`.
        step_limit: the number of steps after which it stops by itself; 0 for no limit.
        idle_time: the seconds without a step after which it stops by itself; 0 for no limit.
        reconnects: whether it connects again when its connection closes.
        data_address: where it sends the data of its steps; derived from its orchestrator's address if empty.
        log_level: its log level; the default if empty.
        output: the mode of output, `Output.TEXT` or `Output.JSON`.
        secure: whether it connects over TLS.
        trusted: the file of its trusted certificates; None for the authorities of its system only.
        server_token: the credential with which it authenticates as a client; none if empty.
    """

    credential: str
    labels: Mapping[str, str] = field(default_factory=dict)
    cached: bool = True
    by_environment: bool = False
    slots: int = 1
    step_limit: int = 0
    idle_time: int = 0
    reconnects: bool = True
    data_address: str = ""
    log_level: str = ""
    output: Output = Output.TEXT
    secure: bool = False
    trusted: Path | None = None
    server_token: str = ""

    @property
    def member(self) -> str:
        """The worker's name in the pool, which is the name of its token."""
        return self.credential.partition(".")[0]

    def command_line(self, url: str, cache: str) -> tuple[list[str], dict[str, str]]:
        """The command line of this worker.

        Args:
            url: the address to connect to.
            cache: its cache directory; none if empty.

        Returns:
            The arguments, and the variables for the other settings.
        """
        given, variables = self._identity(url, cache)
        limits = self._limits()
        if self.by_environment:
            variables |= {f"SWAMP_WORKER_{name.upper().replace('-', '_')}": limits[name] for name in limits}
            limits = {}
        return [
            *("worker", "connect", *given),
            *(word for name, value in limits.items() for word in (f"--{name}", value)),
            *(() if self.reconnects else ("--no-reconnect",)),
            *(("--data-plane-url", self.data_address) if self.data_address else ()),
            *(("--log-level", self.log_level) if self.log_level else ()),
            *(("--json",) if self.output is Output.JSON else ()),
        ], variables

    def _limits(self) -> dict[str, str]:
        limits = {
            "concurrency": _CONCURRENCY.get(self.slots, str(self.slots)),
            "max-dispatches": str(self.step_limit or ""),
            "idle-timeout": f"{self.idle_time}s" if self.idle_time else "",
        }
        return {name: value for name, value in limits.items() if value}

    def _identity(self, url: str, cache: str) -> tuple[list[str], dict[str, str]]:
        if self.by_environment:
            kept = {"SWAMP_WORKER_CACHE_DIR": cache} if cache else {}
            known = labels_by_variable(self.labels, between=", ")
            as_client = {SERVER_TOKEN: self.server_token} if self.server_token else {}
            return [], {
                "SWAMP_ORCHESTRATOR_URL": url,
                "SWAMP_WORKER_TOKEN": self.credential,
                **as_client,
                **kept,
                **known,
            }
        flags = [part for label in _written(self.labels) for part in ("--label", label)]
        if self.server_token:
            flags += ["--server-token", self.server_token]
        return [url, "--token", self.credential, *(("--cache-dir", cache) if cache else ()), *flags], {}


def labels_by_variable(labels: Mapping[str, str], between: str = ",") -> dict[str, str]:
    """The variable with a worker's labels, with this between two of them; empty if there are no labels."""
    return {"SWAMP_WORKER_LABELS": between.join(_written(labels))} if labels else {}


def _written(labels: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in labels.items()]
