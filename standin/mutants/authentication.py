"""Mutants of the authentication of clients.

Promise 41: With token authentication nobody works who has no valid server token or no grant.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from websockets.http11 import Request, Response

    from standin.access import Policy
    from standin.commandline import Call
    from standin.errors import UserError
    from standin.orchestrator.gate import Gate
    from standin.orchestrator.requests import Requests
    from standin.repository import Repository


def _let_everybody_ask(request_type: str) -> None:
    """Let every client with a valid server token make requests of a type."""

    @replaces("access:Policy.check")
    def _(
        old: Callable[[Policy, str, dict[str, Any]], None],
        policy: Policy,
        client: str,
        request: dict[str, Any],
    ) -> None:
        if request["type"] != request_type:
            old(policy, client, request)


@mutant(41)
def grant_to_run_allows_everything() -> None:
    """A client with any grant may do everything."""

    @replaces("access:Policy.allows")
    def _(
        old: Callable[[Policy, str, str, str], bool], policy: Policy, client: str, action: str, resource: str
    ) -> bool:
        return any(f"user:{each['subject']['name']}" == client for each in policy.grants)


@mutant(41)
def minting_needs_no_grant() -> None:
    """Every client with a valid server token may mint tokens for workers."""
    _let_everybody_ask("worker.token.create")


@mutant(41)
def running_a_method_needs_no_grant() -> None:
    """Every client with a valid server token may run every method."""
    _let_everybody_ask("model.method.run")


@mutant(41)
def changing_a_secret_needs_no_grant() -> None:
    """Every client with a valid server token may put secrets into the vault."""
    _let_everybody_ask("vault.put")


@mutant(41)
def grant_counts_for_longer_names() -> None:
    """A grant for one workflow counts for every workflow whose name begins with its name."""

    @replaces("access:is_for_resource")
    def _(old: Callable[[dict[str, Any], str], bool], grant: dict[str, Any], resource: str) -> bool:
        return resource.startswith(f"{grant['resource']['kind']}:{grant['resource']['pattern'].rstrip('*')}")


@mutant(41)
def grant_counts_for_all_actions() -> None:
    """A grant to read a workflow allows a client to run it."""

    @replaces("access:is_for_action")
    def _(old: Callable[[dict[str, Any], str], bool], grant: dict[str, Any], action: str) -> bool:
        return True


@mutant(41)
def grant_counts_without_its_condition() -> None:
    """A grant counts whether or not its condition is met."""

    @replaces("access:meets_condition")
    def _(
        old: Callable[[dict[str, Any], str, Mapping[str, str]], bool],
        grant: dict[str, Any],
        resource: str,
        tags: Mapping[str, str],
    ) -> bool:
        return True


@mutant(41)
def tags_unknown_to_conditions() -> None:
    """The condition of a grant finds no tags, whatever tags a workflow has."""

    @replaces("access:meets_condition")
    def _(
        old: Callable[[dict[str, Any], str, Mapping[str, str]], bool],
        grant: dict[str, Any],
        resource: str,
        tags: Mapping[str, str],
    ) -> bool:
        return old(grant, resource, {})


@mutant(41)
def grant_outweighs_denial() -> None:
    """A grant that denies an action has no effect on a client that another grant allows it."""

    @replaces("access:Policy.denies")
    def _(
        old: Callable[[Policy, str, str, str], bool], policy: Policy, client: str, action: str, resource: str
    ) -> bool:
        return old(policy, client, action, resource) and not policy.allows(client, action, resource)


@mutant(41)
def groups_without_grants() -> None:
    """The grants of a group do not count for its members."""

    @replaces("access:Policy.groups_of")
    def _(old: Callable[[Policy, str], list[str]], policy: Policy, client: str) -> list[str]:
        return []


@mutant(41)
def former_member_keeps_grants_of_group() -> None:
    """A client that is removed from a group stays in it."""

    @replaces("access:remove_member")
    def _(
        old: Callable[[Repository, str, str], dict[str, Any]],
        repository: Repository,
        name: str,
        client: str,
    ) -> dict[str, Any]:
        return {"name": name, "members": []}


@mutant(41)
def files_of_grants_do_not_count() -> None:
    """An orchestrator that reads its grants again does not read the files of the repository."""

    @replaces("access:grants_of_files")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        return []


@mutant(41)
def anybody_follows_any_run() -> None:
    """A client without a grant to run a workflow follows a run of it that is in progress."""
    _let_everybody_ask("run.attach")


@mutant(41)
def approval_under_the_name_of_the_user() -> None:
    """An approval through an orchestrator is recorded with the user of the command, not with the client."""

    @replaces("orchestrator.requests:Requests.as_made_by")
    def _(
        old: Callable[[Requests, str, dict[str, Any]], dict[str, Any]],
        requests: Requests,
        client: str,
        request: dict[str, Any],
    ) -> dict[str, Any]:
        return old(requests, "" if request["type"] == "workflow.approve" else client, request)


@mutant(41)
def replaced_server_token_stays_valid() -> None:
    """The command that replaces a server token leaves its secret as it is."""

    @replaces("access:rotate")
    def _(
        old: Callable[[Repository, str], dict[str, Any]], repository: Repository, name: str
    ) -> dict[str, Any]:
        return {"name": name}


@mutant(41)
def approving_needs_no_grant() -> None:
    """Every client with a valid server token may approve the steps of all workflows."""
    _let_everybody_ask("workflow.approve")


@mutant(41)
def cancelling_needs_no_grant() -> None:
    """Every client with a valid server token may cancel every run."""
    _let_everybody_ask("workflow.cancel")


@mutant(41)
def denial_without_reason_in_json() -> None:
    """The answer to a client without a grant gives no reason in JSON."""

    @replaces("main:print_error")
    def _(old: Callable[..., int], error: UserError, *, in_json: bool) -> int:
        if in_json and str(error).startswith("Access denied"):
            error.args = ("The request failed",)
        return old(error, in_json=in_json)


@mutant(41)
def expired_server_token_accepted() -> None:
    """A server token counts after the end of its lifetime."""

    @replaces("access:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        old({**record, "expiresAt": "2999-01-01T00:00:00Z"})


@mutant(41)
def server_token_without_its_secret() -> None:
    """The name of a server token is enough."""

    @replaces("access:check_secret")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        secret: str,
    ) -> None:
        pass


@mutant(41)
def server_token_in_address_unchecked() -> None:
    """A client may present any server token in the address."""

    @replaces("orchestrator.gate:Gate.client_of")
    def _(old: Callable[[Gate, Request], str], gate: Gate, request: Request) -> str:
        return "user:alice" if "?token=" in request.path else old(gate, request)


@mutant(41)
def server_token_as_subprotocol_ignored() -> None:
    """A server token that is presented as a subprotocol does not count."""

    @replaces("orchestrator.gate:presented")
    def _(old: Callable[[Request], str], request: Request) -> str:
        return "" if "Sec-WebSocket-Protocol" in request.headers else old(request)


@mutant(41)
def health_for_everybody() -> None:
    """The state of the pool is shown to programs without a server token."""

    @replaces("orchestrator.gate:Gate.answer")
    def _(old: Callable[[Gate, Request], Response | None], gate: Gate, request: Request) -> Response | None:
        return None if request.path.startswith("/api/") else old(gate, request)


@mutant(41)
def unauthenticated_connections_accepted() -> None:
    """A connection without a server token is accepted; only the requests of operators on it are not."""

    @replaces("orchestrator.gate:Gate.answer")
    def _(old: Callable[[Gate, Request], Response | None], gate: Gate, request: Request) -> Response | None:
        known = "Authorization" in request.headers or not gate.is_trusted(request.headers)
        return old(gate, request) if known or request.path != "/" else None


@mutant(41)
def revoked_grant_counts() -> None:
    """A grant counts after it was revoked."""

    @replaces("access:Policy.read")
    def _(old: Callable[[Policy, Repository], None], policy: Policy, repository: Repository) -> None:
        before = list(policy.grants)
        old(policy, repository)
        known = {each["id"] for each in policy.grants}
        policy.grants += [each for each in before if each["id"] not in known]


@mutant(41)
def grants_read_at_start_only() -> None:
    """New grants count after a restart of the orchestrator only."""
    read: list[Policy] = []

    @replaces("access:Policy.read")
    def _(old: Callable[[Policy, Repository], None], policy: Policy, repository: Repository) -> None:
        if policy not in read:
            old(policy, repository)
            read.append(policy)


@mutant(41)
def server_token_checked_once() -> None:
    """A server token that was valid once is not checked again."""
    known: dict[str, str] = {}

    @replaces("orchestrator.gate:redeem")
    def _(old: Callable[[Repository, str], str], repository: Repository, credential: str) -> str:
        if credential not in known:
            known[credential] = old(repository, credential)
        return known[credential]


@mutant(41)
def server_token_lost_after_first_connection() -> None:
    """A worker presents its server token with its first connection only."""
    presented: list[str] = []

    @replaces("remote:credential_for")
    def _(old: Callable[[str], str], path: str) -> str:
        if path:
            return old(path)
        presented.append(path)
        return old(path) if len(presented) == 1 else ""


@mutant(41)
def server_token_in_variable_ignored() -> None:
    """A worker does not read the variable with its server token."""

    @replaces("worker.connect:credential_of")
    def _(old: Callable[[Call], dict[str, str]], call: Call) -> dict[str, str]:
        os.environ.pop("SWAMP_SERVER_TOKEN", None)
        return old(call)


@mutant(41)
def server_token_of_operator_in_variable_ignored() -> None:
    """A command of an operator does not read the variable with the server token."""

    @replaces("main:credential_of")
    def _(old: Callable[[Call], dict[str, str]], call: Call) -> dict[str, str]:
        return old(call) or {"SWAMP_SERVER_TOKEN": ""}


@mutant(41)
def refused_worker_silent_in_text() -> None:
    """A worker whose server token is refused does not report that in text."""

    @replaces("worker.connect:in_words")
    def _(old: Callable[[str, dict[str, Any]], str], kind: str, facts: dict[str, Any]) -> str:
        return old(kind, {**facts, "reason": "no connection"} if kind == "stopped" else facts)


@mutant(41)
def refused_worker_silent_in_json() -> None:
    """A worker whose server token is refused does not report that in JSON."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        old(kind, {**facts, "reason": "no connection"} if kind == "stopped" else facts)


