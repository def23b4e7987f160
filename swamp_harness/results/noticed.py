"""Which scenarios have noticed which mutants of the stand-in, as proofs have recorded it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path


def load_noticed(file: Path) -> dict[str, list[str]]:
    """The ids of the scenarios that noticed mutants, by name of the mutant; none if there is no file yet."""
    return dict(json.loads(file.read_text("utf-8"))) if file.exists() else {}


def write_noticed(file: Path, noticed: Mapping[str, Sequence[str]], mutants: Collection[str]) -> None:
    """Record which scenarios noticed mutants; the records of other mutants stay.

    Args:
        file: that `load_noticed` reads.
        noticed: the ids of the scenarios, by name of the mutant.
        mutants: the names of all that there are, in order; records of any other are removed.
    """
    known = {**load_noticed(file), **noticed}
    kept = {name: list(known[name]) for name in mutants if name in known}
    file.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")


def few_pairs(noticed: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Few pairs of mutant and scenario that notice every mutant and break every scenario.

    Args:
        noticed: the ids of the scenarios that noticed a mutant, by the name of the mutant.

    Returns:
        The same with fewer scenarios: for each noticed mutant at least one, and each scenario at least once.
    """
    mutants_of: dict[str, list[str]] = defaultdict(list)
    for mutant, scenarios in noticed.items():
        for scenario in scenarios:
            mutants_of[scenario].append(mutant)
    shares: dict[str, list[str]] = {mutant: [] for mutant, scenarios in noticed.items() if scenarios}
    # A scenario that few mutants break has the least choice, so it chooses first.
    for scenario in sorted(mutants_of, key=lambda each: (len(mutants_of[each]), each)):
        shares[min(mutants_of[scenario], key=lambda each: len(shares[each]))].append(scenario)
    for mutant, share in shares.items():
        if not share:
            share.append(noticed[mutant][0])
    return shares
