"""Mutants of the environment of a step.

Promise 25: A step finds the variables of the orchestrator and of its own machine, and no others.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from standin.orchestrator.dispatch import Dispatcher
    from standin.orchestrator.pool import Member
    from standin.worker.session import Session


@mutant(25)
def variables_stay_behind() -> None:
    """The orchestrator's variables stay in the worker after the step."""

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        os.environ.update(snapshot)
        return old(snapshot, own)


@mutant(25)
def orchestrators_machine_shipped() -> None:
    """The variables of the orchestrator's machine are sent with a step."""

    @replaces("orchestrator.environment:snapshot")
    def _(
        old: Callable[[Mapping[str, str]], dict[str, str]], environment: Mapping[str, str]
    ) -> dict[str, str]:
        return dict(environment)

    @replaces("orchestrator.serve:snapshot")
    def _(
        old: Callable[[Mapping[str, str]], dict[str, str]], environment: Mapping[str, str]
    ) -> dict[str, str]:
        return {name: value for name, value in environment.items() if name not in ("UAT_WORKER", "HOME")}


@mutant(25)
def orchestrators_temporary_folder_shipped() -> None:
    """The orchestrator's temporary folder is sent with a step."""

    @replaces("orchestrator.serve:snapshot")
    def _(
        old: Callable[[Mapping[str, str]], dict[str, str]], environment: Mapping[str, str]
    ) -> dict[str, str]:
        return {
            **old(environment),
            **{name: environment[name] for name in ("TEMP", "TMP") if name in environment},
        }


@mutant(25)
def orchestrators_variables_missing() -> None:
    """The orchestrator's variables are not sent with a step."""

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        return old({}, own)


@mutant(25)
def workers_variables_win() -> None:
    """A variable that both have gets the worker's value."""

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        return {**snapshot, **old({}, own)}


@mutant(25)
def credential_reaches_a_step() -> None:
    """A worker passes the variables that configure it to its steps."""

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        return {**own, **snapshot}


@mutant(25)
def server_credential_reaches_a_step() -> None:
    """A worker passes its credential for the orchestrator's server to its steps."""

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        name = "SWAMP_SERVER_TOKEN"
        return {**old(snapshot, own), **({name: own[name]} if name in own else {})}


@mutant(25)
def set_by_a_step_stays() -> None:
    """Later steps find a variable that a step has set in its own environment."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        result = await old(session, job)
        for name in job["inputs"].get("names", ()):
            os.environ[name] = f"that of {job['stepName']}"
        return result


@mutant(25)
def address_told_to_a_step() -> None:
    """A worker gives its steps the address of the orchestrator."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        job["environment"]["DISPATCHED_BY"] = session._settings.url
        return await old(session, job)


@mutant(25)
def shared_by_steps() -> None:
    """Other steps find the variable of one step."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        import asyncio

        os.environ.update(job["inputs"].get("env", {}))
        await asyncio.sleep(0.3)
        return await old(session, job)


def _each_value(change: Callable[[str], str]) -> None:
    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        return old({name: change(value) for name, value in snapshot.items()}, own)


@mutant(25)
def first_line_only() -> None:
    """A step finds only the first line of a variable with several lines."""
    _each_value(lambda value: value.split("\n")[0])


@mutant(25)
def empty_variables_missing() -> None:
    """An empty variable of the orchestrator is not sent with a step."""

    @replaces("orchestrator.serve:snapshot")
    def _(
        old: Callable[[Mapping[str, str]], dict[str, str]], environment: Mapping[str, str]
    ) -> dict[str, str]:
        return {name: value for name, value in old(environment).items() if value}


@mutant(25)
def letters_missing() -> None:
    """The letters beyond ASCII are missing in the variables that a step finds."""
    _each_value(lambda value: value.encode("ascii", "ignore").decode())


@mutant(25)
def blanks_trimmed() -> None:
    """The variables that a step finds have no blanks at their ends."""
    _each_value(lambda value: value.strip(" \t"))


@mutant(25)
def cut_at_the_second_sign() -> None:
    """The value of a variable ends at its second equals sign."""
    _each_value(lambda value: "=".join(value.split("=")[:2]))


@mutant(25)
def long_variables_cut() -> None:
    """A variable is cut at 64 KiB."""
    _each_value(lambda value: value[:65536])


@mutant(25)
def first_value_stays() -> None:
    """A worker gives its steps the value of a variable that it was sent first."""
    known = {}

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        known.update({name: value for name, value in snapshot.items() if name not in known})
        return old({name: known[name] for name in snapshot}, own)


@mutant(25)
def own_quotes_missing() -> None:
    """The quotes are missing in the variables of its own machine that a step finds."""

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        return old(snapshot, {name: value.replace("'", "") for name, value in own.items()})


def _after_a_reconnection(
    change: Callable[[Callable[..., dict[str, str]], Mapping[str, str], Mapping[str, str]], dict[str, str]],
) -> None:
    enrolled: list[ClientConnection] = []

    @replaces("worker.session:Session._enroll")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        await old(session, socket)
        enrolled.append(socket)

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        return old(snapshot, own) if len(enrolled) == 1 else change(old, snapshot, own)


@mutant(25)
def missing_after_a_reconnection() -> None:
    """The orchestrator's variables are not sent with a step after a reconnection of the worker."""
    _after_a_reconnection(lambda old, snapshot, own: old({}, own))


