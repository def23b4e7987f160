"""A run with a time budget, in sentences: what it will test, and what it has not tested."""

from __future__ import annotations

from swamp_harness.render.words import duration_in_words, promises_in_words, shares_in_words
from swamp_harness.results.outcome import Standing
from swamp_harness.results.result import numbers_in
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.specification import features
from swamp_harness.specification.gate import Gate


def gate_at_start(gate: Gate) -> list[str]:
    """What a gate will run, and what that notices."""
    budget = duration_in_words(gate.capacity.seconds)
    without = [each.number for each in features.catalogue() if each.number not in gate.numbers]
    share = gate.noticed / gate.mutants if gate.mutants else 0.0
    lines = [
        f"GATE, NOT A SIGN-OFF: {len(gate.chosen)} of {gate.possible} scenarios within {budget}, in about "
        f"{gate.seconds:.0f} s",
        f"  {shares_in_words(gate.numbers)} are tested; {gate.noticed} of {gate.mutants} proven mutants "
        f"would be noticed ({share:.0%})",
        *([f"  not tested: {promises_in_words(without)}"] if without else []),
    ]
    return [
        *lines,
        *(
            f"  {number:02}  {', '.join(each.id for each in gate.chosen if each.numbers[:1] == (number,))}"
            for number in sorted({each.numbers[0] for each in gate.chosen if each.numbers})
        ),
    ]


def gate_at_end(record: SuiteRun) -> list[str]:
    """What a run with a time budget has not tested; empty for a run without one."""
    if record.budget is None:
        return []
    tested = numbers_in(
        each for each in record.results if each.outcome.traits.standing is not Standing.UNKNOWN
    )
    without = [each.number for each in features.catalogue() if each.number not in tested]
    budget = duration_in_words(record.budget)
    missed = (
        f"not tested: {promises_in_words(without)}" if without else "every promise was tested at least once"
    )
    return [f"GATE, NOT A SIGN-OFF: the run had a time budget of {budget}; {missed}"]