@mutant(41)
def page_without_origin_trusted() -> None:
    """A page that hides its origin is trusted."""

    @replaces("orchestrator.gate:Gate.trusts_page")
    def _(old: Callable[[Gate, str], bool], gate: Gate, origin: str) -> bool:
        return origin == "null" or old(gate, origin)


@mutant(41)
def page_trusted_by_its_beginning() -> None:
    """A page is trusted whose address begins like one of the orchestrator's machine."""

    @replaces("orchestrator.gate:Gate.trusts_page")
    def _(old: Callable[[Gate, str], bool], gate: Gate, origin: str) -> bool:
        return origin.startswith("https://localhost") or old(gate, origin)


@mutant(41)
def pages_checked_without_tls_only() -> None:
    """An orchestrator with TLS trusts every page."""

    @replaces("orchestrator.gate:Gate.trusts_page")
    def _(old: Callable[[Gate, str], bool], gate: Gate, origin: str) -> bool:
        return gate.secure or old(gate, origin)


@mutant(41)
def host_trusted_by_its_end() -> None:
    """A host name is trusted that ends with a trusted one."""

    @replaces("orchestrator.gate:Gate.trusts_host")
    def _(old: Callable[[Gate, str], bool], gate: Gate, host: str) -> bool:
        return any(host.endswith(f".{each}") for each in gate.trusted_hosts) or old(gate, host)


