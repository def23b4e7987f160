"""What a step may take from behave's context: the World, and the table that stands below the step."""

from __future__ import annotations

from typing import Any, Protocol

from swamp_harness.scenario.world import World


class StepContext(Protocol):
    """behave's context, as far as steps use it.

    Attributes:
        world: the scenario's.
        table: below the step, as behave reads it; None if there is none.
    """

    world: World
    table: Any
