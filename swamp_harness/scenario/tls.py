"""TLS: which certificates the operator and the workers trust."""

from __future__ import annotations

from swamp_harness.product.trust import trust_of_command
from swamp_harness.scenario.world import World
from swamp_harness.system.certificates import Trust


def trust(world: World, trust: Trust) -> None:
    """Set what the operator trusts from now on, and every worker that starts from now on."""
    world.security.trust(trust)
    world.operator.commands.environment.update(trust_of_command(world.trusted))
