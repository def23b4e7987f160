"""The operator: the person who runs commands in the orchestrator's repository."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from swamp_harness.product.commands import CommandResult, Output, SwampCommands, naming
from swamp_harness.product.conventions import USER_VARIABLES, VAULT
from swamp_harness.product.credential import Credential, credentials_in
from swamp_harness.product.records import moment
from swamp_harness.product.run import giving
from swamp_harness.product.serve_api import Request, ServeApi
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.redaction import SECRETS

_GEORGIAN_LETTERS = [chr(code) for code in range(0x10D0, 0x10F1)]
_LETTERS_OF_SHORT_SECRET = 3


def _short_secret() -> str:
    # Of letters that no other text of the suite has, nor of swamp, so that none contains it by chance.
    return "".join(secrets.choice(_GEORGIAN_LETTERS) for _ in range(_LETTERS_OF_SHORT_SECRET))


def _lines_of_secret() -> str:
    # Like a private key: both kinds of line ends, a long line, and characters that JSON, YAML and shells
    # escape.
    first, second, third, last = (secrets.token_urlsafe(32) for _ in range(4))
    return f'{first} "\\ $x é世\n{second}\r\n{third * 200}\n\n{last}'


class Operator:
    """Runs the commands that change something in the repository, and keeps what they showed.

    Args:
        commands: run swamp as the operator.
        usual_vault: the vault for the secrets of tokens; the only one of the repository if empty.

    Attributes:
        credentials: the credential from the first minting of each token, by the token's name.
        lifetimes: start and end of each token's lifetime, if recorded.
        vault_secrets: the secrets that the operator has put into the vault, by key.
        minted: the answers that showed credentials, and so contain secrets.
        requests: the API requests that took the place of commands.
        asked_lifetimes: the lifetime in the first successful minting of each token, such as "1h"; in the last
            attempt if none was.
        asked_allowances: for how many machines it is, or `UNLIMITED`, in the same minting.
        revocations: the commands that revoked tokens, in order.
        output: the output format of the commands that act.
    """

    def __init__(self, commands: SwampCommands, usual_vault: str = "") -> None:
        self.commands = commands
        self._usual_vault = usual_vault
        self.credentials: dict[str, Credential] = {}
        self.lifetimes: dict[str, tuple[datetime, datetime]] = {}
        self.vault_secrets: dict[str, str] = {}
        self.minted: list[CommandResult] = []
        self.requests: list[Request] = []
        self.revocations: list[CommandResult] = []
        self.asked_lifetimes: dict[str, str] = {}
        self.asked_allowances: dict[str, str] = {}
        self.output = Output.JSON
        self._last: CommandResult | None = None

    @property
    def last(self) -> CommandResult:
        """The result of the operator's last command that acts."""
        if self._last is None:
            raise InfrastructureError("The operator has run no command yet: add a step that runs one.")
        return self._last

    def mint(
        self,
        token: str,
        lifetime: str,
        machines: int | str = 1,
        *,
        vault: str = "",
        names_vault: bool = True,
        through: str = "",
        logs_everything: bool = False,
    ) -> CommandResult:
        """Mint a token; the command may fail.

        Args:
            token: its name.
            lifetime: the requested lifetime.
            machines: the number of machines that it is for, or `UNLIMITED`.
            vault: the vault for its secret; the usual one if empty.
            names_vault: whether the command names the usual vault where there are several.
            through: the address of the orchestrator that mints it; a command in the repository does so if
                empty.
            logs_everything: whether the command has the most detailed log level.
        """
        several = () if machines == 1 else ("--max-enrollments", str(machines))
        # An orchestrator has a second vault beside that of the repository, so the vault must be named.
        usual = (VAULT if through else self._usual_vault) if names_vault else ""
        kept = ("--vault", vault or usual) if vault or usual else ()
        there = ("--server", through) if through else ()
        level = ("--log-level", "trace") if logs_everything else ()
        result = self.commands.run(
            *("worker", "token", "create", token, "--duration", lifetime, *several, *kept, *there, *level),
            output=self.output,
        )
        if token not in self.credentials:
            self.asked_lifetimes[token] = lifetime
            self.asked_allowances[token] = str(machines)
        for credential in credentials_in(result.stdout + result.stderr):
            self.credentials.setdefault(credential.name, credential)
            self.minted.append(result)
        self._last = result
        return result

    def mint_at(self, api: ServeApi, token: str, lifetime: str, machines: int | str = 1) -> None:
        """Mint a token by an API request, which is cheaper than a command, if minting is not under test.

        Raises:
            NoAnswer: the orchestrator does not answer.
            UnknownRequest: the release does not know the request.
            PromiseBroken: the orchestrator refuses, or its answer breaks its contract.
        """
        request = api.mint(token, lifetime, machines)
        for credential in credentials_in(str(request.answer["token"])):
            self.credentials.setdefault(credential.name, credential)
        self.requests.append(request)
        self.asked_lifetimes.setdefault(token, lifetime)
        self.lifetimes[token] = (request.started, moment(request.answer["expiresAt"]))

    def note_lifetime(self, token: str, minting: CommandResult) -> None:
        """Record the lifetime of a token, from the minting to the end in its JSON answer."""
        end = moment(minting.answer("token-create")["expiresAt"])
        self.lifetimes[token] = (minting.started, end)

    def take_over(self, credentials: Mapping[str, Credential], vault_secrets: Mapping[str, str]) -> None:
        """Know the credentials and the secrets of a repository that another process has made."""
        self.credentials.update(credentials)
        self.vault_secrets.update(vault_secrets)
        for text in (*(each.secret for each in credentials.values()), *vault_secrets.values()):
            SECRETS.add(text)

    def revoke(self, token: str, *, through: str = "") -> CommandResult:
        """Revoke a token, in the repository or through an orchestrator; the command may fail."""
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

    def make_secret(
        self, key: str, *, of_several_lines: bool = False, is_short: bool = False, begins_with: str = ""
    ) -> None:
        """Make a new secret for the vault, which is blanked from now on.

        Args:
            key: of the secret.
            of_several_lines: whether it has several lines.
            is_short: whether it has only three letters.
            begins_with: the key of the secret with whose text it begins; none if empty.
        """
        new = (
            _lines_of_secret()
            if of_several_lines
            else _short_secret()
            if is_short
            else secrets.token_urlsafe(32)
        )
        self.vault_secrets[key] = self.vault_secrets.get(begins_with, "") + new
        for text in self.texts_of_secret(key):
            SECRETS.add(text)

    def put_secret(self, key: str, *options: str) -> CommandResult:
        """Put a secret into the vault; the command may fail."""
        return self.commands.run("vault", "put", VAULT, key, *options, stdin=self.vault_secrets[key])

    def put_secret_at(self, api: ServeApi, key: str) -> None:
        """Put a secret into the vault by an API request, which is cheaper than a command.

        Raises:
            NoAnswer: the orchestrator does not answer.
            UnknownRequest: the release does not know the request.
            RequestRefused: the orchestrator refused it.
        """
        self.requests.append(api.put_secret(key, self.vault_secrets[key]))

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

    def cancel_run(self, run_id: str, url: str, *, by_variable: bool = False) -> CommandResult:
        """Cancel a run on the orchestrator, whose address a flag or a variable gives; it may fail."""
        flag, variables = naming(url, by_variable=by_variable)
        self._last = self.commands.run(
            "workflow", "cancel", "--run", run_id, *flag, output=self.output, variables=variables
        )
        return self._last

    def cancel_workflow(self, name: str) -> CommandResult:
        """Cancel the run of a workflow by the workflow's name, in the repository itself."""
        self._last = self.commands.run("workflow", "cancel", name, output=self.output)
        return self._last

    def resume_run(
        self,
        workflow: str,
        *,
        step: str = "",
        run_id: str = "",
        through: str = "",
        inputs: Mapping[str, str] | None = None,
        input_file: Path | None = None,
        on_standard_input: bool = False,
    ) -> CommandResult:
        """Resume a run of a workflow; the command ends when the run does or is suspended; it may fail.

        Args:
            workflow: its name.
            step: the step from which a failed run is resumed; empty for a suspended run.
            run_id: the id of the run; the command names none if empty.
            through: the address of the orchestrator that resumes it; in the repository if empty.
            inputs: those that replace inputs of the run; none if None.
            input_file: a new file from which the command reads them; None for none.
            on_standard_input: whether it reads them from its standard input; they are arguments otherwise.
        """
        first = ("--from", step) if step else ()
        named = ("--run", run_id) if run_id else ()
        there = ("--server", through) if through else ()
        given = ("--stdin",) if on_standard_input else giving(inputs or {}, input_file)
        self._last = self.commands.run(
            *("workflow", "resume", workflow, *first, *named, *there, *given),
            output=self.output,
            stdin=json.dumps(inputs) if on_standard_input else None,
        )
        return self._last

    def decide(
        self,
        workflow: str,
        step: str,
        *,
        approves: bool,
        note: str = "",
        person: str = "",
        run_id: str = "",
        through: str = "",
        server_token: str = "",
    ) -> CommandResult:
        """Approve or reject a step that waits for it; the command may fail.

        Args:
            workflow: its workflow.
            step: the step.
            approves: whether the operator approves it.
            note: the reason that the command gives; none if empty.
            person: the name of the user who runs the command; that of the environment if empty.
            run_id: the id of the run; the command names none if empty.
            through: the address of the orchestrator; a command in the repository decides if empty.
            server_token: the credential that the command presents there; none if empty.
        """
        reason = ("--reason", note) if note else ()
        named = ("--run", run_id) if run_id else ()
        there = ("--server", through) if through else ()
        token = ("--token", server_token) if server_token else ()
        self._last = self.commands.run(
            *(
                "workflow",
                "approve" if approves else "reject",
                workflow,
                step,
                *reason,
                *named,
                *there,
                *token,
            ),
            output=self.output,
            variables=dict.fromkeys(USER_VARIABLES, person) if person else None,
        )
        return self._last

    def evaluate_workflow(self, name: str, inputs: Mapping[str, str]) -> CommandResult:
        """Evaluate the expressions of a workflow, in the repository, with the answer in JSON."""
        given = [part for item in inputs.items() for part in ("--input", "=".join(item))]
        self._last = self.commands.run("workflow", "evaluate", name, *given)
        return self._last

    def evaluate_model(self, name: str) -> CommandResult:
        """Evaluate the expressions of a model, in the repository, with the answer in JSON."""
        return self.commands.run("model", "evaluate", name)

    def create_model(self, model_type: str, name: str) -> CommandResult:
        """Create a model, an instance of a type; the command may fail."""
        return self.commands.run("model", "create", model_type, name)
