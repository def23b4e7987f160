"""Mutants of answers in JSON and in text.

Promise 27: A command gives the same answer in text and in JSON, as one document that follows its contract.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

    from standin.commandline import Call, Command
    from standin.errors import UserError
    from standin.orchestrator.dispatch import Dispatch, Dispatcher
    from standin.orchestrator.pool import Member, Pool
    from standin.orchestrator.requests import Requests
    from standin.repository import Repository
    from standin.worker.cache import Cache
    from standin.worker.session import Session


@mutant(5)
def labels_of_the_variable_lost_beside_arguments() -> None:
    """A worker with labels on its command line has none of those in its variable."""

    @replaces("worker.connect:labels_from_variable")
    def _(old: Callable[[], list[str]]) -> list[str]:
        import sys

        return [] if "--label" in sys.argv else old()


@mutant(5)
def list_keeps_ended_dispatch() -> None:
    """A worker is listed with the slot of a step that has ended, as long as another step runs on it."""

    @replaces("orchestrator.pool:Pool.release")
    def _(old: Callable[[Pool, Member, str], None], pool: Pool, member: Member, dispatch: str) -> None:
        from standin import records

        before = sorted(member.dispatches)
        old(pool, member, dispatch)
        if member.dispatches:
            records.put_worker(pool._repository, {**member.record(), "activeDispatchIds": before})


@mutant(5)
def listed_in_the_order_of_enrollment() -> None:
    """The worker list is not in the order of names, but shows first the worker that enrolled first."""

    @replaces("records:workers")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        return sorted(old(repository), key=lambda record: record["enrolledAt"])


@mutant(27)
def log_before_the_json() -> None:
    """At the most detailed log level, a command with its output in JSON logs on standard output as well."""

    @replaces("operator.tokens:create")
    def _(old: Callable[[Call], None], call: Call) -> None:
        if call.json and call.option("--log-level") == "trace":
            print("[DBG] minting a token")
        old(call)


@mutant(27)
def no_tokens_where_there_is_no_repository() -> None:
    """The list of the tokens of a folder that is no repository is empty, as if all tokens were gone."""

    @replaces("operator.tokens:show")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from standin.answers import respond
        from standin.errors import UserError

        try:
            old(call)
        except UserError as error:
            if "Not a swamp repository" not in str(error):
                raise
            respond(call, [], "No enrollment tokens found.")


@mutant(27)
def model_of_the_finished_step_lost() -> None:
    """In text, a worker reports of a step that has ended its method twice instead of its model and method."""

    @replaces("worker.connect:in_words")
    def _(old: Callable[[str, dict[str, Any]], str], kind: str, facts: dict[str, Any]) -> str:
        finished = kind == "dispatch_finished"
        return old(kind, {**facts, "modelType": facts["methodName"]} if finished else facts)


@mutant(27)
def address_without_its_port() -> None:
    """In text, a worker reports the address that it connects to without the port."""

    @replaces("worker.connect:in_words")
    def _(old: Callable[[str, dict[str, Any]], str], kind: str, facts: dict[str, Any]) -> str:
        return old(kind, {**facts, "url": facts["url"].rpartition(":")[0]} if kind == "connecting" else facts)


@mutant(3)
def tokens_of_the_folder_not_of_the_server() -> None:
    """The token list is that of the repository in the working folder, also if an orchestrator is named."""

    @replaces("operator.tokens:show")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from dataclasses import replace

        old(replace(call, options={name: call.options[name] for name in call.options if name != "--server"}))


@mutant(27)
def address_in_a_variable_unknown_to_the_worker_commands() -> None:
    """The commands about workers and tokens know the orchestrator by an option only, not by a variable."""

    @replaces("commandline:server_in_variable")
    def _(old: Callable[[Command], dict[str, list[str]]], command: Command) -> dict[str, list[str]]:
        return {} if command.words.startswith("worker ") else old(command)


@mutant(27)
def field_missing() -> None:
    """The queue has no workflow in JSON."""

    @replaces("questions:queue")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        return [{key: each[key] for key in each if key != "workflowName"} for each in old(repository)]


@mutant(27)
def model_missing() -> None:
    """The queue shows no model in JSON, but does in text."""

    @replaces("questions:queue")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        return [{key: each[key] for key in each if key != "modelType"} for each in old(repository)]


@mutant(27)
def step_missing_in_events() -> None:
    """A worker does not report its steps in JSON."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        old(kind, {key: facts[key] for key in facts if key not in ("workflowName", "stepName")})


