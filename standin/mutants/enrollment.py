"""Mutants of the enrollment of workers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

    from standin.commandline import Call
    from standin.errors import UserError
    from standin.orchestrator.dataplane import DataPlane
    from standin.orchestrator.dispatch import Dispatcher, Requirement
    from standin.orchestrator.pool import Member, Pool
    from standin.orchestrator.serve import Orchestrator
    from standin.repository import Repository
    from standin.tokens import Minted, Rejected
    from standin.worker.cache import Cache
    from standin.worker.session import Report, Session, Settings


# Promise 5: A worker needs only its credential to enroll, and the pool shows it correctly.


@mutant(5)
def labels_lost_in_json() -> None:
    """The worker list has no labels in JSON."""

    @replaces("operator.pool:workers")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from standin import questions

        if call.json:
            answer = questions.worker_list
            questions.worker_list = lambda repository, *, past: {
                **answer(repository, past=past),
                "workers": [{**each, "labels": {}} for each in answer(repository, past=past)["workers"]],
            }
        old(call)


@mutant(5)
def wrong_secret_enrolls() -> None:
    """The secret of a credential is not checked."""

    @replaces("tokens:check_secret")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        secret: str,
    ) -> None:
        pass


@mutant(5)
def stranger_leaves_a_trace() -> None:
    """An attempt with a token that was never minted leaves a file of that name in the repository."""

    @replaces("tokens:admit")
    def _(
        old: Callable[[Repository, str, str], datetime], repository: Repository, credential: str, machine: str
    ) -> datetime:
        from standin import tokens

        name, _ = tokens.split(credential)
        if tokens.record_of(repository, name) is None:
            repository.write(f"attempts/{name}.json", {"machine": machine})
        return old(repository, credential, machine)


@mutant(5)
def idle_shown_busy() -> None:
    """A worker that does nothing is shown as busy."""

    @replaces("questions:worker_list")
    def _(old: Callable[..., dict[str, Any]], repository: Repository, *, past: bool) -> dict[str, Any]:
        answer = old(repository, past=past)
        shown = [{**each, "status": each["status"].replace("idle", "busy")} for each in answer["workers"]]
        return {**answer, "workers": shown}


@mutant(5)
def never_minted_enrolls() -> None:
    """A worker enrolls with a token that was never minted."""

    @replaces("tokens:admit")
    def _(
        old: Callable[[Repository, str, str], datetime], repository: Repository, credential: str, machine: str
    ) -> datetime:
        from standin import tokens
        from standin.moments import after

        name, _ = tokens.split(credential)
        return (
            after(3600)
            if tokens.record_of(repository, name) is None
            else old(repository, credential, machine)
        )


@mutant(5)
def malformed_told_as_never_minted() -> None:
    """A credential that is malformed is reported as one that was never minted."""

    @replaces("tokens:split")
    def _(old: Callable[[str], tuple[str, str]], credential: str) -> tuple[str, str]:
        name, _, secret = credential.partition(".")
        return name, secret


@mutant(5)
def label_cut() -> None:
    """The value of a label ends at the first equals sign in it."""

    @replaces("worker.connect:label_in")
    def _(old: Callable[[str], tuple[str, str]], text: str) -> tuple[str, str]:
        name, value = old(text)
        return name, value.partition("=")[0]


@mutant(5)
def fleet_members_listed_by_their_token() -> None:
    """The worker list shows the machines of a token for several machines under the name of the token."""

    @replaces("questions:worker_list")
    def _(old: Callable[..., dict[str, Any]], repository: Repository, *, past: bool) -> dict[str, Any]:
        from standin import tokens

        answer = old(repository, past=past)
        several = {each["name"] for each in tokens.records(repository) if each["maxEnrollments"] != 1}

        def shown(name: str) -> str:
            token = name.rpartition("-")[0]
            return token if token in several else name

        return {**answer, "workers": [{**each, "name": shown(each["name"])} for each in answer["workers"]]}


@mutant(5)
def own_fleet_label_replaced() -> None:
    """A worker with a token for several machines has the label of its token in place of its own."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        labels = {name: value for name, value in wish["labels"].items() if name != "fleet"}
        return old(pool, {**wish, "labels": labels}, socket)


@mutant(5)
def nearly_right_secret_enrolls() -> None:
    """Only the first half of a secret is checked."""

    @replaces("tokens:check_secret")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        secret: str,
    ) -> None:
        from standin import vaults

        kept = vaults.get(repository, record["vaultName"], record["secretKey"])
        if kept[:32] != secret[:32]:
            old(repository, record, secret)


@mutant(5)
def wrong_secret_told_the_right_one() -> None:
    """The rejection of a wrong secret shows the right one."""

    @replaces("tokens:check_secret")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        secret: str,
    ) -> None:
        from standin import vaults
        from standin.tokens import Rejected

        try:
            old(repository, record, secret)
        except Rejected as error:
            kept = vaults.get(repository, record["vaultName"], record["secretKey"])
            raise Rejected(f"{error}, but {kept} does") from None


