"""The kinds of words that steps accept, such as names, reasons and outputs; behave rejects any other word."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from operator import methodcaller

from swamp_harness.product.binary import Release
from swamp_harness.product.commands import Output
from swamp_harness.product.machine import CachePlace
from swamp_harness.product.records import labels_from_text
from swamp_harness.product.run import CANCELLED, FAILED, SUCCEEDED, SUSPENDED
from swamp_harness.product.trust import TrustedBy
from swamp_harness.product.wordings import COMMAND_FAILURES, INTERRUPTIONS, REJECTIONS, RUN_FAILURES
from swamp_harness.product.workflow import Level
from swamp_harness.scenario.details import detail_kinds
from swamp_harness.scenario.json_mode import MISTAKES, QUESTIONS, ask, run_in_both_modes
from swamp_harness.scenario.kinds import Kind, one_of
from swamp_harness.scenario.listings import IN_BOTH, Listing
from swamp_harness.scenario.probe import WORK
from swamp_harness.scenario.remote_client import run_method
from swamp_harness.scenario.unknown_keys import COMMANDS, run_command
from swamp_harness.system.certificates import Identity, Trust

_WORDS: dict[str, Kind] = {
    "Name": Kind('a name that you choose, such as "alpha"', r"[^\"]+", str),
    "Names": Kind(
        'one or more names with commas between them, such as "alpha, beta"',
        r"[^\"]+",
        lambda text: [name.strip() for name in text.split(",")],
    ),
    "Lifetime": Kind("a duration as swamp takes it, such as 10m", r"[^\s,]+", str),
    "Number": Kind("a whole number", r"\d+", int),
    "Outputs": one_of("output formats", {"text and in JSON": IN_BOTH}),
    "PastMembers": one_of("which members", {"including past members": True}),
    "Listing": one_of("a list", {listing.value: listing for listing in Listing}),
    "Output": one_of("an output format", {output.value: output for output in Output}),
    "Release": one_of(
        "a release",
        {
            "the release under test": Release.TESTED,
            "the other release": Release.OTHER,
            "the earlier release": Release.EARLIER,
        },
    ),
    "Rejection": one_of("why the orchestrator rejects a worker", {reason: reason for reason in REJECTIONS}),
    "Failure": one_of("why a command fails", {reason: reason for reason in COMMAND_FAILURES}),
    "RunFailure": one_of("why a run fails", {reason: reason for reason in RUN_FAILURES}),
    "Interruption": one_of(
        "why an orchestrator did not finish a run",
        {reason: reason for reason in INTERRUPTIONS},
        is_whole=True,
    ),
    "RunEnd": one_of(
        "how a run ends, or stops for the moment",
        {"succeeds": SUCCEEDED, "is cancelled": CANCELLED, "is suspended": SUSPENDED},
    ),
    "Decision": one_of(
        "what an operator decides about a step", {"approved": True, "rejected": False}, is_whole=True
    ),
    "RunStatus": one_of(
        "how a run has ended",
        {status: status for status in (SUCCEEDED, FAILED, CANCELLED)},
        is_whole=True,
    ),
    "TokenState": one_of(
        "the state of a token",
        {state: state for state in ("unused", "enrolled", "expired", "revoked")},
        is_whole=True,
    ),
    "Labels": Kind(
        'labels or tags with commas between them, such as "region=eu,size=big"',
        r"[^\"]+=[^\"]+",
        lambda text: dict(labels_from_text(text)),
    ),
    "Question": one_of(
        "a command that lists or checks something",
        {words: partial(ask, question=question) for words, question in QUESTIONS.items()},
    ),
    "Method": one_of(
        "a command that runs a method",
        {
            "runs a method without its slow checks": partial(
                run_method, method="checked", skips_slow_checks=True
            ),
            "runs a method that fails": partial(run_method, method="fail"),
        },
    ),
    "Mistake": one_of(
        "a command that is wrong",
        {words: partial(run_in_both_modes, arguments=arguments) for words, arguments in MISTAKES.items()},
    ),
    "WorkflowCommand": one_of(
        "a command about workflows",
        {words: partial(run_command, command=command) for words, command in COMMANDS.items()},
    ),
    "Level": one_of("a level of a workflow", {level.value: level for level in Level}),
    "Work": one_of("what a step does", WORK),
    "CachePlace": one_of(
        "where the cache directory is",
        {
            "whose name has spaces and signs": CachePlace("a cache of swamp #1, 50%"),
            # The last letter has two parts, as macOS may write it; in one part, it would be another name.
            "whose name has non-ASCII letters": CachePlace("Zwischenspeicher für Wörter-キャッシュ-u\u0308"),
            "deep in nested folders": CachePlace("/".join(["deep-down-in-folders"] * 13)),
            "given as a relative path": CachePlace("beside/cache", is_relative=True),
            "that is a symbolic link": CachePlace("cache-link", is_link=True),
        },
    ),
    "Certificate": one_of("a kind of certificate", {identity.value: identity for identity in Identity}),
    "Trust": one_of("whose certificates are trusted", {trust.value: trust for trust in Trust}),
    "TrustedBy": Kind(
        "how an operator trusts a certificate",
        "|".join(way.value for way in TrustedBy),
        TrustedBy,
        {
            TrustedBy.VARIABLE.value: "a variable for swamp names its file",
            TrustedBy.FLAG.value: "a flag of each command at another machine names its file",
            TrustedBy.SYSTEM.value: "it is one of the authorities of the operator's machine",
        },
    ),
    "Ending": Kind(
        "how a process ends",
        "is killed|crashes|is stopped",
        lambda words: methodcaller({"is killed": "kill", "crashes": "crash", "is stopped": "stop"}[words]),
        {
            "is killed": "at once, with everything it has started",
            "crashes": "at once, and what it has started is left to itself",
            "is stopped": "it is asked to stop, and the step waits until it has exited",
        },
    ),
    "NetworkEvent": Kind(
        "what happens to a network",
        "is cut|goes silent|holds back new connections|is reset|heals",
        lambda words: methodcaller(
            {
                "is cut": "cut",
                "goes silent": "stall",
                "holds back new connections": "hold_new",
                "is reset": "reset",
                "heals": "heal",
            }[words]
        ),
        {
            "is cut": "every connection breaks; new ones are impossible until it heals",
            "goes silent": "it drops all data while the connections stay open",
            "holds back new connections": "new connections wait until it heals; the others go on",
            "is reset": "every connection breaks; new ones are possible at once",
            "heals": "an outage ends; what was held back arrives first",
        },
    ),
    "PartOfLifetime": one_of("how much of a lifetime", {"the lifetime": 1, "half of the lifetime": 0.5}),
    "Place": one_of(
        "where a command acts", {"in the repository": False, "through the orchestrator": True}, is_whole=True
    ),
    "Naming": one_of(
        "how an operator names the repository", {"by a flag": True, "in a variable": False}, is_whole=True
    ),
    "News": one_of(
        "what is new in a version of an extension",
        {
            "a new program and new files": {},
            "a new imported module only": {"only_program": True},
            "new files only": {"same_program": True},
        },
    ),
    "VersionShift": one_of("which protocol version", {"an older": -1, "a much older": -2, "a newer": 1}),
}

KINDS: dict[str, Kind] = {**_WORDS, **detail_kinds(_WORDS)}

# The columns of a step's table in which only the phrases of a kind are allowed.
COLUMNS: Mapping[str, str] = {"work": "Work", "reason": "Failure"}
