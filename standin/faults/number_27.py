"""What a command tells people it tells scripts as well, in one document that keeps its contract."""

import sys

from standin.faults import broken


def field_missing():
    """The queue tells scripts no workflow."""

    @broken("questions:queue")
    def _(old, repository):
        return [{key: each[key] for key in each if key != "workflowName"} for each in old(repository)]


def model_missing():
    """The queue tells scripts no model, as it tells people."""

    @broken("questions:queue")
    def _(old, repository):
        return [{key: each[key] for key in each if key != "modelType"} for each in old(repository)]


def step_missing_in_events():
    """A worker tells scripts no step that it works at."""

    @broken("worker.connect:_report_in_json")
    def _(old, kind, facts):
        old(kind, {key: facts[key] for key in facts if key not in ("workflowName", "stepName")})


def stray_line():
    """A line stands before the JSON of the token list."""

    @broken("operator.tokens:show")
    def _(old, call):
        print("Loading tokens...")
        old(call)


def error_on_standard_output():
    """In JSON mode an error is told on standard output."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        kept = sys.stderr
        if in_json:
            sys.stderr = sys.stdout
        code = old(error, in_json=in_json)
        sys.stderr = kept
        return code


def other_exit_code_in_json():
    """In JSON mode an error ends with another exit code."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        return old(error, in_json=in_json) + in_json


def table_in_json():
    """In JSON mode the queue is told as it is to people."""

    @broken("operator.pool:queue")
    def _(old, call):
        from dataclasses import replace

        old(replace(call, json=False))


def command_without_promise():
    """There is a worker command that nobody has judged."""
    from standin import commandline

    unjudged = commandline.Command("worker dance", "Let the workers dance", "operator.pool:daemon_enable")
    commandline.COMMANDS = (*commandline.COMMANDS, unjudged)


def event_missing():
    """A worker does not tell in JSON that it has finished its work before it ends."""

    @broken("worker.connect:_report_in_json")
    def _(old, kind, facts):
        if kind != "drain_complete":
            old(kind, facts)


def slots_differ():
    """The table for people tells other slots than the JSON tells scripts."""

    @broken("operator.pool:table_of_workers")
    def _(old, told, *, past):
        shown = [{**each, "capacity": 1} for each in told["workers"]]
        return old({**told, "workers": shown}, past=past)


def count_wrong():
    """Where there are several workers, the worker list counts one less than it tells."""

    @broken("operator.pool:tell")
    def _(old, call, told, text):
        several = isinstance(told, dict) and told.get("count", 0) > 1
        old(call, {**told, "count": told["count"] - 1} if several else told, text)


def passed_wrong():
    """The verification counts no worker as passed."""

    @broken("orchestrator.requests:Requests.do_worker_verify")
    async def _(old, requests):
        return {**await old(requests), "passed": 0}


def nobody_to_verify_fails():
    """To verify the workers where there are none ends without a document."""

    @broken("operator.pool:verify")
    def _(old, call):
        from standin.errors import UserError
        from standin.remote import ask

        if not ask(call.option("--server"), "worker.verify")["workers"]:
            raise UserError("There is nobody to verify")
        old(call)


def daemon_told_on():
    """The state of the daemon is told to people as the opposite of what scripts are told."""

    @broken("operator.pool:daemon_status")
    def _(old, call):
        print("Status (system service): running") if not call.json else old(call)


def nobody_shown_as_somebody():
    """Where there is no worker, the table for people has a row of dashes."""

    @broken("operator.pool:table_of_workers")
    def _(old, told, *, past):
        from standin.answers import table
        from standin.operator.pool import _WORKERS

        return old(told, past=past) if told["workers"] else table([dict.fromkeys(_WORKERS, "-")], _WORKERS)
