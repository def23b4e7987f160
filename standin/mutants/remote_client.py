"""Mutants of commands that use an orchestrator.

Promise 28: An operator needs no repository: the address of an orchestrator is enough.
Promise 35: A run goes on without its client (at the end).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    import asyncio

    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

    from standin.commandline import Call
    from standin.operator.workflows import Followed
    from standin.orchestrator.dataplane import DataPlane
    from standin.orchestrator.dispatch import Dispatch, Dispatcher, Work
    from standin.orchestrator.requests import Requests
    from standin.orchestrator.runs import Run
    from standin.orchestrator.serve import Orchestrator
    from standin.orchestrator.workflow import Step
    from standin.repository import Repository
    from standin.store import Kind
    from standin.worker.context import Context


@mutant(28)
def query_through_the_orchestrator_cut() -> None:
    """A query through an orchestrator shows the first 100 data, and does not say that there are more."""

    @replaces("orchestrator.requests:Requests.do_data_query")
    def _(old: Callable[[Requests, str], Any], requests: Requests, predicate: str) -> Any:
        answer = old(requests, predicate)
        return {**answer, "results": answer["results"][:100], "total": min(answer["total"], 100)}


@mutant(28)
def first_input_for_every_run() -> None:
    """A workflow that runs for several inputs gets the first of them each time."""
    _first_set_each_time("operator.workflows:sets_of_inputs")


def _first_set_each_time(place: str) -> None:
    """Replace the function at a place that returns the sets of inputs that a command is given."""

    @replaces(place)
    def _(old: Callable[[Call], list[dict[str, Any]]], call: Call) -> list[dict[str, Any]]:
        sets = old(call)
        return sets[:1] * len(sets)


@mutant(28)
def errors_of_a_program_not_shown() -> None:
    """The command that follows a run does not show what a program of a step writes as errors."""

    @replaces("extensions.shell:_log_error")
    async def _(
        old: Callable[..., Awaitable[None]], context: Context, line: str, timeout: int | None
    ) -> None:
        pass


@mutant(28)
def first_line_of_an_outage_lost() -> None:
    """A command that follows a run again does not print the first line of the time in which it was away."""

    @replaces("operator.workflows:attach")
    def _(old: Callable[[Followed], str], followed: Followed) -> str:
        from standin.operator.workflows import Followed

        return old(Followed(followed.run, followed.lines + 1))


@mutant(28)
def version_ignored_without_content() -> None:
    """Through an orchestrator, a version of data without its content is always the newest one."""

    @replaces("orchestrator.requests:Requests.do_data_get")
    def _(
        old: Callable[..., Any],
        requests: Requests,
        modelIdOrName: str,
        dataName: str,
        includeContent: bool = True,
        version: int | None = None,
        **of_a_run: str,
    ) -> Any:
        number = version if includeContent else None
        return old(requests, modelIdOrName, dataName, includeContent, number, **of_a_run)


@mutant(28)
def version_ignored_with_content() -> None:
    """Through an orchestrator, a version of data with its content is always the newest one."""

    @replaces("orchestrator.requests:Requests.do_data_get")
    def _(
        old: Callable[..., Any],
        requests: Requests,
        modelIdOrName: str,
        dataName: str,
        includeContent: bool = True,
        version: int | None = None,
        **of_a_run: str,
    ) -> Any:
        number = None if includeContent else version
        return old(requests, modelIdOrName, dataName, includeContent, number, **of_a_run)


@mutant(28)
def run_ignored_through_the_orchestrator() -> None:
    """Through an orchestrator, the data of a run is always that of the last run."""

    @replaces("orchestrator.requests:Requests.do_data_get")
    def _(old: Callable[..., Any], requests: Requests, *given: Any, **named: Any) -> Any:
        return old(requests, *given, **{**named, "runId": ""})


@mutant(28)
def last_evaluation_ignored() -> None:
    """A workflow that is to run as it was evaluated last is evaluated again."""

    @replaces("orchestrator.requests:Requests.inputs_wanted")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, str]], requests: Requests, payload: dict[str, Any]
    ) -> dict[str, str]:
        return old(requests, {**payload, "lastEvaluated": False})


@mutant(28)
def time_limit_ends_only_the_command() -> None:
    """At the time limit of the operator the command ends, and the run goes on."""

    @replaces("operator.workflows:_cancel_after")
    def _(_: Callable[..., None], socket: ClientConnection, seconds: float | None) -> None:
        import asyncio

        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, os._exit, 1)


@mutant(28)
def variable_before_option() -> None:
    """A variable with the address of an orchestrator comes before the option of a command."""

    @replaces("commandline:Call.option")
    def _(old: Callable[..., str], call: Call, name: str, otherwise: str = "") -> str:
        given = old(call, name, otherwise)
        return os.environ.get("SWAMP_SERVE_URL", given) if name == "--server" else given


@mutant(28)
def failing_with_success() -> None:
    """A run that has failed ends its command with a successful exit code."""

    @replaces("operator.workflows:run")
    def _(old: Callable[[Call], int], call: Call) -> int:
        old(call)
        return 0


@mutant(28)
def leaves_a_file() -> None:
    """A command leaves a file in its working directory."""

    @replaces("operator.workflows:run")
    def _(old: Callable[[Call], int], call: Call) -> int:
        Path("swamp-debug.log").write_text("followed a run\n")
        return old(call)


@mutant(28)
def told_at_the_end() -> None:
    """The output of a step is shown only after the step has ended."""

    @replaces("orchestrator.dataplane:DataPlane.do_say")
    def _(old: Callable[[DataPlane, str], None], plane: DataPlane, line: str) -> None:
        import asyncio

        asyncio.get_running_loop().call_later(60, old, plane, line)


@mutant(28)
def method_told_at_the_end() -> None:
    """The output of a method is shown only after the method has ended."""

    @replaces("orchestrator.requests:Requests.run_method")
    async def _(
        old: Callable[..., Awaitable[Any]],
        requests: Requests,
        modelIdOrName: str,
        methodName: str,
        say: Callable[[str], None],
        tags: dict[str, str],
        *,
        inputs: dict[str, Any] | None = None,
        skipChecks: list[str],
    ) -> Any:
        lines: list[str] = []
        answer = await old(
            requests,
            modelIdOrName,
            methodName,
            lines.append,
            tags,
            inputs=inputs,
            skipChecks=skipChecks,
        )
        for line in lines:
            say(line)
        return answer


@mutant(28)
def unknown_workflow_in_other_words() -> None:
    """A workflow that does not exist is reported with a stack trace."""

    @replaces("orchestrator.requests:steps_of")
    def _(
        old: Callable[[Repository, str, dict[str, str]], list[Step]],
        repository: Repository,
        workflow: str,
        inputs: dict[str, str],
    ) -> list[Step]:
        from standin.errors import UserError

        try:
            return old(repository, workflow, inputs)
        except UserError as error:
            raise UserError(f"{error}\n    at find (workflow.ts:10:20)") from error


@mutant(28)
def result_not_shown() -> None:
    """A method that is run through an orchestrator does not show its result."""

    @replaces("orchestrator.requests:Requests._artifact")
    def _(
        old: Callable[[Requests, str, str, dict[str, Any]], dict[str, Any]],
        requests: Requests,
        model_type: str,
        model: str,
        wrote: dict[str, Any],
    ) -> dict[str, Any]:
        return {**old(requests, model_type, model, wrote), "attributes": {}}


@mutant(28)
def runs_on_a_worker() -> None:
    """A step for the orchestrator runs on a worker."""

    @replaces("orchestrator.serve:Orchestrator.execute")
    async def _(
        old: Callable[[Orchestrator, Work, Step], Awaitable[None]],
        orchestrator: Orchestrator,
        work: Work,
        step: Step,
    ) -> None:
        from standin.orchestrator.dispatch import Requirement

        if step.requirement is None and orchestrator.pool.members:
            step.requirement = Requirement("", {})
        await old(orchestrator, work, step)


@mutant(28)
def failing_method_with_success() -> None:
    """A method that has failed ends its command with a successful exit code."""

    @replaces("operator.models:run")
    def _(old: Callable[[Call], int], call: Call) -> int:
        old(call)
        return 0


@mutant(28)
def failing_with_a_trace() -> None:
    """The command that follows a failed run prints a stack trace."""

    @replaces("operator.workflows:run")
    def _(old: Callable[[Call], int], call: Call) -> int:
        code = old(call)
        if code:
            print("    at follow (workflow.ts:10:20)", file=sys.stderr)
        return code


@mutant(28)
def failing_method_with_a_trace() -> None:
    """The command that runs a failed method prints a stack trace."""

    @replaces("operator.models:run")
    def _(old: Callable[[Call], int], call: Call) -> int:
        code = old(call)
        if code:
            print("    at run (method.ts:10:20)", file=sys.stderr)
        return code


@mutant(28)
def lease_of_a_success_failed() -> None:
    """The lease of a successful step says "failed" if the orchestrator ran a step before."""
    ran: list[Step] = []

    @replaces("orchestrator.serve:Orchestrator.execute")
    async def _(
        old: Callable[[Orchestrator, Work, Step], Awaitable[None]],
        orchestrator: Orchestrator,
        work: Work,
        step: Step,
    ) -> None:
        if step.requirement is None:
            ran.append(step)
        await old(orchestrator, work, step)

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        wrong = state == "completed" and ran
        old(dispatcher, dispatch, "failed" if wrong else state, error)


@mutant(28)
def nobody_revoked_through_the_orchestrator() -> None:
    """Through the orchestrator, revoking a token that does not exist succeeds."""

    @replaces("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old: Callable[[Requests, str], Any], requests: Requests, name: str) -> Any:
        from standin.errors import UserError

        try:
            return old(requests, name)
        except UserError:
            return {"name": name, "state": "revoked", "alreadyRevoked": True}


@mutant(28)
def input_ends_at_a_sign() -> None:
    """The value of an input of a method is cut at a "=" in it."""

    @replaces("operator.models:_follow")
    async def _(
        old: Callable[[Call, dict[str, Any]], Awaitable[Any]], call: Call, payload: dict[str, Any]
    ) -> Any:
        inputs = {name: value.split("=")[0] for name, value in payload["inputs"].items()}
        return await old(call, {**payload, "inputs": inputs})


@mutant(28)
def tags_of_a_run_lost() -> None:
    """The tags that a remote operator gives the run of a workflow are lost."""

    @replaces("orchestrator.requests:Requests.tags_wanted")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, str]], requests: Requests, payload: dict[str, Any]
    ) -> dict[str, str]:
        return old(requests, payload) if "method" in payload else {}


@mutant(28)
def tags_of_a_method_lost() -> None:
    """The tags that a remote operator gives the run of a method are lost."""

    @replaces("orchestrator.requests:Requests.tags_wanted")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, str]], requests: Requests, payload: dict[str, Any]
    ) -> dict[str, str]:
        return {} if "methodName" in payload else old(requests, payload)


@mutant(28)
def tags_of_a_run_not_on_workers() -> None:
    """Data that steps on workers write does not get the tags that an operator gives the run."""

    @replaces("orchestrator.dataplane:DataPlane.overridden")
    def _(
        old: Callable[[DataPlane, Kind, dict[str, Any]], Kind],
        plane: DataPlane,
        kind: Kind,
        overrides: dict[str, Any],
    ) -> Kind:
        if plane._dispatch.member is not None:
            plane._work.tags = {}
        return old(plane, kind, overrides)


@mutant(28)
def failed_step_told_without_its_error() -> None:
    """A worker that reports in text does not show why a step failed."""

    @replaces("worker.connect:in_words")
    def _(old: Callable[[str, dict[str, Any]], str], kind: str, facts: dict[str, Any]) -> str:
        return old(kind, {**facts, "error": ""} if kind == "dispatch_finished" else facts)


@mutant(28)
def failed_step_told_as_a_success() -> None:
    """A worker that reports in JSON reports a failed step as succeeded."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        old(kind, {**facts, "status": "success"} if kind == "dispatch_finished" else facts)


