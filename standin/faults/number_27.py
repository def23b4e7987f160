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
    async def _(old, requests, **payload):
        return {**await old(requests, **payload), "passed": 0}


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


# Breaks what the worker list tells: `change` is given the call and the answer, and returns another answer.
def _workers_told(change):
    @broken("operator.pool:tell")
    def _(old, call, told, text):
        if call.command.words != "worker list":
            return old(call, told, text)
        from standin.operator.pool import table_of_workers

        other = change(call, told)
        return old(call, other, table_of_workers(other, past=call.has("--all")))


def _each_worker(told, **facts):
    return {**told, "workers": [{**each, **facts} for each in told["workers"]]}


def past_missing_in_json():
    """In JSON the worker list leaves out the disconnected, asked for or not."""

    def change(call, told):
        kept = [each for each in told["workers"] if each["status"] != "disconnected" or not call.json]
        return {**told, "workers": kept, "count": len(kept)}

    _workers_told(change)


def past_missing_through_the_orchestrator():
    """Asked through the orchestrator, the worker list leaves out the disconnected, asked for or not."""

    @broken("orchestrator.requests:Requests.do_worker_list")
    def _(old, requests, **_payload):
        return old(requests, showAll=False)


def no_labels_told_as_one():
    """The worker list for people shows a label for a worker without labels."""

    @broken("operator.pool:labels")
    def _(old, pairs):
        return old(pairs) if pairs else "null"


def hidden_not_counted():
    """The worker list does not say that it leaves out workers."""
    _workers_told(lambda _, told: {key: told[key] for key in told if key != "filteredDisconnectedCount"})


def instance_of_nobody():
    """The worker list tells an instance that no worker has."""
    _workers_told(lambda _, told: _each_worker(told, instanceUuid="00000000-0000-4000-8000-000000000000"))


def enrolled_just_now():
    """The worker list tells the moment of the question as that of the enrollment."""
    from standin.moments import stamp

    _workers_told(lambda _, told: _each_worker(told, enrolledAt=stamp()))


def seen_too_late():
    """The worker list tells a last sight of workers that is still to come."""
    from standin.moments import after, stamp

    _workers_told(lambda _, told: _each_worker(told, lastSeenAt=stamp(after(60))))


def one_label_in_text():
    """The table for people tells the first label of a worker alone, if it shows past members as well."""

    @broken("operator.pool:table_of_workers")
    def _(old, told, *, past):
        cut = [{**each, "labels": dict(sorted(each["labels"].items())[:1])} for each in told["workers"]]
        return old({**told, "workers": cut} if past else told, past=past)


def queued_just_now():
    """The queue tells the moment of the question as that since which a step waits."""

    @broken("questions:queue")
    def _(old, repository):
        from standin.moments import stamp

        return [{**each, "queuedAt": stamp()} for each in old(repository)]


def age_of_nothing():
    """The queue tells people that every step has waited for no time."""

    @broken("operator.pool:table_of_queue")
    def _(old, told):
        return old([{**each, "ageMs": 0} for each in told])


