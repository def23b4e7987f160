"""Mutants of orchestrators that are replaced by another release, crash or are stopped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces
from standin.mutants.runs import resumed_from_now_on

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

    from websockets.asyncio.server import ServerConnection

    from standin.commandline import Call
    from standin.orchestrator.dataplane import DataPlane
    from standin.orchestrator.dispatch import Dispatcher, Work
    from standin.orchestrator.pool import Member, Pool
    from standin.orchestrator.requests import Requests
    from standin.orchestrator.runs import Run, _Progress
    from standin.orchestrator.serve import Orchestrator
    from standin.orchestrator.workflow import Step
    from standin.repository import Repository
    from standin.store import Datum, Store
    from standin.worker.session import Session

Interrupted = Callable[[dict[str, Any], str], dict[str, Any]]

_STOPPED, _CRASHED = "server_shutdown", "server_crash"


# Promise 31: A repository that another release has used keeps everything; its workers leave no trace.


def _is_of_other_release(repository: Repository) -> bool:
    """Whether another release has made a repository."""
    from standin import protocol

    return f"protocol: {protocol.VERSION}\n" not in (repository.folder / ".swamp.yaml").read_text("utf-8")


@mutant(31)
def upgrade_binds_machines_anew() -> None:
    """A machine that enrolled with another release is bound anew, from the time at which it returns."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        from standin import tokens

        if _is_of_other_release(repository):
            record = repository.store.change(
                tokens.place_of(record["name"]), tokens._KIND, lambda present: {**present, "bindings": []}
            )
        old(repository, record, machine)


@mutant(31)
def upgrade_costs_a_second_binding() -> None:
    """A machine of a token for several that enrolled with another release is bound a second time."""

    @replaces("tokens:bind")
    def _(
        old: Callable[[Repository, dict[str, Any], str], None],
        repository: Repository,
        record: dict[str, Any],
        machine: str,
    ) -> None:
        anew = record["maxEnrollments"] != 1 and _is_of_other_release(repository)
        old(repository, record, f"{machine}-again" if anew else machine)


@mutant(31)
def upgrade_revives_revoked_tokens() -> None:
    """A worker enrolls with a token that was revoked under another release."""

    @replaces("tokens:admit")
    def _(
        old: Callable[[Repository, str, str], datetime], repository: Repository, credential: str, machine: str
    ) -> datetime:
        from standin import tokens

        name, _ = tokens.split(credential)
        if _is_of_other_release(repository):
            repository.store.change(
                tokens.place_of(name), tokens._KIND, lambda present: {**present, "state": "unused"}
            )
        return old(repository, credential, machine)


@mutant(31)
def upgrade_changes_secrets() -> None:
    """A secret that another release has put into the vault has one more character, a line end."""

    @replaces("vaults:get")
    def _(old: Callable[[Repository, str, str], str], repository: Repository, vault: str, key: str) -> str:
        kept = old(repository, vault, key)
        changes = _is_of_other_release(repository) and not key.startswith("worker-token-")
        return f"{kept}\n" if changes else kept


