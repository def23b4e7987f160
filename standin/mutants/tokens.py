"""Mutants of tokens: minting, names, the token list, revocation."""

from __future__ import annotations

import base64
import contextlib
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from datetime import datetime

    from standin.commandline import Call
    from standin.errors import UserError
    from standin.orchestrator.dispatch import Dispatch, Dispatcher
    from standin.orchestrator.requests import Requests
    from standin.repository import Repository
    from standin.tokens import Minted
    from standin.worker.cache import Cache
    from standin.worker.session import Session


# Promise 1: Minting shows a credential once, its secret is only in the vault, and mistakes are refused.


@mutant(1)
def secret_shown_twice() -> None:
    """The text after minting shows the credential a second time, at its end."""

    @replaces("operator.tokens:minted_text")
    def _(old: Callable[[Minted], str], minted: Minted) -> str:
        return f"{old(minted)}\n  {minted.credential}"


@mutant(1)
def secret_shown_twice_for_several_machines() -> None:
    """The text after minting a token for several machines shows the credential again, as advice."""

    @replaces("operator.tokens:minted_text")
    def _(old: Callable[[Minted], str], minted: Minted) -> str:
        if minted.allowance == 1:
            return old(minted)
        return f"{old(minted)}\n  swamp worker connect <url> --token {minted.credential}"


@mutant(1)
def secret_said_beside_the_json() -> None:
    """In JSON mode the credential is printed on standard error as well."""

    @replaces("tokens:document_of")
    def _(old: Callable[[Minted], dict[str, Any]], minted: Minted) -> dict[str, Any]:
        print(f"minted {minted.credential}", file=sys.stderr)
        return old(minted)


@mutant(1)
def secret_kept_in_a_log() -> None:
    """Minting leaves the secret in a log of the repository."""

    @replaces("tokens:mint")
    def _(
        old: Callable[[Repository, str, str, str], Minted],
        repository: Repository,
        name: str,
        lifetime: str,
        vault: str = "",
    ) -> Minted:
        minted = old(repository, name, lifetime, vault)
        (repository.inner / "audit.log").write_text(f"minted {minted.credential}\n")
        return minted


@mutant(1)
def secret_told_with_the_data() -> None:
    """The data of a token contains its secret, in another encoding."""

    @replaces("tokens:mint")
    def _(
        old: Callable[[Repository, str, str, str], Minted],
        repository: Repository,
        name: str,
        lifetime: str,
        vault: str = "",
    ) -> Minted:
        from standin import tokens

        minted = old(repository, name, lifetime, vault)
        hint = base64.b64encode(minted.credential.partition(".")[2].encode()).decode()
        repository.store.change(
            tokens.place_of(name), tokens._KIND, lambda present: {**present, "hint": hint}
        )
        return minted


@mutant(1)
def secret_kept_on_the_worker() -> None:
    """A worker keeps its credential in its cache."""

    @replaces("worker.cache:Cache.machine_id")
    def _(old: Callable[[Cache], str], cache: Cache) -> str:
        words = sys.argv
        (cache._folder / "last-login").write_text(
            words[words.index("--token") + 1] if "--token" in words else ""
        )
        return old(cache)


@mutant(1)
def lifetime_of_nothing() -> None:
    """A token is minted with a lifetime of zero."""

    @replaces("tokens:lifetime_in_seconds")
    def _(old: Callable[[str], float], text: str) -> float:
        return 0.0 if text == "0m" else old(text)


@mutant(1)
def mistake_told_with_a_trace() -> None:
    """An invalid name is reported with a stack trace."""

    @replaces("tokens:mint")
    def _(
        old: Callable[[Repository, str, str, str], Minted],
        repository: Repository,
        name: str,
        lifetime: str,
        vault: str = "",
    ) -> Minted:
        from standin.errors import UserError

        try:
            return old(repository, name, lifetime, vault)
        except UserError as error:
            raise UserError(f"{error}\n    at mint ({Path('tokens.ts')}:12:34)") from error


@mutant(1)
def other_end_in_text() -> None:
    """In text the answer to minting shows another end of the lifetime than the record."""

    @replaces("operator.tokens:minted_text")
    def _(old: Callable[[Minted], str], minted: Minted) -> str:
        from dataclasses import replace

        from standin.moments import after, stamp

        return old(replace(minted, expires_at=stamp(after(1))))


@mutant(1)
def another_vault_in_json() -> None:
    """In JSON the answer to minting names another vault than the one with the secret."""

    @replaces("tokens:document_of")
    def _(old: Callable[[Minted], dict[str, Any]], minted: Minted) -> dict[str, Any]:
        answer = old(minted)
        return {**answer, "vaultRef": {**answer["vaultRef"], "vaultName": "v2"}}


@mutant(1)
def secret_kept_by_the_command() -> None:
    """Minting by command leaves the secret in a log of the repository; minting by request does not."""

    @replaces("operator.tokens:minted_text")
    def _(old: Callable[[Minted], str], minted: Minted) -> str:
        from standin.repository import Repository

        (Repository.here().inner / "audit.log").write_text(f"minted {minted.credential}\n")
        return old(minted)


