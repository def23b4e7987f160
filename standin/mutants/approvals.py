"""Mutants of runs that wait for an approval."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces
from standin.mutants.runs import resumed_from_now_on

if TYPE_CHECKING:
    from standin.commandline import Call
    from standin.orchestrator.dispatch import Work
    from standin.orchestrator.requests import Requests
    from standin.orchestrator.runs import Run
    from standin.orchestrator.workflow import Step
    from standin.repository import Repository


# Promise 45: A run that waits for an approval survives a restart, and goes on when it is approved.


@mutant(45)
def failure_after_approval_not_in_exit_code() -> None:
    """A command that resumes an approved run ends with exit code 0 if the run fails."""

    @replaces("operator.workflows:resume")
    def _(old: Callable[[Call], int], call: Call) -> int:
        code = old(call)
        return code if call.has("--from") else 0


@mutant(45)
def suspended_run_ends_with_error() -> None:
    """The command that follows a run exits with 1 when the run is suspended."""

    @replaces("operator.workflows:code_for")
    def _(old: Callable[[str], int], status: str) -> int:
        return 1 if status == "suspended" else old(status)


@mutant(45)
def question_missing_in_json_of_run() -> None:
    """The command that follows a run asks for the approval without the question, in JSON."""

    @replaces("orchestrator.runs:Run.required")
    def _(old: Callable[[Run], dict[str, str]], run: Run) -> dict[str, str]:
        return {**old(run), "prompt": ""}


@mutant(45)
def resumed_run_asks_nothing() -> None:
    """The command that resumes a run does not ask for the next approval."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.runs:Run.required")
    def _(old: Callable[[Run], dict[str, str]], run: Run) -> dict[str, str]:
        return {"stepId": "", "prompt": ""} if run.identity in resumed else old(run)


