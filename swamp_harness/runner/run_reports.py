"""The reports at the start and at the end of a run: the exit code, the record, the documents, the summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from swamp_harness.product.binary import Release
from swamp_harness.render import summary
from swamp_harness.render.documents import BugReportsFailed, write_documents
from swamp_harness.render.signoff import SignOffInputs
from swamp_harness.results import deviations, policy, waivers
from swamp_harness.results.outcome import Ending
from swamp_harness.results.result import ScenarioResult, exit_code_of
from swamp_harness.results.run_record import MachineOfRun, SuiteRun
from swamp_harness.results.waivers import Complaint
from swamp_harness.runner.progress import Progress
from swamp_harness.scenario import costs
from swamp_harness.scenario.run_context import RunContext
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode

_NOT_WORSE_THAN_A_COMPLAINT = {ExitCode.EVERY_PROMISE_HELD, ExitCode.KNOWN_DEVIATIONS}


@dataclass(frozen=True)
class Listed:
    """What product owners have listed.

    Attributes:
        deviations: that are known.
        waivers: of promises.
        policy: which deviations stand against a release.
    """

    deviations: list[deviations.Deviation]
    waivers: list[waivers.Waiver]
    policy: policy.Policy

    @classmethod
    def read(cls, *, has_deviations: bool) -> Listed:
        """Read both lists, and the policy.

        Args:
            has_deviations: whether the lists apply to the target; else they are empty.

        Raises:
            UnusableInput: one is not usable (exit code 2).
        """
        rules = policy.load(project.POLICY)
        if not has_deviations:
            return cls([], [], rules)
        return cls(deviations.load(project.deviations()), waivers.load(project.waivers()), rules)


class RunReports:
    """Writes the reports of a run.

    Args:
        run_context: what all scenarios share.
        listed: the deviations, the waivers and the policy.
        progress: of the run.
        record_only: whether no document for people is written.
    """

    def __init__(
        self, run_context: RunContext, listed: Listed, progress: Progress, *, record_only: bool
    ) -> None:
        self._run_context = run_context
        self._listed = listed
        self._progress = progress
        self._record_only = record_only
        self._folder = run_context.reports

    def write_plan(self) -> None:
        """Write the record of a run in which nothing has run yet; it stays if the run is killed."""
        results = self._progress.completed(Ending.OPEN, self._run_context.binary.built_for)
        self._record(results, ExitCode.INCOMPLETE, Ending.OPEN).write_to(self._folder)

    def write(self) -> ExitCode:
        """Write the record and the sign-off of a run that has ended, and print its summary.

        Returns:
            The exit code.
        """
        progress, plan, binary = self._progress, self._progress.plan, self._run_context.binary
        ending = progress.ending
        progress.unreported |= {run.location for run in plan.without_result(progress.results)}
        progress.results = progress.completed(ending, binary.built_for)
        ids = [run.id for run in plan.runs]
        complaints = waivers.complaints(self._listed.waivers, progress.results, binary.version, ids)
        record = self._record(progress.results, self._exit_code(complaints, ending), ending)
        if self._record_only:
            record.write_to(self._folder)
            return record.exit_code
        inputs = SignOffInputs(
            plan.runs, self._listed.deviations, self._listed.waivers, policy=self._listed.policy
        )
        try:
            write_documents(record, self._folder, inputs)
        except BugReportsFailed as error:  # the exit code stays: no decision rests on them
            progress.add_error(error)
            record = replace(record, errors=tuple(progress.errors))
            record.write_to(self._folder)
        print(summary.of_run(record, complaints, self._folder), flush=True)
        return record.exit_code

    def _exit_code(self, complaints: Sequence[Complaint], ending: Ending) -> ExitCode:
        code = self._progress.interrupted or exit_code_of(self._progress.results)
        if code in {*_NOT_WORSE_THAN_A_COMPLAINT, ExitCode.BAD_COMMAND_LINE}:
            if ending is Ending.FAILED:
                code = ExitCode.INCOMPLETE
            elif self._run_context.unavailable_machines or self._progress.errors:
                code = ExitCode.INFRASTRUCTURE_ERROR
        return ExitCode.PROMISE_BROKEN if complaints and code in _NOT_WORSE_THAN_A_COMPLAINT else code

    def _record(self, results: Sequence[ScenarioResult], code: ExitCode, ending: Ending) -> SuiteRun:
        binary, target = self._run_context.binary, self._run_context.target
        others = {
            release: each.binary.facts() if each.binary else None
            for release, each in self._run_context.companions.items()
        }
        usable = dict.fromkeys(self._run_context.machines, "")
        preparation = costs.of_preparation(self._run_context)
        return SuiteRun(
            started=self._progress.started,
            target=target.name,
            is_for_sign_off=target.is_for_sign_off,
            version=binary.version,
            binaries={binary.built_for: binary.facts()},
            other=others[Release.OTHER],
            earlier=others[Release.EARLIER],
            exit_code=code,
            metrics=self._progress.metrics(preparation),
            results=tuple(results),
            machines=tuple(
                MachineOfRun(machine.name, machine.platform, reason)
                for machine, reason in {**usable, **self._run_context.unavailable_machines}.items()
            ),
            planned=len(self._progress.plan.chosen),
            ending=ending,
            errors=tuple(self._progress.errors),
            output_lost=self._progress.output_lost,
            preparation=preparation,
            budget=self._progress.budget.seconds if self._progress.budget else None,
        )