@mutant(5)
def wrong_secret_tried_again() -> None:
    """A worker with a wrong secret makes three attempts."""

    @replaces("tokens:check_secret")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        secret: str,
    ) -> None:
        from standin.tokens import Rejected

        try:
            old(repository, record, secret)
        except Rejected as error:
            raise Rejected(str(error), for_good=False) from None


@mutant(5)
def variable_for_the_token_wins() -> None:
    """A worker presents the credential of its variable instead of that of its command line."""

    @replaces("worker.session:Session.__init__")
    def _(
        old: Callable[..., None],
        session: Session,
        settings: Settings,
        cache: Cache,
        report: Report,
        on_line: Callable[[str], None],
    ) -> None:
        from dataclasses import replace

        token = os.environ.get("SWAMP_WORKER_TOKEN", settings.token)
        old(session, replace(settings, token=token), cache, report, on_line)


@mutant(5)
def label_cut_at_a_comma() -> None:
    """The value of a label ends at the first comma in it."""

    @replaces("worker.connect:label_in")
    def _(old: Callable[[str], tuple[str, str]], text: str) -> tuple[str, str]:
        name, value = old(text)
        return name, value.partition(",")[0]


@mutant(5)
def name_once_unknown_stays_unknown() -> None:
    """A name that was presented before it was minted stays unknown until the orchestrator is restarted."""
    unknown = set()

    @replaces("tokens:check_minted")
    def _(
        old: Callable[[str, dict[str, Any] | None], None], name: str, record: dict[str, Any] | None
    ) -> None:
        if record is None:
            unknown.add(name)
        old(name, None if name in unknown else record)


@mutant(5)
def label_like_a_number_rewritten() -> None:
    """The value of a label that looks like a number is recorded as that number."""

    @replaces("worker.connect:label_in")
    def _(old: Callable[[str], tuple[str, str]], text: str) -> tuple[str, str]:
        name, value = old(text)
        return name, f"{float(value):g}" if value.replace(".", "").isdecimal() else value


@mutant(5)
def platform_of_the_orchestrator() -> None:
    """The worker list shows the platform of the orchestrator for every worker."""

    @replaces("records:put_worker")
    def _(
        old: Callable[[Repository, dict[str, Any]], None], repository: Repository, record: dict[str, Any]
    ) -> None:
        import platform

        old(repository, {**record, "platform": platform.system().lower()})


@mutant(5)
def machine_bound_to_its_first_token() -> None:
    """A machine that enrolled with one token cannot enroll with another one."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin import tokens
        from standin.tokens import Rejected

        for other in tokens.records(repository):
            bound = [binding["machineId"] for binding in other["bindings"]]
            if machine in bound and other["name"] != record["name"]:
                raise Rejected(f"Machine is already bound to enrollment token '{other['name']}'")
        old(repository, record, machine)


@mutant(5)
def token_named_like_a_worker_keeps_it_out() -> None:
    """A worker cannot enroll while there is a token with its name behind "worker-"."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin import tokens
        from standin.tokens import Rejected

        taken = f"worker-{record['name']}"
        if tokens.record_of(repository, taken) is not None:
            raise Rejected(f"Definition '{taken}' exists with another type", for_good=False)
        old(repository, record, machine)


@mutant(5)
def first_attempt_decides() -> None:
    """A worker stops at once if it cannot reach its orchestrator yet, as at the start of all machines."""

    @replaces("worker.session:Session._connected")
    async def _(old: Callable[[Session], Awaitable[str]], session: Session) -> str:
        from standin.errors import UserError
        from standin.timing import DIALS_BEFORE_ENROLLMENT

        try:
            return await old(session)
        except UserError:
            session._failures = DIALS_BEFORE_ENROLLMENT
            raise


@mutant(5)
def name_taken_for_a_number() -> None:
    """The record of a token is not found if its name can be read as a number, such as 1e3."""

    @replaces("tokens:record_of")
    def _(
        old: Callable[[Repository, str], dict[str, Any] | None], repository: Repository, name: str
    ) -> dict[str, Any] | None:
        try:
            float(name)
        except ValueError:
            return old(repository, name)
        return None


# Promise 6: A restarted worker is the same pool member, on the machine that its token is bound to.


@mutant(6)
def bound_anew() -> None:
    """Each enrollment binds the token again."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin import tokens
        from standin.moments import stamp

        old(repository, record, machine)
        anew = {"bindings": [{"machineId": machine, "enrolledAt": stamp()}]}
        repository.store.change(
            tokens.place_of(record["name"]), tokens._KIND, lambda present: {**present, **anew}
        )


@mutant(6)
def machine_id_made_anew() -> None:
    """A worker makes a new machine id each time that it starts."""

    @replaces("worker.cache:Cache.machine_id")
    def _(old: Callable[[Cache], str], cache: Cache) -> str:
        (cache._folder / "machine-id").unlink(missing_ok=True)
        return old(cache)


@mutant(6)
def member_listed_twice() -> None:
    """A restarted worker is a second pool member, beside its first one."""

    @replaces("records:put_worker")
    def _(
        old: Callable[[Repository, dict[str, Any]], None], repository: Repository, record: dict[str, Any]
    ) -> None:
        from standin.records import WORKER
        from standin.store import Kind, Place

        place = Place(WORKER, f"worker-{record['instanceUuid']}", "state-main")
        repository.store.put(place, Kind("state"), record)


@mutant(6)
def second_binding() -> None:
    """A worker that starts again is bound a second time."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin import tokens
        from standin.moments import stamp

        binding = {"machineId": machine, "enrolledAt": stamp()}
        repository.store.change(
            tokens.place_of(record["name"]),
            tokens._KIND,
            lambda present: {**present, "state": "enrolled", "bindings": [*present["bindings"], binding]},
        )


