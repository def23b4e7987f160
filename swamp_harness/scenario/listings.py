"""The lists that an operator looks at, and what each of them shows now."""

from __future__ import annotations

from enum import Enum
from typing import Any

from swamp_harness.product.commands import Output
from swamp_harness.scenario import enrollment, scheduling
from swamp_harness.scenario.tables import shown_pool
from swamp_harness.scenario.world import World

IN_JSON = (Output.JSON,)
IN_BOTH = (Output.TEXT, Output.JSON)


class Listing(Enum):
    """A list, in the words of the features."""

    TOKENS = "token list"
    POOL = "pool"
    QUEUE = "queue"


def contents_of(world: World, listing: Listing) -> list[Any]:
    """What a list shows in JSON. The pool is asked once no worker is connected, or the limit has passed.

    Raises:
        PromiseBroken: the list fails, or its output breaks its contract.
    """
    if listing is Listing.TOKENS:
        return list(world.records.tokens())
    if listing is Listing.QUEUE:
        return list(scheduling.queue(world, Output.JSON))
    return list(shown_pool(enrollment.pool_when(world, enrollment.LivePool()), world.live_pool(), ["worker"]))
