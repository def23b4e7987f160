"""What a step may use of behave's context: the World, and the step's table."""

from __future__ import annotations

from typing import Any, Protocol

from swamp_harness.scenario.world import World


class StepContext(Protocol):
    """behave's context, as far as steps use it.

    Attributes:
        world: the scenario's.
        table: the step's table, as behave reads it; None if it has none.
    """

    world: World
    table: Any