def age_in_seconds_in_json():
    """The queue tells scripts ages in seconds."""

    @broken("operator.pool:tell")
    def _(old, call, told, text):
        in_queue = isinstance(told, list)
        old(call, [{**each, "ageMs": each["ageMs"] // 1000} for each in told] if in_queue else told, text)


def requirement_cut_through_the_orchestrator():
    """Asked through the orchestrator, the queue tells the first label alone that a step waits for."""

    @broken("orchestrator.requests:Requests.do_worker_queue_list")
    def _(old, requests):
        return {
            "items": [
                {**each, "requirement": each["requirement"].partition(",")[0]}
                for each in old(requests)["items"]
            ]
        }


def verified_by_prefix():
    """A verification by a label takes workers whose value only begins with what was wanted."""

    @broken("orchestrator.requests:is_selected")
    def _(old, member, name, labels):
        if name:
            return old(member, name, labels)
        return all(member.labels.get(key, "").startswith(value) for key, value in labels.items())


def verified_by_the_last_label():
    """A verification by several labels takes all workers that have the last one."""

    @broken("orchestrator.requests:is_selected")
    def _(old, member, name, labels):
        return old(member, name, dict(list(labels.items())[-1:]))


def verified_all():
    """A verification of one worker takes all of them."""

    @broken("orchestrator.requests:is_selected")
    def _(old, member, name, labels):
        return True if name else old(member, name, labels)


def verified_miscounted_in_text():
    """The verification tells people that one worker more has passed."""

    @broken("operator.pool:tell")
    def _(old, call, told, text):
        passed = told.get("passed") if isinstance(told, dict) else None
        old(call, told, text if passed is None else text.replace(f"All {passed} ", f"All {passed + 1} "))


def other_dispatch_finished():
    """A worker tells scripts another dispatch at its end than at its beginning."""

    @broken("worker.connect:_report_in_json")
    def _(old, kind, facts):
        import uuid

        old(kind, {**facts, "dispatchId": str(uuid.uuid4())} if kind == "dispatch_finished" else facts)


def method_missing_at_the_end():
    """A worker tells scripts the name of the model as the method that has finished."""

    @broken("worker.connect:_report_in_json")
    def _(old, kind, facts):
        finished = kind == "dispatch_finished"
        old(kind, {**facts, "methodName": facts["modelType"]} if finished else facts)


def label_without_value_taken():
    """A worker takes a label without a value."""

    @broken("worker.connect:connect")
    def _(old, call):
        from dataclasses import replace

        labels = [label if "=" in label else f"{label}=true" for label in call.options.get("--label", ())]
        old(replace(call, options={**call.options, "--label": labels}))


def stopped_worker_ends_its_step():
    """A worker that is stopped ends its step instead of finishing it."""

    @broken("worker.session:Session._drain")
    async def _(old, session, socket):
        await session._asked_to_stop.wait()
        session.abandon()
        await old(session, socket)


def end_of_work_missing_in_text():
    """A worker does not report in text that it has finished its work before it ends."""

    @broken("worker.connect:_report_in_text")
    def _(old, kind, facts):
        if kind != "drain_complete":
            old(kind, facts)


def stopped_with_a_failure():
    """A worker that reports in text and is stopped while a step runs ends with a failing exit code."""

    @broken("worker.session:Session._drain")
    async def _(old, session, socket):
        await session._asked_to_stop.wait()
        session.was_busy = bool(session._tasks)
        await old(session, socket)

    @broken("worker.session:Session.live")
    async def _(old, session):
        import sys

        await old(session)
        if "--json" not in sys.argv and getattr(session, "was_busy", False):
            sys.exit(1)


def lease_of_a_stopped_worker_expired():
    """The lease of a step that a stopped worker has finished says "expired"."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        finished = state == "completed" and dispatch.member.draining
        old(dispatcher, dispatch, "expired" if finished else state, error)


def kept_in_the_pool_after_a_stop():
    """The pool keeps a worker that was stopped after its step, as if it could come back."""

    @broken("orchestrator.pool:Pool.lose")
    def _(old, pool, member, socket):
        if member.draining and member.socket is socket:
            return
        old(pool, member, socket)


def label_cut_at_an_equals_sign():
    """The worker list tells the value of a label up to its second equals sign."""

    def change(_call, told):
        cut = [
            {
                **each,
                "labels": {name: "=".join(value.split("=")[:2]) for name, value in each["labels"].items()},
            }
            for each in told["workers"]
        ]
        return {**told, "workers": cut}

    _workers_told(change)


def label_of_zero_missing_through_the_orchestrator():
    """Asked through the orchestrator, the worker list leaves out labels whose value is 0."""

    @broken("orchestrator.requests:Requests.do_worker_list")
    def _(old, requests, **payload):
        told = old(requests, **payload)
        for each in told["workers"]:
            each["labels"] = {name: value for name, value in each["labels"].items() if value != "0"}
        return told


def label_in_ascii_in_json():
    """In JSON the worker list tells labels without the letters beyond ASCII."""

    def change(call, told):
        def plain(value):
            return value.encode("ascii", "ignore").decode() if call.json else value

        labels = [{name: plain(value) for name, value in each["labels"].items()} for each in told["workers"]]
        return {**told, "workers": [{**a, "labels": b} for a, b in zip(told["workers"], labels, strict=True)]}

    _workers_told(change)


def variable_wins_over_the_arguments():
    """A label that a variable tells wins over that of the arguments."""

    @broken("worker.connect:Settings")
    def _(old, url, token, labels, *rest):
        from standin.worker.connect import label_in, labels_told_by_variable

        return old(url, token, {**labels, **dict(map(label_in, labels_told_by_variable()))}, *rest)


def never_seen_again():
    """The worker list tells the moment at which a worker enrolled as that at which it was last seen."""

    @broken("records:put_worker")
    def _(old, repository, record):
        old(repository, {**record, "lastSeenAt": record["enrolledAt"]})


def never_seen_again_in_text():
    """The worker list tells people the moment of the enrollment as that of the last sight of a worker."""

    @broken("operator.pool:table_of_workers")
    def _(old, told, *, past):
        workers = [{**each, "lastSeenAt": each["enrolledAt"]} for each in told["workers"]]
        return old({**told, "workers": workers}, past=past)
