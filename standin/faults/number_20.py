"""A worker runs as many steps at a time as it has slots."""

from standin.faults import broken


def two_on_one_slot():
    """A worker is given a step more than it has slots."""

    @broken("orchestrator.dispatch:has_free_slot")
    def _(old, member):
        return len(member.dispatches) <= member.capacity


def one_at_a_time():
    """A worker with two slots is given one step at a time."""

    @broken("orchestrator.dispatch:has_free_slot")
    def _(old, member):
        return not member.dispatches


def begins_before_the_other_has_ended():
    """A worker's slot is free a moment before its step has ended."""

    @broken("orchestrator.dispatch:Dispatcher.hand_over")
    async def _(old, dispatcher, dispatch, member):
        import asyncio

        await old(dispatcher, dispatch, member)
        loop = asyncio.get_running_loop()
        loop.call_later(0.2, dispatcher._pool.release, member, dispatch.identity)
