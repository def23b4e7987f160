"""Which scenarios have noticed which mutants of the stand-in, as proofs have recorded it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
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


def few_pairs(noticed: Mapping[str, Sequence[str]], cost: Callable[[str], float]) -> dict[str, list[str]]:
    """Few and cheap pairs of mutant and scenario that notice every mutant and break every scenario.

    Args:
        noticed: the ids of the scenarios that noticed a mutant, by the name of the mutant.
        cost: of a scenario, by its id.

    Returns:
        The same with fewer scenarios: for each noticed mutant at least one, and each scenario at least once.
    """
    mutants_of: dict[str, list[str]] = defaultdict(list)
    for mutant, scenarios in noticed.items():
        for scenario in scenarios:
            mutants_of[scenario].append(mutant)
    cheapest = {
        mutant: min(scenarios, key=lambda each: (cost(each), each))
        for mutant, scenarios in noticed.items()
        if scenarios
    }
    shares: dict[str, list[str]] = {mutant: [] for mutant in cheapest}
    # Each scenario runs once anyway, so it takes a mutant that would cost most otherwise. A scenario that few
    # mutants break has the least choice, so it chooses first.
    for scenario in sorted(mutants_of, key=lambda each: (len(mutants_of[each]), each)):
        choice = min(mutants_of[scenario], key=lambda each: (len(shares[each]), -cost(cheapest[each])))
        shares[choice].append(scenario)
    for mutant, share in shares.items():
        if not share:
            share.append(cheapest[mutant])
    return shares
