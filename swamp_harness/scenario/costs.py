"""What the processes of a scenario cost: measured, by purpose and by kind of command."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from swamp_harness.product.costs import Cost, Purpose
from swamp_harness.scenario.run_context import RunContext
from swamp_harness.scenario.world import World
from swamp_harness.system.processor_time import Usage

# In place of a command: loads a program once, for all processes that are forks of it.
_LOADING = "(loading)"


def costs_of(world: World) -> tuple[Cost, ...]:
    """The costs of a scenario whose World is closed; a command counts for the step that started it."""
    used = [
        *((world.purpose_at(usage.started), kind, usage) for kind, usage in _commands(world)),
        *_each(Purpose.ORCHESTRATORS, "serve", (each.usages() for each in world.orchestrators.values())),
        *_each(Purpose.WORKERS, "worker connect", (each.usages() for each in world.workers.all())),
    ]
    return _summed(used)


def of_preparation(run_context: RunContext) -> tuple[Cost, ...]:
    """The costs of what the scenarios of a run share."""
    commands = [usage for each in run_context.preparation.commands for usage in each.usages]
    loading = [] if run_context.loading is None else [(_LOADING, run_context.loading)]
    return _summed((Purpose.PREPARATION, kind, usage) for kind, usage in (*commands, *loading))


def _summed(used: Iterable[tuple[Purpose, str, Usage]]) -> tuple[Cost, ...]:
    """The costs of processes, each with its purpose and its kind, in order of these."""
    together: dict[tuple[Purpose, str], list[Usage]] = defaultdict(list)
    for purpose, kind, usage in used:
        together[purpose, kind].append(usage)
    order = list(Purpose)
    return tuple(
        Cost(
            purpose,
            kind,
            len(usages),
            round(sum(each.seconds for each in usages), 3),
            round(sum(each.unreaped for each in usages), 3),
        )
        for (purpose, kind), usages in sorted(
            together.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        )
    )


def _commands(world: World) -> Iterator[tuple[str, Usage]]:
    for who in (World.operator.of(world), World.remote_client.of(world)):
        if who is not None:
            yield from who.commands.usages
    for run in world.followed_runs():
        yield run.kind, run.usage


def _each(
    purpose: Purpose, kind: str, usages: Iterable[Iterable[Usage]]
) -> Iterator[tuple[Purpose, str, Usage]]:
    for of_one in usages:
        for usage in of_one:
            yield purpose, kind, usage
