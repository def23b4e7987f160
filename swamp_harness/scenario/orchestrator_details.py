"""The details of an orchestrator that a scenario starts, and how it is started with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from swamp_harness.product.binary import Release
from swamp_harness.product.commands import Output
from swamp_harness.product.server_tokens import ACCOUNT, PUBLIC_HOST, authenticating
from swamp_harness.scenario import enrollment
from swamp_harness.scenario.environment import ORCHESTRATOR, variables_of
from swamp_harness.scenario.server_tokens import ADMINISTRATOR
from swamp_harness.scenario.world import World
from swamp_harness.system.certificates import Identity

# How an orchestrator is told to verify workers when they enroll.
VERIFIES_BY_FLAG, VERIFIES_BY_VARIABLE = "by a flag", "by a variable"


@dataclass(frozen=True)
class OrchestratorDetails:
    """The details of an orchestrator; the defaults are the usual ones.

    Attributes:
        notices_silence_soon: whether its timeout for silent connections is a few seconds.
        queue_limit: how many seconds a step may wait for a worker, 0 for no limit; None for the default.
        reloads_extensions: whether the operator can make it reload its extensions.
        verifies: whether it verifies workers when they enroll; "by a flag" or "by a variable", or "" if not.
        logs_everything: whether it has the most detailed log level.
        ends_long_runs: whether it has a short time limit for runs.
        runs_at_a_time: how many runs may be in progress; None for the default.
        identity: the kind of its certificate; without TLS if None.
        authenticates: whether it works only for clients with a valid server token.
        known_as: the names by which other machines know it; none if it is for its own machine.
        variables: the names of its environment variables, beside those of every process.
        release: the release that it runs, and the operator with it.
        output: in which format it reports what it does.
    """

    notices_silence_soon: bool = False
    queue_limit: int | None = None
    reloads_extensions: bool = False
    verifies: str = ""
    logs_everything: bool = False
    ends_long_runs: bool = False
    runs_at_a_time: int | None = None
    identity: Identity | None = None
    authenticates: bool = False
    known_as: Sequence[str] = ()
    variables: tuple[str, ...] = ()
    release: Release = Release.TESTED
    output: Output = Output.TEXT


ORCHESTRATOR_AS_USUAL = OrchestratorDetails()


def serve(world: World, details: OrchestratorDetails) -> None:
    """Start an orchestrator, and wait until it is ready."""
    enrollment.start_orchestrator(
        world,
        flags=tuple(_flags(world, details)),
        variables={**variables_of(ORCHESTRATOR, details.variables), **_settings(details)},
        identity=details.identity,
        release=details.release,
    )
    if details.authenticates:
        world.orchestrator.server_token = str(world.server_tokens[ADMINISTRATOR])


def _settings(details: OrchestratorDetails) -> dict[str, str]:
    account = ACCOUNT if details.authenticates else {}
    verifies = {"SWAMP_VERIFY_ON_ENROLL": "true"} if details.verifies == VERIFIES_BY_VARIABLE else {}
    return {**account, **verifies}


def _flags(world: World, details: OrchestratorDetails) -> Iterator[str]:
    if details.notices_silence_soon:
        yield from world.times.notices_silence_soon
    if details.queue_limit is not None:
        yield from ("--queue-timeout", str(details.queue_limit))
    if details.reloads_extensions:
        yield "--hot-reload"
    if details.verifies == VERIFIES_BY_FLAG:
        yield "--verify-on-enroll"
    if details.ends_long_runs:
        yield from ("--max-run-duration", f"{world.times.longest_run.total_seconds():g}s")
    if details.runs_at_a_time is not None:
        yield from ("--max-concurrent-runs", str(details.runs_at_a_time))
    yield from _output_flags(details)
    if details.authenticates:
        yield from authenticating(ADMINISTRATOR)
    if details.known_as:
        yield from ("--host", PUBLIC_HOST, "--trusted-hosts", ",".join(details.known_as))


def _output_flags(details: OrchestratorDetails) -> Iterator[str]:
    if details.logs_everything:
        yield from ("--log-level", "trace")
    if details.output is Output.JSON:
        yield "--json"