@mutant(25)
def workers_variables_win_after_a_reconnection() -> None:
    """After a reconnection of the worker, a variable that both have gets the worker's value."""
    _after_a_reconnection(lambda old, snapshot, own: {**snapshot, **old({}, own)})


@mutant(25)
def instance_told_after_a_reconnection() -> None:
    """After a reconnection a worker adds a variable of its own to those of a step."""
    _after_a_reconnection(lambda old, snapshot, own: {**old(snapshot, own), "SESSION": "2"})


@mutant(25)
def missing_when_run_again() -> None:
    """The orchestrator's variables are not sent with a step that runs again in the same run."""

    @replaces("orchestrator.dispatch:Dispatcher._send")
    async def _(
        old: Callable[[Dispatcher, Member, str, dict[str, Any]], Awaitable[None]],
        dispatcher: Dispatcher,
        member: Member,
        method: str,
        params: dict[str, Any],
    ) -> None:
        from standin import records

        if method == "dispatch.start":
            leases = records.leases(dispatcher._repository)
            if any(each["state"] == "expired" for each in leases):
                params = {**params, "environment": {}}
        await old(dispatcher, member, method, params)


@mutant(25)
def variables_stay_after_a_failed_step() -> None:
    """The orchestrator's variables stay in the worker after a step that fails."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        ended = await old(session, job)
        if ended["status"] != "success":
            os.environ.update(job["environment"])
        return ended


@mutant(25)
def variables_stay_after_a_cancelled_step() -> None:
    """The orchestrator's variables stay in the worker after a step that is cancelled."""
    sent: dict[str, dict[str, str]] = {}

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        sent[job["dispatchId"]] = job["environment"]
        return await old(session, job)

    @replaces("worker.session:Session.cancel")
    async def _(
        old: Callable[[Session, str], Awaitable[None]],
        session: Session,
        dispatch: str,
    ) -> None:
        await old(session, dispatch)
        os.environ.update(sent.get(dispatch, {}))


@mutant(25)
def variables_containing_swamp_held_back() -> None:
    """A variable whose name contains that of a group of held-back variables is not sent with a step."""

    @replaces("orchestrator.serve:snapshot")
    def _(
        old: Callable[[Mapping[str, str]], dict[str, str]], environment: Mapping[str, str]
    ) -> dict[str, str]:
        return {
            name: value
            for name, value in old(environment).items()
            if not any(group in name.upper() for group in ("SWAMP_", "XDG_", "DENO_"))
        }


@mutant(25)
def working_folder_shipped() -> None:
    """The variable with the orchestrator's working folder is sent with a step."""

    @replaces("orchestrator.serve:snapshot")
    def _(
        old: Callable[[Mapping[str, str]], dict[str, str]], environment: Mapping[str, str]
    ) -> dict[str, str]:
        return {**old(environment), "PWD": environment.get("PWD", "")}


@mutant(25)
def names_compared_in_upper_case_only() -> None:
    """Variables of the orchestrator's machine are sent with a step if their names are in lower case."""

    @replaces("orchestrator.serve:snapshot")
    def _(
        old: Callable[[Mapping[str, str]], dict[str, str]], environment: Mapping[str, str]
    ) -> dict[str, str]:
        lower = {name: value for name, value in environment.items() if name != name.upper()}
        return {**old(environment), **lower}


@mutant(25)
def name_in_other_case_overridden() -> None:
    """A variable of the worker gets the value of the orchestrator's whose name differs in case only."""

    @replaces("worker.session:environment_of_step")
    def _(
        old: Callable[[Mapping[str, str], Mapping[str, str]], dict[str, str]],
        snapshot: Mapping[str, str],
        own: Mapping[str, str],
    ) -> dict[str, str]:
        upper = {name.upper(): value for name, value in snapshot.items()}
        return {name: upper.get(name.upper(), value) for name, value in old(snapshot, own).items()}