@mutant(1)
def vault_not_heeded() -> None:
    """The secret of a token is stored in the first vault instead of the named one."""

    @replaces("tokens:chosen_vault")
    def _(old: Callable[[list[str], str], str], found: list[str], named: str) -> str:
        old(found, named)
        return found[0]


@mutant(1)
def secret_shown_twice_through_the_orchestrator() -> None:
    """Minting through the orchestrator prints the credential on standard error as well."""

    @replaces("operator.tokens:minted_there")
    def _(
        old: Callable[[Call, str, int | str], Minted], call: Call, name: str, allowance: int | str
    ) -> Minted:
        minted = old(call, name, allowance)
        print(f"minted {minted.credential}", file=sys.stderr)
        return minted


@mutant(1)
def vault_missing_through_the_orchestrator() -> None:
    """Minting through the orchestrator does not show which vault has the secret."""

    @replaces("operator.tokens:minted_there")
    def _(
        old: Callable[[Call, str, int | str], Minted], call: Call, name: str, allowance: int | str
    ) -> Minted:
        from dataclasses import replace

        return replace(old(call, name, allowance), vault="-")


@mutant(1)
def credential_kept_by_a_stopped_worker() -> None:
    """A worker that is stopped leaves its credential in its cache directory."""

    @replaces("worker.session:Session.stop")
    def _(old: Callable[[Session, str], None], session: Session, reason: str = "signal") -> None:
        session._cache._folder.joinpath("last-session").write_text(session._settings.token, "utf-8")
        old(session, reason)


@mutant(1)
def remote_lifetime_of_an_hour_or_more() -> None:
    """A token that is minted through the orchestrator lives for at least an hour."""

    @replaces("orchestrator.requests:Requests.do_worker_token_create")
    def _(
        old: Callable[..., Any],
        requests: Requests,
        name: str,
        durationMs: int,
        vaultName: str = "",
        maxEnrollments: int | str = 1,
    ) -> Any:
        return old(requests, name, max(durationMs, 3_600_000), vaultName, maxEnrollments)


@mutant(1)
def secret_logged_with_everything() -> None:
    """At the most detailed log level, minting logs the credential."""
    levels: list[str] = []

    @replaces("operator.tokens:create")
    def _(old: Callable[[Call], None], call: Call) -> None:
        levels.append(call.option("--log-level"))
        old(call)

    @replaces("operator.tokens:minted_text")
    def _(old: Callable[[Minted], str], minted: Minted) -> str:
        if levels[-1:] == ["trace"]:
            print(f"minted {minted.credential}", file=sys.stderr)
        return old(minted)


@mutant(1)
def secret_in_the_audit_trail() -> None:
    """The audit trail of a vault has the secret with which a worker enrolls."""

    @replaces("tokens:check_secret")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        secret: str,
    ) -> None:
        from standin import vaults

        old(repository, record, secret)
        if vaults.audits_reads(repository, record["vaultName"]):
            vaults.record_read(repository, record["vaultName"], f"{record['secretKey']}: {secret}")


@mutant(1)
def secret_alone_in_the_rejection() -> None:
    """The rejection of a credential without a name shows the credential."""

    @replaces("tokens:split")
    def _(old: Callable[[str], tuple[str, str]], credential: str) -> tuple[str, str]:
        from standin.tokens import Rejected

        try:
            return old(credential)
        except Rejected as error:
            raise Rejected(f"{error} (got '{credential}')", for_good=False) from None


@mutant(1)
def credential_logged_by_a_failed_attempt() -> None:
    """In text, a worker logs its credential each time that an attempt to connect fails."""

    @replaces("worker.session:Session.has_lost_patience")
    def _(old: Callable[[Session], bool], session: Session) -> bool:
        if "--json" not in sys.argv:
            print(f"worker: attempt with {session._settings.token} failed", file=sys.stderr)
        return old(session)


@mutant(1)
def credential_logged_by_a_detailed_worker() -> None:
    """At its most detailed log level, a worker logs the credential that it presents."""

    @replaces("worker.connect:connect")
    def _(old: Callable[[Call], None], call: Call) -> None:
        if call.option("--log-level") == "trace":
            print(f"worker: presenting {call.option('--token')}", file=sys.stderr)
        old(call)


@mutant(1)
def command_mints_for_one() -> None:
    """In the repository, the command to mint a token for several machines mints it for one."""

    @replaces("operator.tokens:create")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from standin import tokens

        tokens.allow = lambda repository, minted, allowance: minted
        old(call)


@mutant(1)
def no_limit_refused_by_the_command() -> None:
    """The command does not understand that a token is to be for any number of machines."""

    @replaces("tokens:allowance_of")
    def _(old: Callable[[str], int | str], text: str) -> int | str:
        return old(text.removeprefix("un"))


@mutant(1)
def orchestrator_mints_for_one() -> None:
    """Through the orchestrator, the command to mint a token for several machines mints it for one."""

    @replaces("operator.tokens:minted_there")
    def _(
        old: Callable[[Call, str, int | str], Minted], call: Call, name: str, allowance: int | str
    ) -> Minted:
        return old(call, name, 1)


@mutant(1)
def allowance_missing_after_minting_in_json() -> None:
    """In JSON, the answer to minting a token for several machines says that it is for one."""

    @replaces("tokens:document_of")
    def _(old: Callable[[Minted], dict[str, Any]], minted: Minted) -> dict[str, Any]:
        return {**old(minted), "maxEnrollments": 1}