@mutant(45)
def resumed_run_told_as_suspended() -> None:
    """The command that resumes a run says at its end that the run is still suspended."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.runs:Run.document")
    def _(old: Callable[[Run], dict[str, Any]], run: Run) -> dict[str, Any]:
        ended = run.identity in resumed and run.status == "succeeded"
        return {**old(run), "status": "suspended"} if ended else old(run)


@mutant(45)
def suspended_runs_fail_at_restart() -> None:
    """A restart of the orchestrator ends suspended runs like those that were in progress."""

    @replaces("orchestrator.serve:recover_runs")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin.orchestrator.runs import interrupted

        old(repository)
        for run in repository.documents("runs"):
            if run["status"] == "suspended":
                repository.write(f"runs/{run['runId']}.json", interrupted(run, "server_crash"))


@mutant(45)
def approval_lost_at_restart() -> None:
    """A step that was approved before a restart of the orchestrator must be approved again."""

    @replaces("orchestrator.serve:recover_runs")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        old(repository)
        for run in repository.documents("runs"):
            steps = [
                {**step, "status": "waiting_approval"} if "approvalDecision" in step else step
                for step in run["steps"]
            ]
            repository.write(f"runs/{run['runId']}.json", {**run, "steps": steps})


@mutant(45)
def approved_run_begins_again() -> None:
    """An approved run runs the steps before the approval again."""

    @replaces("orchestrator.requests:steps_left")
    def _(old: Callable[[dict[str, Any]], set[str]], record: dict[str, Any]) -> set[str]:
        before = {step["name"] for step in record["steps"] if "approvalPrompt" not in step}
        return old(record) | before


@mutant(45)
def approved_run_repeats_what_has_failed() -> None:
    """An approved run runs the steps again that may fail and have failed before the approval."""

    @replaces("orchestrator.requests:steps_left")
    def _(old: Callable[[dict[str, Any]], set[str]], record: dict[str, Any]) -> set[str]:
        return old(record) | {step["name"] for step in record["steps"] if step["status"] == "failed"}


@mutant(45)
def approved_run_ends_with_its_next_step() -> None:
    """An approved run goes on with one step, and skips the later ones."""

    @replaces("orchestrator.requests:steps_left")
    def _(old: Callable[[dict[str, Any]], set[str]], record: dict[str, Any]) -> set[str]:
        left = old(record)
        return {next(step["name"] for step in record["steps"] if step["name"] in left)}


@mutant(45)
def inputs_lost_at_approval() -> None:
    """A step after an approval receives the defaults of the inputs, not what the run was started with."""

    @replaces("orchestrator.requests:Requests.inputs_of")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, Any]], requests: Requests, record: dict[str, Any]
    ) -> dict[str, Any]:
        return {}


@mutant(45)
def tags_lost_at_approval() -> None:
    """The data that a run writes after an approval does not have the tags of the run."""

    @replaces("orchestrator.requests:Requests.tags_of")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, str]], requests: Requests, record: dict[str, Any]
    ) -> dict[str, str]:
        return {}


@mutant(45)
def resume_needs_no_approval() -> None:
    """A run that is resumed goes on as if its step were approved."""

    @replaces("orchestrator.requests:Requests.approved")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, Any]],
        requests: Requests,
        payload: dict[str, Any],
    ) -> dict[str, Any]:
        from standin import approvals

        record = approvals.suspended(requests._repository, payload["workflowIdOrName"], payload["runId"])
        for step in approvals.waiting_in(record):
            step["status"] = "succeeded"
        return record


@mutant(45)
def approval_of_any_step() -> None:
    """An approval that names another step approves the one that waits."""

    @replaces("approvals:decide")
    def _(
        old: Callable[..., dict[str, Any]],
        repository: Repository,
        workflow: str,
        step: str,
        run_id: str,
        *,
        approves: bool,
        note: str,
        person: str,
    ) -> dict[str, Any]:
        from standin import approvals

        waits = [
            each["name"] for each in approvals.waiting_in(approvals.suspended(repository, workflow, run_id))
        ]
        named = step if step in waits else waits[0]
        return old(repository, workflow, named, run_id, approves=approves, note=note, person=person)


@mutant(45)
def run_rejected_through_orchestrator_stays_suspended() -> None:
    """A rejection through the orchestrator marks the step, but leaves its run suspended."""

    @replaces("orchestrator.requests:Requests.decide")
    def _(
        old: Callable[..., Any],
        requests: Requests,
        workflowIdOrName: str,
        stepName: str,
        runId: str = "",
        reason: str = "",
        decidedBy: str = "",
        *,
        approves: bool,
    ) -> Any:
        answer = old(requests, workflowIdOrName, stepName, runId, reason, decidedBy, approves=approves)
        if not approves:
            _suspend_again(requests._repository, answer)
        return answer


@mutant(45)
def note_dropped_in_repository() -> None:
    """A decision in the repository is recorded without its note."""

    @replaces("operator.workflows:decide")
    def _(old: Callable[..., dict[str, Any]], call: Call, *, approves: bool) -> dict[str, Any]:
        return old(call if call.has("--server") else _without(call, "--reason"), approves=approves)


@mutant(45)
def named_run_ignored_by_approval() -> None:
    """An approval that names a run approves the newest one."""

    @replaces("approvals:decide")
    def _(
        old: Callable[..., dict[str, Any]],
        repository: Repository,
        workflow: str,
        step: str,
        run_id: str,
        *,
        approves: bool,
        note: str,
        person: str,
    ) -> dict[str, Any]:
        from standin import approvals

        newest = approvals.pending(repository)[-1]["runId"] if run_id else ""
        return old(repository, workflow, step, newest, approves=approves, note=note, person=person)


@mutant(45)
def named_run_ignored_by_rejection() -> None:
    """A rejection through an orchestrator does not name its run there."""

    @replaces("orchestrator.requests:Requests.do_workflow_reject")
    def _(old: Callable[..., Any], requests: Requests, **decision: str) -> Any:
        return old(requests, **{**decision, "runId": ""})


@mutant(45)
def named_run_ignored_by_decision_in_repository() -> None:
    """A decision in the repository does not heed which run it names."""

    @replaces("operator.workflows:decide")
    def _(old: Callable[..., dict[str, Any]], call: Call, *, approves: bool) -> dict[str, Any]:
        return old(call if call.has("--server") else _without(call, "--run"), approves=approves)


@mutant(45)
def named_run_ignored_by_resume_in_repository() -> None:
    """A run that is suspended cannot be named when it is resumed in the repository."""
    _lost_when_resumed_in_repository("--run")


@mutant(45)
def first_of_several_approved() -> None:
    """A decision that names none of several runs is taken for the first of them."""

    @replaces("approvals:decide")
    def _(
        old: Callable[..., dict[str, Any]],
        repository: Repository,
        workflow: str,
        step: str,
        run_id: str,
        *,
        approves: bool,
        note: str,
        person: str,
    ) -> dict[str, Any]:
        from standin import approvals

        first = run_id or approvals.pending(repository)[0]["runId"]
        return old(repository, workflow, step, first, approves=approves, note=note, person=person)


@mutant(45)
def list_keeps_approved_steps() -> None:
    """The list of approvals still shows a step that has been approved, until its run is resumed."""

    @replaces("approvals:pending")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        from standin import approvals

        approved = [
            approvals.pending_step(run, {"suspendedAt": run["startedAt"], **step})
            for run in repository.documents("runs")
            if run["status"] == "suspended"
            for step in run["steps"]
            if "approvalDecision" in step
        ]
        return [*old(repository), *approved]


@mutant(45)
def list_without_question_in_text() -> None:
    """The list of approvals in text does not show what the operator is asked."""

    @replaces("operator.workflows:lines_of")
    def _(old: Callable[[dict[str, Any]], tuple[str, ...]], pending: dict[str, Any]) -> tuple[str, ...]:
        return old({**pending, "prompt": "(no prompt)"})


@mutant(45)
def list_says_since_now() -> None:
    """In JSON, the list of approvals says that each step waits since the list was asked for."""

    @replaces("approvals:pending_step")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        run: dict[str, Any],
        step: dict[str, Any],
    ) -> dict[str, Any]:
        from standin.moments import stamp

        return {**old(run, step), "suspendedAt": stamp()}


@mutant(45)
def list_without_inputs() -> None:
    """In JSON, the list of approvals does not show the inputs of the runs."""

    @replaces("approvals:pending_step")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        run: dict[str, Any],
        step: dict[str, Any],
    ) -> dict[str, Any]:
        return {**old(run, step), "inputs": {}}


@mutant(45)
def orchestrator_lists_one_run_of_a_workflow() -> None:
    """The list of approvals through the orchestrator has one run of each workflow."""

    @replaces("orchestrator.requests:Requests.do_workflow_approvals")
    def _(old: Callable[[Requests], Any], requests: Requests) -> Any:
        of_workflows = {each["workflowName"]: each for each in old(requests)["approvals"]}
        return {"approvals": list(of_workflows.values())}


@mutant(45)
def second_approval_not_needed() -> None:
    """A run in which one step has been approved does not wait at the next."""

    @replaces("orchestrator.runs:Run.wait_for_approval")
    def _(old: Callable[[Run, Step], None], run: Run, step: Step) -> None:
        if any(progress.decision for progress in run._progress.values()):
            run._progress[step.name].status = "succeeded"
        else:
            old(run, step)


@mutant(45)
def approver_is_the_user_of_the_orchestrator() -> None:
    """An approval through the orchestrator is recorded as that of the user of the orchestrator."""

    @replaces("orchestrator.requests:Requests.decide")
    def _(
        old: Callable[..., Any],
        requests: Requests,
        workflowIdOrName: str,
        stepName: str,
        runId: str = "",
        reason: str = "",
        decidedBy: str = "",
        *,
        approves: bool,
    ) -> Any:
        from standin import approvals

        return old(requests, workflowIdOrName, stepName, runId, reason, approvals.user(), approves=approves)


@mutant(45)
def decision_recorded_without_person() -> None:
    """The record of a run does not show who decided about a step; the answer to the command does."""

    @replaces("approvals:decided")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        decision: dict[str, Any],
    ) -> dict[str, Any]:
        return old(step, {**decision, "decidedBy": ""})


@mutant(45)
def rejection_not_recorded() -> None:
    """The record of a run shows that a step has failed, and not who rejected it."""

    @replaces("approvals:decided")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        decision: dict[str, Any],
    ) -> dict[str, Any]:
        recorded = old(step, decision)
        return recorded if decision["approved"] else {**recorded, "approvalDecision": {}}


@mutant(45)
def approval_lost_beside_running_step() -> None:
    """An approval that comes while another step of the run still runs is overwritten when that step ends."""

    @replaces("orchestrator.runs:Run.take_decisions")
    def _(old: Callable[[Run], None], run: Run) -> None:
        pass


@mutant(45)
def step_beside_approval_runs_again() -> None:
    """A step that runs while another one comes to wait for approval runs again when its run is resumed."""
    running: dict[str, set[str]] = {}

    @replaces("orchestrator.runs:Run.wait_for_approval")
    def _(old: Callable[[Run, Step], None], run: Run, step: Step) -> None:
        old(run, step)
        running[run.identity] = {name for name, each in run._progress.items() if each.status == "running"}

    @replaces("orchestrator.runs:Run.go_on_with")
    def _(
        old: Callable[[Run, dict[str, Any], Collection[str]], None],
        run: Run,
        record: dict[str, Any],
        anew: Collection[str],
    ) -> None:
        old(run, record, {*anew, *running.get(record["runId"], ())})


@mutant(45)
def refused_decision_with_stack_trace() -> None:
    """A decision that is refused in the repository shows a stack trace, in text."""

    @replaces("operator.workflows:decide")
    def _(old: Callable[..., dict[str, Any]], call: Call, *, approves: bool) -> dict[str, Any]:
        from standin.errors import UserError

        try:
            return old(call, approves=approves)
        except UserError as error:
            if call.json or call.has("--server"):
                raise
            raise UserError(f"{error}\n    at workflow_approve.ts:170:17") from error


@mutant(45)
def types_refused_after_approval() -> None:
    """After an approval, a step that names the type of its model fails."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.runs:Run._work")
    def _(old: Callable[[Run, Step], Work], run: Run, step: Step) -> Work:
        from standin.orchestrator.dispatch import StepFailed

        if run.identity in resumed and run._repository.read(f"models/{step.model}.json") is None:
            raise StepFailed("Direct type execution is not supported in this context")
        return old(run, step)


