"""A step runs only where every label matches, and the operator sees it wait."""

import re
import unicodedata

from standin.faults import broken


def any_label_will_do():
    """One matching label is enough."""

    @broken("orchestrator.dispatch:Requirement.fits")
    def _(old, requirement, member):
        if requirement.target:
            return old(requirement, member)
        return any(member.labels.get(name) == value for name, value in requirement.labels.items())


def running_still_queued():
    """A step that had to wait is listed as waiting while it runs."""

    @broken("orchestrator.dispatch:Dispatcher.leave")
    def _(old, dispatcher, entry, state):
        if state != "dispatched":
            old(dispatcher, entry, state)


def requirement_not_told():
    """The queue does not tell all labels that a step waits for."""

    @broken("orchestrator.dispatch:Requirement.in_words")
    def _(old, requirement):
        return old(requirement).partition(", ")[0]


def timeout_without_its_reason():
    """A step that no worker fits in time fails, and nobody says why."""

    @broken("orchestrator.dispatch:Dispatcher._place")
    async def _(old, dispatcher, work, requirement, limit):
        from standin.orchestrator.dispatch import StepFailed

        try:
            return await old(dispatcher, work, requirement, limit)
        except StepFailed:
            raise StepFailed("The step failed") from None


def timed_out_stays_queued():
    """A step that no worker fits in time is listed as waiting for ever."""

    @broken("orchestrator.dispatch:Dispatcher.leave")
    def _(old, dispatcher, entry, state):
        if state != "timed_out":
            old(dispatcher, entry, state)


def queue_empty_in_text():
    """The table for people shows no waiting steps."""

    @broken("operator.pool:table_of_queue")
    def _(old, told):
        return old([])


def default_queue_limit_of_seconds():
    """A step that names no queue limit waits for ten seconds."""
    from standin.timing import QUEUE_LIMIT

    @broken("orchestrator.dispatch:Dispatcher._place")
    async def _(old, dispatcher, work, requirement, limit):
        return await old(dispatcher, work, requirement, 10 if limit == QUEUE_LIMIT else limit)


def no_limit_means_no_time():
    """An orchestrator that is told of no queue limit gives every step up at once."""

    @broken("orchestrator.dispatch:time_to_wait")
    def _(old, limit):
        return limit


def other_architecture_will_do():
    """A step that names the architecture of a machine runs on one of another."""

    @broken("orchestrator.dispatch:Requirement.fits_platform")
    def _(old, requirement, member):
        return requirement.platform.partition("/")[0] in ("", member.platform)


def other_system_will_do():
    """A step that names the system of a machine runs on one of another."""

    @broken("orchestrator.dispatch:Requirement.fits_platform")
    def _(old, requirement, member):
        return requirement.platform.partition("/")[2] in ("", member.arch)


def platform_never_fits():
    """A step that names a platform fits no worker."""

    @broken("orchestrator.dispatch:Requirement.fits_platform")
    def _(old, requirement, member):
        return not requirement.platform


def job_not_heeded():
    """What a job says of where its steps may run is not heeded."""

    @broken("orchestrator.workflow:placed")
    def _(old, step, job):
        return step


def job_heeded_always():
    """A step runs where its job says, whatever it says itself."""

    @broken("orchestrator.workflow:placed")
    def _(old, step, job):
        return {**step, **{key: job[key] for key in ("labels",) if key in job}}


def place_on_the_orchestrator_not_heeded():
    """A step of a job for workers that is to run on the orchestrator runs on a worker."""

    @broken("orchestrator.workflow:placed")
    def _(old, step, job):
        return old({key: value for key, value in step.items() if value != {}}, job)


def beginning_of_a_value_will_do():
    """A label matches when its value begins with what was wanted."""
    _compared(lambda has, wanted: has.startswith(wanted))


def longer_value_wanted():
    """A label matches when what was wanted begins with its value."""
    _compared(lambda has, wanted: bool(has) and wanted.startswith(has))


def end_of_a_value_will_do():
    """A label matches when its value ends with what was wanted."""
    _compared(lambda has, wanted: has.endswith(wanted))


def case_of_a_value_ignored():
    """A label matches in lower case and in upper case."""
    _compared(lambda has, wanted: has.lower() == wanted.lower())


def value_taken_as_a_pattern():
    """What a label must be is taken as a pattern."""
    _compared(lambda has, wanted: re.fullmatch(wanted, has) is not None)


def value_taken_as_a_number():
    """A label matches when its value is the same number."""
    _compared(lambda has, wanted: has == wanted or (has.isdigit() and has.lstrip("0") == wanted))


def accents_ignored():
    """A label matches when its letters differ only in their accents."""
    _compared(lambda has, wanted: _plain(has) == _plain(wanted))


def wanted_value_cut_at_an_equals_sign():
    """What a label must be ends at its last equals sign."""
    _compared(lambda has, wanted: has in (wanted, wanted.rpartition("=")[0]))


def another_label_of_the_value_will_do():
    """A worker matches that has the wanted value under any name."""

    @broken("orchestrator.dispatch:Requirement.fits")
    def _(old, requirement, member):
        if requirement.target:
            return old(requirement, member)
        return set(requirement.labels.values()) <= set(member.labels.values())


def case_of_a_label_ignored():
    """A label is found in lower case and in upper case."""

    @broken("orchestrator.dispatch:Requirement.fits")
    def _(old, requirement, member):
        if requirement.target:
            return old(requirement, member)
        has = {name.lower(): value for name, value in member.labels.items()}
        return all(has.get(name.lower()) == value for name, value in requirement.labels.items())


def value_of_a_worker_cut_at_an_equals_sign():
    """A worker's label ends at its third equals sign."""

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        labels = {name: "=".join(value.split("=")[:2]) for name, value in wish["labels"].items()}
        return old(pool, {**wish, "labels": labels}, socket)


def _compared(matches):
    @broken("orchestrator.dispatch:Requirement.fits")
    def _(old, requirement, member):
        if requirement.target:
            return old(requirement, member)
        return all(matches(member.labels.get(name, ""), value) for name, value in requirement.labels.items())


def _plain(text):
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore")