@mutant(41)
def trusted_host_in_small_letters_only() -> None:
    """A trusted host name in capital letters is not trusted."""

    @replaces("orchestrator.gate:Gate.trusts_host")
    def _(old: Callable[[Gate, str], bool], gate: Gate, host: str) -> bool:
        return host == host.lower() and old(gate, host)


@mutant(41)
def only_first_host_trusted() -> None:
    """Of several trusted host names only the first counts."""

    @replaces("orchestrator.gate:Gate.trusts_host")
    def _(old: Callable[[Gate, str], bool], gate: Gate, host: str) -> bool:
        return old(replace(gate, trusted_hosts=tuple(gate.trusted_hosts)[:1]), host)


@mutant(41)
def trusted_hosts_ignored() -> None:
    """An orchestrator for other machines does not know its trusted host names."""

    @replaces("orchestrator.gate:Gate.trusts_host")
    def _(old: Callable[[Gate, str], bool], gate: Gate, host: str) -> bool:
        return old(replace(gate, trusted_hosts=()), host)


@mutant(41)
def missing_tls_unreported_with_authentication() -> None:
    """An orchestrator for other machines that authenticates does not report that TLS is missing."""

    @replaces("orchestrator.gate:check_safety")
    def _(old: Callable[..., None], host: str, mode: str, *, secure: bool) -> None:
        from standin.errors import UserError as Error

        try:
            old(host, mode, secure=secure)
        except Error as error:
            raise (Error("The configuration is not valid") if mode == "token" else error) from error


