"""What commands show of tokens, workers, runs, leases and data, read as the operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from swamp_harness.product import contracts
from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.fallbacks import Fallback, Fallbacks
from swamp_harness.product.followed import Followed
from swamp_harness.product.records import (
    PoolMember,
    TokenRecord,
    members_from_json,
    members_from_table,
    moment,
    tokens_from_json,
    tokens_from_table,
)
from swamp_harness.product.run import FAILED, SUCCEEDED
from swamp_harness.product.run_records import (
    ACTIVE,
    LEASE_TYPE,
    LeaseRecord,
    QueuedStep,
    RunRecord,
    failures_of_steps,
    lacks_reasons,
    lease,
    queue_from_json,
    queue_from_table,
    run,
    steps_of,
)
from swamp_harness.scenario.probe import PROBE, SHELL
from swamp_harness.scenario.probe_results import ResultRecord, is_work, result_of_step
from swamp_harness.system.errors import PromiseBroken

# Every token is an instance of this model type, and its state is this datum.
TOKEN_TYPE, TOKEN_DATUM = "swamp/enrollment-token", "token-main"
EVERYTHING = 'modelType != ""'
# Statuses that the history of all runs calls by another word.
_IN_RUN_HISTORY = {"completed": SUCCEEDED}
_PROBES = (PROBE, SHELL)
_LEFT_BY_STEPS = " || ".join(f'modelType == "{model_type}"' for model_type in (LEASE_TYPE, *_PROBES))


class Records:
    """Reads the product's lists and records, by commands in the operator's repository.

    Args:
        commands: run swamp as the operator.
        fallbacks: counts the older ways that the release makes necessary.
        runs: returns the runs that the operator has started.
    """

    def __init__(
        self, commands: SwampCommands, fallbacks: Fallbacks, runs: Callable[[], Sequence[Followed]]
    ) -> None:
        self._commands = commands
        self._fallbacks = fallbacks
        self._runs = runs
        self._reads = 0
        self._left_by_runs: tuple[object, list[dict[str, Any]]] | None = None

    def tokens(self, output: Output = Output.JSON) -> list[TokenRecord]:
        """The token list, by name.

        Raises:
            PromiseBroken: the list fails, or its answer breaks its contract.
        """
        result = self.read("worker", "token", "list", output=output)
        records = (
            tokens_from_json(result.answer("token-list"))
            if output is Output.JSON
            else tokens_from_table(result.stdout)
        )
        return sorted(records, key=lambda record: record.name)

    def token(self, name: str) -> TokenRecord:
        """One token of the token list.

        Raises:
            PromiseBroken: the list does not show it.
        """
        for record in self.tokens():
            if record.name == name:
                return record
        raise PromiseBroken(f'The token list does not show the token "{name}".')

    def pool(self, output: Output = Output.JSON, *, past: bool = False) -> list[PoolMember]:
        """The worker list, by name; with its past members if asked.

        Raises:
            PromiseBroken: the list fails, or its answer breaks its contract.
        """
        result = self.read("worker", "list", *(("--all",) if past else ()), output=output)
        members = (
            members_from_json(result.answer("worker-list"))
            if output is Output.JSON
            else members_from_table(result.stdout)
        )
        return sorted(members, key=lambda member: member.name)

    def run_record(self, run_id: str) -> RunRecord:
        """A run in the history of workflow runs.

        Raises:
            PromiseBroken: the history does not show the run.
        """
        answer = self.read("workflow", "history", "search").answer("workflow-history")
        for item in answer["results"]:
            if item["runId"] == run_id:
                record = run(item)
                if record.status == FAILED and lacks_reasons(item):
                    self._fallbacks[Fallback.FAILURE_FROM_RUN] += 1
                    return replace(record, failure=self._failures_of_steps(item["workflowName"], run_id))
                return record
        raise PromiseBroken(f"`swamp workflow history search` does not show the run {run_id}.")

    def runs(self) -> list[RunRecord]:
        """The history of workflow runs, the oldest first.

        Raises:
            PromiseBroken: the command fails, or its answer breaks its contract.
        """
        answer = self.read("workflow", "history", "search").answer("workflow-history")
        return [run(item) for item in sorted(answer["results"], key=lambda item: item["startedAt"])]

    def statuses_in_run_history(self) -> dict[str, str]:
        """The status of each run in the history of all runs, by its id.

        Raises:
            PromiseBroken: the command fails, or its answer breaks its contract.
        """
        answer = self.read("run", "history").answer("run-history")
        return {item["id"]: _IN_RUN_HISTORY.get(item["status"], item["status"]) for item in answer["runs"]}

    def steps_of_last_run(self, workflow: str) -> list[dict[str, Any]]:
        """The steps of the last run of a workflow, from its record.

        Raises:
            PromiseBroken: the command fails, or its answer breaks its contract.
        """
        answer = self.read("workflow", "history", "get", workflow).answer("workflow-run")
        return steps_of(answer)

    def _failures_of_steps(self, workflow: str, run_id: str) -> str:
        answer = self.read("workflow", "history", "get", workflow).answer("workflow-run")
        if answer["id"] != run_id:
            return ""
        return "\n".join(failures_of_steps(answer))

    def status_in_run_history(self, run_id: str) -> str:
        """The status of a run in the history of all runs.

        Raises:
            PromiseBroken: the history does not show the run.
        """
        statuses = self.statuses_in_run_history()
        if run_id not in statuses:
            raise PromiseBroken(f"`swamp run history` does not show the run {run_id}.")
        return statuses[run_id]

    def leases(self) -> list[LeaseRecord]:
        """All step leases."""
        return _leases_in(self._left_by_steps())

    def queue(self, output: Output = Output.JSON) -> list[QueuedStep]:
        """The steps that wait for a worker."""
        result = self.read("worker", "queue", output=output)
        if output is Output.JSON:
            return queue_from_json(result.answer("worker-queue"))
        return queue_from_table(result.stdout)

    def all_data(self) -> list[Mapping[str, Any]]:
        """All data that the product shows, as items of `swamp data query`."""
        return list(self.read("data", "query", EVERYTHING).answer("data-query")["results"])

    def results(self) -> list[ResultRecord]:
        """All data that the steps of the probe wrote."""
        items = self._left_by_steps()
        return [result_of_step(item) for item in items if item["modelType"] in _PROBES and is_work(item)]

    def _left_by_steps(self) -> list[dict[str, Any]]:
        """The step leases, and the data of the probe's steps, as items of `swamp data query`.

        If every run has ended and no lease is active, the answer cannot change before the operator runs a
        command that acts. Until then it is kept, as a command is expensive.
        """
        state = (len(self._runs()), len(self._commands.results) - self._reads)
        if self._left_by_runs is not None and self._left_by_runs[0] == state:
            return self._left_by_runs[1]
        ended = not any(run.alive for run in self._runs())
        items = list(self.read("data", "query", _LEFT_BY_STEPS).answer("data-query")["results"])
        is_final = ended and all(each.state != ACTIVE for each in _leases_in(items))
        self._left_by_runs = (state, items) if is_final else None
        return items

    def get_datum(self, model: str, name: str, version: int | None = None) -> CommandResult:
        """Get one version of a datum of a model instance, with its content; by default the newest."""
        one = () if version is None else ("--version", str(version))
        self._reads += 1
        return self._commands.run("data", "get", model, name, *one)

    def revoked_at(self, token: str) -> datetime:
        """When a token was revoked, from the recorded data.

        Raises:
            PromiseBroken: the data does not contain it.
        """
        predicate = f'modelType == "{TOKEN_TYPE}" && name == "{TOKEN_DATUM}"'
        answer = self.read("data", "query", predicate).answer("data-query")
        for result in answer["results"]:
            content: dict[str, Any] = result.get("content") or result.get("attributes") or {}
            if content.get("name") == token and "revokedAt" in content:
                return moment(content["revokedAt"])
        raise PromiseBroken(f'The recorded data does not show when the token "{token}" was revoked.')

    def token_records(self) -> dict[str, Any]:
        """The recorded data of each token, by name.

        Raises:
            PromiseBroken: the command fails, or its answer breaks its contract.
        """
        predicate = f'modelType == "{TOKEN_TYPE}" && name == "{TOKEN_DATUM}"'
        answer = self.read("data", "query", predicate).answer("data-query")
        return {result["modelName"]: result["content"] for result in answer["results"]}

    def read(self, *arguments: str, output: Output = Output.JSON) -> CommandResult:
        """Run a command that only reads.

        Raises:
            PromiseBroken: it fails.
        """
        self._reads += 1
        result = self._commands.run(*arguments, output=output)
        if not result.succeeded:
            raise PromiseBroken(f"A command failed that only reads:\n{result}")
        return result


def _leases_in(items: Sequence[Mapping[str, Any]]) -> list[LeaseRecord]:
    contents: list[Any] = [item.get("content") for item in items if item["modelType"] == LEASE_TYPE]
    for content in contents:
        contracts.validate("step-lease", content, "a step lease")
    return [lease(content) for content in contents]
