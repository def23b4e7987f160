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


def beginning_of_a_name_will_do():
    """A worker is found by the beginning of its name."""
    _named(lambda target, member: member.name.startswith(target))


def longer_name_will_do():
    """A worker is found by a name that begins with its own."""
    _named(lambda target, member: target.startswith(member.name))


def end_of_a_name_will_do():
    """A worker is found by the end of its name."""
    _named(lambda target, member: member.name.endswith(target))


def case_of_a_name_ignored():
    """A worker is found by its name in upper case."""
    _named(lambda target, member: member.name.lower() == target.lower())


def beginning_of_an_instance_will_do():
    """A worker is found by the beginning of the uuid of its instance."""
    _named(lambda target, member: member.instance.startswith(target))


def first_instance_remembered():
    """A worker that has started again is found by the uuid of its first instance alone."""
    first = {}

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        member, same = old(pool, wish, socket)
        first.setdefault(member.name, member.instance)
        return member, same

    @broken("orchestrator.dispatch:Requirement.fits")
    def _(old, requirement, member):
        if not requirement.target:
            return old(requirement, member)
        return requirement.target in (member.name, first.get(member.name))


def busy_target_runs_elsewhere():
    """A step whose worker is busy runs on a free one."""
    _free_instead(lambda requirement: bool(requirement.target))


def busy_instance_runs_elsewhere():
    """A step that names an instance that is busy runs on a free worker."""
    _free_instead(lambda requirement: len(requirement.target) == 36)


def busy_label_runs_elsewhere():
    """A step whose only matching worker is busy runs on one that does not match."""
    _free_instead(lambda requirement: not requirement.target)


def _named(fits):
    @broken("orchestrator.dispatch:Requirement.fits")
    def _(old, requirement, member):
        return old(requirement, member) or bool(requirement.target and fits(requirement.target, member))


def _free_instead(applies):
    @broken("orchestrator.dispatch:Dispatcher.chosen")
    def _(old, dispatcher, requirement):
        from standin.orchestrator.dispatch import Requirement

        there = any(requirement.fits(member) for member in dispatcher._pool.members.values())
        chosen = old(dispatcher, requirement)
        return chosen or (old(dispatcher, Requirement("", {})) if there and applies(requirement) else None)