@mutant(31)
def upgrade_drops_old_versions() -> None:
    """The first write of a step after an upgrade drops the versions that another release wrote."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(
        old: Callable[[DataPlane, str, str, Any, dict[str, Any]], dict[str, Any]],
        plane: DataPlane,
        spec: str,
        name: str,
        data: Any,
        overrides: dict[str, Any],
    ) -> dict[str, Any]:
        answer = old(plane, spec, name, data, overrides)
        if _is_of_other_release(plane._repository):
            plane._store.forget_version(plane._place(name), 1)
        return answer


@mutant(31)
def upgrade_keeps_old_data_latest() -> None:
    """After an upgrade, the last version of another release is still listed beside the newest one."""

    @replaces("store:Store.latest_of_steps")
    def _(old: Callable[[Store], Iterator[Datum]], store: Store) -> Iterator[Datum]:
        from standin.repository import Repository
        from standin.store import Place

        for datum in old(store):
            first = Place(datum.facts["modelType"], datum.facts["modelName"], datum.facts["name"])
            if datum.version > 1 and _is_of_other_release(Repository(store.repository)):
                before = store.version(first, 1)
                yield from [before] if before is not None and "step" in before.facts["tags"] else []
            yield datum


@mutant(31)
def upgrade_hides_old_history() -> None:
    """The history does not show the runs of another release."""

    @replaces("questions:history")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        runs = old(repository)
        return runs[:-1] if _is_of_other_release(repository) else runs


@mutant(31)
def upgrade_leaves_old_runs_running() -> None:
    """A run that was in progress under another release stays running for ever."""

    @replaces("orchestrator.serve:recover_runs")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        if not _is_of_other_release(repository):
            old(repository)


@mutant(31)
def upgrade_leaves_old_leases_active() -> None:
    """The lease of a step that ran under another release stays active for ever."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records

        active = [each for each in records.leases(repository) if each["state"] == "active"]
        old(repository)
        for lease in active if _is_of_other_release(repository) else []:
            records.put_lease(repository, lease)


@mutant(31)
def upgrade_renames_fleet_members() -> None:
    """A machine of a token for several has another name in the pool after an upgrade."""

    @replaces("tokens:member_name")
    def _(
        old: Callable[[Repository, str, str], str], repository: Repository, credential: str, machine: str
    ) -> str:
        return old(repository, credential, f"{machine}\n" if _is_of_other_release(repository) else machine)


@mutant(31)
def upgrade_rounds_lifetimes() -> None:
    """The token list shows another end of the lifetime for tokens that another release has minted."""

    @replaces("questions:token_list")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        listed = old(repository)
        if not _is_of_other_release(repository):
            return listed
        return [{**entry, "expiresAt": f"{entry['expiresAt'][:17]}00.000Z"} for entry in listed]


@mutant(31)
def other_protocol_uses_up_its_token() -> None:
    """A worker of another protocol version is turned away only after its machine was bound to its token."""

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


@mutant(31)
def earlier_worker_lacks_a_field() -> None:
    """A worker must report its host, which workers of earlier releases with the same protocol do not."""

    @replaces("worker.session:Session.wish")
    def _(old: Callable[[Session], dict[str, Any]], session: Session) -> dict[str, Any]:
        return {**old(session), "host": "here"}

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin.tokens import Rejected

        if "host" not in wish:
            raise Rejected("Invalid enrollment: host is required", for_good=False)
        return old(pool, wish, socket)


@mutant(31)
def earlier_orchestrator_lacks_a_field() -> None:
    """A worker leaves an orchestrator that does not report its release, as earlier ones do not."""

    @replaces("orchestrator.serve:admission")
    def _(old: Callable[..., dict[str, Any]], member: Member, *, same: bool) -> dict[str, Any]:
        return {**old(member, same=same), "release": "this"}

    @replaces("worker.session:Session.answered")
    def _(old: Callable[[Session, dict[str, Any]], None], session: Session, reply: dict[str, Any]) -> None:
        from standin.worker.session import TurnedAway

        old(session, reply)
        if "release" not in reply:
            raise TurnedAway("The orchestrator does not report its release", for_good=True)


