"""An operator needs no repository: the address of an orchestrator is enough."""

import sys
from pathlib import Path

from standin.faults import broken


def failing_with_success():
    """A run that has failed ends its command with a successful exit code."""

    @broken("operator.workflows:run")
    def _(old, call):
        old(call)
        return 0


def leaves_a_file():
    """A command leaves a file where it was typed."""

    @broken("operator.workflows:run")
    def _(old, call):
        Path("swamp-debug.log").write_text("followed a run\n")
        return old(call)


def told_at_the_end():
    """What a step says is told only when it has ended."""

    @broken("orchestrator.dataplane:DataPlane.do_say")
    def _(old, plane, line):
        import asyncio

        asyncio.get_running_loop().call_later(60, old, plane, line)


def method_told_at_the_end():
    """What a method says is told only when it has ended."""

    @broken("orchestrator.requests:Requests.run_method")
    async def _(old, requests, say, **payload):
        lines = []
        told = await old(requests, say=lines.append, **payload)
        for line in lines:
            say(line)
        return told


def unknown_workflow_in_other_words():
    """A workflow that does not exist is told with a stack trace."""

    @broken("orchestrator.requests:steps_of")
    def _(old, repository, name, inputs):
        from standin.errors import UserError

        try:
            return old(repository, name, inputs)
        except UserError as error:
            raise UserError(f"{error}\n    at find (workflow.ts:10:20)") from error


def result_not_shown():
    """A method that is run through an orchestrator does not show its result."""

    @broken("orchestrator.requests:Requests._artifact")
    def _(old, requests, model_type, model, wrote):
        return {**old(requests, model_type, model, wrote), "attributes": {}}


def runs_on_a_worker():
    """A step for the orchestrator runs on a worker."""

    @broken("orchestrator.serve:Orchestrator.execute")
    async def _(old, orchestrator, work, step):
        from standin.orchestrator.dispatch import Requirement

        if step.requirement is None and orchestrator.pool.members:
            step.requirement = Requirement("", {})
        await old(orchestrator, work, step)


def failing_method_with_success():
    """A method that has failed ends its command with a successful exit code."""

    @broken("operator.models:run")
    def _(old, call):
        old(call)
        return 0


def failing_with_a_trace():
    """Whoever follows a run that fails is shown where in the program that was."""

    @broken("operator.workflows:run")
    def _(old, call):
        code = old(call)
        if code:
            print("    at follow (workflow.ts:10:20)", file=sys.stderr)
        return code


def failing_method_with_a_trace():
    """Whoever runs a method that fails is shown where in the program that was."""

    @broken("operator.models:run")
    def _(old, call):
        code = old(call)
        if code:
            print("    at run (method.ts:10:20)", file=sys.stderr)
        return code


def lease_of_a_success_failed():
    """The lease of a step that has succeeded says "failed" if the orchestrator ran a step before."""

    @broken("orchestrator.serve:Orchestrator.execute")
    async def _(old, orchestrator, work, step):
        orchestrator.dispatcher.ran_one = getattr(orchestrator.dispatcher, "ran_one", False) or (
            step.requirement is None
        )
        await old(orchestrator, work, step)

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        wrong = state == "completed" and dispatcher.ran_one
        old(dispatcher, dispatch, "failed" if wrong else state, error)


def nobody_revoked_through_the_orchestrator():
    """Asked through the orchestrator, revoking a token that does not exist succeeds."""

    @broken("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old, requests, name):
        from standin.errors import UserError

        try:
            return old(requests, name)
        except UserError:
            return {"name": name, "state": "revoked", "alreadyRevoked": True}


def input_ends_at_a_sign():
    """An input of a method that has a "=" in it arrives with what is before that."""

    @broken("operator.models:_follow")
    async def _(old, call, wish):
        inputs = {name: value.split("=")[0] for name, value in wish["inputs"].items()}
        return await old(call, {**wish, "inputs": inputs})


def tags_of_a_run_lost():
    """The tags that an operator elsewhere gives the run of a workflow are lost on the way."""

    @broken("orchestrator.requests:Requests.tags_wanted")
    def _(old, requests, payload):
        return old(requests, payload) if "method" in payload else {}


def tags_of_a_method_lost():
    """The tags that an operator elsewhere gives the run of a method are lost on the way."""

    @broken("orchestrator.requests:Requests.tags_wanted")
    def _(old, requests, payload):
        return {} if "method" in payload else old(requests, payload)


def tags_of_a_run_not_on_workers():
    """The tags that an operator gives a run are not those of what its steps on workers write."""

    @broken("orchestrator.dataplane:DataPlane.overridden")
    def _(old, plane, kind, overrides):
        if plane._dispatch.member is not None:
            plane._work.tags = {}
        return old(plane, kind, overrides)


def failed_step_told_without_its_error():
    """A worker that reports for people does not say why a step failed."""

    @broken("worker.connect:in_words")
    def _(old, kind, facts):
        return old(kind, {**facts, "error": ""} if kind == "dispatch_finished" else facts)


def failed_step_told_as_a_success():
    """A worker that reports in JSON says that a step which failed has succeeded."""

    @broken("worker.connect:_report_in_json")
    def _(old, kind, facts):
        old(kind, {**facts, "status": "success"} if kind == "dispatch_finished" else facts)


def tag_ends_at_a_sign():
    """The value of a tag that an operator gives the run of a method ends at an "="."""

    @broken("operator.models:_follow")
    async def _(old, call, wish):
        tags = {name: value.partition("=")[0] for name, value in wish.get("tags", {}).items()}
        return await old(call, {**wish, "tags": tags})


def tags_in_ascii():
    """The tags that an operator elsewhere gives a run lose their letters beyond ASCII."""

    @broken("orchestrator.requests:Requests.tags_wanted")
    def _(old, requests, payload):
        return {
            name: value.encode("ascii", "ignore").decode() for name, value in old(requests, payload).items()
        }


def told_again_after_a_break():
    """Who follows a run and comes back after a break of the network is told everything again."""

    @broken("orchestrator.requests:Requests.told_before")
    def _(old, requests, payload):
        return 0


def not_told_what_was_said_in_a_break():
    """Who follows a run and comes back after a break of the network is not told what was said meanwhile."""

    @broken("orchestrator.requests:Requests.told_before")
    def _(old, requests, payload):
        return len(requests._runs[payload["runId"]]._lines)


def one_line_again_after_a_break():
    """Who follows a run and comes back after a break of the network is told the last line again."""

    @broken("orchestrator.requests:Requests.told_before")
    def _(old, requests, payload):
        return old(requests, payload) - 1


def run_ends_with_its_follower():
    """A run is cancelled when the connection of the one who follows it breaks."""

    @broken("orchestrator.requests:Requests._tell")
    async def _(old, requests, socket, run, after=0):
        await old(requests, socket, run, after)
        if run.status == "running":
            await run.cancel()


def follower_gives_up():
    """Who follows a run is left alone when the connection breaks."""

    @broken("operator.workflows:attach")
    def _(old, followed):
        raise ConnectionError("the orchestrator has gone")


def one_line_lost_in_a_break():
    """Who follows a run and comes back after a break of the network misses the first line of that time."""

    @broken("orchestrator.requests:Requests.told_before")
    def _(old, requests, payload):
        return old(requests, payload) + 1