@mutant(6)
def idle_workers_not_swept_at_the_start() -> None:
    """An orchestrator that starts after a crash leaves the workers that were idle recorded as idle."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records

        idle = [worker for worker in records.workers(repository) if worker["status"] == "idle"]
        old(repository)
        for worker in idle:
            records.put_worker(repository, worker)


@mutant(6)
def first_labels_kept() -> None:
    """A worker that starts again with other labels keeps its first labels."""
    first: dict[str, dict[str, str]] = {}

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        name = wish["token"].partition(".")[0]
        return old(pool, {**wish, "labels": first.setdefault(name, wish["labels"])}, socket)


@mutant(6)
def first_labels_kept_for_scheduling() -> None:
    """A worker that starts again with other labels is listed with these but gets steps by its first ones."""
    first: dict[str, dict[str, str]] = {}

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        name = wish["token"].partition(".")[0]
        member, same = old(pool, wish, socket)
        member.labels = first.setdefault(name, wish["labels"])
        pool.changed()
        return member, same


@mutant(6)
def dropped_labels_still_listed() -> None:
    """A worker that starts again with other labels is also listed with those that it has no longer."""
    known: dict[str, dict[str, str]] = {}

    @replaces("records:put_worker")
    def _(
        old: Callable[[Repository, dict[str, Any]], None],
        repository: Repository,
        record: dict[str, Any],
    ) -> None:
        labels = known.setdefault(record["name"], {})
        labels.update(record["labels"])
        old(repository, {**record, "labels": dict(labels)})


@mutant(6)
def first_labels_listed() -> None:
    """A worker that starts again with other labels gets steps by these but is listed with its first ones."""
    first: dict[str, dict[str, str]] = {}

    @replaces("records:put_worker")
    def _(
        old: Callable[[Repository, dict[str, Any]], None], repository: Repository, record: dict[str, Any]
    ) -> None:
        labels = first.setdefault(record["name"], record["labels"])
        old(repository, {**record, "labels": labels})


@mutant(6)
def cache_variable_ignored() -> None:
    """A worker ignores the cache directory in a variable and makes a new one at each start."""

    @replaces("worker.connect:cache_from_variable")
    def _(old: Callable[[], str]) -> str:
        return ""


@mutant(6)
def variable_for_the_cache_not_read() -> None:
    """A worker does not use the cache directory that a variable names."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        old(cache, "" if folder == os.environ.get("SWAMP_WORKER_CACHE_DIR") else folder)


@mutant(6)
def return_counts_as_an_enrollment() -> None:
    """A token for several machines that has admitted all of them turns away returning machines."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin.tokens import Rejected

        if 1 < record["maxEnrollments"] <= len(record["bindings"]):
            raise Rejected(f"Enrollment token '{record['name']}': enrollment allowance exhausted")
        old(repository, record, machine)


@mutant(6)
def return_bound_twice_for_several() -> None:
    """A returning machine is bound a second time if its token is for several machines."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin import tokens
        from standin.moments import stamp

        if record["maxEnrollments"] == 1:
            old(repository, record, machine)
            return
        bindings = [*record["bindings"], {"machineId": machine, "enrolledAt": stamp()}]
        repository.store.change(
            tokens.place_of(record["name"]),
            tokens._KIND,
            lambda present: {**present, "state": "enrolled", "bindings": bindings},
        )


@mutant(6)
def first_slots_kept() -> None:
    """A worker that starts again with other slots keeps its first slots."""
    first: dict[str, int] = {}

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        name = wish["token"].partition(".")[0]
        return old(pool, {**wish, "capacity": first.setdefault(name, wish["capacity"])}, socket)


@mutant(6)
def first_slots_kept_for_scheduling() -> None:
    """A worker that starts again with other slots is listed with these but gets steps by its first ones."""
    first: dict[str, int] = {}

    @replaces("orchestrator.dispatch:has_free_slot")
    def _(old: Callable[[Member], bool], member: Member) -> bool:
        return len(member.dispatches) < first.setdefault(member.name, member.capacity)

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        first.setdefault(wish["token"].partition(".")[0], wish["capacity"])
        return old(pool, wish, socket)


@mutant(6)
def first_slots_listed() -> None:
    """A worker that starts again with other slots gets steps by these but is listed with its first ones."""
    first: dict[str, int] = {}

    @replaces("records:put_worker")
    def _(
        old: Callable[[Repository, dict[str, Any]], None], repository: Repository, record: dict[str, Any]
    ) -> None:
        old(repository, {**record, "capacity": first.setdefault(record["name"], record["capacity"])})


