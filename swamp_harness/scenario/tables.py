"""Tables of a feature, and the product's lists, as rows that can be compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from swamp_harness.product.binary import another_machine, platforms, this_architecture, this_platform
from swamp_harness.product.records import NOTHING, PoolMember, TokenRecord
from swamp_harness.product.serve_api import LiveMember
from swamp_harness.system.errors import InfrastructureError

Row = dict[str, str]

_BOUND_TO = re.compile(r'^(?:that|those) of (?P<workers>".+")(?P<allowed>, of \d+ machines)?$')
_NAME = re.compile(r'"([^"]+)"')
_TARGET_INSTANCE = re.compile(r'^target=the present instance of "(?P<worker>[^"]+)"$')
NOT_LIVE = "not in the live pool"
# Without it, a label that was split at the wrong place would look like the right one.
EQUALS = "\\="
_NOT_LISTED = "not listed"


def rows_of(table: Any, known: set[str]) -> list[Row]:
    """The rows of a table, unchanged.

    Args:
        table: with some of the known columns.
        known: the columns that the table may have.

    Raises:
        InfrastructureError: it has another column.
    """
    return _rows(table, known, lambda _, text: text)


def whole_rows_of(table: Any, columns: Sequence[str]) -> list[Row]:
    """The rows of a table, unchanged.

    Args:
        table: with these columns.
        columns: that the table must have.

    Raises:
        InfrastructureError: it lacks one, or has another column.
    """
    rows = rows_of(table, set(columns))
    missing = [column for column in columns if column not in table.headings]
    if missing:
        raise InfrastructureError(
            f"The table needs the columns {', '.join(columns)}; it lacks {', '.join(missing)}."
        )
    return rows


def rows_of_tokens(table: Any, machine_id_of: Callable[[str], str]) -> list[Row]:
    """The rows that a feature expects of the token list, with machine ids in place of machines.

    Args:
        table: with some of the columns token, state, machine.
        machine_id_of: the machine id of a worker's machine.
    """

    def cell(heading: str, text: str) -> str:
        match = _BOUND_TO.match(text)
        if heading == "machine" and match is not None:
            machines = ", ".join(map(machine_id_of, _NAME.findall(match["workers"])))
            return machines + (match["allowed"] or "")
        return text

    return _rows(table, {"token", "state", "machine"}, cell)


def shown_tokens(records: Sequence[TokenRecord], headings: Sequence[str]) -> list[Row]:
    """The token list as rows with the same columns."""
    return [
        _only(
            headings,
            token=record.name,
            state=record.state,
            machine=", ".join(record.machines) or "none",
        )
        for record in records
    ]


def rows_of_queue(table: Any, instance_of: Callable[[str], str]) -> list[Row]:
    """The rows that a feature expects of the queue, with uuids and platforms in place of their descriptions.

    Args:
        table: with the columns step, waits for.
        instance_of: the uuid of a worker's instance.
    """

    def cell(_: str, text: str) -> str:
        match = _TARGET_INSTANCE.match(text)
        if match:
            return f"target={instance_of(match['worker'])}"
        for described, platform in platforms().items():
            text = text.replace(f"platform={described}", f"platform={platform}")
        return text

    return _rows(table, {"step", "waits for"}, cell)


def rows_of_pool(table: Any) -> list[Row]:
    """The rows that a feature expects of the pool.

    Args:
        table: with some of the columns worker, status, connected, slots, labels, platform.
    """

    def cell(heading: str, text: str) -> str:
        if heading == "platform" and text == "this machine":
            return f"{this_platform()}/{this_architecture()}"
        if heading == "platform" and text == "another machine":
            return "/".join(another_machine().values())
        return text

    return _rows(table, {"worker", "status", "connected", "slots", "labels", "platform"}, cell)


def labels_in_words(labels: Sequence[tuple[str, str]]) -> str:
    r"""Labels as features have them; an equals sign in a name, which none should have, becomes `\=`."""
    return ",".join(f"{name.replace('=', EQUALS)}={value}" for name, value in labels)


def shown_pool(
    listed: Sequence[PoolMember], live: Sequence[LiveMember], headings: Sequence[str]
) -> list[Row]:
    """The worker list and the live pool together as rows with the same columns, one for each member."""
    connected = {member.name: "yes" if member.connected else "no" for member in live}
    by_name = {member.name: member for member in listed}
    unlisted = [
        _only(
            headings,
            worker=name,
            status=_NOT_LISTED,
            connected=state,
            slots=NOTHING,
            labels=NOTHING,
            platform=NOTHING,
        )
        for name, state in connected.items()
        if name not in by_name
    ]
    shown = [
        _only(
            headings,
            worker=member.name,
            status=member.status,
            connected=connected.get(member.name, NOT_LIVE),
            slots=member.slots,
            labels=labels_in_words(member.labels),
            platform=member.platform,
        )
        for member in listed
    ]
    return sorted([*shown, *unlisted], key=lambda row: row["worker"])


def _rows(table: Any, known: set[str], cell: Callable[[str, str], str]) -> list[Row]:
    unknown = set(table.headings) - known
    if unknown:
        columns = ", ".join(sorted(known))
        raise InfrastructureError(
            f"Unknown column {', '.join(sorted(unknown))} in the step's table; use some of: {columns}."
        )
    return [{heading: cell(heading, row[heading]) for heading in table.headings} for row in table]


def _only(headings: Sequence[str], **cells: str) -> Row:
    return {heading: cells[heading] for heading in headings}
