"""The environment of a scenario's processes: almost nothing of the caller's.

An allow-list, not a list of what to remove: neither a SWAMP_*, XDG_* or proxy variable nor a credential
that the caller's CI holds can change what the product does or end up in the evidence.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import PurePath

_KEPT = frozenset(
    {
        # any system
        "PATH", "LANG", "LANGUAGE",
        # POSIX: where shared libraries and certificates are on systems that keep them elsewhere
        "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
        # Windows: what the system's own libraries need
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "OS", "NUMBER_OF_PROCESSORS",
        "PROCESSOR_ARCHITECTURE", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)",
    }
)  # fmt: skip
_KEPT_PREFIXES = ("LC_",)
# What other systems call HOME and TMPDIR.
_OTHER_NAMES = ("USERPROFILE", "TEMP", "TMP")


def added_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of an actor that it has beside what it takes over from the caller."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _KEPT and not name.startswith(_KEPT_PREFIXES) and name not in _OTHER_NAMES
    }


def scrubbed_environment(
    home: PurePath, temp: PurePath, extra: Mapping[str, str], caller: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of an actor with a home and a temp folder of its own.

    Args:
        home: becomes HOME (and USERPROFILE).
        temp: becomes TMPDIR (and TEMP and TMP).
        extra: additional variables; they override the others.
        caller: the environment to start from; that of this process when None.

    Returns:
        A new dictionary.
    """
    source = os.environ if caller is None else caller
    kept = {
        name: value
        for name, value in source.items()
        if name.upper() in _KEPT or name.upper().startswith(_KEPT_PREFIXES)
    }
    places = {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "TMPDIR": str(temp),
        "TEMP": str(temp),
        "TMP": str(temp),
    }
    return {**kept, **places, **extra}