@mutant(6)
def first_label_of_a_variable_alone() -> None:
    """Of several labels in a variable, a worker takes only the first."""

    @replaces("worker.connect:labels_from_variable")
    def _(old: Callable[[], list[str]]) -> list[str]:
        return old()[:1]


@mutant(6)
def label_of_a_variable_cut() -> None:
    """The value of a label in a variable ends at the first equals sign in it."""

    @replaces("worker.connect:labels_from_variable")
    def _(old: Callable[[], list[str]]) -> list[str]:
        return ["=".join(label.split("=")[:2]) for label in old()]


@mutant(6)
def variable_for_the_cache_wins() -> None:
    """A worker uses the cache directory of its variable instead of that of its command line."""

    @replaces("worker.cache:Cache.__init__")
    def _(old: Callable[[Cache, str], None], cache: Cache, folder: str) -> None:
        old(cache, os.environ.get("SWAMP_WORKER_CACHE_DIR", folder))


def _not_swept_at_the_start(kept: Callable[[Repository, dict[str, Any]], bool]) -> None:
    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records

        found = [worker for worker in records.workers(repository) if kept(repository, worker)]
        old(repository)
        for worker in found:
            records.put_worker(repository, worker)


@mutant(6)
def members_of_a_fleet_not_swept_at_the_start() -> None:
    """An orchestrator that starts after a crash leaves the members of a fleet as they were."""

    def has_no_token(repository: Repository, worker: dict[str, Any]) -> bool:
        from standin import tokens

        return tokens.record_of(repository, worker["name"]) is None

    _not_swept_at_the_start(has_no_token)


@mutant(6)
def unverified_workers_not_swept_at_the_start() -> None:
    """An orchestrator that starts after a crash leaves unverified workers recorded as unverified."""
    _not_swept_at_the_start(lambda _, worker: worker["status"] == "unverified")


@mutant(6)
def spaces_in_a_variable_kept() -> None:
    """A space between the labels in a variable becomes a part of the next label."""

    @replaces("worker.connect:labels_from_variable")
    def _(old: Callable[[], list[str]]) -> list[str]:
        return [label for label in os.environ.get("SWAMP_WORKER_LABELS", "").split(",") if label.strip()]


# Promise 7: A worker without its cache directory is another machine, and is turned away.


@mutant(7)
def any_machine_may_come() -> None:
    """A token admits every machine, and is bound to all of them."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        old(repository, {**record, "maxEnrollments": 100}, machine)


@mutant(7)
def tries_for_ever() -> None:
    """A worker that is turned away for good retries without end."""

    @replaces("worker.session:Session._give_up")
    def _(old: Callable[[Session, str], None], session: Session, reason: str) -> None:
        if "exhausted" not in reason:
            old(session, reason)

    @replaces("worker.session:Session.has_lost_patience")
    def _(old: Callable[[Session], bool], session: Session) -> bool:
        return False


@mutant(7)
def turned_away_with_success() -> None:
    """A worker that is turned away shows the reason, and ends with a successful exit code."""

    @replaces("main:print_error")
    def _(old: Callable[..., int], error: UserError, *, in_json: bool) -> int:
        old(error, in_json=in_json)
        return 0


@mutant(7)
def tries_twice() -> None:
    """A worker that is turned away for good retries once."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin.tokens import Rejected

        try:
            old(repository, record, machine)
        except Rejected as rejected:
            raise Rejected(str(rejected), for_good=False) from None


@mutant(7)
def rejected_worker_lingers() -> None:
    """A rejected worker reports why, and its process ends long after."""

    @replaces("worker.session:Session._give_up")
    def _(old: Callable[[Session, str], None], session: Session, reason: str) -> None:
        try:
            old(session, reason)
        finally:
            time.sleep(30)


@mutant(7)
def turned_away_with_success_without_reconnecting() -> None:
    """A worker that does not reconnect ends with a successful exit code when it is turned away."""

    @replaces("worker.session:Session._give_up")
    def _(old: Callable[[Session, str], None], session: Session, reason: str) -> None:
        if session._settings.reconnects:
            old(session, reason)


@mutant(7)
def turned_away_with_success_with_a_limit_of_steps() -> None:
    """A worker with a limit of steps that is rejected exits with success."""

    @replaces("main:print_error")
    def _(old: Callable[..., int], error: UserError, *, in_json: bool) -> int:
        code = old(error, in_json=in_json)
        return 0 if "--max-dispatches" in sys.argv and "Enrollment token" in str(error) else code


