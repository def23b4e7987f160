"""What became of the secrets of a World, as plain values that a step compares with a promise."""

from __future__ import annotations

import hashlib

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.machinery.leaksearch import Leak
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.remains import keys_of
from swamp_harness.scenario.world import World

# The text before and after the secret that a step streams (fixtures/extensions/models/uat_secrets.ts).
AROUND_SECRET = {"before": "it is ", "after": ", all of it"}


def digest_of(world: World, name: str) -> str:
    """The SHA-256 of a secret, in hex: a step that was handed the secret notes the same."""
    return hashlib.sha256(world.operator.secret(name).encode()).hexdigest()


def leaks_in_answers(world: World, name: str) -> list[Leak]:
    """Where the product's answers about the last run show a secret."""
    return world.operator.leaks_in_answers(world.operator.texts_of_secret(name), world.runs.last.run_id)


def around_secret(world: World, step: str, name: str) -> dict[str, str]:
    """The beginning and the end of a text of a step, each as long as the text around a streamed secret."""
    result = world.operator.get_datum(step, name)
    if not result.succeeded:
        return {"read": str(result.outcome)}
    text = str(result.answer("data-get").get("content"))
    before, after = (len(each) for each in AROUND_SECRET.values())
    return {"before": text[:before], "after": text[-after:]}


def answer_of_vault(world: World, step: str) -> str:
    """What a step got that asked the vault for a secret.

    Returns:
        "got" with the digest of the secret, or "refused:" with the reason.

    Raises:
        InfrastructureFault: the step did not ask, or the vault does not hold what it asked for, so that to
            be refused proves nothing.
    """
    asked = str(next(each.task.inputs.get("key", "") for each in world.workflow.steps if each.name == step))
    if asked not in keys_of(world.orchestrator.api, VAULT):
        raise InfrastructureFault(
            f'The vault has no "{asked}"; if that is an enrollment token, look where this release keeps them.'
        )
    outcome = world.journal.remark("pried", step)
    if not outcome:
        raise InfrastructureFault(f'The step "{step}" did not ask the vault for anything.')
    return outcome
