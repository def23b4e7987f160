"""The operator: the person who runs commands in the orchestrator's repository."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from swamp_harness.product import contracts
from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.credential import Credential, credentials_in
from swamp_harness.product.fallbacks import Fallback, Fallbacks
from swamp_harness.product.records import (
    PoolMember,
    TokenRecord,
    members_from_json,
    members_from_table,
    moment,
    tokens_from_json,
    tokens_from_table,
)
from swamp_harness.product.run import CANCELLED, FAILED
from swamp_harness.product.run_records import (
    ALL_LEASES,
    LeaseRecord,
    QueuedStep,
    RunRecord,
    failures_of_steps,
    lease,
    queue_from_json,
    queue_from_table,
    run,
    steps_of,
    tells_no_reason,
)
from swamp_harness.product.serve_api import Request, ServeApi
from swamp_harness.product.wordings import ALREADY_REVOKED, CANCELLATION, CANCELLED_NOW, MINTED, REVOKED
from swamp_harness.scenario.probe import PROBE, SHELL, ResultRecord, is_work, result_of_step
from swamp_harness.system.errors import InfrastructureError, PromiseBroken
from swamp_harness.system.leak_search import Leak, search_text
from swamp_harness.system.redaction import SECRETS

_TYPE_OF_TOKENS = "swamp/enrollment-token"
_DATUM = "token-main"


def _lines_of_secret() -> str:
    # Like a private key: both kinds of line ends, a long line, and characters that JSON, YAML and shells
    # escape.
    first, second, third, last = (secrets.token_urlsafe(32) for _ in range(4))
    return f'{first} "\\ $x é世\n{second}\r\n{third * 200}\n\n{last}'


@dataclass(frozen=True)
class Minting:
    """The answer to minting a token.

    Attributes:
        token: its name.
        expires: the end of its lifetime.
        kept_in: the vault and the key of its secret.
    """

    token: str
    expires: datetime
    kept_in: str


class Operator:
    """Runs commands in the repository and reads their answers.

    Args:
        commands: run swamp as the operator.
        fallbacks: counts the older ways that the release makes necessary.

    Attributes:
        credentials: the credential from the first minting of each token, by the token's name.
        lifetimes: start and end of each token's lifetime, if recorded.
        vault_secrets: the secrets that the operator has put into the vault, by key.
        minted: the answers that showed credentials, and so contain secrets.
        requests: the API requests that took the place of commands.
        asked_lifetimes: the lifetime in the first minting of each token, such as "1h".
        revocations: the commands that revoked tokens, in order.
        output: the output format of the commands that act.
        server: the address of the orchestrator that mints and revokes tokens; commands in the repository do
            so if empty.
    """

    def __init__(self, commands: SwampCommands, fallbacks: Fallbacks) -> None:
        self.commands = commands
        self._fallbacks = fallbacks
        self.credentials: dict[str, Credential] = {}
        self.lifetimes: dict[str, tuple[datetime, datetime]] = {}
        self.vault_secrets: dict[str, str] = {}
        self.minted: list[CommandResult] = []
        self.requests: list[Request] = []
        self.revocations: list[CommandResult] = []
        self.asked_lifetimes: dict[str, str] = {}
        self.output = Output.JSON
        self.server = ""
        self._last: CommandResult | None = None

    @property
    def last(self) -> CommandResult:
        """The result of the operator's last command that acts."""
        if self._last is None:
            raise InfrastructureError("The operator has run no command yet: add a step that runs one.")
        return self._last

    def mint(
        self, token: str, lifetime: str, machines: int = 1, *, vault: str = "", through: str = ""
    ) -> CommandResult:
        """Mint a token; the command may fail.

        Args:
            token: its name.
            lifetime: the requested lifetime.
            machines: the number of machines that it is for.
            vault: the vault for its secret; the only one if empty.
            through: the address of the orchestrator that mints it; a command in the repository does so if
                empty.
        """
        several = ("--max-enrollments", str(machines)) if machines > 1 else ()
        through = through or self.server
        # An orchestrator has a second vault beside that of the repository, so the vault must be named.
        vault = vault or (VAULT if through else "")
        kept = ("--vault", vault) if vault else ()
        there = ("--server", through) if through else ()
        result = self.commands.run(
            *("worker", "token", "create", token, "--duration", lifetime, *several, *kept, *there),
            output=self.output,
        )
        self.asked_lifetimes.setdefault(token, lifetime)
        for credential in credentials_in(result.stdout + result.stderr):
            self.credentials.setdefault(credential.name, credential)
            self.minted.append(result)
        self._last = result
        return result

    def mint_at(self, api: ServeApi, token: str, lifetime: str) -> None:
        """Mint a token by an API request, which is cheaper than a command, if minting is not under test.

        Raises:
            NoAnswer: the orchestrator does not answer.
            UnknownRequest: the release does not know the request.
            PromiseBroken: the orchestrator refuses, or its answer breaks its contract.
        """
        request = api.mint(token, lifetime)
        for credential in credentials_in(str(request.answer["token"])):
            self.credentials.setdefault(credential.name, credential)
        self.requests.append(request)
        self.asked_lifetimes.setdefault(token, lifetime)
        self.lifetimes[token] = (request.started, moment(request.answer["expiresAt"]))

    def note_lifetime(self, token: str, minting: CommandResult) -> None:
        """Record the lifetime of a token, from the minting to the end in its JSON answer."""
        end = moment(minting.answer("token-create")["expiresAt"])
        self.lifetimes[token] = (minting.started, end)

    def revoke(self, token: str, *, through: str = "") -> CommandResult:
        """Revoke a token, in the repository or through an orchestrator; the command may fail."""
        through = through or self.server
        there = ("--server", through) if through else ()
        self._last = self.commands.run("worker", "token", "revoke", token, *there, output=self.output)
        self.revocations.append(self._last)
        return self._last

    def credential(self, token: str) -> Credential:
        """The credential from the first minting of a token.

        Raises:
            InfrastructureError: the scenario has not minted it.
        """
        if token not in self.credentials:
            raise InfrastructureError(
                f'The scenario has minted no token "{token}": add a step that mints it, or correct the name.'
            )
        return self.credentials[token]

    def keep_secret(
        self, key: str, *, of_several_lines: bool = False, begins_with: str = ""
    ) -> CommandResult:
        """Put a new secret into the vault; the command may fail.

        Args:
            key: of the secret.
            of_several_lines: whether it has several lines.
            begins_with: the key of the secret with whose text it begins; none if empty.
        """
        new = _lines_of_secret() if of_several_lines else secrets.token_urlsafe(32)
        self.vault_secrets[key] = self.vault_secrets.get(begins_with, "") + new
        for text in self.texts_of_secret(key):
            SECRETS.add(text)
        return self.commands.run("vault", "put", VAULT, key, stdin=self.vault_secrets[key])

    def secret(self, name: str) -> str:
        """The plain text of a secret of the vault, or of a token.

        Raises:
            InfrastructureError: the scenario has neither.
        """
        return self.vault_secrets.get(name) or self.credential(name).secret

    def texts_of_secret(self, name: str) -> list[str]:
        """The texts that must stay secret: the whole secret, its lines, its part after another secret."""
        secret = self.secret(name)
        lines = [line for line in secret.splitlines() if line]
        others = [other for other in self.vault_secrets.values() if other != secret]
        ends = [secret.removeprefix(other) for other in others if secret.startswith(other)]
        return [secret, *(lines if len(lines) > 1 else ()), *ends]

    def shown_by_last(self) -> dict[str, object]:
        """The names of the credentials in the last answer, and how often it contains their secrets.

        Raises:
            PromiseBroken: it is in JSON and breaks its contract.
        """
        if self.last.output is Output.JSON:
            self.last.answer("token-create")
        text = self.last.stdout + self.last.stderr
        shown = credentials_in(text)
        plain = {credential.secret for credential in shown}
        return {
            "credentials": [credential.name for credential in shown],
            "secrets": sum(text.count(secret) for secret in plain),
        }

    def reported_minting(self) -> Minting:
        """What the answer to the last minting contains.

        Raises:
            ContractBroken: the answer does not have the requested format.
        """
        if self.last.output is Output.JSON:
            answer = self.last.answer("token-create")
            kept = answer["vaultRef"]
            token, expires = answer["name"], answer["expiresAt"]
            kept_in = f"{kept['vaultName']} (key {kept['secretKey']})"
        else:
            found = (text.search(self.last.stdout) for text in MINTED)
            token, expires, kept_in = (match["what"] if match else "" for match in found)
        return Minting(token, moment(expires), kept_in)

    def tokens(self, output: Output = Output.JSON) -> list[TokenRecord]:
        """The token list, by name.

        Raises:
            PromiseBroken: the list fails, or its answer breaks its contract.
        """
        result = self._read("worker", "token", "list", output=output)
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
        result = self._read("worker", "list", *(("--all",) if past else ()), output=output)
        members = (
            members_from_json(result.answer("worker-list"))
            if output is Output.JSON
            else members_from_table(result.stdout)
        )
        return sorted(members, key=lambda member: member.name)

    def cancel_run(self, run_id: str, url: str) -> CommandResult:
        """Cancel a run on the orchestrator; the command may fail."""
        self._last = self.commands.run(
            "workflow", "cancel", "--run", run_id, "--server", url, output=self.output
        )
        return self._last

    def run_reported_as_cancelled(self) -> str:
        """The id of the run that the last cancelling command reports as cancelled; "" if none.

        Raises:
            PromiseBroken: the requested format is JSON, and the answer is not JSON or breaks its contract.
        """
        if self.last.output is Output.JSON:
            return str(self.last.answer("workflow-cancel")["runId"])
        named = CANCELLATION.search(self.last.stdout + self.last.stderr)
        return named["run"] if named else ""

    def reports_run_as_over(self) -> bool:
        """Whether the last cancelling command reports that the run has ended, not only that it will.

        Raises:
            PromiseBroken: the requested format is JSON, and the answer is not JSON or breaks its contract.
        """
        if self.last.output is Output.JSON:
            return bool(self.last.answer("workflow-cancel")["status"] == CANCELLED)
        return CANCELLED_NOW.search(self.last.stdout + self.last.stderr) is not None

    def cancel_workflow(self, name: str) -> CommandResult:
        """Cancel the run of a workflow by the workflow's name, in the repository itself."""
        self._last = self.commands.run("workflow", "cancel", name, output=self.output)
        return self._last

    def run_record(self, run_id: str) -> RunRecord:
        """A run in the history of workflow runs.

        Raises:
            PromiseBroken: the history does not show the run.
        """
        answer = self._read("workflow", "history", "search").answer("workflow-history")
        for item in answer["results"]:
            if item["runId"] == run_id:
                record = run(item)
                if record.status == FAILED and tells_no_reason(item):
                    self._fallbacks[Fallback.FAILURE_FROM_RUN] += 1
                    return replace(record, failure=self._failures_of_steps(item["workflowName"], run_id))
                return record
        raise PromiseBroken(f"`swamp workflow history search` does not show the run {run_id}.")

    def steps_of_last_run(self, workflow: str) -> list[dict[str, Any]]:
        """The steps of the last run of a workflow, from its record.

        Raises:
            PromiseBroken: the command fails, or its answer breaks its contract.
        """
        answer = self._read("workflow", "history", "get", workflow).answer("workflow-run")
        return steps_of(answer)

    def _failures_of_steps(self, workflow: str, run_id: str) -> str:
        answer = self._read("workflow", "history", "get", workflow).answer("workflow-run")
        if answer["id"] != run_id:
            return ""
        return "\n".join(failures_of_steps(answer))

    def status_in_run_history(self, run_id: str) -> str:
        """The status of a run in the history of all runs.

        Raises:
            PromiseBroken: the history does not show the run.
        """
        for item in self._read("run", "history").answer("run-history")["runs"]:
            if item["id"] == run_id:
                return str(item["status"])
        raise PromiseBroken(f"`swamp run history` does not show the run {run_id}.")

    def leases(self) -> list[LeaseRecord]:
        """All step leases."""
        answer = self._read("data", "query", ALL_LEASES).answer("data-query")
        contents = [result.get("content") for result in answer["results"]]
        for content in contents:
            contracts.validate("step-lease", content, "a step lease")
        return [lease(content) for content in contents]

    def queue(self, output: Output = Output.JSON) -> list[QueuedStep]:
        """The steps that wait for a worker."""
        result = self._read("worker", "queue", output=output)
        if output is Output.JSON:
            return queue_from_json(result.answer("worker-queue"))
        return queue_from_table(result.stdout)

    def all_data(self) -> list[Mapping[str, Any]]:
        """All data that the product shows, as items of `swamp data query`."""
        return list(self._read("data", "query", 'modelType != ""').answer("data-query")["results"])

    def results(self) -> list[ResultRecord]:
        """All data that the steps of the probe wrote."""
        types = " || ".join(f'modelType == "{model_type}"' for model_type in (PROBE, SHELL))
        answer = self._read("data", "query", types).answer("data-query")
        return [result_of_step(result) for result in answer["results"] if is_work(result)]

    def create_model(self, model_type: str, name: str) -> CommandResult:
        """Create a model, an instance of a type; the command may fail."""
        return self.commands.run("model", "create", model_type, name)

    def get_datum(self, model: str, name: str, version: int | None = None) -> CommandResult:
        """Get one version of a datum of a model instance, with its content; by default the newest."""
        one = () if version is None else ("--version", str(version))
        return self.commands.run("data", "get", model, name, *one)

    def revoked_at(self, token: str) -> datetime:
        """When a token was revoked, from the recorded data.

        Raises:
            PromiseBroken: the data does not contain it.
        """
        predicate = f'modelType == "{_TYPE_OF_TOKENS}" && name == "{_DATUM}"'
        answer = self._read("data", "query", predicate).answer("data-query")
        for result in answer["results"]:
            content: dict[str, Any] = result.get("content") or result.get("attributes") or {}
            if content.get("name") == token and "revokedAt" in content:
                return moment(content["revokedAt"])
        raise PromiseBroken(f'The recorded data does not show when the token "{token}" was revoked.')

    def reported_revocation(self) -> list[object]:
        """The token and the time that the first revoking command reports; empty if it reports neither.

        Raises:
            ContractBroken: the requested format is JSON, and the answer breaks its contract.
        """
        first = self.revocations[0]
        if first.output is Output.JSON:
            answer = first.answer("token-revoke")
            reported = [] if answer["alreadyRevoked"] else [answer["name"], answer["revokedAt"]]
        else:
            reported = [match["what"] for text in REVOKED if (match := text.search(first.stdout))]
        return [*reported[:1], *map(moment, reported[1:])]

    def token_records(self) -> dict[str, Any]:
        """The recorded data of each token, by name.

        Raises:
            PromiseBroken: the command fails, or its answer breaks its contract.
        """
        predicate = f'modelType == "{_TYPE_OF_TOKENS}" && name == "{_DATUM}"'
        answer = self._read("data", "query", predicate).answer("data-query")
        return {result["modelName"]: result["content"] for result in answer["results"]}

    def reports_already_revoked(self) -> bool:
        """Whether the last revoking command reports that the token was revoked before."""
        if self.last.output is Output.JSON:
            return bool(self.last.answer("token-revoke")["alreadyRevoked"])
        return ALREADY_REVOKED.search(self.last.stdout) is not None

    def data_leaks_of(self, token: str) -> list[Leak]:
        """The places where `swamp data` shows the secret of a token.

        Raises:
            PromiseBroken: a command fails, or shows no data of the token, so that it proves nothing.
        """
        results = [
            self._read("data", "query", 'modelType != ""'),
            self._read("data", "list", token, output=Output.TEXT),
            self._read("data", "get", token, _DATUM, output=Output.TEXT),
        ]
        for result in results:
            if _DATUM not in result.stdout:
                raise PromiseBroken(f'`{result.command}` shows no data of the token "{token}".')
        return search_text(self.credential(token).secret, _outputs(results))

    def leaks_in_answers(self, texts: Sequence[str], run_id: str) -> list[Leak]:
        """The places where answers about a run (all data, its history, its logs) show one of some texts.

        Raises:
            PromiseBroken: a command fails.
        """
        results = [
            self._read("data", "query", 'modelType != ""'),
            self._read("workflow", "history", "logs", run_id, output=Output.TEXT),
            self._read("workflow", "history", "search"),
            self._read("run", "history"),
        ]
        return [leak for text in texts for leak in search_text(text, _outputs(results))]

    def _read(self, *arguments: str, output: Output = Output.JSON) -> CommandResult:
        result = self.commands.run(*arguments, output=output)
        if not result.succeeded:
            raise PromiseBroken(f"A command failed that only reads:\n{result}")
        return result


def _outputs(results: Sequence[CommandResult]) -> list[tuple[str, str]]:
    return [(f"`{result.command}`", result.stdout + result.stderr) for result in results]
