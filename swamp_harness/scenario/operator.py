"""The operator: the person at the orchestrator's repository, who mints, revokes and looks."""

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
    # Such as a private key: lines that end in both ways, and one that is long, with letters and signs that
    # JSON, YAML and shells write in ways of their own.
    first, second, third, last = (secrets.token_urlsafe(32) for _ in range(4))
    return f'{first} "\\ $x é世\n{second}\r\n{third * 200}\n\n{last}'


@dataclass(frozen=True)
class Minting:
    """What the answer to minting a token says.

    Attributes:
        token: its name.
        expires: the end of its lifetime.
        kept_in: the vault that keeps its secret, and the key.
    """

    token: str
    expires: datetime
    kept_in: str


class Operator:
    """Runs commands in the repository and reads their answers.

    Args:
        commands: how this person runs swamp.
        fallbacks: counts the older ways that the release makes necessary.

    Attributes:
        credentials: what minting has shown, by the name of the token; the first one counts.
        lifetimes: beginning and end of each token's lifetime, where noted.
        vault_secrets: what the operator has put into the vault, by key.
        minted: the answers that showed them, which may hold a secret.
        requests: what the operator has asked of the orchestrator in place of commands.
        asked_lifetimes: the lifetime that the first minting of each token asked for, such as "1h".
        revocations: the commands that revoked tokens, in order.
        output: how the operator asks for answers to what it does.
        server: the address of the orchestrator that is asked to mint and revoke tokens; the repository's own
            commands do so when empty.
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
        """What the operator's last command that is to be judged did."""
        if self._last is None:
            raise InfrastructureError("The operator has not given any command yet.")
        return self._last

    def mint(
        self, token: str, lifetime: str, machines: int = 1, *, vault: str = "", through: str = ""
    ) -> CommandResult:
        """Mint a token; whether it succeeded is for the scenario to ask.

        Args:
            token: its name.
            lifetime: that is asked for.
            machines: how many it is for.
            vault: that is to keep its secret; the only one when empty.
            through: the address of the orchestrator that mints it; it is minted in the repository when empty.
        """
        several = ("--max-enrollments", str(machines)) if machines > 1 else ()
        through = through or self.server
        # An orchestrator has a vault of its own beside that of the repository, so the vault must be named.
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
        """Mint a token by asking the orchestrator, where minting is not what is judged: it costs no command.

        Raises:
            NoAnswer: nobody answers.
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
        """Note the lifetime of a token, from the minting to the end that its JSON answer announces."""
        end = moment(minting.answer("token-create")["expiresAt"])
        self.lifetimes[token] = (minting.started, end)

    def revoke(self, token: str, *, through: str = "") -> CommandResult:
        """Revoke a token, here or through an orchestrator; whether it succeeded the scenario asks."""
        through = through or self.server
        there = ("--server", through) if through else ()
        self._last = self.commands.run("worker", "token", "revoke", token, *there, output=self.output)
        self.revocations.append(self._last)
        return self._last

    def credential(self, token: str) -> Credential:
        """The credential that the first minting of a token has shown.

        Raises:
            InfrastructureError: the scenario has not minted it.
        """
        if token not in self.credentials:
            raise InfrastructureError(f'The scenario has minted no token "{token}".')
        return self.credentials[token]

    def keep_secret(
        self, key: str, *, of_several_lines: bool = False, begins_with: str = ""
    ) -> CommandResult:
        """Put a new secret into the vault; whether it succeeded is for the scenario to ask.

        Args:
            key: of the secret.
            of_several_lines: whether it has several lines.
            begins_with: the key of the secret that it begins with; empty if it begins with no other.
        """
        new = _lines_of_secret() if of_several_lines else secrets.token_urlsafe(32)
        self.vault_secrets[key] = self.vault_secrets.get(begins_with, "") + new
        for text in self.texts_of_secret(key):
            SECRETS.add(text)
        return self.commands.run("vault", "put", VAULT, key, stdin=self.vault_secrets[key])

    def secret(self, name: str) -> str:
        """The plain text of a secret: of the vault, or of a token.

        Raises:
            InfrastructureError: the scenario has neither.
        """
        return self.vault_secrets.get(name) or self.credential(name).secret

    def texts_of_secret(self, name: str) -> list[str]:
        """What must not be found of a secret: all of it, each of its lines, what is beyond another one."""
        secret = self.secret(name)
        lines = [line for line in secret.splitlines() if line]
        others = [other for other in self.vault_secrets.values() if other != secret]
        ends = [secret.removeprefix(other) for other in others if secret.startswith(other)]
        return [secret, *(lines if len(lines) > 1 else ()), *ends]

    def shown_by_last(self) -> dict[str, object]:
        """What the last minting showed: the names of credentials, and how often their secrets stand there.

        Raises:
            PromiseBroken: it was asked for JSON, and its answer breaks its contract.
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

    def says_minted(self) -> Minting:
        """What the last minting says of the token: its name, the end of its lifetime, and where it is kept.

        Raises:
            ContractBroken: it says so in another form than it was asked for.
        """
        if self.last.output is Output.JSON:
            answer = self.last.answer("token-create")
            kept = answer["vaultRef"]
            said = [answer["name"], answer["expiresAt"], f"{kept['vaultName']} (key {kept['secretKey']})"]
        else:
            found = (text.search(self.last.stdout) for text in MINTED)
            said = [match["what"] if match else "" for match in found]
        return Minting(said[0], moment(said[1]), said[2])

    def tokens(self, output: Output = Output.JSON) -> list[TokenRecord]:
        """The token list, by name.

        Raises:
            PromiseBroken: the list fails, or its answer breaks its contract.
        """
        result = self._asked("worker", "token", "list", output=output)
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
        result = self._asked("worker", "list", *(("--all",) if past else ()), output=output)
        members = (
            members_from_json(result.answer("worker-list"))
            if output is Output.JSON
            else members_from_table(result.stdout)
        )
        return sorted(members, key=lambda member: member.name)

    def cancel_run(self, run_id: str, url: str) -> CommandResult:
        """Cancel a run on the orchestrator; what became of it is for the scenario to ask."""
        self._last = self.commands.run(
            "workflow", "cancel", "--run", run_id, "--server", url, output=self.output
        )
        return self._last

    def run_told_as_cancelled(self) -> str:
        """The id of the run that the last cancelling says it cancels; "" if it names none.

        Raises:
            PromiseBroken: it was to be told in JSON, and what was told is none, or breaks its contract.
        """
        if self.last.output is Output.JSON:
            return str(self.last.answer("workflow-cancel")["runId"])
        named = CANCELLATION.search(self.last.stdout + self.last.stderr)
        return named["run"] if named else ""

    def run_told_as_over(self) -> bool:
        """Whether the last cancelling says that the run has ended, and not only that it will.

        Raises:
            PromiseBroken: it was to be told in JSON, and what was told is none, or breaks its contract.
        """
        if self.last.output is Output.JSON:
            return bool(self.last.answer("workflow-cancel")["status"] == CANCELLED)
        return CANCELLED_NOW.search(self.last.stdout + self.last.stderr) is not None

    def cancel_workflow(self, name: str) -> CommandResult:
        """Cancel the run of a workflow by the workflow's name, in the repository itself."""
        self._last = self.commands.run("workflow", "cancel", name, output=self.output)
        return self._last

    def run_record(self, run_id: str) -> RunRecord:
        """What the history of workflow runs tells of a run.

        Raises:
            PromiseBroken: it does not know the run.
        """
        answer = self._asked("workflow", "history", "search").answer("workflow-history")
        for item in answer["results"]:
            if item["runId"] == run_id:
                record = run(item)
                if record.status == FAILED and tells_no_reason(item):
                    self._fallbacks[Fallback.FAILURE_FROM_RUN] += 1
                    return replace(record, failure=self._failures_of_steps(item["workflowName"], run_id))
                return record
        raise PromiseBroken(f"The history of workflow runs does not know the run {run_id}.")

    def steps_of_last_run(self, workflow: str) -> list[dict[str, Any]]:
        """The steps of the last run of a workflow, as its record tells them.

        Raises:
            PromiseBroken: the question fails, or its answer breaks its contract.
        """
        answer = self._asked("workflow", "history", "get", workflow).answer("workflow-run")
        return steps_of(answer)

    def _failures_of_steps(self, workflow: str, run_id: str) -> str:
        answer = self._asked("workflow", "history", "get", workflow).answer("workflow-run")
        if answer["id"] != run_id:
            return ""
        return "\n".join(failures_of_steps(answer))

    def status_in_run_history(self, run_id: str) -> str:
        """The status of a run as the history of all runs tells it.

        Raises:
            PromiseBroken: it does not know the run.
        """
        for item in self._asked("run", "history").answer("run-history")["runs"]:
            if item["id"] == run_id:
                return str(item["status"])
        raise PromiseBroken(f"The history of runs does not know the run {run_id}.")

    def leases(self) -> list[LeaseRecord]:
        """All step leases."""
        answer = self._asked("data", "query", ALL_LEASES).answer("data-query")
        contents = [result.get("content") for result in answer["results"]]
        for content in contents:
            contracts.validate("step-lease", content, "a step lease")
        return [lease(content) for content in contents]

    def queue(self, output: Output = Output.JSON) -> list[QueuedStep]:
        """The steps that wait for a worker."""
        result = self._asked("worker", "queue", output=output)
        if output is Output.JSON:
            return queue_from_json(result.answer("worker-queue"))
        return queue_from_table(result.stdout)

    def all_data(self) -> list[Mapping[str, Any]]:
        """All data that the product shows, as items of its answer."""
        return list(self._asked("data", "query", 'modelType != ""').answer("data-query")["results"])

    def results(self) -> list[ResultRecord]:
        """All data that the steps of the probe have persisted."""
        types = " || ".join(f'modelType == "{model_type}"' for model_type in (PROBE, SHELL))
        answer = self._asked("data", "query", types).answer("data-query")
        return [result_of_step(result) for result in answer["results"] if is_work(result)]

    def create_model(self, model_type: str, name: str) -> CommandResult:
        """Create a model that is an instance of a type."""
        return self.commands.run("model", "create", model_type, name)

    def get_datum(self, model: str, name: str, version: int | None = None) -> CommandResult:
        """Ask for one version of a datum of a model instance, with its content; the newest unless named."""
        one = () if version is None else ("--version", str(version))
        return self.commands.run("data", "get", model, name, *one)

    def revoked_at(self, token: str) -> datetime:
        """When a token was revoked, as the recorded data tells it.

        Raises:
            PromiseBroken: the data does not tell.
        """
        predicate = f'modelType == "{_TYPE_OF_TOKENS}" && name == "{_DATUM}"'
        answer = self._asked("data", "query", predicate).answer("data-query")
        for result in answer["results"]:
            content: dict[str, Any] = result.get("content") or result.get("attributes") or {}
            if content.get("name") == token and "revokedAt" in content:
                return moment(content["revokedAt"])
        raise PromiseBroken(f'The recorded data does not tell when the token "{token}" was revoked.')

    def says_revoked(self) -> list[object]:
        """Which token the first revoking says it has revoked, and when; empty if it says neither.

        Raises:
            ContractBroken: it was asked for JSON, and its answer breaks its contract.
        """
        first = self.revocations[0]
        if first.output is Output.JSON:
            answer = first.answer("token-revoke")
            told = [] if answer["alreadyRevoked"] else [answer["name"], answer["revokedAt"]]
        else:
            told = [match["what"] for text in REVOKED if (match := text.search(first.stdout))]
        return [*told[:1], *map(moment, told[1:])]

    def token_records(self) -> dict[str, Any]:
        """What the product keeps of each token, by name.

        Raises:
            PromiseBroken: the question fails, or its answer breaks its contract.
        """
        predicate = f'modelType == "{_TYPE_OF_TOKENS}" && name == "{_DATUM}"'
        answer = self._asked("data", "query", predicate).answer("data-query")
        return {result["modelName"]: result["content"] for result in answer["results"]}

    def says_already_revoked(self) -> bool:
        """Whether the last revoking says that the token was revoked before."""
        if self.last.output is Output.JSON:
            return bool(self.last.answer("token-revoke")["alreadyRevoked"])
        return ALREADY_REVOKED.search(self.last.stdout) is not None

    def data_leaks_of(self, token: str) -> list[Leak]:
        """Where `swamp data` shows the secret of a token.

        Raises:
            PromiseBroken: a command fails, or shows nothing of the token: then it proves nothing.
        """
        asked = [
            self._asked("data", "query", 'modelType != ""'),
            self._asked("data", "list", token, output=Output.TEXT),
            self._asked("data", "get", token, _DATUM, output=Output.TEXT),
        ]
        for result in asked:
            if _DATUM not in result.stdout:
                raise PromiseBroken(f'`{result.command}` shows nothing of the token "{token}".')
        said = [(f"`{result.command}`", result.stdout + result.stderr) for result in asked]
        return search_text(self.credential(token).secret, said)

    def leaks_in_answers(self, texts: Sequence[str], run_id: str) -> list[Leak]:
        """Where the product's answers about a run show one of some texts: all data, its history and its logs.

        Raises:
            PromiseBroken: a question fails.
        """
        asked = [
            self._asked("data", "query", 'modelType != ""'),
            self._asked("workflow", "history", "logs", run_id, output=Output.TEXT),
            self._asked("workflow", "history", "search"),
            self._asked("run", "history"),
        ]
        said = [(f"`{result.command}`", result.stdout + result.stderr) for result in asked]
        return [leak for text in texts for leak in search_text(text, said)]

    def _asked(self, *arguments: str, output: Output = Output.JSON) -> CommandResult:
        result = self.commands.run(*arguments, output=output)
        if not result.succeeded:
            raise PromiseBroken(f"A question to the product failed:\n{result}")
        return result