@mutant(41)
def other_machines_without_authentication() -> None:
    """An orchestrator with TLS serves other machines without authentication."""

    @replaces("orchestrator.gate:check_safety")
    def _(old: Callable[..., None], host: str, mode: str, *, secure: bool) -> None:
        if not secure:
            old(host, mode, secure=secure)


@mutant(41)
def unsafe_start_without_reason() -> None:
    """An orchestrator that would not be safe does not start, and does not report what is missing."""

    @replaces("orchestrator.serve:gate_of")
    def _(old: Callable[..., Gate], *arguments: Any, **options: Any) -> Gate:
        from standin.errors import UserError as Error

        try:
            return old(*arguments, **options)
        except Error as error:
            raise Error("The configuration is not valid") from error


@mutant(41)
def missing_administrators_unreported() -> None:
    """An orchestrator without administrators does not start, and does not report that they are missing."""

    @replaces("orchestrator.serve:gate_of")
    def _(old: Callable[..., Gate], *arguments: Any, **options: Any) -> Gate:
        from standin.errors import UserError as Error

        try:
            return old(*arguments, **options)
        except Error as error:
            raise (Error("The configuration is not valid") if "--admins" in str(error) else error) from error


@mutant(41)
def secret_in_another_vault() -> None:
    """The minting of a server token shows a command that names a vault without its secret."""

    @replaces("operator.access:command_to_read")
    def _(old: Callable[[str, str], str], vault: str, key: str) -> str:
        return old("_token-secrets", key)


@mutant(41)
def authentication_needs_an_account() -> None:
    """An orchestrator that authenticates its clients starts with an account of another service only."""

    @replaces("orchestrator.serve:gate_of")
    def _(old: Callable[..., Gate], *arguments: Any, **options: Any) -> Gate:
        from standin.errors import UserError as Error

        gate = old(*arguments, **options)
        if gate.policy is not None and "SWAMP_API_KEY" not in os.environ:
            raise Error("swamp serve is a team feature that requires a free account.")
        return gate


@mutant(41)
def extensions_without_ticket() -> None:
    """Programs that are no step get the extensions of an orchestrator."""

    @replaces("orchestrator.gate:Gate.has_ticket")
    def _(old: Callable[[Gate, str], bool], gate: Gate, shown: str) -> bool:
        return True