@mutant(31)
def earlier_client_misses_the_status() -> None:
    """The status of a run has another name for clients that do not report their release."""

    class Renaming:
        """A connection to a client of an earlier release."""

        def __init__(self, socket: ServerConnection) -> None:
            self._socket = socket

        async def send(self, text: str) -> None:
            await self._socket.send(text.replace('"status": "succeeded"', '"state": "succeeded"'))

        def __getattr__(self, name: str) -> Any:
            return getattr(self._socket, name)

    @replaces("operator.workflows:_follow")
    async def _(
        old: Callable[[Call, dict[str, Any]], Awaitable[Any]], call: Call, payload: dict[str, Any]
    ) -> Any:
        return await old(call, {**payload, "release": "this"})

    @replaces("orchestrator.requests:Requests._run_workflow")
    async def _(
        old: Callable[[Requests, Any, dict[str, Any]], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        payload: dict[str, Any],
    ) -> None:
        await old(requests, socket if "release" in payload else Renaming(socket), payload)


@mutant(31)
def downgrade_finds_no_secret() -> None:
    """A secret that this release has used cannot be read by the release before it."""

    @replaces("orchestrator.workflow:steps_of")
    def _(
        old: Callable[[Repository, str, dict[str, str]], list[Step]],
        repository: Repository,
        workflow: str,
        inputs: dict[str, str],
    ) -> list[Step]:
        steps = old(repository, workflow, inputs)
        if _is_of_other_release(repository):
            from standin import vaults

            for vault in vaults.names(repository):
                for key in vaults.keys(repository, vault):
                    if not key.startswith("worker-token-"):
                        vaults.put(repository, vault, key, "v2:encrypted by the newer release")
        return steps


@mutant(31)
def upgrade_refuses_old_approvals() -> None:
    """A step that waits for approval since an earlier release cannot be approved."""

    @replaces("orchestrator.runs:Run._recorded_step")
    def _(old: Callable[[Run, str], dict[str, Any]], run: Run, name: str) -> dict[str, Any]:
        return {**old(run, name), "release": "this"}

    @replaces("approvals:decided")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        decision: dict[str, Any],
    ) -> dict[str, Any]:
        from standin.errors import UserError

        if "release" not in step:
            raise UserError(f'Step "{step["name"]}" is not awaiting approval in the suspended run')
        return old(step, decision)


# Promise 32: After a crash nothing stays active, and operators see why runs ended and which steps had run.


@mutant(32)
def crash_ends_last_run_only() -> None:
    """An orchestrator that starts records the end of one run only, not of all that were in progress."""

    @replaces("orchestrator.serve:recover_runs")
    def _(_: Callable[[Repository], None], repository: Repository) -> None:
        from standin.orchestrator.runs import interrupted

        running = [run for run in repository.documents("runs") if run["status"] == "running"]
        for run in running[-1:]:
            repository.write(f"runs/{run['runId']}.json", interrupted(run, _CRASHED))


@mutant(32)
def crash_ends_one_run_of_each_workflow() -> None:
    """An orchestrator that starts records the end of the last run of each workflow, not of all its runs."""

    @replaces("orchestrator.serve:recover_runs")
    def _(_: Callable[[Repository], None], repository: Repository) -> None:
        from standin.orchestrator.runs import interrupted

        running = [run for run in repository.documents("runs") if run["status"] == "running"]
        for run in {run["workflowName"]: run for run in running}.values():
            repository.write(f"runs/{run['runId']}.json", interrupted(run, _CRASHED))


@mutant(32)
def method_of_a_crash_stays_running() -> None:
    """A method that was in progress when the orchestrator crashed is shown as running for ever."""

    @replaces("orchestrator.serve:recover_methods")
    def _(_: Callable[[Repository], None], repository: Repository) -> None:
        return


@mutant(32)
def second_crash_not_swept() -> None:
    """Only the first crash is noticed: the runs that a second one leaves stay active."""

    @replaces("orchestrator.serve:recover_runs")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        if not any(run["status"] == "failed" for run in repository.documents("runs")):
            old(repository)


@mutant(32)
def leases_of_second_crash_stay_active() -> None:
    """Leases that a second crash leaves stay active."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records

        leases = records.leases(repository)
        old(repository)
        if any(each["state"] == "expired" for each in leases):
            for lease in leases:
                records.put_lease(repository, lease)


@mutant(32)
def busy_worker_stays_busy_after_crash() -> None:
    """A worker that ran a step when the orchestrator crashed, and stays away, is listed as busy for ever."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records

        busy = [each for each in records.workers(repository) if each["status"] == "busy"]
        old(repository)
        for worker in busy:
            records.put_worker(repository, worker)


