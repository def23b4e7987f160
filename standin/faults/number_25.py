"""A step finds the orchestrator's variables and its machine's own, and nobody else's."""

import os

from standin.faults import broken


def variables_stay_behind():
    """The orchestrator's variables stay behind in the worker."""

    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        os.environ.update(snapshot)
        return old(snapshot, own)


def orchestrators_machine_shipped():
    """The variables of the orchestrator's machine go with a step."""

    @broken("orchestrator.environment:snapshot")
    def _(old, environment):
        return dict(environment)

    @broken("orchestrator.serve:snapshot")
    def _(old, environment):
        return {name: value for name, value in environment.items() if name not in ("UAT_WORKER", "HOME")}


def orchestrators_temporary_folder_shipped():
    """Where the orchestrator keeps its temporary files goes with a step."""

    @broken("orchestrator.serve:snapshot")
    def _(old, environment):
        return {
            **old(environment),
            **{name: environment[name] for name in ("TEMP", "TMP") if name in environment},
        }


def orchestrators_variables_missing():
    """The orchestrator's variables do not go with a step."""

    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        return old({}, own)


def workers_variables_win():
    """A variable that both have is the worker's."""

    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        return {**snapshot, **old({}, own)}


def credential_reaches_a_step():
    """A worker that is configured by variables hands them to its steps."""

    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        return {**own, **snapshot}


def server_credential_reaches_a_step():
    """A worker hands the credential that it has for the orchestrator's server to its steps."""

    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        name = "SWAMP_SERVER_TOKEN"
        return {**old(snapshot, own), **({name: own[name]} if name in own else {})}


def set_by_a_step_stays():
    """What a step sets in its own environment is found by those that come after it."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        result = await old(session, job)
        for name in job["inputs"].get("names", ()):
            os.environ[name] = f"that of {job['stepName']}"
        return result


def address_told_to_a_step():
    """A worker tells its steps where the orchestrator is."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        job["environment"]["DISPATCHED_BY"] = session._settings.url
        return await old(session, job)


def shared_by_steps():
    """A variable of one step is found by the others."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        import asyncio

        os.environ.update(job["inputs"].get("env", {}))
        await asyncio.sleep(0.3)
        return await old(session, job)


def _each_value(change):
    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        return old({name: change(value) for name, value in snapshot.items()}, own)


def first_line_only():
    """Of a variable of several lines, a step finds the first."""
    _each_value(lambda value: value.split("\n")[0])


def empty_variables_missing():
    """An empty variable of the orchestrator does not go with a step."""

    @broken("orchestrator.serve:snapshot")
    def _(old, environment):
        return {name: value for name, value in old(environment).items() if value}


def letters_missing():
    """The letters beyond ASCII are missing in the variables that a step finds."""
    _each_value(lambda value: value.encode("ascii", "ignore").decode())


def blanks_trimmed():
    """The variables that a step finds have no blanks at their ends."""
    _each_value(lambda value: value.strip(" \t"))


def cut_at_the_second_sign():
    """A variable in whose value there are equals signs ends at the second of them."""
    _each_value(lambda value: "=".join(value.split("=")[:2]))


def long_variables_cut():
    """A variable is cut at 64 KiB."""
    _each_value(lambda value: value[:65536])


def first_value_stays():
    """A worker gives its steps the value that a variable had when it was sent for the first time."""
    known = {}

    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        known.update({name: value for name, value in snapshot.items() if name not in known})
        return old({name: known[name] for name in snapshot}, own)


def own_quotes_missing():
    """The quotes are missing in the variables of its own machine that a step finds."""

    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        return old(snapshot, {name: value.replace("'", "") for name, value in own.items()})


def _after_a_reconnection(change):
    enrolled = []

    @broken("worker.session:Session._enroll")
    async def _(old, session, socket):
        await old(session, socket)
        enrolled.append(socket)

    @broken("worker.session:environment_of_step")
    def _(old, snapshot, own):
        return old(snapshot, own) if len(enrolled) == 1 else change(old, snapshot, own)


def missing_after_a_reconnection():
    """The orchestrator's variables do not go with a step after a reconnection of the worker."""
    _after_a_reconnection(lambda old, snapshot, own: old({}, own))


def workers_variables_win_after_a_reconnection():
    """After a reconnection of the worker, a variable that both have is the worker's."""
    _after_a_reconnection(lambda old, snapshot, own: {**snapshot, **old({}, own)})


def instance_told_after_a_reconnection():
    """After a reconnection a worker adds a variable of its own to those of a step."""
    _after_a_reconnection(lambda old, snapshot, own: {**old(snapshot, own), "SESSION": "2"})


def missing_when_run_again():
    """The orchestrator's variables do not go with a step that runs again in the same run."""

    @broken("orchestrator.dispatch:Dispatcher._send")
    async def _(old, dispatcher, member, method, params):
        from standin import records

        if method == "dispatch.start":
            leases = records.leases(dispatcher._repository)
            if any(each["state"] == "expired" for each in leases):
                params = {**params, "environment": {}}
        await old(dispatcher, member, method, params)
