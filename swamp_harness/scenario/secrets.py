"""Secrets: what a step received, and where a secret is found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.fallbacks import Fallback
from swamp_harness.product.remains import keys_of
from swamp_harness.product.serve_api import UnknownRequest
from swamp_harness.scenario.records import EVERYTHING, TOKEN_DATUM
from swamp_harness.scenario.repositories import demand
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError, PromiseBroken
from swamp_harness.system.files import walk
from swamp_harness.system.leak_search import Leak, search_files, search_text

# The text around the secret in a step's stream (fixtures/extensions/models/uat_secrets.ts).
AROUND_SECRET = {"before": "it is ", "after": ", all of it"}


def digest_of(world: World, name: str) -> str:
    """The SHA-256 of a secret, in hex: a step that received the secret records the same."""
    return hashlib.sha256(world.operator.secret(name).encode()).hexdigest()


def digests_received(world: World, step: str) -> list[str]:
    """The SHA-256 of each secret that a step received, in hex, as the step noted them."""
    return world.probe_log.note("digest", step).split()


def leaks_in_answers(world: World, name: str) -> list[Leak]:
    """The places where answers about the last run (all data, its history, its logs) show a secret.

    Raises:
        PromiseBroken: a command fails.
    """
    read = world.records.read
    results = [
        read("data", "query", EVERYTHING),
        read("workflow", "history", "logs", world.runs.last.run_id, output=Output.TEXT),
        _history(world),
        read("run", "history"),
    ]
    texts = world.operator.texts_of_secret(name)
    return [leak for text in texts for leak in search_text(text, _outputs(results))]


def leaks_in_data(world: World, token: str) -> list[Leak]:
    """The places where `swamp data` shows the secret of a token.

    Raises:
        PromiseBroken: a command fails, or shows no data of the token, so that it proves nothing.
    """
    read = world.records.read
    results = [
        read("data", "query", EVERYTHING),
        read("data", "list", token, output=Output.TEXT),
        read("data", "get", token, TOKEN_DATUM, output=Output.TEXT),
    ]
    for result in results:
        if TOKEN_DATUM not in result.stdout:
            raise PromiseBroken(f'`{result.command}` shows no data of the token "{token}".')
    return search_text(world.operator.credential(token).secret, _outputs(results))


def around_secret(world: World, step: str, name: str) -> dict[str, str]:
    """The beginning and the end of a text of a step, each as long as the text around a streamed secret."""
    result = world.records.get_datum(step, name)
    if not result.succeeded:
        return {"read": str(result.outcome)}
    text = str(result.answer("data-get").get("content"))
    before, after = (len(each) for each in AROUND_SECRET.values())
    return {"before": text[:before], "after": text[-after:]}


def answer_of_vault(world: World, step: str) -> str:
    """The vault's answer to a step that asked for a secret.

    Returns:
        "got" with the digest of the secret, or "refused:" with the reason.

    Raises:
        InfrastructureError: the step did not ask, or the vault does not have the secret, so that a refusal
            proves nothing.
    """
    asked = str(next(each.task.inputs.get("key", "") for each in world.workflow.steps if each.name == step))
    if asked not in keys_of(world.orchestrator.api, VAULT):
        raise InfrastructureError(
            f'The vault has no "{asked}", so a refusal would prove nothing. If that is an enrollment token, '
            "check where this release stores tokens."
        )
    outcome = world.probe_log.note("pried", step)
    if not outcome:
        raise InfrastructureError(f'The step "{step}" did not ask the vault for anything.')
    return outcome


def leaks_of(world: World, name: str) -> list[Leak]:
    """The places outside the vault's store that contain a secret of the vault or a token, or a line of it.

    It searches all files of the scenario (repository, homes, caches, temp and working folders), the raw
    output of every process, and the output of the commands on all machines, except those that minted a
    token.

    Raises:
        InfrastructureError: the search did not find a value planted for it, or there is no audit trail of
            the vault where there should be one.
    """
    if world.repository.audits_reads and not world.repository.audit_trail:
        raise InfrastructureError(
            "The vault has recorded no read, so the search would prove nothing: check where this release "
            "stores the audit trail of a vault."
        )
    world.workers.fetch()
    logged = [(f"the output of {log.file.stem}", log.text()) for log in world.logs()]
    minted = set(map(id, world.operator.minted))
    printed = _outputs(result for result in world.typed() if id(result) not in minted)
    leaks = [
        leak
        for text in world.operator.texts_of_secret(name)
        for leak in (
            *search_files(text, [world.folder], except_in=[world.repository.vault_store]),
            *search_text(text, logged + printed),
        )
    ]
    return list(dict.fromkeys(leaks))  # one place may show several lines of a secret


def leaks_in_cache(world: World, worker: str, name: str) -> list[Leak]:
    """The files in the cache directory of a worker on this machine that contain a secret, or a line of it."""
    machine = world.workers[worker].machine
    texts = world.operator.texts_of_secret(name)
    return [leak for text in texts for leak in search_files(text, [machine.here / machine.cache_name])]


def traces_of(world: World, word: str) -> list[str]:
    """The files of the repository that contain a word, or have it in their name."""
    folder = world.repository.folder
    named = [path for path in walk(folder) if word in path.name]
    holding = [Path(leak.place) for leak in search_files(word, [folder], disguised=False)]
    return sorted({str(path.relative_to(folder)) for path in [*named, *holding]})


def keep(
    world: World, key: str, *, of_several_lines: bool = False, is_short: bool = False, begins_with: str = ""
) -> None:
    """Put a new secret into the vault: by an API request if an orchestrator runs, else by a command."""
    operator = world.operator
    operator.make_secret(key, of_several_lines=of_several_lines, is_short=is_short, begins_with=begins_with)
    if world.has_orchestrator:
        try:
            operator.put_secret_at(world.orchestrator.api, key)
        except UnknownRequest:
            world.fallbacks[Fallback.SECRET_BY_COMMAND] += 1
        else:
            return
    demand("secret could not be put into the vault", operator.put_secret(key))


def change(world: World, key: str, **details: Any) -> None:
    """Put another secret under a key of the vault, by a command.

    Args:
        world: the scenario's.
        key: of the secret.
        details: what the secret is like, as for `keep`.

    Raises:
        InfrastructureError: the command fails.
    """
    world.operator.make_secret(key, **details)
    demand("secret could not be changed in the vault", world.operator.put_secret(key, "--force"))


def _history(world: World) -> CommandResult:
    """The history of runs with the last one, which has ended: the answer that the operator has, if any."""
    asked = ("workflow", "history", "search", "--json")
    run_id = world.runs.last.run_id
    for result in reversed(world.operator.commands.results):
        if result.arguments == asked and run_id in result.stdout:
            return result
    return world.records.read(*asked[:-1])


def _outputs(results: Iterable[CommandResult]) -> list[tuple[str, str]]:
    return [(f"`{result.command}`", result.stdout + result.stderr) for result in results]