@mutant(32)
def resumed_run_recorded_as_suspended() -> None:
    """A run that goes on after an approval is recorded as suspended until it ends, so also after a crash."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.runs:Run.record")
    def _(old: Callable[[Run], None], run: Run) -> None:
        old(run)
        if run.identity in resumed and run.status == "running":
            record = f"runs/{run.identity}.json"
            run._repository.write(record, {**(run._repository.read(record) or {}), "status": "suspended"})


@mutant(32)
def queue_kept_after_crash() -> None:
    """A step that waited when the orchestrator crashed stays in the queue."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records

        waiting = list(records.waiting(repository))
        old(repository)
        for each in waiting:
            records.put_pending(repository, each)


@mutant(32)
def check_of_runs_counts_interrupted_ones() -> None:
    """The check of all runs through the orchestrator counts runs that a crash has ended as active."""

    @replaces("orchestrator.requests:Requests.do_run_doctor")
    def _(old: Callable[[Requests], Any], requests: Requests) -> Any:
        from standin import questions

        found = old(requests)
        runs = questions.run_history(requests._repository)["runs"]
        ended = [run for run in runs if run["status"] == "failed"]
        return {**found, "active": found["active"] + len(ended), "activeRuns": [*found["activeRuns"], *ended]}


@mutant(32)
def crash_called_a_stop() -> None:
    """The history says that the orchestrator was stopped when it crashed."""

    @replaces("orchestrator.serve:interrupted")
    def _(old: Interrupted, run: dict[str, Any], reason: str) -> dict[str, Any]:
        return old(run, _STOPPED)


@mutant(32)
def crash_unexplained() -> None:
    """The history shows that a run failed when the orchestrator crashed, without the reason."""

    @replaces("orchestrator.serve:interrupted")
    def _(old: Interrupted, run: dict[str, Any], reason: str) -> dict[str, Any]:
        return {**old(run, reason), "tags": {}}


@mutant(32)
def reason_of_crash_not_in_text() -> None:
    """The text of a run's history does not show why the run ended; its JSON does."""

    @replaces("operator.workflows:page_of_run")
    def _(old: Callable[[dict[str, Any]], str], answer: dict[str, Any]) -> str:
        first, *others = answer["jobs"]
        steps = [{key: value for key, value in step.items() if key != "error"} for step in first["steps"]]
        return old({**answer, "tags": {}, "jobs": [{**first, "steps": steps}, *others]})


@mutant(32)
def reason_of_crash_not_in_json() -> None:
    """The JSON of a run's history does not show why the run ended; its text does."""

    @replaces("operator.workflows:respond")
    def _(old: Callable[[Call, Any, str], None], call: Call, document: Any, text: str) -> None:
        if call.command.words == "workflow history get":
            for step in document["jobs"][0]["steps"]:
                step.pop("error", None)
            document = {**document, "tags": {}}
        old(call, document, text)


@mutant(32)
def steps_recorded_at_the_end_of_a_run() -> None:
    """The history of a run that a crash ended shows no step as begun: steps are recorded at its end."""

    @replaces("orchestrator.serve:interrupted")
    def _(old: Interrupted, run: dict[str, Any], reason: str) -> dict[str, Any]:
        steps = [{**step, "status": "pending"} for step in run["steps"]]
        return {**old(run, reason), "steps": steps}


@mutant(32)
def finished_steps_fail_at_a_crash() -> None:
    """A crash makes the steps fail that had finished before it."""

    @replaces("orchestrator.runs:step_interrupted")
    def _(old: Interrupted, step: dict[str, Any], reason: str) -> dict[str, Any]:
        done = step["status"] == "succeeded"
        return old({**step, "status": "running"} if done else step, reason)