@mutant(45)
def approval_limit_ignored() -> None:
    """A step can be approved at any time; its time limit only takes it off the list."""

    @replaces("approvals:check")
    def _(old: Callable[[dict[str, Any], str], None], run: dict[str, Any], step: str) -> None:
        without = [
            {key: value for key, value in each.items() if key != "approvalLimit"} for each in run["steps"]
        ]
        old({**run, "steps": without}, step)


@mutant(45)
def late_steps_stay_on_the_list() -> None:
    """The list of approvals shows a step that can no longer be approved."""

    @replaces("approvals:pending")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        from standin import approvals

        late = [
            approvals.pending_step(run, step)
            for run in repository.documents("runs")
            for step in approvals.waiting_in(run)
            if approvals.is_late(step)
        ]
        return [*old(repository), *late]


@mutant(45)
def approval_limit_in_milliseconds() -> None:
    """The time limit of an approval counts in milliseconds."""

    @replaces("approvals:is_late")
    def _(old: Callable[[dict[str, Any]], bool], step: dict[str, Any]) -> bool:
        return old(
            {**step, "approvalLimit": step["approvalLimit"] / 1000} if "approvalLimit" in step else step
        )


@mutant(45)
def input_of_the_resume_ignored() -> None:
    """A run that is resumed with an input keeps the one that it had."""

    @replaces("operator.workflows:resume")
    def _(old: Callable[[Call], int], call: Call) -> int:
        return old(_without(call, "--input"))