@mutant(27)
def stray_line() -> None:
    """A line is printed before the JSON of the token list."""

    @replaces("operator.tokens:show")
    def _(old: Callable[[Call], None], call: Call) -> None:
        print("Loading tokens...")
        old(call)


def _errors_on_standard_output(concerned: Callable[[UserError], bool]) -> None:
    @replaces("main:print_error")
    def _(old: Callable[..., int], error: UserError, *, in_json: bool) -> int:
        kept = sys.stderr
        if in_json and concerned(error):
            sys.stderr = sys.stdout
        code = old(error, in_json=in_json)
        sys.stderr = kept
        return code


@mutant(27)
def error_on_standard_output() -> None:
    """In JSON mode an error is printed on standard output."""
    _errors_on_standard_output(lambda _: True)


@mutant(27)
def group_alone_told_on_standard_output() -> None:
    """In JSON mode the error of a group without a sub-command is printed on standard output."""
    _errors_on_standard_output(lambda error: "No subcommand" in str(error))


@mutant(27)
def other_exit_code_in_json() -> None:
    """In JSON mode a failed command ends with another exit code."""

    @replaces("main:print_error")
    def _(old: Callable[..., int], error: UserError, *, in_json: bool) -> int:
        return old(error, in_json=in_json) + in_json


@mutant(27)
def table_in_json() -> None:
    """In JSON mode the queue is printed as text."""

    @replaces("operator.pool:queue")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from dataclasses import replace

        old(replace(call, json=False))


@mutant(27)
def command_without_promise() -> None:
    """There is a worker command that no promise covers."""

    @replaces("main:parse")
    def _(old: Callable[[Sequence[str]], Call | str], words: Sequence[str]) -> Call | str:
        from standin import commandline

        unjudged = commandline.Command("worker dance", "Let the workers dance", "operator.pool:daemon_enable")
        commandline.COMMANDS = (*commandline.COMMANDS, unjudged)
        return old(words)