@mutant(32)
def running_step_shown_as_running() -> None:
    """The history of a run that a crash ended shows its step as running for ever."""

    @replaces("orchestrator.runs:step_interrupted")
    def _(_: Interrupted, step: dict[str, Any], reason: str) -> dict[str, Any]:
        return step


@mutant(32)
def program_outlives_orchestrator() -> None:
    """The program of a step on the orchestrator goes on when the orchestrator has crashed."""

    @replaces("worker.runner:end_with_all_it_started")
    def _(_: Callable[[], None]) -> None:
        import os

        os._exit(1)


# Promise 33: An orchestrator that is stopped lets its runs go on for some time, then interrupts them.


@mutant(33)
def stop_interrupts_at_once() -> None:
    """An orchestrator that is stopped interrupts its runs at once."""

    @replaces("orchestrator.serve:time_for_runs")
    def _(_: Callable[[], float]) -> float:
        return 0.0


@mutant(33)
def ctrl_c_ends_orchestrator_at_once() -> None:
    """Ctrl-C ends an orchestrator at once; only SIGTERM lets its runs go on."""

    @replaces("orchestrator.serve:asked_to_stop")
    def _(old: Callable[[asyncio.Event, int], None], stopped: asyncio.Event, received: int) -> None:
        import os
        import signal

        if received == signal.SIGINT:
            os._exit(130)
        old(stopped, received)


@mutant(33)
def reloading_orchestrator_ends_at_once() -> None:
    """An orchestrator that can reload its extensions ends at once when it is stopped."""

    @replaces("orchestrator.serve:asked_to_stop")
    def _(old: Callable[[asyncio.Event, int], None], stopped: asyncio.Event, received: int) -> None:
        import os
        import sys

        if "--hot-reload" in sys.argv:
            os._exit(143)
        old(stopped, received)


@mutant(33)
def orchestrator_in_json_interrupts_at_once() -> None:
    """An orchestrator that reports in JSON interrupts its runs and methods at once when it is stopped."""

    @replaces("orchestrator.serve:Orchestrator.let_runs_finish")
    async def _(old: Callable[[Orchestrator], Awaitable[None]], orchestrator: Orchestrator) -> None:
        if orchestrator._in_json:
            await orchestrator._requests.interrupt_all("server_shutdown")
        await old(orchestrator)