@mutant(45)
def input_of_the_resume_ignored_in_repository() -> None:
    """A suspended run that is resumed in the repository with an input in a file keeps the one that it had."""
    _lost_when_resumed_in_repository("--input-file")


@mutant(45)
def input_of_the_resume_not_read() -> None:
    """A run that is resumed with an input on standard input keeps the one that it had."""

    @replaces("operator.workflows:resume")
    def _(old: Callable[[Call], int], call: Call) -> int:
        return old(_without(call, "--stdin"))


@mutant(45)
def input_of_the_resume_lost_at_next_approval() -> None:
    """A new input of a run that was resumed is forgotten when the run waits for another approval."""

    @replaces("orchestrator.runs:Run.go_on_with")
    def _(
        old: Callable[[Run, dict[str, Any], Collection[str]], None],
        run: Run,
        record: dict[str, Any],
        anew: Collection[str],
    ) -> None:
        old(run, record, anew)
        run._inputs = record["inputs"]


def _lost_when_resumed_in_repository(option: str) -> None:
    """Let an option of the command that resumes a suspended run in the repository have no effect."""

    @replaces("operator.workflows:resume")
    def _(old: Callable[[Call], int], call: Call) -> int:
        return old(call if call.has("--server") or call.has("--from") else _without(call, option))


def _without(call: Call, option: str) -> Call:
    """A call as if an option had not been given."""
    return replace(call, options={name: given for name, given in call.options.items() if name != option})


@mutant(45)
def approval_of_an_item_is_for_all() -> None:
    """The approval of one item of a step approves its other items."""

    @replaces("approvals:approved")
    def _(
        old: Callable[[Repository, str, str], dict[str, Any]],
        repository: Repository,
        workflow: str,
        run_id: str,
    ) -> dict[str, Any]:
        from standin import approvals

        run = approvals.suspended(repository, workflow, run_id)
        if any("approvalDecision" in step for step in run["steps"]):
            for step in approvals.waiting_in(run):
                approvals.decide(
                    repository, workflow, step["name"], run_id, approves=True, note="", person="nobody"
                )
        return old(repository, workflow, run_id)


@mutant(45)
def run_rejected_in_repository_stays_suspended() -> None:
    """A rejection in the repository marks the step, but leaves its run suspended."""

    @replaces("operator.workflows:decide")
    def _(old: Callable[..., dict[str, Any]], call: Call, *, approves: bool) -> dict[str, Any]:
        answer = old(call, approves=approves)
        if not approves and not call.has("--server"):
            from standin.repository import Repository

            _suspend_again(Repository.here(), answer)
        return answer


def _suspend_again(repository: Repository, answer: dict[str, Any]) -> None:
    """Record the run of a decision as suspended, whatever the decision."""
    name = f"runs/{answer['runId']}.json"
    repository.write(name, {**repository.read(name), "status": "suspended"})
