"""The settings of Visual Studio Code that follow from steps, vocabulary and schemas; others stay."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from swamp_harness.quality import edited_yaml
from swamp_harness.runner.steps import definitions, parameters_of
from swamp_harness.scenario import vocabulary
from swamp_harness.scenario.kinds import Details, Kind
from swamp_harness.system.root import in_project

_PARAMETERS = "cucumberautocomplete.customParameters"
_SCHEMAS = "yaml.schemas"
# Characters with a meaning in regular expressions.
_SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()/])")


def settings_text(file: Path) -> str:
    """The text that a file of settings should have.

    Args:
        file: of settings in JSON, without comments.
    """
    settings = json.loads(file.read_text("utf-8")) if file.exists() else {}
    settings |= {_PARAMETERS: _parameters(), _SCHEMAS: _schemas()}
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def _parameters() -> list[dict[str, str]]:
    """What each parameter of a step looks like, for the completion of steps."""
    named = {(name, kind) for each in definitions() for name, kind in parameters_of(each.pattern).items()}
    return [
        {"parameter": f"{{{name}:{kind}}}", "value": f"({_pattern(vocabulary.KINDS[kind])})"}
        for name, kind in sorted(named)
    ]


def _pattern(kind: Kind) -> str:
    if not kind.phrases or isinstance(kind, Details):
        return kind.pattern
    return "|".join(_SPECIAL.sub(r"\\\1", phrase) for phrase in kind.phrases)


def _schemas() -> dict[str, Any]:
    files: dict[str, list[str]] = {}
    for each in edited_yaml.edited_files():
        files.setdefault(in_project(str(each.schema)), []).append(in_project(str(each.file)))
    return files