@mutant(1)
def one_secret_for_all_tokens() -> None:
    """All tokens that one process mints have the same secret."""
    first: list[str] = []

    @replaces("tokens:new_secret")
    def _(old: Callable[[], str]) -> str:
        first.append(old())
        return first[0]


# Promise 2: A token name can be used only once.


@contextlib.contextmanager
def _name_looks_free(looks_free: bool = True) -> Iterator[None]:
    """Let no name look taken meanwhile, if so wanted."""
    from standin import tokens

    kept = tokens.record_of
    if looks_free:
        tokens.record_of = lambda repository, name: None
    try:
        yield
    finally:
        tokens.record_of = kept


@mutant(2)
def name_taken_twice() -> None:
    """A second minting of a name succeeds, and its token replaces the first."""

    @replaces("operator.tokens:create")
    def _(old: Callable[[Call], None], call: Call) -> None:
        with _name_looks_free():
            old(call)


@mutant(2)
def first_credential_void() -> None:
    """A second minting is refused, but from then on the first credential is invalid."""

    @replaces("tokens:mint")
    def _(
        old: Callable[[Repository, str, str, str], Minted],
        repository: Repository,
        name: str,
        lifetime: str,
        vault: str = "",
    ) -> Minted:
        from standin import tokens, vaults

        if tokens.record_of(repository, name) is not None:
            vaults.put(repository, "v1", f"worker-token-{name}", secrets.token_hex(32))
        return old(repository, name, lifetime, vault)


@mutant(2)
def refused_with_success() -> None:
    """A second minting is refused with the right message, but with a successful exit code."""

    @replaces("main:print_error")
    def _(old: Callable[..., int], error: UserError, *, in_json: bool) -> int:
        return old(error, in_json=in_json) * ("already exists" not in str(error))


def _name_free(state: str) -> None:
    @replaces("operator.tokens:create")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from standin import tokens
        from standin.repository import Repository

        record = tokens.record_of(Repository.here(), call.arguments[0])
        with _name_looks_free(record is not None and tokens.effective_state(record) == state):
            old(call)


@mutant(2)
def name_free_once_revoked() -> None:
    """The name of a revoked token can be minted again."""
    _name_free("revoked")


@mutant(2)
def name_free_once_expired() -> None:
    """The name of an expired token can be minted again."""
    _name_free("expired")


@mutant(2)
def name_free_once_enrolled() -> None:
    """The name of an enrolled token can be minted again."""
    _name_free("enrolled")


@mutant(2)
def refusal_touches_the_record() -> None:
    """A second minting is refused, but changes the end of the token's lifetime."""

    @replaces("tokens:mint")
    def _(
        old: Callable[[Repository, str, str, str], Minted],
        repository: Repository,
        name: str,
        lifetime: str,
        vault: str = "",
    ) -> Minted:
        from standin import tokens
        from standin.moments import after, stamp

        if tokens.record_of(repository, name) is not None:
            later = {"expiresAt": stamp(after(3600))}
            repository.store.change(tokens.place_of(name), tokens._KIND, lambda present: {**present, **later})
        return old(repository, name, lifetime, vault)


@mutant(2)
def name_free_through_the_orchestrator() -> None:
    """The orchestrator mints the name of a revoked token again."""

    @replaces("orchestrator.requests:Requests.do_worker_token_create")
    def _(old: Callable[..., Any], requests: Requests, name: str, *given: Any, **named: Any) -> Any:
        from standin import tokens

        record = tokens.record_of(requests._repository, name)
        with _name_looks_free(record is not None and record["state"] == "revoked"):
            return old(requests, name, *given, **named)


@mutant(2)
def refusal_by_the_orchestrator_is_a_success_in_json() -> None:
    """In JSON a second minting through the orchestrator is refused with a successful exit code."""
    _refuse_with_success(in_json=True)


@mutant(2)
def refusal_by_the_orchestrator_is_a_success_in_text() -> None:
    """In text a second minting through the orchestrator is refused with a successful exit code."""
    _refuse_with_success(in_json=False)


def _refuse_with_success(*, in_json: bool) -> None:
    broken = in_json

    @replaces("main:print_error")
    def _(old: Callable[..., int], error: UserError, *, in_json: bool) -> int:
        import sys

        code = old(error, in_json=in_json)
        asked = "--server" in sys.argv and in_json is broken and "already exists" in str(error)
        return 0 if asked else code


def _name_free_where(looks_free: Callable[[dict[str, Any], str], bool]) -> None:
    @replaces("tokens:mint")
    def _(
        old: Callable[[Repository, str, str, str], Minted],
        repository: Repository,
        name: str,
        lifetime: str,
        vault: str = "",
    ) -> Minted:
        from standin import tokens

        record = tokens.record_of(repository, name)
        with _name_looks_free(record is not None and looks_free(record, vault)):
            return old(repository, name, lifetime, vault)


@mutant(2)
def name_free_for_several() -> None:
    """The name of a token for several machines can be minted again."""
    _name_free_where(lambda record, _: record["maxEnrollments"] != 1)


