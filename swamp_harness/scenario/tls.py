"""TLS: which certificates the operator and the workers trust."""

from __future__ import annotations

from swamp_harness.product.trust import TrustedBy, trust_of_operator
from swamp_harness.scenario.world import World
from swamp_harness.system.certificates import Trust


def trust(world: World, trust: Trust, way: TrustedBy) -> None:
    """Set what the operator trusts from now on, and every worker that starts from now on.

    Args:
        world: the scenario's.
        trust: whose certificates are trusted.
        way: how the operator's commands get them.
    """
    world.security.trust(trust)
    world.operator_trust = trust_of_operator(world.trusted, way)
    world.operator.commands.environment.update(world.operator_trust.variables)
