"""Where the values of a YAML or JSON file stand, so that a complaint can name the line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

# The parser in C, where PyYAML was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Places:
    """The lines of a document.

    Args:
        file: in YAML, or in JSON, which is YAML as well.
    """

    def __init__(self, file: Path) -> None:
        self._document = yaml.compose(file.read_text("utf-8"), Loader=_LOADER)

    def line_of(self, path: Sequence[str | int]) -> int:
        """The line of a value, from 1 on; that of what would hold it if there is no such value.

        Args:
            path: the keys and indexes that lead to it, such as `(3, "scenario")`.
        """
        node, line = self._document, 1
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == str(step)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                found = (node.value[step], node.value[step])
            else:
                found = None
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        return line
