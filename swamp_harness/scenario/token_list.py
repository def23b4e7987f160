"""The token list: the rows that a scenario expects, and those of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from swamp_harness.product.conventions import UNLIMITED, VAULT
from swamp_harness.product.credential import credentials_in
from swamp_harness.product.records import TokenRecord, tokens_from_json, tokens_from_table
from swamp_harness.scenario.command_reports import reported_minting
from swamp_harness.scenario.list_answers import Answer, answers
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.worker_list import WHEN_ENROLLED, is_while_enrolling
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import COMMAND

_WHEN_MINTED = "when it was minted"
# The product reads the clock for the minting and for the expiry.
_CLOCK_TOLERANCE = timedelta(seconds=1)
_ONE = "1"
_ANY_NUMBER = "any number of"
_NONE = "none"
_OF = ", of "


def expected_tokens(world: World, rows: Sequence[Row], answer: Answer) -> list[Row]:
    """The rows of the feature with what the scenario knows besides."""
    return [_expected_token(world, row, answer) for row in rows]


def _expected_token(world: World, row: Row, answer: Answer) -> Row:
    bound, several, allowance = row["machine"].partition(_OF)
    machines = [] if bound == _NONE else bound.split(", ")
    expected = {**row, "admitted": str(len(machines)), "expires": _expiry_phrase(world, row["token"])}
    if answer.in_json:
        when = ", ".join([WHEN_ENROLLED] * len(machines))
        return {**expected, "minted": _WHEN_MINTED, "vault": VAULT, "bound": when}
    # In text, a token for several machines shows how many it has admitted, not which.
    return {**expected, "machine": f"{_NONE}{several}{allowance}"} if several else expected


def listed_tokens(world: World, answer: Answer) -> list[Row]:
    """The tokens of an answer, in its order."""
    return [_token_row(world, each, answer) for each in _records_of(answer)]


def lengths(world: World) -> dict[str, int]:
    """How many tokens each list shows, by the way in which it was asked for."""
    return {answer.how: len(_records_of(answer)) for answer in answers(world, "worker", "token", "list")}


def _records_of(answer: Answer) -> Sequence[TokenRecord]:
    if answer.in_json:
        return tokens_from_json(answer.result.answer("token-list"))
    return tokens_from_table(answer.result.stdout)


def _token_row(world: World, token: TokenRecord, answer: Answer) -> Row:
    number = _ANY_NUMBER if token.allowance == UNLIMITED else token.allowance
    several = "" if token.allowance == _ONE else f"{_OF}{number} machines"
    row = {
        "token": token.name,
        "state": token.state,
        "machine": (", ".join(token.machines) or _NONE) + several,
        "admitted": str(token.admitted),
        "expires": _expiry_phrase(world, token.name)
        if _has_asked_lifetime(world, token)
        else str(token.expires_at),
    }
    if not answer.in_json:
        return row
    lasts = world.times.lasts(world.operator.asked_lifetimes.get(token.name, "0m"))
    minted = (
        token.created_at is not None and abs(token.expires_at - token.created_at - lasts) <= _CLOCK_TOLERANCE
    )
    bound = [
        WHEN_ENROLLED if is_while_enrolling(world, _worker_on(world, machine), at) else str(at)
        for machine, at in zip(token.machines, token.bound_at, strict=True)
    ]
    return {
        **row,
        "minted": _WHEN_MINTED if minted else str(token.created_at),
        "vault": token.vault,
        "bound": ", ".join(bound),
    }


def _worker_on(world: World, machine: str) -> str:
    first = world.workers.first_enrollments()
    return next((each for each in first if first[each].machine_id == machine), "")


def _expiry_phrase(world: World, token: str) -> str:
    return f"{world.operator.asked_lifetimes.get(token, 'a lifetime')} after it was minted"


def _reported_lifetime(world: World, token: str) -> tuple[datetime, datetime] | None:
    """Start and end of the lifetime of a token that a step has minted; None if none has."""
    for result in world.operator.minted:
        if token in [each.name for each in credentials_in(result.stdout + result.stderr)]:
            return result.started, reported_minting(result).expires
    return None


def _has_asked_lifetime(world: World, token: TokenRecord) -> bool:
    lifetime = world.operator.lifetimes.get(token.name) or _reported_lifetime(world, token.name)
    if lifetime is None:
        return False
    started, announced = lifetime
    late = announced - world.times.lasts(world.operator.asked_lifetimes[token.name]) - started
    in_time = timedelta(milliseconds=-1) <= late <= timedelta(seconds=COMMAND.seconds)
    return in_time and token.expires_at == announced