@mutant(7)
def rejection_with_a_long_name_cut() -> None:
    """A rejection is cut where the name of the token is long, and the worker tries again."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin.tokens import Rejected

        try:
            old(repository, record, machine)
        except Rejected as error:
            if len(str(error)) > 80:
                raise Rejected(f"{str(error)[:79]}…", for_good=False) from None
            raise


@mutant(4)
def rejected_after_a_refused_connection_gives_up_late() -> None:
    """A worker that is rejected for good takes that for a failed connection if one was refused before."""

    @replaces("worker.session:Session._enroll")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        from standin.worker.session import TurnedAway

        try:
            await old(session, socket)
        except TurnedAway as away:
            if not away.for_good or session._failures < 2:
                raise
            reason = f"connection failed 3 consecutive times before enrollment (last error: {away})"
            raise TurnedAway(reason, for_good=True) from None


# Promise 8: A second machine is turned away without disturbing the first.


@mutant(8)
def second_displaces_the_first() -> None:
    """The second machine is admitted, and the first one is disconnected."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        if record["bindings"] and record["bindings"][0]["machineId"] != machine:
            return
        old(repository, record, machine)

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if before is not None and before.socket is not None:
            before.socket.transport.abort()
            before.socket = None


@mutant(8)
def both_of_a_race() -> None:
    """Two machines that present a token at the same moment are both admitted."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin.moments import moment, now

        recent = [(now() - moment(each["enrolledAt"])).total_seconds() < 1 for each in record["bindings"]]
        old(repository, {**record, "maxEnrollments": 1 + sum(recent)}, machine)

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        pass


@mutant(8)
def wrong_reason() -> None:
    """The second machine is rejected because its token is revoked."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin.tokens import Rejected

        try:
            old(repository, record, machine)
        except Rejected:
            raise Rejected(f"Enrollment token '{record['name']}' has been revoked") from None


@mutant(8)
def attempt_is_recorded_as_binding() -> None:
    """The token list shows the second machine as bound, although it was turned away."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin import tokens
        from standin.moments import stamp

        binding = {"machineId": machine, "enrolledAt": stamp()}
        if record["bindings"] and record["bindings"][0]["machineId"] != machine:
            repository.store.change(
                tokens.place_of(record["name"]),
                tokens._KIND,
                lambda present: {**present, "bindings": [*present["bindings"], binding]},
            )
        old(repository, record, machine)


@mutant(8)
def second_machine_voids_the_step_of_the_first() -> None:
    """The second machine is turned away, but from then on the step of the first one cannot write."""
    voided = set()

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin.tokens import Rejected

        try:
            return old(pool, wish, socket)
        except Rejected as error:
            before = pool.members.get(wish["token"].partition(".")[0])
            if before is not None and "exhausted" in str(error):
                voided.update(before.dispatches)
            raise

    @replaces("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(old: Callable[..., dict[str, Any]], plane: DataPlane, *given: Any, **named: Any) -> dict[str, Any]:
        from standin.errors import UserError

        if plane._dispatch.identity in voided:
            raise UserError("Missing or invalid session credential")
        return old(plane, *given, **named)


@mutant(8)
def one_machine_too_many() -> None:
    """A token for several machines admits one machine too many."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        most = record["maxEnrollments"]
        old(repository, {**record, "maxEnrollments": most if most == 1 else most + 1}, machine)


@mutant(8)
def last_machine_turned_away() -> None:
    """A token for several machines admits one machine too few."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        old(repository, {**record, "maxEnrollments": max(1, record["maxEnrollments"] - 1)}, machine)


@mutant(8)
def busy_worker_idle_after_a_rejection() -> None:
    """A worker that runs a step is shown as idle after another machine was rejected."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin import records, tokens

        try:
            return old(pool, wish, socket)
        except tokens.Rejected:
            member = pool.members.get(wish["token"].partition(".")[0])
            if member is not None and member.connected:
                records.put_worker(pool._repository, {**member.record(), "status": "idle"})
            raise


@mutant(8)
def rejection_stops_everything_for_long() -> None:
    """The orchestrator does nothing for some seconds when it rejects another machine."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin.tokens import Rejected

        try:
            old(repository, record, machine)
        except Rejected:
            time.sleep(10)
            raise


@mutant(8)
def machines_that_begin_alike_are_one() -> None:
    """Only the beginning of a machine id counts."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        if machine[:8] not in [binding["machineId"][:8] for binding in record["bindings"]]:
            old(repository, record, machine)


@mutant(8)
def binding_ends_with_the_grace_window() -> None:
    """A token is free for another machine when the grace window of its worker has passed."""

    @replaces("orchestrator.pool:Pool._end_grace")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        from standin import tokens

        old(pool, member)
        pool._repository.store.change(
            tokens.place_of(member.token), tokens._KIND, lambda present: {**present, "bindings": []}
        )


@mutant(8)
def three_rejections_lock_the_token() -> None:
    """A token with which three workers were rejected admits nobody for a while."""
    rejected: dict[str, int] = {}

    @replaces("tokens:admit")
    def _(
        old: Callable[[Repository, str, str], datetime], repository: Repository, credential: str, machine: str
    ) -> datetime:
        from standin.tokens import Rejected

        name = credential.partition(".")[0]
        if rejected.get(name, 0) >= 3:
            raise Rejected(f"Too many failed attempts for '{name}'", for_good=False)
        try:
            return old(repository, credential, machine)
        except Rejected:
            rejected[name] = rejected.get(name, 0) + 1
            raise