@mutant(28)
def tag_ends_at_a_sign() -> None:
    """The value of a tag that an operator gives the run of a method ends at an "="."""

    @replaces("operator.models:_follow")
    async def _(
        old: Callable[[Call, dict[str, Any]], Awaitable[Any]], call: Call, payload: dict[str, Any]
    ) -> Any:
        tags = {name: value.partition("=")[0] for name, value in payload.get("tags", {}).items()}
        return await old(call, {**payload, "tags": tags})


@mutant(28)
def tags_in_ascii() -> None:
    """The tags that a remote operator gives a run lose their letters beyond ASCII."""

    @replaces("orchestrator.requests:Requests.tags_wanted")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, str]], requests: Requests, payload: dict[str, Any]
    ) -> dict[str, str]:
        return {
            name: value.encode("ascii", "ignore").decode() for name, value in old(requests, payload).items()
        }


@mutant(28)
def told_again_after_a_break() -> None:
    """After a network outage, the command that follows a run prints all output again."""

    @replaces("orchestrator.requests:Requests.lines_sent_before")
    def _(old: Callable[[Requests, dict[str, Any]], int], requests: Requests, payload: dict[str, Any]) -> int:
        return 0


@mutant(28)
def not_told_what_was_said_in_a_break() -> None:
    """After a network outage, the command that follows a run misses the output of that time."""

    @replaces("orchestrator.requests:Requests.lines_sent_before")
    def _(old: Callable[[Requests, dict[str, Any]], int], requests: Requests, payload: dict[str, Any]) -> int:
        return len(requests._runs[payload["runId"]]._lines)