@mutant(33)
def resumed_run_ends_at_a_stop_without_its_reason() -> None:
    """An orchestrator that is stopped does not record why it ends a run which was resumed."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.runs:Run.interrupt")
    async def _(old: Callable[[Run, str], Awaitable[None]], run: Run, reason: str) -> None:
        await old(run, "" if run.identity in resumed else reason)


@mutant(33)
def stop_waits_too_long() -> None:
    """An orchestrator that is stopped lets its runs go on for much longer than it promises."""

    @replaces("orchestrator.serve:time_for_runs")
    def _(old: Callable[[], float]) -> float:
        return old() + 5


@mutant(33)
def stop_interrupts_early() -> None:
    """An orchestrator that is stopped lets its runs go on for a third of the time only."""

    @replaces("orchestrator.serve:time_for_runs")
    def _(old: Callable[[], float]) -> float:
        return old() / 3


@mutant(33)
def stop_awaits_first_run_only() -> None:
    """An orchestrator that is stopped interrupts all runs as soon as one of them has ended."""

    @replaces("orchestrator.requests:Requests.wait_for_ends")
    async def _(old: Callable[[Requests, float], Awaitable[int]], requests: Requests, limit: float) -> int:
        import asyncio

        if requests._tasks:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait(list(requests._tasks), timeout=limit, return_when=first)
        return requests.active


@mutant(33)
def run_during_stop_lost() -> None:
    """An orchestrator that is stopped interrupts runs that have started since, when the others have ended."""

    @replaces("orchestrator.requests:Requests.wait_for_ends")
    async def _(old: Callable[[Requests, float], Awaitable[int]], requests: Requests, limit: float) -> int:
        import asyncio

        if requests._tasks:
            await asyncio.wait(list(requests._tasks), timeout=limit)
        return requests.active


@mutant(33)
def stop_dispatches_no_more() -> None:
    """An orchestrator that is stopped lets the steps in progress end, and dispatches no further step."""
    stopping: list[bool] = []

    @replaces("orchestrator.serve:Orchestrator.let_runs_finish")
    async def _(old: Callable[[Orchestrator], Awaitable[None]], orchestrator: Orchestrator) -> None:
        stopping.append(True)
        await old(orchestrator)

    @replaces("orchestrator.dispatch:Dispatcher.serve_queue")
    def _(old: Callable[[Dispatcher], None], dispatcher: Dispatcher) -> None:
        if not stopping:
            old(dispatcher)


@mutant(33)
def stop_runs_no_step_of_its_own() -> None:
    """An orchestrator that is stopped runs no further step itself; workers go on."""
    stopping: list[bool] = []

    @replaces("orchestrator.serve:Orchestrator.let_runs_finish")
    async def _(old: Callable[[Orchestrator], Awaitable[None]], orchestrator: Orchestrator) -> None:
        stopping.append(True)
        await old(orchestrator)

    @replaces("orchestrator.serve:Orchestrator.execute")
    async def _(
        old: Callable[[Orchestrator, Work, Step], Awaitable[None]],
        orchestrator: Orchestrator,
        work: Work,
        step: Step,
    ) -> None:
        from standin.orchestrator.dispatch import StepFailed

        if stopping and step.requirement is None:
            raise StepFailed("the orchestrator is shutting down")
        await old(orchestrator, work, step)


@mutant(33)
def stop_ends_methods() -> None:
    """An orchestrator that is stopped lets workflows go on, and ends methods at once."""

    @replaces("orchestrator.requests:Requests.wait_for_ends")
    async def _(old: Callable[[Requests, float], Awaitable[int]], requests: Requests, limit: float) -> int:
        if any(run.status == "running" for run in requests._runs.values()):
            return await old(requests, limit)
        for method in requests._following:
            method.cancel()
        return requests.active


@mutant(33)
def stop_called_a_crash() -> None:
    """The history says that the orchestrator crashed when it was stopped."""

    @replaces("orchestrator.runs:Run.interrupt")
    async def _(old: Callable[[Run, str], Awaitable[None]], run: Run, reason: str) -> None:
        await old(run, _CRASHED)


@mutant(33)
def stop_recorded_as_cancellation() -> None:
    """A run that a stop interrupted is recorded as cancelled, as if an operator had done it."""

    @replaces("orchestrator.runs:Run.interrupt")
    async def _(_: Callable[[Run, str], Awaitable[None]], run: Run, reason: str) -> None:
        await run.cancel()


@mutant(33)
def stop_leaves_runs_to_the_next_start() -> None:
    """An orchestrator that is stopped ends without interrupting its runs; the next start finds them."""

    @replaces("orchestrator.requests:Requests.interrupt_all")
    async def _(_: Callable[[Requests, str], Awaitable[None]], requests: Requests, reason: str) -> None:
        return


@mutant(33)
def stop_interrupts_finished_steps() -> None:
    """The history shows the later steps of a run that a stop interrupted as failed."""

    @replaces("orchestrator.runs:interrupt")
    def _(_: Callable[[_Progress, str], None], progress: _Progress, reason: str) -> None:
        progress.status, progress.error = "failed", f"interrupted: {reason}"


@mutant(33)
def stop_ends_with_error() -> None:
    """An orchestrator that was stopped while a run was in progress ends with an error."""

    @replaces("orchestrator.serve:Orchestrator.let_runs_finish")
    async def _(old: Callable[[Orchestrator], Awaitable[None]], orchestrator: Orchestrator) -> None:
        active = orchestrator._requests.active
        await old(orchestrator)
        if active:
            from standin.errors import UserError

            raise UserError("The orchestrator was stopped while runs were in progress")
