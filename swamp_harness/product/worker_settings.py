"""What a worker is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from swamp_harness.product.commands import Output


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker is started with.

    Attributes:
        credential: what it presents, as given to `--token`.
        labels: its scheduling labels.
        cached: whether it is given its machine's cache directory.
        by_environment: whether variables tell it credential, address, cache and labels, instead of arguments.
        slots: how many steps it takes at a time.
        log_level: how much it tells; as much as usual when empty.
        output: how it reports, `Output.TEXT` or `Output.JSON`.
        secure: whether it dials over TLS.
        trusted: the file that holds whom it trusts; the authorities of its system alone when None.
    """

    credential: str
    labels: Mapping[str, str] = field(default_factory=dict)
    cached: bool = True
    by_environment: bool = False
    slots: int = 1
    log_level: str = ""
    output: Output = Output.TEXT
    secure: bool = False
    trusted: Path | None = None

    @property
    def member(self) -> str:
        """The name that the worker has in the pool: that of its token."""
        return self.credential.partition(".")[0]

    def command_line(self, url: str, cache: str) -> tuple[list[str], dict[str, str]]:
        """What `swamp` is started with to be this worker.

        Args:
            url: that it dials.
            cache: its cache directory; none when empty.

        Returns:
            The words after the name of the program, and the variables that tell the rest.
        """
        given, told = self._identity(url, cache)
        return [
            *("worker", "connect", *given),
            *(("--concurrency", str(self.slots)) if self.slots > 1 else ()),
            *(("--log-level", self.log_level) if self.log_level else ()),
            *(("--json",) if self.output is Output.JSON else ()),
        ], told

    def _identity(self, url: str, cache: str) -> tuple[list[str], dict[str, str]]:
        if self.by_environment:
            kept = {"SWAMP_WORKER_CACHE_DIR": cache} if cache else {}
            known = labels_by_variable(self.labels)
            return [], {"SWAMP_ORCHESTRATOR_URL": url, "SWAMP_WORKER_TOKEN": self.credential, **kept, **known}
        flags = [part for label in _written(self.labels) for part in ("--label", label)]
        return [url, "--token", self.credential, *(("--cache-dir", cache) if cache else ()), *flags], {}


def labels_by_variable(labels: Mapping[str, str]) -> dict[str, str]:
    """The variable that gives a worker its labels; none if there are no labels."""
    return {"SWAMP_WORKER_LABELS": ",".join(_written(labels))} if labels else {}


def _written(labels: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in labels.items()]
