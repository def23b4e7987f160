"""A step runs on the worker that it names, and nowhere else."""

from standin.faults import broken


def target_ignored():
    """The labels of a step decide, whatever worker it names."""

    @broken("orchestrator.dispatch:Requirement.fits")
    def _(old, requirement, member):
        if not requirement.labels:
            return old(requirement, member)
        return all(member.labels.get(name) == value for name, value in requirement.labels.items())


def instance_taken_for_any():
    """An instance uuid as a target is not understood, and the labels decide."""

    @broken("orchestrator.dispatch:Requirement.fits")
    def _(old, requirement, member):
        from standin.orchestrator.dispatch import Requirement

        return old(
            Requirement("", requirement.labels) if len(requirement.target) == 36 else requirement, member
        )


def lost_target_runs_elsewhere():
    """A step whose worker does not exist runs where its labels fit."""

    @broken("orchestrator.dispatch:Dispatcher.chosen")
    def _(old, dispatcher, requirement):
        from standin.orchestrator.dispatch import Requirement

        named = [each for each in dispatcher._pool.members.values() if requirement.fits(each)]
        return old(dispatcher, requirement if named else Requirement("", requirement.labels))


def lease_names_another():
    """The lease names another worker than the one that ran the step."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        dispatch.lease["workerName"] = min(dispatcher._pool.members)
        old(dispatcher, dispatch, state, error)