@mutant(28)
def one_line_again_after_a_break() -> None:
    """After a network outage, the command that follows a run prints the last line again."""

    @replaces("orchestrator.requests:Requests.lines_sent_before")
    def _(old: Callable[[Requests, dict[str, Any]], int], requests: Requests, payload: dict[str, Any]) -> int:
        return old(requests, payload) - 1


@mutant(28)
def one_line_lost_in_a_break() -> None:
    """After a network outage, the command that follows a run misses the first line of that time."""

    @replaces("orchestrator.requests:Requests.lines_sent_before")
    def _(old: Callable[[Requests, dict[str, Any]], int], requests: Requests, payload: dict[str, Any]) -> int:
        return old(requests, payload) + 1


@mutant(28)
def run_ends_with_its_follower() -> None:
    """A run is cancelled when the connection of the command that follows it breaks."""

    @replaces("orchestrator.requests:Requests._send_lines")
    async def _(
        old: Callable[[Requests, ServerConnection, Run, int], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        run: Run,
        after: int = 0,
    ) -> None:
        await old(requests, socket, run, after)
        if run.status == "running":
            await run.cancel()


@mutant(28)
def follower_gives_up() -> None:
    """The command that follows a run gives up when the connection breaks."""

    @replaces("operator.workflows:attach")
    def _(old: Callable[[Followed], str], followed: Followed) -> str:
        raise ConnectionError("the orchestrator has gone")


@mutant(28)
def input_ends_at_a_later_sign() -> None:
    """An input of a run with a "=" in its value is split at the last "=": a longer name, a shorter value."""

    @replaces("operator.workflows:_follow")
    async def _(
        old: Callable[[Call, dict[str, Any]], Awaitable[Any]], call: Call, payload: dict[str, Any]
    ) -> Any:
        inputs = dict(f"{name}={value}".rsplit("=", 1) for name, value in payload["inputs"].items())
        return await old(call, {**payload, "inputs": inputs})


@mutant(28)
def input_file_ignored() -> None:
    """A workflow runs without the inputs of the file that the operator gave."""

    @replaces("operator.workflows:inputs_of_file")
    def _(old: Callable[[Call], dict[str, Any]], call: Call) -> dict[str, Any]:
        return {}


@mutant(28)
def input_file_of_a_method_ignored() -> None:
    """A method runs without the inputs of the file that the operator gave; a workflow does not."""

    @replaces("operator.models:sets_of_inputs")
    def _(old: Callable[[Call], list[dict[str, Any]]], call: Call) -> list[dict[str, Any]]:
        return [{}] if call.has("--input-file") else old(call)


@mutant(28)
def first_input_for_every_method() -> None:
    """A method that runs for several inputs gets the first of them each time; a workflow does not."""
    _first_set_each_time("operator.models:sets_of_inputs")


@mutant(28)
def name_of_skipped_checks_lost() -> None:
    """The checks before a method are made although the operator skips them by their name."""

    @replaces("operator.models:checks_to_skip")
    def _(old: Callable[[Call], list[str]], call: Call) -> list[str]:
        return [] if call.has("--skip-check") else old(call)


@mutant(28)
def batch_goes_on_after_a_failure() -> None:
    """A workflow that runs for several inputs goes on after a run that fails, and ends as the last one."""

    @replaces("operator.workflows:code_of_all")
    def _(old: Callable[[Iterable[int]], int], codes: Iterable[int]) -> int:
        return list(codes)[-1]


@mutant(28)
def piped_input_overrides_the_command_line() -> None:
    """An input that is piped in overrides that of the command line."""

    @replaces("operator.workflows:overridden")
    def _(
        old: Callable[[dict[str, Any], dict[str, str]], dict[str, Any]],
        inputs: dict[str, Any],
        given: dict[str, str],
    ) -> dict[str, Any]:
        return {**given, **inputs}


@mutant(28)
def report_not_skipped() -> None:
    """A run from another machine writes a report that the operator wants to skip."""

    @replaces("orchestrator.requests:Requests.reports_skipped")
    def _(
        old: Callable[[Requests, dict[str, Any]], list[str]], requests: Requests, payload: dict[str, Any]
    ) -> list[str]:
        return []


@mutant(28)
def label_of_skipped_checks_of_steps_lost() -> None:
    """The checks before a step of a run are made although the operator skips them by their label."""

    @replaces("orchestrator.requests:Requests.checks_of_steps_skipped")
    def _(
        old: Callable[[Requests, dict[str, Any]], list[str]], requests: Requests, payload: dict[str, Any]
    ) -> list[str]:
        return []


@mutant(28)
def label_of_skipped_checks_lost() -> None:
    """The checks before a method are made although the operator skips them by their label."""

    @replaces("orchestrator.requests:Requests.checks_skipped")
    def _(
        old: Callable[[Requests, dict[str, Any]], list[str]], requests: Requests, payload: dict[str, Any]
    ) -> list[str]:
        return []


# Promise 35: A run goes on without the command that follows it, and that command finds back to it.


async def _whole_or_alone(socket: ServerConnection, answer: Awaitable[None]) -> None:
    """Send an answer until it is whole, or until its client is gone; what sends it goes on."""
    import asyncio

    ends = [asyncio.ensure_future(each) for each in (answer, socket.wait_closed())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)


@mutant(35)
def run_ends_with_its_killed_client() -> None:
    """A run is cancelled when the command that follows it is gone."""

    @replaces("orchestrator.requests:Requests._send_lines")
    async def _(
        old: Callable[[Requests, ServerConnection, Run, int], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        run: Run,
        after: int = 0,
    ) -> None:
        await _whole_or_alone(socket, old(requests, socket, run, after))
        if run.status == "running":
            await run.cancel()


@mutant(35)
def resumed_run_ends_with_its_client() -> None:
    """A run that was resumed is cancelled when the command that follows it is gone."""

    @replaces("orchestrator.requests:Requests._resume_workflow")
    async def _(
        old: Callable[[Requests, ServerConnection, dict[str, Any]], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        payload: dict[str, Any],
    ) -> None:
        await _whole_or_alone(socket, old(requests, socket, payload))
        for run in list(requests._runs.values()):
            if run.status == "running":
                await run.cancel()


@mutant(35)
def queued_run_ends_with_its_client() -> None:
    """A run is cancelled when the command that follows it is gone while a step waits for a worker."""

    @replaces("orchestrator.requests:Requests._send_lines")
    async def _(
        old: Callable[[Requests, ServerConnection, Run, int], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        run: Run,
        after: int = 0,
    ) -> None:
        from standin import records

        await _whole_or_alone(socket, old(requests, socket, run, after))
        if run.status == "running" and records.waiting(requests._repository):
            await run.cancel()


@mutant(35)
def method_ends_with_its_client() -> None:
    """A method ends when the command that follows it is gone; workflows go on."""

    @replaces("orchestrator.requests:Requests._run_method")
    async def _(
        old: Callable[[Requests, ServerConnection, dict[str, Any]], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        payload: dict[str, Any],
    ) -> None:
        before = set(requests._tasks)
        await _whole_or_alone(socket, old(requests, socket, payload))
        for task in requests._tasks - before:
            task.cancel()


@mutant(35)
def method_unknown_to_its_returning_client() -> None:
    """A command that follows a method, not a workflow, cannot follow it again after a lost connection."""

    @replaces("orchestrator.requests:Requests._attach")
    async def _(
        old: Callable[[Requests, ServerConnection, dict[str, Any]], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        payload: dict[str, Any],
    ) -> None:
        requests._methods.clear()
        await old(requests, socket, payload)


@mutant(35)
def steps_after_lost_client_skipped() -> None:
    """When the command that follows a run is gone, steps in progress end, and no later step of it starts."""
    alone: set[str] = set()

    @replaces("orchestrator.requests:Requests._send_lines")
    async def _(
        old: Callable[[Requests, ServerConnection, Run, int], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        run: Run,
        after: int = 0,
    ) -> None:
        await _whole_or_alone(socket, old(requests, socket, run, after))
        alone.add(run.identity)

    @replaces("orchestrator.runs:Run.may_begin")
    async def _(old: Callable[[Run, Step], Awaitable[bool]], run: Run, step: Step) -> bool:
        return await old(run, step) and not (step.after and run.identity in alone)


@mutant(35)
def second_cut_repeats_output() -> None:
    """A command that follows a run and loses its connection twice prints output again."""
    first: list[int] = []

    @replaces("operator.workflows:attach")
    def _(old: Callable[[Followed], str], followed: Followed) -> str:
        from standin.operator.workflows import Followed

        first.append(followed.lines)
        return old(Followed(followed.run, first[0]))


@mutant(35)
def second_cut_loses_output() -> None:
    """A command that follows a run and loses its connection twice loses lines."""
    seen: list[int] = []

    @replaces("operator.workflows:attach")
    def _(old: Callable[[Followed], str], followed: Followed) -> str:
        from standin.operator.workflows import Followed

        seen.append(followed.lines)
        return old(Followed(followed.run, followed.lines + (2 if len(seen) > 1 else 0)))


@mutant(35)
def success_after_reset() -> None:
    """A command that has lost its connection ends with the exit code of success, however the run ends."""
    lost: list[int] = []

    @replaces("operator.workflows:gives_up")
    def _(old: Callable[[int], bool], retries: int) -> bool:
        lost.append(retries)
        return old(retries)

    @replaces("operator.workflows:code_of_all")
    def _(old: Callable[[Iterable[int]], int], codes: Iterable[int]) -> int:
        code = old(codes)
        return 0 if lost else code


@mutant(35)
def document_cut_after_reset() -> None:
    """The JSON of a command that has lost its connection has no steps; its text is complete."""
    lost: list[int] = []

    @replaces("operator.workflows:gives_up")
    def _(old: Callable[[int], bool], retries: int) -> bool:
        lost.append(retries)
        return old(retries)

    @replaces("operator.workflows:_follow")
    async def _(
        old: Callable[[Call, dict[str, Any]], Awaitable[Any]], call: Call, payload: dict[str, Any]
    ) -> Any:
        answer = await old(call, payload)
        return {**answer, "jobs": []} if lost and call.json else answer


@mutant(35)
def gives_up_at_first_refusal() -> None:
    """A command that has lost its connection gives up when the first attempt to connect again is refused."""

    @replaces("operator.workflows:gives_up")
    def _(_: Callable[[int], bool], retries: int) -> bool:
        return retries > 1


@mutant(35)
def ended_run_unknown_to_its_client() -> None:
    """A command that connects again after its run has ended does not learn how it ended."""

    @replaces("orchestrator.requests:Requests._attach")
    async def _(
        old: Callable[[Requests, ServerConnection, dict[str, Any]], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        payload: dict[str, Any],
    ) -> None:
        run = requests._runs.get(payload["runId"])
        if run is not None and run.status != "running":
            del requests._runs[payload["runId"]]
        await old(requests, socket, payload)


@mutant(35)
def returning_client_misses_old_output() -> None:
    """A command that finds back to its run receives only the last 16 lines that it has missed."""

    @replaces("orchestrator.runs:Run.follow")
    def _(
        old: Callable[[Run, int], asyncio.Queue[str | None]], run: Run, after: int = 0
    ) -> asyncio.Queue[str | None]:
        return old(run, max(after, len(run._lines) - 16) if after else 0)


@mutant(28)
def code_of_an_error_lost() -> None:
    """Through the orchestrator, the error of a command has no code for scripts."""

    @replaces("remote:answer_in")
    def _(old: Callable[[str | bytes], Any], text: str | bytes) -> Any:
        from standin.errors import UserError

        try:
            return old(text)
        except UserError as error:
            raise UserError(str(error)) from error


@mutant(35)
def lost_connections_counted_over_the_run() -> None:
    """A command gives up at its sixth lost connection, although it has found back each time."""
    lost: list[int] = []

    @replaces("operator.workflows:gives_up")
    def _(old: Callable[[int], bool], retries: int) -> bool:
        lost.append(retries)
        return old(len(lost))
