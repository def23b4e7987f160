"""A step runs only where every label matches, and the operator sees it wait."""

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