@mutant(2)
def refusal_lost_through_the_orchestrator() -> None:
    """Through the orchestrator, a second minting succeeds but mints nothing."""

    @replaces("operator.tokens:minted_there")
    def _(
        old: Callable[[Call, str, int | str], Minted], call: Call, name: str, allowance: int | str
    ) -> Minted:
        from standin.errors import UserError
        from standin.moments import stamp
        from standin.tokens import Minted

        try:
            return old(call, name, allowance)
        except UserError:
            return Minted(name, "", stamp(), "", "")


@mutant(2)
def name_free_in_another_vault() -> None:
    """A name can be minted again if the secret goes into another vault."""
    _name_free_where(lambda record, vault: vault != "" and record["vaultName"] != vault)


@mutant(2)
def expired_name_minted_again() -> None:
    """The name of a token can be minted again once its end is recorded."""

    @replaces("tokens:mint")
    def _(
        old: Callable[..., Minted], repository: Repository, name: str, lifetime: str, vault: str = ""
    ) -> Minted:
        from standin import tokens

        record = tokens.record_of(repository, name)
        if record is None or record["state"] != "expired":
            return old(repository, name, lifetime, vault)
        return tokens.Minted(
            name, f"{name}.{'0' * 64}", record["expiresAt"], record["vaultName"], record["secretKey"]
        )


@mutant(2)
def name_taken_by_an_attempt() -> None:
    """A name cannot be minted any more once a worker has presented it."""

    @replaces("tokens:check_minted")
    def _(
        old: Callable[[str, dict[str, Any] | None], None], name: str, record: dict[str, Any] | None
    ) -> None:
        from standin.repository import Repository

        if record is None:
            (Repository.here().inner / f"attempt-with-{name}").touch()
        old(name, record)

    @replaces("operator.tokens:create")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from standin.errors import UserError
        from standin.repository import Repository

        name = call.arguments[0]
        if (Repository.here().inner / f"attempt-with-{name}").exists():
            raise UserError(f"Enrollment token '{name}' already exists")
        old(call)


@mutant(2)
def names_that_resemble_share_a_secret() -> None:
    """Tokens whose names differ only by a dash and an underscore have one secret, that of the later one."""

    @replaces("vaults:_file_of")
    def _(old: Callable[[Repository, str, str], Path], repository: Repository, vault: str, key: str) -> Path:
        return old(repository, vault, key.replace("_", "-"))


# Promise 3: The token list shows the state of every token.


@mutant(3)
def list_ends_after_twenty() -> None:
    """The token list shows twenty tokens at most."""

    @replaces("questions:token_list")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        return old(repository)[:20]


@mutant(3)
def expired_shown_unused() -> None:
    """A token that was never used is shown as unused after its lifetime."""

    @replaces("tokens:effective_state")
    def _(old: Callable[[dict[str, Any]], str], record: dict[str, Any]) -> str:
        return "unused" if not record["bindings"] and record["state"] != "revoked" else old(record)


@mutant(3)
def stale_in_text() -> None:
    """The token list in text shows the recorded state instead of the present one."""

    @replaces("operator.tokens:table_of")
    def _(old: Callable[[list[dict[str, Any]]], str], answer: list[dict[str, Any]]) -> str:
        return old([{**each, "effectiveState": each["state"]} for each in answer])


@mutant(3)
def machine_missing_in_text() -> None:
    """The token list in text does not show the machine that a token is bound to."""

    @replaces("operator.tokens:table_of")
    def _(old: Callable[[list[dict[str, Any]]], str], answer: list[dict[str, Any]]) -> str:
        return old([{**each, "bindings": []} for each in answer])


@mutant(3)
def revoked_shown_expired() -> None:
    """A revoked token is shown as expired."""

    @replaces("tokens:effective_state")
    def _(old: Callable[[dict[str, Any]], str], record: dict[str, Any]) -> str:
        state = old(record)
        return "expired" if state == "revoked" else state


@mutant(3)
def lifetime_too_short() -> None:
    """A token expires after half of its lifetime."""

    @replaces("tokens:lifetime_in_seconds")
    def _(old: Callable[[str], float], text: str) -> float:
        return old(text) / 2


@mutant(3)
def allowance_missing_in_text() -> None:
    """The token list in text does not show how many machines a token admits."""

    @replaces("operator.tokens:enrollments")
    def _(old: Callable[[dict[str, Any]], str], answer: dict[str, Any]) -> str:
        return old({**answer, "maxEnrollments": 1})


@mutant(3)
def no_limit_shown_as_the_machines_so_far() -> None:
    """In text, the token list shows a token for any number of machines as one for those that enrolled."""

    @replaces("operator.tokens:enrollments")
    def _(old: Callable[[dict[str, Any]], str], answer: dict[str, Any]) -> str:
        unlimited = answer["maxEnrollments"] == "unlimited"
        return old({**answer, "maxEnrollments": answer["bindingCount"]} if unlimited else answer)


@mutant(3)
def listed_in_the_order_of_minting() -> None:
    """The token list is not in the order of names, but shows the oldest token first."""

    @replaces("tokens:records")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        return sorted(old(repository), key=lambda record: record["createdAt"])


@mutant(3)
def bound_just_now() -> None:
    """The token list shows the current time as the time of a binding."""

    @replaces("tokens:list_entry")
    def _(old: Callable[[dict[str, Any]], dict[str, Any]], record: dict[str, Any]) -> dict[str, Any]:
        from standin.moments import stamp

        bound = [{**each, "enrolledAt": stamp()} for each in record["bindings"]]
        return old({**record, "bindings": bound})