@mutant(8)
def idle_worker_cut_off_by_a_rejection() -> None:
    """A worker that has no step is disconnected when another one is rejected with its token."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin.tokens import Rejected

        try:
            return old(pool, wish, socket)
        except Rejected:
            member = pool.members.get(wish["token"].partition(".")[0])
            if member is not None and member.socket is not None and not member.dispatches:
                member.socket.transport.abort()
            raise


@mutant(8)
def part_of_a_secret_enrolls() -> None:
    """The beginning of a secret counts as the secret."""

    @replaces("tokens:check_secret")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        secret: str,
    ) -> None:
        from standin import vaults

        kept = vaults.get(repository, record["vaultName"], record["secretKey"])
        if not kept.startswith(secret):
            old(repository, record, secret)


@mutant(8)
def bound_machine_needs_no_secret() -> None:
    """A machine that is bound to a token may come with any secret."""

    @replaces("tokens:admit")
    def _(
        old: Callable[[Repository, str, str], datetime], repository: Repository, credential: str, machine: str
    ) -> datetime:
        from standin import tokens, vaults

        name, _ = tokens.split(credential)
        record = tokens.record_of(repository, name)
        if record is not None and machine in [each["machineId"] for each in record["bindings"]]:
            credential = f"{name}.{vaults.get(repository, record['vaultName'], record['secretKey'])}"
        return old(repository, credential, machine)


# Promise 9: A second live worker of the same machine is turned away without disturbing the first.


@mutant(9)
def twin_takes_over() -> None:
    """The second worker is admitted, and the first one is disconnected."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if before is not None and before.socket is not None:
            before.socket.transport.abort()
            before.socket = None


@mutant(9)
def twin_beside() -> None:
    """The second worker is admitted beside the first."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        pass


@mutant(9)
def first_is_cut_off_for_a_moment() -> None:
    """The second worker is turned away, but the first one loses its connection."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        from standin.tokens import Rejected

        try:
            old(before, name)
        except Rejected:
            if before is not None and before.socket is not None:
                before.socket.transport.abort()
            raise


@mutant(9)
def twin_renews_the_enrollment() -> None:
    """The second worker is turned away, but the first one is recorded as enrolled again."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        from standin.moments import stamp
        from standin.tokens import Rejected

        try:
            old(before, name)
        except Rejected:
            if before is not None:
                before.enrolled_at = stamp()
            raise

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        try:
            return old(pool, wish, socket)
        finally:
            for member in pool.members.values():
                pool.record(member)


@mutant(9)
def twin_takes_over_from_the_busy() -> None:
    """The second worker is admitted if the first one is busy, and the first one is disconnected."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if before is not None and before.dispatches and before.socket is not None:
            before.socket.transport.abort()
            return
        old(before, name)


