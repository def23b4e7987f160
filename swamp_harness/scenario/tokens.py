"""Tokens: minted, minted again, revoked, and as they are recorded."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from swamp_harness.product.commands import CommandOutcome, CommandResult, Output
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.credential import Credential
from swamp_harness.product.fallbacks import Fallback
from swamp_harness.product.serve_api import Request, UnknownRequest
from swamp_harness.product.wordings import COMMAND_FAILURES, reasons_given
from swamp_harness.scenario.command_reports import reported_minting
from swamp_harness.scenario.repositories import demand
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import ContractBroken
from swamp_harness.system.redaction import SECRETS

# The seconds between two requests to mint the first token; twice as many for the second token, and so on.
_APART = 0.005
# The product cuts moments to milliseconds.
_PRECISION = timedelta(milliseconds=1)
WHEN_ASKED = "after the lifetime that was asked for"


@dataclass(frozen=True)
class Minted:
    """The attempts to mint tokens whose names are in use.

    Attributes:
        results: the result of each command, by a phrase that identifies the command.
        before: what was stored before these commands, as `kept` returns it.
    """

    results: Mapping[str, CommandResult]
    before: Mapping[str, str]

    def outcomes(self) -> dict[str, CommandOutcome]:
        """The outcome of each command, with its exit code."""
        return {which: result.outcome_and_code for which, result in self.results.items()}


def mint(
    world: World,
    token: str,
    *,
    lifetime: str = "",
    machines: int | str = 1,
    vault: str = "",
    names_vault: bool = True,
    through_orchestrator: bool = False,
    logs_everything: bool = False,
) -> None:
    """Mint a token.

    Args:
        world: the scenario's.
        token: its name.
        lifetime: the requested lifetime; the usual one if empty.
        machines: how many it is for, or `UNLIMITED`.
        vault: the vault for its secret; the only one if empty.
        names_vault: whether the command names a vault where there are several.
        through_orchestrator: whether the orchestrator mints it, not a command in the repository.
        logs_everything: whether the command has the most detailed log level.
    """
    through = world.orchestrator.api.url if through_orchestrator else ""
    world.operator.mint(
        token,
        lifetime or world.times.usual_lifetime,
        machines,
        vault=vault,
        names_vault=names_vault,
        through=through,
        logs_everything=logs_everything,
    )


def mint_at_once(world: World, token: str, times: int) -> Minted:
    """Mint one token several times in the repository, by commands that run at the same moment.

    The credential of the token is the one that a command showed.
    """
    before = kept(world)
    with ThreadPoolExecutor(times) as executor:
        results = list(
            executor.map(lambda _: world.operator.mint(token, world.times.usual_lifetime), range(times))
        )
    return Minted({f"command {number}": result for number, result in enumerate(results, 1)}, before)


def mint_milliseconds_apart(world: World, tokens: Sequence[str], times: int) -> dict[str, list[str]]:
    """Mint each token several times by requests of different clients, some milliseconds apart.

    The first token is requested at the shortest distance, and each further one at a longer distance.

    Returns:
        For each token "minted" or the reason of the refusal, for each request, in alphabetical order.
    """
    outcomes: dict[str, list[str]] = {}
    for number, token in enumerate(tokens, 1):
        apart = number * _APART
        answered = world.orchestrator.api.mint_by_several(token, world.times.usual_lifetime, times, apart)
        world.operator.requests += answered
        outcomes[token] = sorted(_outcome_of(request) for request in answered)
    return outcomes


def _outcome_of(minting: Request) -> str:
    refusal = SECRETS.blank(str(minting.answer.get("error", "")))
    return " and ".join(reasons_given(refusal, COMMAND_FAILURES)) or refusal or "minted"


def revoke(world: World, token: str, *, through_orchestrator: bool = False) -> None:
    """Revoke a token, in the repository or through the orchestrator."""
    world.operator.revoke(token, through=world.orchestrator.api.url if through_orchestrator else "")


def mint_again(world: World, tokens: Sequence[str]) -> Minted:
    """Mint each token again, in the repository and through the orchestrator, in text and in JSON in turn."""
    before = kept(world)
    operator, usual = world.operator, world.operator.output
    results = {}
    turns = itertools.cycle(itertools.permutations((Output.TEXT, Output.JSON)))
    for token, outputs in zip(tokens, turns, strict=False):
        for output, url in zip(outputs, ("", world.orchestrator.api.url), strict=True):
            operator.output = output
            # An orchestrator has a second vault beside that of the repository, so one must be named.
            minted = operator.mint(token, world.times.usual_lifetime, vault=VAULT, through=url)
            results[f"{token} in {output.value}"] = minted
    operator.output = usual
    return Minted(results, before)


def mint_again_in(world: World, token: str, vault: str, minted: Minted) -> Minted:
    """Mint a token again, in text in the repository, with its secret in another vault.

    Args:
        world: the scenario's.
        token: its name.
        vault: the vault for its secret.
        minted: the attempts before.

    Returns:
        All attempts.
    """
    usual, world.operator.output = world.operator.output, Output.TEXT
    result = world.operator.mint(token, world.times.usual_lifetime, vault=vault)
    world.operator.output = usual
    return Minted({**minted.results, f"{token} in the vault {vault}": result}, minted.before)


def minting(world: World, token: str) -> dict[str, str]:
    """What the last minting reports of the token; a correct expiry becomes the phrase `WHEN_ASKED`."""
    reported, result = reported_minting(world.operator.last), world.operator.last
    lasts = world.times.lasts(world.operator.asked_lifetimes[token])
    minted = reported.expires - lasts
    in_time = result.started - _PRECISION <= minted <= result.ended
    expires = WHEN_ASKED if in_time else str(reported.expires)
    return {
        "token": reported.token,
        "machines": reported.allowance,
        "expires": expires,
        "kept in": reported.kept_in,
    }


def with_the_same_secret(credentials: Iterable[Credential]) -> list[list[str]]:
    """The names of the tokens that share a secret with another one, in groups, sorted."""
    names: dict[str, list[str]] = {}
    for credential in credentials:
        names.setdefault(credential.secret, []).append(credential.name)
    return sorted(sorted(group) for group in names.values() if len(group) > 1)


def delete_secret(world: World, token: str) -> None:
    """Delete the secret of a token from the vault, without a question."""
    demand(
        "secret could not be deleted",
        world.operator.commands.run("vault", "delete", VAULT, f"worker-token-{token}", "--yes"),
    )


def kept(world: World) -> dict[str, str]:
    """What the product stores: the tokens by name, and the vault's files by path.

    Raises:
        PromiseBroken: the tokens cannot be read.
    """
    records = {
        f'the token "{name}"': json.dumps(content, sort_keys=True)
        for name, content in world.records.token_records().items()
    }
    store = world.repository.vault_store
    vault = {
        f"the vault's file {file.relative_to(store)}": hashlib.sha256(file.read_bytes()).hexdigest()
        for file in store.rglob("*")
        if file.is_file()
    }
    return {**records, **vault}


def changes_since(world: World, minted: Minted) -> list[str]:
    """What is stored now and differs from before these commands, each as a sentence."""
    now = kept(world)
    return [
        f"{what}: before {minted.before.get(what, 'nothing')}, now {now.get(what, 'nothing')}"
        for what in sorted({*minted.before, *now})
        if minted.before.get(what) != now.get(what)
    ]


def recorded_state_of(world: World, token: str) -> str:
    """The state of a token in its data; the token list shows the current state instead."""
    record = world.records.token_records().get(token)
    return str(record["state"]) if record else "no state at all"


def prepare(
    world: World,
    token: str,
    *,
    lifetime: str = "",
    short: bool = False,
    revoked: bool = False,
    machines: int | str = 1,
) -> None:
    """Mint a token, with the usual lifetime by default, and revoke it if asked.

    It is minted by an API request if an orchestrator runs, as that is cheaper than a command. If its lifetime
    is given, a command mints it, because the command must understand every notation.

    Args:
        world: the scenario's.
        token: its name.
        lifetime: such as "7d"; the usual one if empty.
        short: whether it has the shortest lifetime that swamp allows.
        revoked: whether it is revoked at once.
        machines: how many it is for, or `UNLIMITED`.
    """
    operator = world.operator
    lasts = world.times.shortest_lifetime if short else lifetime or world.times.usual_lifetime
    by_request = world.has_orchestrator and not lifetime and _minted_by_request(world, token, lasts, machines)
    if not by_request:
        minted = operator.mint(token, lasts, machines)
        demand("token could not be prepared", minted)
        operator.note_lifetime(token, minted)
    if short:
        _demand_lifetime(world, token)
    if revoked:
        revoked_now = operator.revoke(token)
        demand("token could not be prepared", revoked_now)
        if revoked_now.output is Output.JSON:
            revoked_now.answer("token-revoke")


def _demand_lifetime(world: World, token: str) -> None:
    """Check the lifetime of a new token for which the scenario is going to wait.

    Raises:
        ContractBroken: it is not the requested one.
    """
    started, end = world.operator.lifetimes[token]
    asked = world.operator.asked_lifetimes[token]
    minted = end - world.times.lasts(asked)
    if not started - _PRECISION <= minted <= datetime.now(UTC):
        raise ContractBroken(
            f'The token "{token}" was minted with a lifetime of {asked} at {started:%H:%M:%S} UTC, but '
            f"expires at {end:%Y-%m-%d %H:%M:%S} UTC."
        )


def _minted_by_request(world: World, token: str, lifetime: str, machines: int | str) -> bool:
    operator, api = world.operator, world.orchestrator.api
    try:
        operator.mint_at(api, token, lifetime, machines)
    except UnknownRequest:
        world.fallbacks[Fallback.TOKEN_BY_COMMAND] += 1
        return False
    return True
