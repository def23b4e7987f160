"""Values as JSON values, blanked of secrets: the expected and actual values in records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from swamp_harness.system.redaction import SECRETS


def plain(value: object) -> Any:
    """A value made of dicts, lists, texts, numbers, booleans and None.

    A dataclass becomes a dict of its fields, an enumeration its value, a set a sorted list, anything else its
    text.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value) if field.compare}
    if isinstance(value, Mapping):
        return {SECRETS.blank(str(plain(key))): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence | AbstractSet) and not isinstance(value, str):
        listed = [plain(each) for each in value]
        return sorted(listed, key=str) if isinstance(value, AbstractSet) else listed
    return SECRETS.blank(str(value))
