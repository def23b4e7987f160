"""Workflows: from a table to a file, the probe log of steps, outcomes of runs."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.extension import install, network_settings, share_packages
from swamp_harness.product.fallbacks import Fallbacks
from swamp_harness.product.machine import Machine
from swamp_harness.product.repository import Repository
from swamp_harness.product.run import RunEnding, RunOutcome, named_as_lost, run_that
from swamp_harness.product.run_records import (
    RunRecord,
    lease,
    queue_from_json,
    queue_from_table,
    run,
    waits_reported_in,
)
from swamp_harness.product.workflow import Level, Placement, Step, Task, UnknownKey, Workflow
from swamp_harness.scenario.placement import ANY_WORKER, names_of_items, planned
from swamp_harness.scenario.probe import PROBE, SHELL, WORK
from swamp_harness.scenario.probe_log import ProbeLog
from swamp_harness.scenario.probe_results import is_work, result_of_step
from swamp_harness.scenario.tables import whole_rows_of
from swamp_harness.system.errors import InfrastructureError, PromiseBroken
from tests.conftest import ROOT

MODELS = ROOT / "fixtures" / "extensions" / "models"
PUBLISHED = MODELS.parents[1] / "published"
_EARLIER, _BEGUN, _LATER = (f"2026-08-22T10:0{minute}:00.000Z" for minute in range(3))


@dataclass
class Table:
    """A table of a feature, as behave represents it."""

    headings: list
    rows: list

    def __iter__(self):
        return (dict(zip(self.headings, row, strict=True)) for row in self.rows)


def table(*rows):
    headings, *rest = [[cell.strip() for cell in row.split("|")] for row in rows]
    return Table(headings, rest)


def steps_of(workflow):
    return workflow.document()["jobs"][0]["steps"]


# --- from a table to a file


@pytest.mark.parametrize(
    ("runs_on", "placement"),
    [
        ("any worker", Placement(labels=ANY_WORKER)),
        ("region=east, gpu=true", Placement(labels={"region": "east", "gpu": "true"})),
        ('worker "beta", region=east', Placement("beta", {"region": "east"})),
        ('the present instance of "beta"', Placement("${{ inputs.beta }}")),
        ("the pool named by its item", Placement(labels={"pool": "${{ self.item }}"})),
    ],
)
def test_a_table_sets_where_a_step_runs(runs_on, placement):
    (step,) = planned(table("step | runs on | work", f"build | {runs_on} | writes at once")).steps

    assert step.placement == placement


@pytest.mark.parametrize(
    ("level", "name"), [(Level.STEP, "later"), (Level.JOB, "main"), (Level.WORKFLOW, "release")]
)
def test_an_unknown_key_stands_at_its_level_alone(level, name):
    rows = ("build | any worker | writes at once", "later | any worker | writes at once")
    workflow = replace(planned(table("step | runs on | work", *rows)), unknown_key=UnknownKey("label", level))

    document = workflow.document()

    steps = steps_of(workflow)
    assert [each["name"] for each in (document, *document["jobs"], *steps) if "label" in each] == [name]
    assert workflow.name_at(level) == name


def test_a_run_needs_the_instance_of_the_worker():
    rows = ["step | runs on | work", 'build | the present instance of "beta" | writes at once']

    assert planned(table(*rows)).inputs == ["beta"]


def test_an_instance_that_a_job_names_is_an_input_once():
    rows = (
        "job | job runs on | step | runs on | work",
        'deploy | the present instance of "beta" | build | as its job | writes at once',
        'check | pool=a | ship | the present instance of "beta" | writes at once',
    )

    assert planned(table(*rows)).inputs == ["beta"]


def test_a_workflow_file_has_the_steps_of_the_table():
    rows = [
        "step | runs on | work | after | queue limit",
        "build | pool=a | writes at once | |",
        'ship | worker "beta" | writes at once | build | 3 s',
        "wait | pool=b | writes at once | | 0 s",
    ]
    build, ship, wait = steps_of(planned(table(*rows)))

    assert build == {
        "name": "build",
        "labels": {"pool": "a"},
        "task": {
            "type": "model_method",
            "modelType": PROBE,
            "modelName": "build",
            "methodName": "once",
            "inputs": {"step": "build"},
        },
        "dependsOn": [],
        "weight": 0,
        "allowFailure": False,
    }
    assert (ship["target"], ship["queueTimeout"]) == ("beta", 3.0)
    assert wait["queueTimeout"] == 0.0
    assert ship["dependsOn"] == [{"step": "build", "condition": {"type": "succeeded"}}]


def test_a_table_has_numbers_as_items_and_a_limit_of_items_and_parts_of_a_second():
    rows = [
        "step | runs on | work | for each of | at a time | queue limit",
        "pack | any worker | writes at once | 0, pear | 2 | 0.5 s",
        "ship | any worker | writes at once | | |",
    ]
    workflow = planned(table(*rows))
    pack, ship = steps_of(workflow)

    assert pack["forEach"] == {"item": "item", "in": "${{ [0, 'pear'] }}"}
    assert (pack["concurrency"], pack["queueTimeout"]) == (2, 0.5)
    assert "concurrency" not in ship
    assert names_of_items(workflow.steps[0]) == ["pack-0", "pack-pear"]


def test_a_job_of_a_table_stays_on_one_worker():
    rows = (
        "job | job stays | step | runs on | work",
        "build | on one worker | build | any worker | writes at once",
        "deploy | | ship | any worker | writes at once",
    )
    build, deploy = planned(table(*rows)).document()["jobs"]

    assert build["affinity"] is True
    assert "affinity" not in deploy


def test_a_job_of_a_table_waits_for_another():
    rows = (
        "job | job after | step | runs on | work",
        "build | | build | any worker | writes at once",
        "deploy | build | ship | any worker | writes at once",
    )
    build, deploy = planned(table(*rows)).document()["jobs"]

    assert build["dependsOn"] == []
    assert deploy["dependsOn"] == [{"job": "build", "condition": {"type": "succeeded"}}]


def test_an_unknown_place_where_a_job_stays_is_an_error():
    rows = ("job | job stays | step | runs on | work", "build | here | build | any worker | writes at once")

    with pytest.raises(InfrastructureError, match="on one worker"):
        planned(table(*rows))


def test_an_expanded_step_is_named_after_its_items_and_so_is_its_model():
    rows = ["step | runs on | work | for each of", "pack | any worker | writes at once | apple, pear"]
    workflow = planned(table(*rows))
    (step,) = steps_of(workflow)

    assert step["forEach"] == {"item": "item", "in": "${{ ['apple', 'pear'] }}"}
    assert step["name"] == step["task"]["modelName"] == step["task"]["inputs"]["step"]
    assert names_of_items(workflow.steps[0]) == ["pack-apple", "pack-pear"]


def test_a_step_for_each_connected_worker_runs_on_that_worker():
    rows = [
        "step | runs on | work | for each of",
        "scan | the worker that is its item | writes at once | the connected workers",
    ]
    (step,) = steps_of(planned(table(*rows)))

    assert step["forEach"] == {"item": "item", "in": "${{ workers.connected() }}"}
    assert step["target"] == "${{ self.item.attributes.name }}"
    assert step["name"] == step["task"]["inputs"]["step"] == f"scan-{step['target']}"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ["step | runs on | work", "build | any worker | dances"],
            'Unknown work "dances" of a step; use one of: writes at once',
        ),
        (
            ["step | runs on | work", "build | the moon | writes at once"],
            'Unknown place "the moon" for a step',
        ),
        (
            ["step | runs on | work | colour", "build | any worker | writes at once | red"],
            "Unknown column colour in the step's table",
        ),
        (
            ["step | runs on | work | queue limit", "build | any worker | writes at once | soon"],
            'Invalid queue limit "soon": use for example "4 s"',
        ),
    ],
)
def test_an_invalid_table_is_an_infrastructure_error(rows, message):
    with pytest.raises(InfrastructureError, match=re.escape(message)):
        planned(table(*rows))


def test_a_table_without_a_column_that_it_needs_is_an_infrastructure_error():
    with pytest.raises(InfrastructureError, match="needs the columns step, waits for; it lacks waits for"):
        whole_rows_of(table("step", "build"), ("step", "waits for"))


def test_the_same_workflow_is_in_the_repository_and_in_the_evidence(tmp_path):
    workflow = Workflow("release", [Step("build", Task("t", "m", {}), Placement("alpha"))])

    text = workflow.write_to(Repository(tmp_path))

    assert (tmp_path / "workflows" / "workflow-release.yaml").read_text() == text
    assert yaml.safe_load(text) == workflow.document()


# --- the probe


def test_the_extensions_have_every_method_that_a_kind_of_work_needs():
    extensions = [path.read_text() for folder in (MODELS, PUBLISHED) for path in folder.glob("*.ts")]
    defined = {
        (re.search(r'^  type: "(.+)"', text, re.MULTILINE)[1], method)
        for text in extensions
        for method in re.findall(r"^    (\w+): \{$", text, re.MULTILINE)
    }
    tasks = [work("build") for work in WORK.values()]
    asked = {(task.model_type, task.method) for task in tasks if not task.prompt}

    assert {(model, method) for model, method in asked if model != SHELL} <= defined


@pytest.fixture
def probe_log(tmp_path):
    return ProbeLog(tmp_path / "notes")


def write(probe_log, *lines):
    with Path(probe_log.variables["UAT_NOTES"], "probe-log.jsonl").open("a") as file:
        for event, step, worker, pid in lines:
            entry = {"event": event, "step": step, "worker": worker, "pid": pid, "at": "2026-11-23T13:07:14Z"}
            file.write(json.dumps(entry) + "\n")


def test_the_probe_log_distinguishes_overlapping_from_consecutive_steps(probe_log):
    write(probe_log, ("start", "a", "alpha", 1), ("end", "a", "alpha", 1), ("start", "b", "alpha", 2))
    assert probe_log.most_at_once(worker="alpha") == 1

    write(probe_log, ("start", "c", "beta", 3), ("start", "c", "alpha", 4))
    assert probe_log.most_at_once(worker="alpha") == 2
    assert probe_log.most_at_once(worker="beta") == 1


def test_steps_on_different_workers_ran_in_parallel(probe_log):
    write(probe_log, ("start", "a", "alpha", 1), ("start", "b", "beta", 2), ("start", "c", "gamma", 3))

    assert probe_log.most_at_once() == 3
    assert probe_log.most_at_once(steps=["a", "b"]) == 2


def test_a_step_that_runs_twice_at_once_overlaps_itself(probe_log):
    write(probe_log, ("start", "a", "alpha", 1), ("start", "a", "alpha", 2))

    assert probe_log.most_at_once(worker="alpha") == 2


def test_an_incomplete_line_is_not_read_yet(probe_log):
    write(probe_log, ("start", "a", "alpha", 1))
    with Path(probe_log.variables["UAT_NOTES"], "probe-log.jsonl").open("a") as file:
        file.write('{"event": "start", "st')

    assert [entry.step for entry in probe_log.starts()] == ["a"]


@pytest.mark.skipif("sys.platform == 'win32'", reason="needs a POSIX shell")
def test_a_shell_step_writes_the_probe_log_with_its_worker(probe_log, tmp_path):
    task = WORK["runs a program"]("build")
    (Path(probe_log.variables["UAT_NOTES"]) / "begun-build").mkdir()  # begun before, so it does not hold
    environment = {**os.environ, **probe_log.variables, "UAT_WORKER": "alpha"}
    output = subprocess.run(
        [shutil.which("sh"), "-c", task.inputs["run"]],
        env=environment, cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip

    assert [(entry.event, entry.step, entry.worker) for entry in probe_log.entries()] == [
        ("start", "build", "alpha"),
        ("end", "build", "alpha"),
    ]
    item = {"modelName": "build", "name": "result", "version": 1, "content": {"stdout": output}}
    assert result_of_step(item).worker == "alpha"


def test_reports_about_a_step_are_not_its_output():
    assert is_work({"name": "result"})
    assert is_work({"name": "result-dev"})
    assert is_work({"name": "trace-dev"})
    assert not is_work({"name": "report-swamp-method-summary"})


# --- extensions


def commands_that_answer(tmp_path, monkeypatch, *, exit_code, stdout):
    commands = SwampCommands(Path("swamp"), {}, tmp_path)

    def run(*arguments, **_):
        return CommandResult(arguments, Output.JSON, exit_code, stdout, "", None, 0.1)

    monkeypatch.setattr(commands, "run", run)
    return commands


def test_extensions_that_cannot_be_bundled_are_an_infrastructure_error(tmp_path, monkeypatch):
    commands = commands_that_answer(tmp_path, monkeypatch, exit_code=1, stdout="")

    with pytest.raises(InfrastructureError, match="check the connection to the registry"):
        install(Repository(tmp_path), MODELS.parent, commands, PROBE)


def test_extensions_are_installed_where_the_product_looks_for_them(tmp_path, monkeypatch):
    commands = commands_that_answer(tmp_path, monkeypatch, exit_code=0, stdout=f'"{PROBE}"')

    install(Repository(tmp_path), MODELS.parent, commands, PROBE)

    assert (tmp_path / "extensions" / "models" / "uat_probe.ts").read_text() == (
        MODELS / "uat_probe.ts"
    ).read_text()


def test_packages_are_shared_with_another_machine(tmp_path):
    owner, other = Machine.at(tmp_path / "owner"), Machine.at(tmp_path / "other")
    package = Path(".swamp", "deno-cache", "npm", "package.json")
    (owner.home / package).parent.mkdir(parents=True)
    (owner.home / package).write_text("{}")

    share_packages(owner, other, Fallbacks())

    assert (other.home / package).read_text() == "{}"


def test_only_network_settings_are_passed_to_the_bundling():
    caller = {"HTTPS_PROXY": "p", "no_proxy": "n", "SWAMP_HOME": "s", "PATH": "/bin"}

    assert network_settings(caller) == {"HTTPS_PROXY": "p", "no_proxy": "n"}


# --- runs


@pytest.mark.parametrize(
    ("printed", "code", "recorded", "reason", "words"),
    [
        ("succeeded", 0, "succeeded", "", "succeeded"),
        ("cancelled", 1, "cancelled", "", "cancelled"),
        (
            "failed", 1, "failed",
            "Worker 'w1' disconnected after step 'work' had written data — failing the run (write-then-drop)",
            "failed because its worker was lost after the step had written",
        ),
        (
            "failed", 1, "failed",
            "Timed out waiting for a worker matching target 'nobody' to become available",
            "failed because no matching worker came in time",
        ),
    ],
)  # fmt: skip
def test_a_run_whose_output_and_history_agree(printed, code, recorded, reason, words):
    outcome = RunOutcome.of(RunEnding(printed, code, f"…\n{reason}"), RunRecord("1", recorded, reason))

    status, _, because = words.partition(" because ")
    assert outcome == run_that(status, *([because] if because else []))
    assert str(outcome) == words


@pytest.mark.parametrize(
    ("printed", "code", "recorded"),
    [
        ("succeeded", 1, "succeeded"),
        ("cancelled", 0, "cancelled"),
        ("failed", 75, "failed"),
        ("succeeded", 0, "failed"),
        ("", 1, "running"),
    ],
)
def test_different_outcomes_in_output_and_history_are_both_reported(printed, code, recorded):
    outcome = RunOutcome.of(RunEnding(printed, code, "the end"), RunRecord("1", recorded, ""))
    words = str(outcome)

    assert outcome not in [run_that(status) for status in ("succeeded", "failed", "cancelled")]
    assert words.startswith(
        f"{recorded} in the run history, printed as {printed or 'nothing'}, with exit code {code}. "
    )
    assert words.endswith("Last lines: the end")


@pytest.mark.parametrize(
    ("tags", "reasons"),
    [
        ({}, ()),
        ({"team": "blue"}, ()),
        ({"interrupt_reason": "server_crash"}, ("the orchestrator crashed",)),
        ({"cancel_reason": "daemon restarted (no PID recorded)"}, ("the orchestrator crashed",)),
        ({"interrupt_reason": "server_shutdown"}, ("the orchestrator was stopped",)),
        ({"cancel_reason": "user requested"}, ()),
    ],
)
def test_why_an_orchestrator_did_not_finish_a_run_is_read_from_its_tags(tags, reasons):
    item = {"runId": "1", "status": "failed", "workflowName": "release", "tags": tags}

    assert run(item).interruptions == reasons


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "Worker 'w1' disconnected after step 'work' had written data — failing the r…",
            "of something else",
        ),
        ("Timed out waiting for a worker matching labels a=b,c=d to be…", "of something else"),
        (
            "Worker 'w' disconnected after step 's' had written data \\u2014 failing it (write-then-drop)",
            "its worker was lost after the step had written",
        ),
    ],
)  # fmt: skip
def test_a_reason_that_is_cut_is_another_reason(reason, words):
    outcome = RunOutcome.of(RunEnding("failed", 1, reason), RunRecord("1", "failed", reason))

    assert str(outcome).partition(" because ")[2].startswith(words)


def test_a_run_names_each_lost_worker_with_its_step_once():
    one, other = (
        f"Worker '{worker}' disconnected after step 'work' had written data — failing the run"
        for worker in ("w1", "w2")
    )

    assert named_as_lost(f"{one}\n{other}\n{one}") == [
        {"worker": "w1", "step": "work"},
        {"worker": "w2", "step": "work"},
    ]


def test_a_failure_for_another_reason_is_shown_unchanged():
    outcome = RunOutcome.of(RunEnding("failed", 1, ""), RunRecord("1", "failed", "disk full"))

    assert str(outcome) == "failed because of something else: disk full"


def test_a_stack_trace_with_the_reason_is_reported():
    reason = "Command exited with code 3"
    output = f"{reason}\n    at execute (step.ts:10:20)\n"
    outcome = RunOutcome.of(RunEnding("failed", 1, output), RunRecord("1", "failed", reason))

    assert str(outcome) == "failed because its step failed, with a stack trace"


def test_a_reason_that_is_recorded_but_not_printed_is_reported():
    reason = "Timed out waiting for a worker matching target 'nobody' to become available"
    outcome = RunOutcome.of(RunEnding("failed", 1, "sorry"), RunRecord("1", "failed", reason))

    assert str(outcome) == "failed because of something else, recorded: no matching worker came in time"


QUEUE_TABLE = """\
REQUIREMENT                STEP   MODEL       QUEUED AT                 AGE
region=east, gpu=true      train  @uat/probe  2026-11-23T15:51:58.945Z  2s
target=beta                ship   @uat/probe  2026-11-23T15:51:58.945Z  2s
"""
WAITS = {
    "workflowName": "works",
    "jobName": "main",
    "methodName": "once",
    "modelType": "@uat/probe",
    "queuedAt": "2026-11-23T15:51:58.945Z",
    "ageMs": 2500,
}
QUEUE_JSON = [
    {**WAITS, "stepName": "train", "requirement": "region=east, gpu=true"},
    {**WAITS, "stepName": "ship", "requirement": "target=beta"},
]


def test_the_queue_has_the_same_entries_in_text_and_in_json():
    in_json = queue_from_json(QUEUE_JSON)
    assert [replace(each, age=(2.0, 3.0), work=()) for each in in_json] == queue_from_table(QUEUE_TABLE)
    assert in_json[0].waits_for == "gpu=true,region=east"
    assert (in_json[0].age, in_json[0].work) == ((2.5, 2.5), ("works", "main", "once"))


@pytest.mark.parametrize(("age", "seconds"), [("<1s", (0, 1)), ("59s", (59, 60)), ("3m", (180, 240))])
def test_an_age_in_the_queue_is_read_as_a_range_of_seconds(age, seconds):
    assert queue_from_table(QUEUE_TABLE.replace("2s\n", f"{age}\n"))[0].age == seconds


def test_an_unreadable_age_breaks_a_promise():
    with pytest.raises(PromiseBroken, match="Expected an age"):
        queue_from_table(QUEUE_TABLE.replace("2s\n", "long\n"))


@pytest.mark.parametrize(
    ("words", "requirement"),
    [
        ("target 'alpha'", "target=alpha"),
        ("labels zone=x,pool=a", "pool=a,zone=x"),
        ("labels pool=a and platform 'linux/x86_64'", "platform=linux/x86_64,pool=a"),
        ("platform 'linux'", "platform=linux"),
    ],
)
def test_a_reported_wait_has_the_requirement_as_in_the_queue(words, requirement):
    assert waits_reported_in(f"main │ queued, waiting for worker matching {words}\n") == [requirement]


def test_an_empty_queue_is_a_sentence_and_any_other_text_breaks_a_promise():
    assert queue_from_table("No steps are currently queued.\n") == []
    with pytest.raises(PromiseBroken, match="Expected a table with the headings"):
        queue_from_table("nothing here\n")


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"state": "active"}, "active"),
        ({"state": "active", "endedAt": _LATER}, "active, with a time of end"),
        ({"state": "completed", "endedAt": _LATER}, "completed"),
        ({"state": "completed"}, "completed, without a time of end"),
        ({"state": "completed", "endedAt": _LATER, "error": "aborted"}, "completed, with an error"),
        ({"state": "failed", "endedAt": _LATER, "error": "aborted"}, "failed"),
        ({"state": "failed", "endedAt": _LATER}, "failed, without a reason"),
        ({"state": "expired", "error": "lost"}, "expired, without a time of end"),
        ({"state": "expired", "endedAt": _EARLIER, "error": "lost"}, "expired, ended before it began"),
    ],
)
def test_the_end_of_a_lease_names_contradictions_to_its_state(fields, end):
    content = {"stepName": "build", "workerName": "alpha", "hasWrites": False, "createdAt": _BEGUN, **fields}
    assert lease(content).end == end


def test_a_step_that_waits_for_approval_runs_no_method():
    step = Step("gate", Task("", "", {}, prompt="Go on?"), Placement())
    assert step.document()["task"] == {"type": "manual_approval", "prompt": "Go on?"}


def test_an_approval_can_have_a_time_limit():
    step = Step("gate", Task("", "", {}, prompt="Go on?", approval_limit=5), Placement())
    assert step.document()["task"]["timeout"] == 5


def test_a_step_of_an_existing_model_names_no_type():
    workflow = Workflow(
        "release", [Step("build", Task("t", "m", {}), Placement("alpha"))], of_existing_models=True
    )
    task = workflow.document()["jobs"][0]["steps"][0]["task"]
    assert task == {"type": "model_method", "modelIdOrName": "build", "methodName": "m", "inputs": {}}


def test_a_step_after_one_that_may_fail_waits_for_its_end():
    first = Step("build", Task("t", "m", {}), Placement("alpha"), may_fail=True)
    second = Step("ship", Task("t", "m", {}), Placement("alpha"), after="build", after_any_end=True)
    assert first.document()["allowFailure"] is True
    assert second.document()["dependsOn"] == [{"step": "build", "condition": {"type": "completed"}}]