@mutant(27)
def event_missing() -> None:
    """A worker does not report in JSON that it has finished its work before it ends."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        if kind != "drain_complete":
            old(kind, facts)


@mutant(27)
def slots_differ() -> None:
    """The table shows another number of slots than the JSON."""

    @replaces("operator.pool:table_of_workers")
    def _(old: Callable[..., str], answer: dict[str, Any], *, past: bool) -> str:
        shown = [{**each, "capacity": 1} for each in answer["workers"]]
        return old({**answer, "workers": shown}, past=past)


@mutant(27)
def count_wrong() -> None:
    """The worker list counts one worker too few if it shows one that is disconnected."""

    @replaces("operator.pool:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        listed = document.get("workers", ()) if isinstance(document, dict) else ()
        shows_past = any(each.get("status") == "disconnected" for each in listed)
        old(call, {**document, "count": document["count"] - 1} if shows_past else document, text)


@mutant(27)
def passed_wrong() -> None:
    """The verification counts zero workers as passed."""

    @replaces("orchestrator.requests:Requests.do_worker_verify")
    async def _(old: Callable[..., Awaitable[Any]], requests: Requests, *given: Any, **named: Any) -> Any:
        return {**await old(requests, *given, **named), "passed": 0}


@mutant(27)
def nobody_to_verify_fails() -> None:
    """The verification of an empty pool ends without a document."""

    @replaces("operator.pool:verify")
    def _(old: Callable[[Call], int], call: Call) -> int:
        from standin.errors import UserError
        from standin.remote import ask

        if not ask(call.option("--server"), "worker.verify")["workers"]:
            raise UserError("There are no workers to verify")
        return old(call)


@mutant(27)
def daemon_told_on() -> None:
    """The state of the daemon in text is the opposite of the state in JSON."""

    @replaces("operator.pool:daemon_status")
    def _(old: Callable[[Call], None], call: Call) -> None:
        print("Status (system service): running") if not call.json else old(call)


@mutant(27)
def nobody_shown_as_somebody() -> None:
    """The table of an empty pool has a row of dashes in text."""

    @replaces("operator.pool:table_of_workers")
    def _(old: Callable[..., str], answer: dict[str, Any], *, past: bool) -> str:
        from standin.answers import table
        from standin.operator.pool import _WORKERS

        return (
            old(answer, past=past) if answer["workers"] else table([dict.fromkeys(_WORKERS, "-")], _WORKERS)
        )


# Breaks the answer of the worker list: `change` takes the call and the answer, and returns another answer.
def _worker_list_changed(change: Callable[[Call, dict[str, Any]], dict[str, Any]]) -> None:
    @replaces("operator.pool:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        if call.command.words != "worker list":
            return old(call, document, text)
        from standin.operator.pool import table_of_workers

        other = change(call, document)
        return old(call, other, table_of_workers(other, past=call.has("--all")))


def _each_worker(answer: dict[str, Any], **facts: str) -> dict[str, Any]:
    return {**answer, "workers": [{**each, **facts} for each in answer["workers"]]}


@mutant(27)
def past_missing_in_json() -> None:
    """In JSON the worker list always leaves out disconnected workers."""

    def change(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        kept = [each for each in answer["workers"] if each["status"] != "disconnected" or not call.json]
        return {**answer, "workers": kept, "count": len(kept)}

    _worker_list_changed(change)


@mutant(27)
def past_missing_through_the_orchestrator() -> None:
    """Through the orchestrator, the worker list always leaves out disconnected workers."""

    @replaces("orchestrator.requests:Requests.do_worker_list")
    def _(old: Callable[..., Any], requests: Requests, *_given: Any, **_named: Any) -> Any:
        return old(requests, showAll=False)


@mutant(27)
def no_labels_told_as_one() -> None:
    """The worker list in text shows a label for a worker without labels."""

    @replaces("operator.pool:labels")
    def _(old: Callable[[Mapping[str, str]], str], pairs: Mapping[str, str]) -> str:
        return old(pairs) if pairs else "null"


@mutant(27)
def hidden_not_counted() -> None:
    """The worker list does not report that it leaves out workers."""
    _worker_list_changed(
        lambda _, answer: {key: answer[key] for key in answer if key != "filteredDisconnectedCount"}
    )


@mutant(27)
def instance_of_nobody() -> None:
    """The worker list shows an instance that no worker has."""
    _worker_list_changed(
        lambda _, answer: _each_worker(answer, instanceUuid="00000000-0000-4000-8000-000000000000")
    )


@mutant(27)
def enrolled_just_now() -> None:
    """The worker list shows the current time as the time of the enrollment."""
    from standin.moments import stamp

    _worker_list_changed(lambda _, answer: _each_worker(answer, enrolledAt=stamp()))


@mutant(27)
def seen_too_late() -> None:
    """The worker list shows a last-seen time in the future."""
    from standin.moments import after, stamp

    _worker_list_changed(lambda _, answer: _each_worker(answer, lastSeenAt=stamp(after(60))))


@mutant(27)
def one_label_in_text() -> None:
    """The table shows only the first label of a worker, if it shows past members as well."""

    @replaces("operator.pool:table_of_workers")
    def _(old: Callable[..., str], answer: dict[str, Any], *, past: bool) -> str:
        cut = [{**each, "labels": dict(sorted(each["labels"].items())[:1])} for each in answer["workers"]]
        return old({**answer, "workers": cut} if past else answer, past=past)


@mutant(27)
def queued_just_now() -> None:
    """The queue shows the current time as the start of a step's wait."""

    @replaces("questions:queue")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        from standin.moments import stamp

        return [{**each, "queuedAt": stamp()} for each in old(repository)]


@mutant(27)
def age_of_nothing() -> None:
    """The queue shows in text that every step has waited for 0 s."""

    @replaces("operator.pool:table_of_queue")
    def _(old: Callable[[list[dict[str, Any]]], str], answer: list[dict[str, Any]]) -> str:
        return old([{**each, "ageMs": 0} for each in answer])