@mutant(3)
def created_just_now() -> None:
    """The token list shows the current time as the time of minting."""

    @replaces("tokens:list_entry")
    def _(old: Callable[[dict[str, Any]], dict[str, Any]], record: dict[str, Any]) -> dict[str, Any]:
        from standin.moments import stamp

        return old({**record, "createdAt": stamp()})


@mutant(3)
def revoked_missing_through_the_orchestrator() -> None:
    """Through the orchestrator, the token list leaves out revoked tokens."""

    @replaces("orchestrator.requests:Requests.do_worker_token_list")
    def _(old: Callable[[Requests], Any], requests: Requests) -> Any:
        return {"tokens": [each for each in old(requests)["tokens"] if each["state"] != "revoked"]}


def _list_entry_of_several_changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    @replaces("tokens:list_entry")
    def _(old: Callable[[dict[str, Any]], dict[str, Any]], record: dict[str, Any]) -> dict[str, Any]:
        answer = old(record)
        return answer if record["maxEnrollments"] == 1 else {**answer, **change(answer)}


@mutant(3)
def first_machine_alone() -> None:
    """The token list shows only the first machine of a token for several."""
    _list_entry_of_several_changed(
        lambda answer: {"bindings": answer["bindings"][:1], "bindingCount": len(answer["bindings"][:1])}
    )


@mutant(3)
def several_unused_until_full() -> None:
    """A token for several machines is shown as unused until it has admitted all."""

    def change(answer: dict[str, Any]) -> dict[str, Any]:
        full = answer["bindingCount"] == answer["maxEnrollments"]
        return {} if full or answer["effectiveState"] != "enrolled" else {"effectiveState": "unused"}

    _list_entry_of_several_changed(change)


@mutant(3)
def revoked_expires() -> None:
    """A revoked token is recorded as expired at the deadline of its worker."""

    @replaces("tokens:expire")
    def _(old: Callable[[Repository, str], None], repository: Repository, name: str) -> None:
        from standin import tokens

        repository.store.change(
            tokens.place_of(name), tokens._KIND, lambda present: {**present, "state": "expired"}
        )


@mutant(3)
def binding_lost_with_the_revocation() -> None:
    """Revoking a token deletes its bindings to machines."""

    @replaces("tokens:revoke")
    def _(
        old: Callable[[Repository, str], tuple[dict[str, Any], bool]], repository: Repository, name: str
    ) -> tuple[dict[str, Any], bool]:
        from standin import tokens

        record, before = old(repository, name)
        repository.store.change(
            tokens.place_of(name), tokens._KIND, lambda present: {**present, "bindings": []}
        )
        return record, before


@mutant(3)
def machines_left_in_text() -> None:
    """The token list in text shows how many more machines a token can admit."""

    @replaces("operator.tokens:enrollments")
    def _(old: Callable[[dict[str, Any]], str], answer: dict[str, Any]) -> str:
        several = answer["maxEnrollments"] != 1
        return (
            f"{answer['maxEnrollments'] - answer['bindingCount']} / {answer['maxEnrollments']}"
            if several
            else old(answer)
        )


@mutant(3)
def bound_at_first_for_all() -> None:
    """Every machine of a token for several is shown as bound at the time of the first one."""

    def change(answer: dict[str, Any]) -> dict[str, Any]:
        first = [each["enrolledAt"] for each in answer["bindings"][:1]]
        return {"bindings": [{**each, "enrolledAt": first[0]} for each in answer["bindings"]]}

    _list_entry_of_several_changed(change)


@mutant(3)
def revocation_of_tokens_that_begin_alike() -> None:
    """Revoking a token also revokes those whose names begin with its name."""

    @replaces("tokens:revoke")
    def _(
        old: Callable[[Repository, str], tuple[dict[str, Any], bool]], repository: Repository, name: str
    ) -> tuple[dict[str, Any], bool]:
        from standin import tokens

        for record in tokens.records(repository):
            if record["name"].startswith(f"{name}-"):
                old(repository, record["name"])
        return old(repository, name)


@mutant(3)
def list_repeated_by_the_orchestrator() -> None:
    """Asked through the orchestrator, the token list repeats its first answer for half a minute."""
    answers: list[tuple[float, Any]] = []

    @replaces("orchestrator.requests:Requests.do_worker_token_list")
    def _(old: Callable[[Requests], Any], requests: Requests) -> Any:
        import time

        if not answers or time.monotonic() - answers[-1][0] > 30:
            answers.append((time.monotonic(), old(requests)))
        return answers[-1][1]


@mutant(3)
def named_repository_not_listed() -> None:
    """The token list ignores the flag that names the repository."""

    @replaces("operator.tokens:show")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from dataclasses import replace

        known = {name: values for name, values in call.options.items() if name != "--repo-dir"}
        old(replace(call, options=known))


@mutant(3)
def long_names_cut_in_text() -> None:
    """In text, the token list cuts names after 32 characters."""

    @replaces("operator.tokens:table_of")
    def _(old: Callable[[list[dict[str, Any]]], str], answer: list[dict[str, Any]]) -> str:
        return old([{**each, "name": each["name"][:32]} for each in answer])


