"""The variables of the orchestrator that are sent with a step to a worker."""

from __future__ import annotations

from collections.abc import Mapping

_OF_THE_MACHINE = frozenset(
    {
        "HOME", "USERPROFILE", "PATH", "PATHEXT", "TMPDIR", "TEMP", "TMP", "USER", "USERNAME", "LOGNAME",
        "SHELL", "HOSTNAME", "TERM", "LANG", "LANGUAGE", "TZ", "PWD", "OLDPWD", "SHLVL", "_",
        "LD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "OS", "PROGRAMDATA",
        "SSL_CERT_FILE", "SSL_CERT_DIR",
    }
)  # fmt: skip
_OF_PROGRAMS = ("SWAMP_", "XDG_", "DENO_", "LC_")


def snapshot(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a step also finds on a worker."""
    return {
        name: value
        for name, value in environment.items()
        if name.upper() not in _OF_THE_MACHINE and not name.upper().startswith(_OF_PROGRAMS)
    }
