"""What a terminal, JSON, HTML, a URL, a shell, a log or line wrapping make of a secret."""

from __future__ import annotations

import base64
import json
import textwrap
import urllib.parse
import urllib.request
import xml.sax.saxutils
from collections.abc import Callable


def _wrapped(secret: str, between: str, width: int = 24) -> str:
    return between.join(secret[at : at + width] for at in range(0, len(secret), width))


def _in_colours(secret: str) -> str:
    return "".join(f"\x1b[38;5;{index}m{letter}" for index, letter in enumerate(secret)) + "\x1b[0m"


def _encoded(secret: str, before: str, encode: Callable[[bytes], bytes]) -> str:
    return encode(f"{before}{secret}.end".encode()).decode()


DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "one colour": lambda secret: f"\x1b[1;32m{secret}\x1b[0m",
    "colours inside": _in_colours,
    "a link of a terminal": lambda secret: f"\x1b]8;;https://x/\x1b\\{secret}\x1b]8;;\x1b\\",
    "two lines": lambda secret: _wrapped(secret, "\n", 40),
    "lines of Windows": lambda secret: _wrapped(secret, "\r\n"),
    "indented lines": lambda secret: _wrapped(secret, "\n        "),
    "lines of a box": lambda secret: _wrapped(secret, " │\n│ "),
    "lines of a table": lambda secret: _wrapped(secret, " |\n| "),
    "lines of a shell": lambda secret: _wrapped(secret, "\\\n"),
    "lines of JSON": lambda secret: json.dumps(_wrapped(secret, "\n")),
    "lines of HTML": lambda secret: _wrapped(xml.sax.saxutils.escape(secret), "<br />"),
    "quoted-printable": lambda secret: _wrapped(secret, "=\n", 60),
    "groups": lambda secret: _wrapped(secret, " ", 4),
    "soft hyphens": lambda secret: _wrapped(secret, "\u00ad", 8),
    "JSON": json.dumps,
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "JSON escapes": lambda secret: "".join(f"\\u{ord(letter):04x}" for letter in secret),
    "one JSON escape": lambda secret: f"\\u{ord(secret[0]):04X}{json.dumps(secret[1:])[1:-1]}",
    "colours in JSON": lambda secret: json.dumps(_in_colours(secret)),
    "JavaScript escapes": lambda secret: "".join(f"\\u{{{ord(letter):x}}}" for letter in secret),
    "octal escapes": lambda secret: "".join(f"\\{byte:03o}" for byte in secret.encode()),
    "hexadecimal escapes": lambda secret: "".join(f"\\x{byte:02X}" for byte in secret.encode()),
    "HTML": xml.sax.saxutils.escape,
    "HTML entities": lambda secret: "".join(f"&#{ord(letter)};" for letter in secret),
    "XML entities": lambda secret: "".join(f"&#x{ord(letter):X};" for letter in secret),
    "HTML in HTML": lambda secret: xml.sax.saxutils.escape(
        "".join(f"&#x{ord(letter):x};" for letter in secret)
    ),
    "tags inside": lambda secret: "".join(f'<b class="x">{letter}</b>' for letter in secret[:8]) + secret[8:],
    "URL": lambda secret: urllib.parse.quote(secret, safe=""),
    "URL, all": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "URL in URL": lambda secret: urllib.parse.quote(
        "".join(f"%{byte:02x}" for byte in secret.encode()), safe=""
    ),
    "quotes inside": lambda secret: f"'{secret[:10]}'\"{secret[10:20]}\"'{secret[20:]}'",
    "a sum of strings": lambda secret: f'"{secret[:20]}" + "{secret[20:]}"',
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    "hex in groups": lambda secret: secret.encode().hex(" "),
    **{
        f"{name} after {len(before)}": lambda secret, before=before, encode=encode: _encoded(  # type: ignore[misc]
            secret, before, encode
        )
        for name, encode in {
            "base64": base64.b64encode,
            "base64 for URLs": base64.urlsafe_b64encode,
            "base64 in lines": lambda data: "\n".join(
                textwrap.wrap(base64.b64encode(data).decode(), 30)
            ).encode(),
        }.items()
        for before in ("", "a", "ab")
    },
}