@mutant(9)
def twin_voids_the_step_of_the_first() -> None:
    """The second worker is turned away, but from then on the data of the first one's step is refused."""
    voided = set()

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if before is not None:
            voided.update(before.dispatches)
        old(before, name)

    @replaces("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(old: Callable[..., dict[str, Any]], plane: DataPlane, *given: Any, **named: Any) -> dict[str, Any]:
        from standin.errors import UserError

        if plane._dispatch.identity in voided:
            raise UserError("Missing or invalid session credential")
        return old(plane, *given, **named)


@mutant(9)
def unverified_worker_replaced() -> None:
    """The second worker is admitted if the first one has not passed its verification."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if before is None or not before.unverified:
            old(before, name)


@mutant(9)
def twin_changes_the_slots() -> None:
    """The second worker is turned away, but the first one has its slots from then on."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin.tokens import Rejected

        try:
            return old(pool, wish, socket)
        except Rejected:
            member = pool.members.get(wish["token"].partition(".")[0])
            if member is not None:
                member.capacity = wish["capacity"]
            raise


@mutant(9)
def already_connected_is_final() -> None:
    """A worker whose pool member is still connected stops at its first attempt."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        from standin.tokens import Rejected

        try:
            old(before, name)
        except Rejected as error:
            raise Rejected(str(error)) from None


@mutant(9)
def cache_removed_when_giving_up() -> None:
    """A worker that gives up after several attempts removes its cache directory."""

    @replaces("worker.session:Session._give_up")
    def _(old: Callable[[Session, str], None], session: Session, reason: str) -> None:
        import shutil

        if "consecutive times" in reason:
            shutil.rmtree(session._cache._folder)
        old(session, reason)


@mutant(9)
def code_of_the_rejection_lost() -> None:
    """The rejection of a second worker has a code that says nothing."""

    @replaces("orchestrator.serve:refusal")
    def _(old: Callable[[Rejected], dict[str, Any]], rejected: Rejected) -> dict[str, Any]:
        return {**old(rejected), "code": "handler_failed"}


@mutant(9)
def returned_worker_may_be_replaced() -> None:
    """A second worker is admitted if the first one has lost its connection before and returned."""
    returned: set[str] = set()

    @replaces("orchestrator.pool:is_same_member")
    def _(old: Callable[[Member | None, str], bool], before: Member | None, instance: str) -> bool:
        same = old(before, instance)
        if same and before is not None:
            returned.add(before.name)
        return same

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if name not in returned:
            old(before, name)


@mutant(9)
def attempts_without_longer_pauses() -> None:
    """A worker that is rejected waits no longer before each further attempt, so rejected workers crowd in."""

    @replaces("worker.session:Session._pause_before_next")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        pause = session._pause
        await old(session)
        session._pause = pause


# Promise 10: A worker of another protocol version is turned away before anything else.


@mutant(10)
def any_version_enrolls() -> None:
    """Every protocol version is admitted."""

    @replaces("orchestrator.pool:check_protocol")
    def _(old: Callable[[int | None], None], version: int | None) -> None:
        pass


@mutant(10)
def newer_version_enrolls() -> None:
    """A newer protocol version is admitted."""

    @replaces("orchestrator.pool:check_protocol")
    def _(old: Callable[[int | None], None], version: int | None) -> None:
        from standin.protocol import VERSION

        if version is None or version < VERSION:
            old(version)


@mutant(10)
def token_bound_before() -> None:
    """The token is bound before the version is checked."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin import tokens

        tokens.admit(pool._repository, wish["token"], wish["machineId"])
        return old(pool, wish, socket)


@mutant(10)
def tries_again() -> None:
    """A worker of another version makes three attempts."""

    @replaces("orchestrator.pool:check_protocol")
    def _(old: Callable[[int | None], None], version: int | None) -> None:
        from standin.tokens import Rejected

        try:
            old(version)
        except Rejected as rejected:
            raise Rejected(str(rejected), for_good=False) from None


@mutant(10)
def turned_away_with_a_trace() -> None:
    """A worker that is turned away for good prints a stack trace."""

    @replaces("worker.session:Session._give_up")
    def _(old: Callable[[Session, str], None], session: Session, reason: str) -> None:
        from standin.errors import UserError

        try:
            old(session, reason)
        except UserError as error:
            raise UserError(f"{error}\n    at connect (worker.ts:12:34)") from error


@mutant(10)
def member_may_change_its_protocol() -> None:
    """A worker of another protocol version is let in if a member of its name is still in the pool."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin.protocol import VERSION

        known = wish["token"].partition(".")[0] in pool.members
        return old(pool, {**wish, "protocolVersion": VERSION} if known else wish, socket)


@mutant(10)
def version_may_be_missing() -> None:
    """A worker that does not report a protocol version is admitted."""

    @replaces("orchestrator.pool:check_protocol")
    def _(old: Callable[[int | None], None], version: int | None) -> None:
        if version is not None:
            old(version)


@mutant(10)
def versions_swapped() -> None:
    """The rejection of another protocol version gives each version as that of the other side."""

    @replaces("orchestrator.pool:check_protocol")
    def _(old: Callable[[int | None], None], version: int | None) -> None:
        from standin.protocol import VERSION
        from standin.tokens import Rejected

        try:
            old(version)
        except Rejected as error:
            if version is None:
                raise
            raise Rejected(
                f"Worker protocol version {VERSION} does not match orchestrator version {version}"
            ) from error


@mutant(10)
def version_of_a_fleet_not_checked() -> None:
    """A worker with a token for several machines is admitted with any protocol version."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin import tokens
        from standin.protocol import VERSION

        record = tokens.record_of(pool._repository, wish["token"].partition(".")[0])
        several = record is not None and record["maxEnrollments"] != 1
        return old(pool, {**wish, "protocolVersion": VERSION} if several else wish, socket)


@mutant(10)
def unknown_field_hides_the_version() -> None:
    """A worker that states more than the orchestrator knows is told that, not that its version differs."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin.tokens import Rejected

        if len(wish) > 9:
            raise Rejected('[{"code": "unrecognized_keys"}]', for_good=False)
        return old(pool, wish, socket)


@mutant(10)
def other_release_turned_away() -> None:
    """A worker of another release is turned away although it has the same protocol version."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin import protocol
        from standin.tokens import Rejected

        if wish["swampVersion"] != protocol.RELEASE:
            raise Rejected(f"Worker version {wish['swampVersion']} does not match", code="protocol_mismatch")
        return old(pool, wish, socket)


@mutant(10)
def much_older_version_gets_no_answer() -> None:
    """A worker that is two protocol versions behind gets no answer: its connection is closed."""

    @replaces("orchestrator.serve:Orchestrator._serve_worker")
    async def _(
        old: Callable[[Orchestrator, ServerConnection, dict[str, Any]], Awaitable[None]],
        orchestrator: Orchestrator,
        socket: ServerConnection,
        wish: dict[str, Any],
    ) -> None:
        from standin import protocol

        if wish.get("protocolVersion", protocol.VERSION) >= protocol.VERSION - 1:
            await old(orchestrator, socket, wish)


@mutant(6)
def fleet_member_gets_another_name() -> None:
    """A machine of a token for several machines gets another name in the pool when it returns."""
    times: dict[str, int] = {}

    @replaces("tokens:member_name")
    def _(
        old: Callable[[Repository, str, str], str], repository: Repository, credential: str, machine: str
    ) -> str:
        name = old(repository, credential, machine)
        times[machine] = times.get(machine, 0) + 1
        return name if times[machine] == 1 or "-" not in name else f"{name}{times[machine]}"


@mutant(9)
def fleet_member_connects_twice() -> None:
    """A second worker on a machine of a token for several machines takes the place of the first."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if before is None or before.name == before.token:
            old(before, name)


@mutant(9)
def both_twins_of_a_race() -> None:
    """Two workers of one machine that enroll at the same moment are both admitted."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        from standin.moments import moment, now

        if before is None or (now() - moment(before.enrolled_at)).total_seconds() > 1:
            old(before, name)


@mutant(9)
def rejected_twin_changes_the_labels() -> None:
    """A second worker of a connected member is rejected, but the member has its labels from then on."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if before is not None and before.connected:
            before.labels = {"pool": "b"}
        old(before, name)


@mutant(9)
def rejection_names_the_token_of_a_fleet() -> None:
    """The rejection of a second worker names the token for several machines, not the pool member."""

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        old(before, name if before is None else before.token)


# Promise 40: A token for several machines enrolls its number, and each machine is a pool member of its own.


@mutant(40)
def fewer_than_a_hundred() -> None:
    """A token is for 99 machines at most, whatever number is asked for."""

    @replaces("tokens:allow")
    def _(
        old: Callable[[Repository, Minted, int | str], Minted],
        repository: Repository,
        minted: Minted,
        allowance: int | str,
    ) -> Minted:
        return old(repository, minted, min(allowance, 99) if isinstance(allowance, int) else allowance)


@mutant(40)
def unlimited_means_two() -> None:
    """A token for any number of machines enrolls two."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        unlimited = record["maxEnrollments"] == "unlimited"
        old(repository, {**record, "maxEnrollments": 2} if unlimited else record, machine)


@mutant(40)
def label_of_the_fleet_missing() -> None:
    """The members of a token for several machines do not get its label."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        member, same = old(pool, wish, socket)
        if "fleet" not in wish["labels"]:
            member.labels.pop("fleet", None)
            pool.record(member)
        return member, same


@mutant(40)
def label_of_the_fleet_missing_without_a_limit() -> None:
    """The members of a token for any number of machines do not get its label."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin import tokens

        member, same = old(pool, wish, socket)
        record = tokens.record_of(pool._repository, member.token)
        if record is not None and record["maxEnrollments"] == "unlimited" and "fleet" not in wish["labels"]:
            member.labels.pop("fleet", None)
            pool.record(member)
        return member, same


@mutant(40)
def label_of_the_fleet_in_lists_only() -> None:
    """Steps do not find the members of a token for several machines by its label, which the lists show."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        if requirement.labels.get("fleet") == member.token:
            return False
        return old(requirement, member)


@mutant(40)
def name_of_the_token_takes_steps() -> None:
    """A step that names a token for several machines runs on any of its members."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return old(requirement, member) or requirement.target == member.token


@mutant(40)
def last_place_taken_twice() -> None:
    """Two machines that present a token at the same moment both get its last place."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from datetime import timedelta

        from standin.moments import moment, now

        recent = [
            each for each in record["bindings"] if now() - moment(each["enrolledAt"]) < timedelta(seconds=0.3)
        ]
        several = isinstance(record["maxEnrollments"], int) and record["maxEnrollments"] > 1
        more = {"maxEnrollments": record["maxEnrollments"] + len(recent)} if several else {}
        old(repository, {**record, **more}, machine)


@mutant(40)
def oldest_machine_gives_its_place() -> None:
    """A machine gets the place of the oldest one when a token for several machines has no other."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        old(repository, {**record, "bindings": record["bindings"][-1:]}, machine)


@mutant(40)
def full_token_refuses_its_own_machines() -> None:
    """A machine of a token for several machines cannot return when the token allows no more."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        full = record["maxEnrollments"] not in (1, "unlimited")
        full = full and len(record["bindings"]) >= record["maxEnrollments"]
        old(repository, record, f"{machine}, again" if full else machine)


@mutant(40)
def members_return_after_revocation() -> None:
    """Machines of a revoked token for several machines return."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if record["maxEnrollments"] == 1 or record["state"] != "revoked":
            old(record)


@mutant(40)
def revocation_fails_running_steps() -> None:
    """A step fails that runs on a member of a token for several machines when the token is revoked."""

    @replaces("orchestrator.dispatch:Dispatcher.finished")
    def _(
        old: Callable[[Dispatcher, dict[str, Any]], None], dispatcher: Dispatcher, params: dict[str, Any]
    ) -> None:
        from standin import tokens

        dispatch = dispatcher.dispatches.get(params["dispatchId"])
        member = dispatch.member if dispatch is not None else None
        record = tokens.record_of(dispatcher._repository, member.token) if member is not None else None
        if record is not None and record["state"] == "revoked" and record["maxEnrollments"] != 1:
            error = f"Enrollment token '{record['name']}' has been revoked"
            params = {**params, "status": "error", "error": error}
        old(dispatcher, params)
