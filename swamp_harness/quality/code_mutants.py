"""Mutants of the stand-in: its sound code with one small change each, made by the operators of mutmut."""

from __future__ import annotations

import difflib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import libcst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from swamp_harness.quality.reach import in_turns

_CONTEXT = 2


@dataclass(frozen=True)
class Site:
    """Where a mutant can be made.

    Attributes:
        module: its path below the stand-in, such as "orchestrator/pool.py".
        operator: of mutmut that makes the change, such as "swap_op".
        number: which change of that operator in the module, from 1.
    """

    module: str
    operator: str
    number: int

    @property
    def name(self) -> str:
        """What identifies it, as long as the module does not change."""
        return f"{self.module} {self.operator} {self.number}"


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Attributes:
        site: where the change is.
        text: of the changed module.
        lines: of the sound module that are changed.
        was: those lines.
        becomes: the new lines.
        diff: the change with its context.
    """

    site: Site
    text: str
    lines: range
    was: str
    becomes: str
    diff: str


class MutableModule:
    """A module that can be mutated.

    Args:
        module: its path below the stand-in.
        text: of the module.

    Attributes:
        text: of the module.
        sites: where mutants can be made, in the order of the text.
    """

    def __init__(self, module: str, text: str) -> None:
        self.text = text
        operators: dict[int, str] = {}
        visitor = MutationVisitor(_noting(operators), IgnoredCode(set(), set(), set()))
        self._tree = MetadataWrapper(libcst.parse_module(text)).visit(visitor)
        self._changes: dict[Site, Mutation] = {}
        numbers: Counter[str] = Counter()
        for mutation in visitor.mutations:
            operator = operators[id(mutation.mutated_node)]
            numbers[operator] += 1
            self._changes[Site(module, operator, numbers[operator])] = mutation
        self.sites = list(self._changes)

    def mutant(self, site: Site) -> Mutant | None:
        """The mutant of a site; None if its text is the same, or not valid Python."""
        mutation = self._changes[site]
        changed = deep_replace(self._tree, mutation.original_node, mutation.mutated_node)
        assert isinstance(changed, libcst.Module)  # noqa: S101 - a module is never replaced itself
        code = changed.code
        return _mutant(site, self.text, code) if code != self.text and _compiles(code) else None


def sampled(sites: Iterable[Site], seed: int) -> list[Site]:
    """All sites in an order that takes modules in turns, and operators in turns within a module.

    Args:
        sites: in any order.
        seed: the same one gives the same order.
    """
    groups: dict[str, dict[str, list[Site]]] = {}
    for site in sorted(sites, key=lambda each: (each.module, each.operator, each.number)):
        groups.setdefault(site.module, {}).setdefault(site.operator, []).append(site)
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    by_module = []
    for kinds in groups.values():
        shuffled = [chance.sample(each, len(each)) for each in kinds.values()]
        by_module.append(list(in_turns(chance.sample(shuffled, len(shuffled)))))
    return list(in_turns(chance.sample(by_module, len(by_module))))


def _noting(operators: dict[int, str]) -> list[tuple[type, Callable[[Any], Iterable[libcst.CSTNode]]]]:
    """The operators of mutmut; each records its name for every node that it makes."""

    def noting(operator: Callable[[Any], Iterable[libcst.CSTNode]]) -> Callable[[Any], Iterator[Any]]:
        def made(node: Any) -> Iterator[Any]:
            for each in operator(node):
                operators[id(each)] = operator.__name__.removeprefix("operator_")
                yield each

        return made

    return [(kind, noting(operator)) for kind, operator in mutation_operators]


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _mutant(site: Site, text: str, code: str) -> Mutant:
    before, after = text.splitlines(), code.splitlines()
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))))
    rest = min(len(before), len(after)) - same
    backwards = zip(reversed(before), reversed(after), strict=False)
    same_at_end = min(rest, len(list(takewhile(lambda pair: pair[0] == pair[1], backwards))))
    was, becomes = before[same : len(before) - same_at_end], after[same : len(after) - same_at_end]
    names = (f"a/{site.module}", f"b/{site.module}")
    return Mutant(
        site,
        code,
        range(same + 1, same + 1 + max(1, len(was))),
        "\n".join(line.strip() for line in was),
        "\n".join(line.strip() for line in becomes),
        "\n".join(difflib.unified_diff(before, after, *names, n=_CONTEXT, lineterm="")),
    )