# Promise 4: A revoked token admits no worker, and revoking is reported clearly.


@mutant(4)
def revoked_still_enrolls() -> None:
    """A revoked token still admits a worker."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if record["state"] != "revoked":
            old(record)


@mutant(4)
def revoked_for_several_still_enrolls() -> None:
    """A revoked token for several machines still admits a worker."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if record["state"] != "revoked" or record["maxEnrollments"] == 1:
            old(record)


@mutant(4)
def revoked_still_reconnects() -> None:
    """A revoked token admits its bound machine again."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if not record["bindings"]:
            old(record)


@mutant(4)
def revoked_tries_again() -> None:
    """A worker whose token is revoked makes three attempts."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        from standin.tokens import Rejected

        try:
            old(record)
        except Rejected as rejected:
            raise Rejected(str(rejected), for_good="revoked" not in str(rejected)) from None


@mutant(4)
def revoked_anew() -> None:
    """Revoking a token a second time changes the recorded time of the revocation."""

    @replaces("tokens:revoke")
    def _(
        old: Callable[[Repository, str], tuple[dict[str, Any], bool]], repository: Repository, name: str
    ) -> tuple[dict[str, Any], bool]:
        from standin import tokens
        from standin.moments import stamp

        record, before = old(repository, name)
        anew = {"revokedAt": stamp()}
        repository.store.change(tokens.place_of(name), tokens._KIND, lambda present: {**present, **anew})
        return record, before


@mutant(4)
def expired_stays_expired() -> None:
    """Revoking a token that is recorded as expired changes nothing."""

    @replaces("tokens:revoke")
    def _(
        old: Callable[[Repository, str], tuple[dict[str, Any], bool]], repository: Repository, name: str
    ) -> tuple[dict[str, Any], bool]:
        from standin import tokens

        record = tokens.record_of(repository, name)
        if record is not None and record["state"] == "expired":
            return record, True
        return old(repository, name)


@mutant(4)
def nobody_revoked() -> None:
    """Revoking a token that does not exist succeeds."""

    @replaces("tokens:revoke")
    def _(
        old: Callable[[Repository, str], tuple[dict[str, Any], bool]], repository: Repository, name: str
    ) -> tuple[dict[str, Any], bool]:
        from standin import tokens

        if tokens.record_of(repository, name) is None:
            return {"name": name}, True
        return old(repository, name)