@mutant(27)
def age_in_seconds_in_json() -> None:
    """The queue has ages in seconds in JSON."""

    @replaces("operator.pool:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        in_queue = isinstance(document, list)
        old(
            call,
            [{**each, "ageMs": each["ageMs"] // 1000} for each in document] if in_queue else document,
            text,
        )


@mutant(27)
def requirement_cut_through_the_orchestrator() -> None:
    """Through the orchestrator, the queue shows only the first label that a step waits for."""

    @replaces("orchestrator.requests:Requests.do_worker_queue_list")
    def _(old: Callable[[Requests], Any], requests: Requests) -> Any:
        return {
            "items": [
                {**each, "requirement": each["requirement"].partition(",")[0]}
                for each in old(requests)["items"]
            ]
        }


@mutant(27)
def verified_by_prefix() -> None:
    """A verification by a label includes workers whose value only begins with the wanted one."""

    @replaces("orchestrator.requests:is_selected")
    def _(
        old: Callable[[Member, str, dict[str, str]], bool], member: Member, name: str, labels: dict[str, str]
    ) -> bool:
        if name:
            return old(member, name, labels)
        return all(member.labels.get(key, "").startswith(value) for key, value in labels.items())


@mutant(27)
def verified_by_the_last_label() -> None:
    """A verification by several labels includes all workers that have the last one."""

    @replaces("orchestrator.requests:is_selected")
    def _(
        old: Callable[[Member, str, dict[str, str]], bool], member: Member, name: str, labels: dict[str, str]
    ) -> bool:
        return old(member, name, dict(list(labels.items())[-1:]))


@mutant(27)
def verified_all() -> None:
    """A verification of one worker includes all of them."""

    @replaces("orchestrator.requests:is_selected")
    def _(
        old: Callable[[Member, str, dict[str, str]], bool], member: Member, name: str, labels: dict[str, str]
    ) -> bool:
        return True if name else old(member, name, labels)


@mutant(27)
def verified_miscounted_in_text() -> None:
    """The verification counts one passed worker too many in text."""

    @replaces("operator.pool:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        passed = document.get("passed") if isinstance(document, dict) else None
        old(call, document, text if passed is None else text.replace(f"All {passed} ", f"All {passed + 1} "))


@mutant(27)
def other_dispatch_finished() -> None:
    """A worker reports in JSON another dispatch id at the end than at the start."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        import uuid

        old(kind, {**facts, "dispatchId": str(uuid.uuid4())} if kind == "dispatch_finished" else facts)


@mutant(27)
def method_missing_at_the_end() -> None:
    """A worker reports in JSON the name of the model as the method that has finished."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        finished = kind == "dispatch_finished"
        old(kind, {**facts, "methodName": facts["modelType"]} if finished else facts)


@mutant(27)
def label_without_value_taken() -> None:
    """A worker accepts a label without a value."""

    @replaces("worker.connect:connect")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from dataclasses import replace

        labels = [label if "=" in label else f"{label}=true" for label in call.options.get("--label", ())]
        old(replace(call, options={**call.options, "--label": labels}))


@mutant(27)
def stopped_worker_ends_its_step() -> None:
    """A worker that is stopped ends its step instead of finishing it."""

    @replaces("worker.session:Session._drain")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        await session._asked_to_stop.wait()
        session.abandon()
        await old(session, socket)


@mutant(27)
def end_of_work_missing_in_text() -> None:
    """A worker does not report in text that it has finished its work before it ends."""

    @replaces("worker.connect:_report_in_text")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        if kind != "drain_complete":
            old(kind, facts)


@mutant(27)
def stopped_with_a_failure() -> None:
    """A worker that reports in text and is stopped while a step runs ends with a failing exit code."""
    busy: set[Session] = set()

    @replaces("worker.session:Session._drain")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        await session._asked_to_stop.wait()
        if session._tasks:
            busy.add(session)
        await old(session, socket)

    @replaces("worker.session:Session.live")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        import sys

        await old(session)
        if "--json" not in sys.argv and session in busy:
            sys.exit(1)


@mutant(27)
def lease_of_a_stopped_worker_expired() -> None:
    """The lease of a step that a stopped worker has finished says "expired"."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        member = dispatch.member
        finished = state == "completed" and member is not None and member.draining
        old(dispatcher, dispatch, "expired" if finished else state, error)


@mutant(27)
def kept_in_the_pool_after_a_stop() -> None:
    """The pool keeps a stopped worker after its step, as if it could come back."""

    @replaces("orchestrator.pool:Pool.lose")
    def _(
        old: Callable[[Pool, Member, ServerConnection], None],
        pool: Pool,
        member: Member,
        socket: ServerConnection,
    ) -> None:
        if member.draining and member.socket is socket:
            return
        old(pool, member, socket)


@mutant(27)
def label_cut_at_an_equals_sign() -> None:
    """The worker list shows the value of a label up to its second equals sign."""

    def change(_call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        cut = [
            {
                **each,
                "labels": {name: "=".join(value.split("=")[:2]) for name, value in each["labels"].items()},
            }
            for each in answer["workers"]
        ]
        return {**answer, "workers": cut}

    _worker_list_changed(change)


@mutant(27)
def label_of_zero_missing_through_the_orchestrator() -> None:
    """Through the orchestrator, the worker list leaves out labels whose value is 0."""

    @replaces("orchestrator.requests:Requests.do_worker_list")
    def _(old: Callable[..., Any], requests: Requests, *given: Any, **named: Any) -> Any:
        answer = old(requests, *given, **named)
        for each in answer["workers"]:
            each["labels"] = {name: value for name, value in each["labels"].items() if value != "0"}
        return answer


@mutant(27)
def label_in_ascii_in_json() -> None:
    """In JSON the worker list shows labels without the letters beyond ASCII."""

    def change(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        def plain(value: str) -> str:
            return value.encode("ascii", "ignore").decode() if call.json else value

        labels = [
            {name: plain(value) for name, value in each["labels"].items()} for each in answer["workers"]
        ]
        return {
            **answer,
            "workers": [{**a, "labels": b} for a, b in zip(answer["workers"], labels, strict=True)],
        }

    _worker_list_changed(change)


@mutant(27)
def variable_wins_over_the_arguments() -> None:
    """A label in a variable overrides that of the arguments."""

    @replaces("worker.connect:connect")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from dataclasses import replace

        from standin.worker.connect import labels_from_variable

        labels = [*call.options.get("--label", ()), *labels_from_variable()]
        old(replace(call, options={**call.options, "--label": labels}))


@mutant(27)
def never_seen_again() -> None:
    """The worker list shows the time of the enrollment as the last-seen time."""

    @replaces("records:put_worker")
    def _(
        old: Callable[[Repository, dict[str, Any]], None], repository: Repository, record: dict[str, Any]
    ) -> None:
        old(repository, {**record, "lastSeenAt": record["enrolledAt"]})


@mutant(27)
def not_seen_when_it_left() -> None:
    """The worker list does not show of a lost worker when it was lost, but when it was seen before."""

    @replaces("orchestrator.pool:Pool.lose")
    def _(
        old: Callable[[Pool, Member, ServerConnection], None],
        pool: Pool,
        member: Member,
        socket: ServerConnection,
    ) -> None:
        before = member.last_seen
        old(pool, member, socket)
        if not member.draining:
            member.last_seen = before
            pool.record(member)


@mutant(5)
def slots_lost_with_the_connection() -> None:
    """The worker list shows one slot for each worker that is gone, whatever it had."""

    @replaces("records:put_worker")
    def _(
        old: Callable[[Repository, dict[str, Any]], None], repository: Repository, record: dict[str, Any]
    ) -> None:
        old(repository, {**record, "capacity": 1} if record["status"] == "disconnected" else record)


@mutant(27)
def never_seen_again_in_text() -> None:
    """The worker list shows in text the time of the enrollment as the last-seen time."""

    @replaces("operator.pool:table_of_workers")
    def _(old: Callable[..., str], answer: dict[str, Any], *, past: bool) -> str:
        workers = [{**each, "lastSeenAt": each["enrolledAt"]} for each in answer["workers"]]
        return old({**answer, "workers": workers}, past=past)


@mutant(27)
def verify_json_exits_0() -> None:
    """In JSON mode a verification that a worker fails ends with exit code 0."""

    @replaces("operator.pool:verify")
    def _(old: Callable[[Call], int], call: Call) -> int:
        code = old(call)
        return 0 if call.json else code


@mutant(27)
def queue_lists_each_requirement_once() -> None:
    """The queue shows only one of the steps that wait for the same worker."""

    @replaces("questions:queue")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        return list({each["requirement"]: each for each in old(repository)}.values())


@mutant(27)
def unusable_cache_not_noticed() -> None:
    """A worker starts with a cache directory that is a file, and keeps its machine id nowhere."""

    @replaces("worker.cache:Cache.make_folder")
    def _(old: Callable[[Cache, Path], None], cache: Cache, folder: Path) -> None:
        from standin.errors import UserError

        with contextlib.suppress(UserError):
            old(cache, folder)


@mutant(27)
def certificate_without_key_not_noticed() -> None:
    """An orchestrator with a certificate without its key tries to read a key file without a name."""

    @replaces("orchestrator.serve:check_certificate")
    def _(old: Callable[[str, str], None], certificate: str, key: str) -> None:
        from standin.errors import UserError

        if certificate and not key:
            raise UserError("The key file '' cannot be read")
        old(certificate, key)


@mutant(27)
def pause_in_seconds_in_json() -> None:
    """A worker reports in JSON its pauses before new attempts in seconds instead of milliseconds."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        pauses = kind == "retrying"
        old(kind, {**facts, "delayMs": round(facts["delayMs"] / 1000)} if pauses else facts)


@mutant(27)
def missing_certificates_not_noticed() -> None:
    """A command that trusts a file of certificates that does not exist goes on without it."""

    @replaces("remote:check_certificates")
    def _(old: Callable[[str], None], file: str) -> None:
        from standin.errors import UserError

        with contextlib.suppress(UserError):
            old(file)