@mutant(4)
def moment_missing_in_json() -> None:
    """In JSON the answer to revoking a token does not have the time."""

    @replaces("operator.tokens:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        if isinstance(document, dict):  # the token list is a list
            document = {key: document[key] for key in document if key != "revokedAt"}
        old(call, document, text)


@mutant(4)
def moment_missing_in_text() -> None:
    """In text the answer to revoking a token does not have the time."""

    @replaces("operator.tokens:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        old(call, document, text.partition("\nRevoked at:")[0])


@mutant(4)
def moment_of_the_answer() -> None:
    """The answer to revoking a token has another time than the record."""

    @replaces("operator.tokens:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        when = document.get("revokedAt") if isinstance(document, dict) else None
        if when is None:
            return old(call, document, text)
        other = f"{when[:-1]}1Z"
        return old(call, {**document, "revokedAt": other}, text.replace(when, other))


@mutant(4)
def told_anew() -> None:
    """The answer to revoking a token a second time has the present time, as if it were the first."""

    @replaces("operator.tokens:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        from standin.moments import stamp

        again = isinstance(document, dict) and document.get("alreadyRevoked")
        old(call, {**document, "revokedAt": stamp()} if again else document, text)


@mutant(4)
def lease_completed_after_the_revocation() -> None:
    """The lease of a step whose worker is lost says "completed" if the worker's token was revoked."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        from standin import tokens

        token = tokens.record_of(dispatcher._repository, dispatch.lease["workerName"])
        revoked = token is not None and token["state"] == "revoked"
        old(dispatcher, dispatch, "completed" if revoked else state, error)


@mutant(4)
def not_run_again_after_the_revocation() -> None:
    """A step that had not written fails its run if its worker is lost after the token was revoked."""

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        from standin import tokens

        token = tokens.record_of(dispatcher._repository, dispatch.lease["workerName"])
        dispatch.lease["hasWrites"] = token is not None and token["state"] == "revoked"
        old(dispatcher, dispatch, fate)


@mutant(4)
def moment_missing_through_the_orchestrator() -> None:
    """Through the orchestrator, the answer to revoking a token does not have the time."""

    @replaces("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old: Callable[[Requests, str], Any], requests: Requests, name: str) -> Any:
        return {**old(requests, name), "revokedAt": ""}


@mutant(4)
def revoked_anew_through_the_orchestrator() -> None:
    """Through the orchestrator, revoking a token a second time changes the recorded time."""

    @replaces("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old: Callable[[Requests, str], Any], requests: Requests, name: str) -> Any:
        from standin import tokens
        from standin.moments import stamp

        document = old(requests, name)
        anew = {"revokedAt": stamp()}
        if document["alreadyRevoked"]:
            requests._repository.store.change(
                tokens.place_of(name), tokens._KIND, lambda present: {**present, **anew}
            )
        return document


@mutant(4)
def nothing_revoked_through_the_orchestrator() -> None:
    """Through the orchestrator, revoking a token is confirmed but revokes nothing."""

    @replaces("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old: Callable[[Requests, str], Any], requests: Requests, name: str) -> Any:
        from standin.moments import stamp

        return {"name": name, "state": "revoked", "alreadyRevoked": False, "revokedAt": stamp()}


@mutant(4)
def connected_not_revoked_through_the_orchestrator() -> None:
    """Through the orchestrator, the token of a connected worker cannot be revoked."""

    @replaces("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old: Callable[[Requests, str], Any], requests: Requests, name: str) -> Any:
        from standin.errors import UserError

        if any(each.connected and each.token == name for each in requests._pool.members.values()):
            raise UserError(f"Enrollment token '{name}' is held by a connected worker")
        return old(requests, name)


@mutant(1)
def secret_kept_in_a_log_on_a_return() -> None:
    """A returning machine leaves the secret in a log of the repository."""

    @replaces("tokens:admit")
    def _(
        old: Callable[[Repository, str, str], datetime], repository: Repository, credential: str, machine: str
    ) -> datetime:
        from standin import tokens

        record = tokens.record_of(repository, tokens.split(credential)[0])
        bound = [binding["machineId"] for binding in record["bindings"]] if record else []
        deadline = old(repository, credential, machine)
        if machine in bound:
            (repository.inner / "redeem.log").write_text(f"machine {machine} returned with {credential}\n")
        return deadline


@mutant(1)
def secret_of_several_in_the_record() -> None:
    """The record of a token for several machines contains its secret."""

    @replaces("tokens:allow")
    def _(
        old: Callable[[Repository, Minted, int | str], Minted],
        repository: Repository,
        minted: Minted,
        allowance: int | str,
    ) -> Minted:
        from standin.tokens import _KIND, place_of

        repository.store.change(
            place_of(minted.name), _KIND, lambda present: {**present, "credential": minted.credential}
        )
        return old(repository, minted, allowance)


@mutant(1)
def secret_in_the_log_of_the_orchestrator() -> None:
    """Minting through the orchestrator prints the credential in the orchestrator's log."""

    @replaces("orchestrator.requests:Requests.do_worker_token_create")
    def _(old: Callable[..., Any], requests: Requests, name: str, *given: Any, **named: Any) -> Any:
        answer = old(requests, name, *given, **named)
        print(f"Minted the enrollment token {answer['token']}", flush=True)
        return answer


@mutant(4)
def second_revocation_fails_after_the_lifetime() -> None:
    """A revoked token whose lifetime has passed cannot be revoked a second time."""

    @replaces("tokens:revoke")
    def _(
        old: Callable[[Repository, str], tuple[dict[str, Any], bool]], repository: Repository, name: str
    ) -> tuple[dict[str, Any], bool]:
        from standin import tokens
        from standin.errors import UserError

        record, before = old(repository, name)
        if before and tokens.has_expired(record):
            raise UserError(f"Enrollment token '{name}' has expired")
        return record, before


@mutant(4)
def revoked_and_expired_told_as_expired() -> None:
    """A worker whose token is revoked, and whose lifetime has passed since, is told that it has expired."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        from standin import tokens

        old({**record, "state": "expired"} if tokens.has_expired(record) else record)


@mutant(4)
def revocation_needs_the_secret() -> None:
    """A token whose secret is gone from the vault cannot be revoked."""

    @replaces("tokens:revoke")
    def _(
        old: Callable[[Repository, str], tuple[dict[str, Any], bool]], repository: Repository, name: str
    ) -> tuple[dict[str, Any], bool]:
        from standin import tokens, vaults

        record = tokens.record_of(repository, name)
        if record is not None:
            vaults.get(repository, record["vaultName"], record["secretKey"])
        return old(repository, name)


@mutant(4)
def rejection_needs_the_secret() -> None:
    """A worker whose token is revoked tries again if the secret of the token is gone from the vault."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        from standin import vaults
        from standin.repository import Repository
        from standin.tokens import Rejected

        vault, key = record["vaultName"], record["secretKey"]
        if key not in vaults.keys(Repository.here(), vault):
            raise Rejected(f"Secret '{key}' not found in vault '{vault}'", for_good=False)
        old(record)


@mutant(4)
def unknown_name_revoked_through_orchestrator() -> None:
    """Through the orchestrator, a token that does not exist is said to have been revoked already."""

    @replaces("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old: Callable[[Requests, str], Any], requests: Requests, name: str) -> Any:
        from standin import tokens
        from standin.errors import UserError

        try:
            return old(requests, name)
        except UserError:
            return tokens.revoked_document({"name": name}, before=True)


# Promise 53: Of mints of one name at the same moment one succeeds. No vault is guessed.


@mutant(53)
def name_minted_by_each_at_once() -> None:
    """Of mints of one name at the same moment, each succeeds, and the last one replaces the others."""

    @replaces("tokens:store_new")
    def _(
        old: Callable[[Repository, str, dict[str, Any]], None],
        repository: Repository,
        name: str,
        record: dict[str, Any],
    ) -> None:
        import time

        from standin import tokens

        time.sleep(0.3)  # all of them have found the name free by then
        repository.store.put(tokens.place_of(name), tokens._KIND, record)


@mutant(53)
def secret_replaced_by_a_loser() -> None:
    """Of mints of one name at the same moment, one succeeds, and the vault has the secret of another."""

    @replaces("tokens:store_new")
    def _(
        old: Callable[[Repository, str, dict[str, Any]], None],
        repository: Repository,
        name: str,
        record: dict[str, Any],
    ) -> None:
        import secrets
        import time

        from standin import vaults
        from standin.errors import UserError

        time.sleep(0.3)  # all of them have found the name free by then
        try:
            old(repository, name, record)
        except UserError:
            time.sleep(0.3)  # the one that succeeds has stored its secret by then
            vaults.put(repository, record["vaultName"], record["secretKey"], secrets.token_hex(32))
            raise


@mutant(53)
def orchestrator_mints_each_at_once() -> None:
    """Of mints of one name at the same moment through an orchestrator, each succeeds."""

    @replaces("orchestrator.requests:Requests.do_worker_token_create")
    def _(
        old: Callable[[Requests, str, int, str, int | str], Any],
        requests: Requests,
        name: str,
        durationMs: int,
        vaultName: str = "",
        maxEnrollments: int | str = 1,
    ) -> Any:
        import asyncio

        from standin import tokens

        is_free = tokens.record_of(requests._repository, name) is None

        async def minted_later() -> Any:
            await asyncio.sleep(0.5)  # all of them have found the name free by then
            with _name_looks_free(is_free):
                return old(requests, name, durationMs, vaultName, maxEnrollments)

        return minted_later()


@mutant(53)
def first_of_several_vaults_taken() -> None:
    """With several vaults, minting without naming one takes the first."""

    @replaces("tokens:chosen_vault")
    def _(old: Callable[[list[str], str], str], found: list[str], named: str) -> str:
        return old(found, named or found[0])


@mutant(53)
def unknown_vault_replaced() -> None:
    """Minting with a vault that does not exist takes the first vault."""

    @replaces("tokens:chosen_vault")
    def _(old: Callable[[list[str], str], str], found: list[str], named: str) -> str:
        return old(found, named if named in found else found[0] if named else named)


@mutant(53)
def orchestrator_takes_first_vault() -> None:
    """With several vaults, minting through an orchestrator without naming one takes the first."""

    @replaces("orchestrator.requests:Requests.do_worker_token_create")
    def _(
        old: Callable[[Requests, str, int, str, int | str], Any],
        requests: Requests,
        name: str,
        durationMs: int,
        vaultName: str = "",
        maxEnrollments: int | str = 1,
    ) -> Any:
        from standin import vaults

        vault = vaultName or vaults.names(requests._repository)[0]
        return old(requests, name, durationMs, vault, maxEnrollments)


@mutant(53)
def orchestrator_counts_its_own_vault() -> None:
    """Minting through an orchestrator without naming a vault fails although there is only one."""

    @replaces("orchestrator.requests:Requests.do_worker_token_create")
    def _(
        old: Callable[[Requests, str, int, str, int | str], Any],
        requests: Requests,
        name: str,
        durationMs: int,
        vaultName: str = "",
        maxEnrollments: int | str = 1,
    ) -> Any:
        from standin import vaults
        from standin.errors import UserError

        if not vaultName:
            found = ", ".join([*vaults.names(requests._repository), "_token-secrets"])
            raise UserError(f"Multiple vaults are configured ({found}). Pass --vault <name> to choose one.")
        return old(requests, name, durationMs, vaultName, maxEnrollments)


@mutant(53)
def refused_vault_leaves_a_token() -> None:
    """Minting that is refused because of its vault leaves a token in the list."""

    @replaces("tokens:chosen_vault")
    def _(old: Callable[[list[str], str], str], found: list[str], named: str) -> str:
        from standin import tokens
        from standin.errors import UserError
        from standin.moments import after, stamp
        from standin.repository import Repository

        try:
            return old(found, named)
        except UserError:
            record = {
                "name": "alpha",
                "state": "unused",
                "createdAt": stamp(),
                "expiresAt": stamp(after(3600)),
            }
            kept = {"vaultName": found[0], "secretKey": "worker-token-alpha"}
            whole = {**record, **kept, "maxEnrollments": 1, "bindings": []}
            repository = Repository.here()
            repository.store.put(tokens.place_of("alpha"), tokens._KIND, whole)
            raise


@mutant(53)
def secret_sought_in_the_first_vault() -> None:
    """No worker can enroll with a token whose secret is in another vault than the first one."""

    @replaces("tokens:check_secret")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        secret: str,
    ) -> None:
        from standin import vaults
        from standin.tokens import Rejected

        first = vaults.names(repository)[0]
        if record["vaultName"] != first:
            key = record["secretKey"]
            raise Rejected(f"Secret '{key}' not found in local vault '{first}'", for_good=False)
        old(repository, record, secret)


@mutant(53)
def orchestrator_knows_the_vaults_of_its_first_mint() -> None:
    """An orchestrator that has minted a token does not know the vaults that are created later."""
    known: list[list[str]] = []

    @replaces("tokens:chosen_vault")
    def _(old: Callable[[list[str], str], str], found: list[str], named: str) -> str:
        known.append(found)
        return old(known[0], named)
