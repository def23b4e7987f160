"""The definitions of CI: what they start, what they may do, and that every part of a release is tested."""

import re
from itertools import groupby

import pytest
import yaml

from swamp_harness.cli import main
from swamp_harness.product.releases import ASSETS
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode
from tests.conftest import ROOT, a_result, a_run

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# A release is not tested on Macs with an Intel processor.
RELEASED = {"-".join(platform) for platform in ASSETS}
NOT_TESTED = {"darwin-x86_64"}


def jobs_of(file):
    return yaml.safe_load(file.read_text())["jobs"]


def steps_of(file):
    return [(name, step) for name, job in jobs_of(file).items() for step in job["steps"]]


@pytest.fixture
def uat():
    return yaml.safe_load((ROOT / ".github" / "workflows" / "uat.yml").read_text())


@pytest.fixture
def shards(uat):
    return uat["jobs"]["shard"]["strategy"]["matrix"]["include"]


def test_the_acceptance_starts_by_a_release_by_hand_and_at_night(uat):
    starts = uat[True]  # YAML reads the word "on" as true

    assert starts["repository_dispatch"] == {"types": ["run-uat"]}
    assert starts["workflow_dispatch"]["inputs"]["version"]["required"]
    assert starts["schedule"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
class TestEveryWorkflow:
    def test_jobs_end_by_themselves_and_may_only_read(self, file):
        assert yaml.safe_load(file.read_text())["permissions"] == {}
        for name, job in jobs_of(file).items():
            assert job["timeout-minutes"] <= 90, name
            assert job["permissions"] == {"contents": "read"}, name

    def test_actions_are_pinned_to_a_commit_and_show_its_version(self, file):
        used = re.findall(r"uses: *(.*)", file.read_text())

        assert used
        for each in used:
            assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)

    def test_no_credentials_stay_in_the_checkout(self, file):
        for name, step in steps_of(file):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name

    def test_scripts_get_values_through_their_environment_only(self, file):
        for name, step in steps_of(file):
            assert "${{" not in step.get("run", ""), name


def test_an_action_has_one_version_everywhere():
    used = {
        each
        for file in WORKFLOWS
        for each in re.findall(r"uses: *(actions/[\w-]+)\S*@(.*)", file.read_text())
    }

    assert len({action for action, _ in used}) == len(used)


def test_a_release_is_tested_completely_on_every_platform(shards):
    platforms = {
        platform: [(each["shard"], each["of"]) for each in own]
        for platform, own in groupby(shards, key=lambda each: each["platform"])
    }

    assert set(platforms) == RELEASED - NOT_TESTED
    for platform, parts in platforms.items():
        assert parts == [(number, len(parts)) for number in range(1, len(parts) + 1)], platform


def test_the_sign_off_requires_every_shard_and_platform(uat, shards):
    expected = uat["jobs"]["sign-off"]["env"]

    assert expected["SHARDS"] == len(shards)
    assert expected["PLATFORMS"].split() == list(dict.fromkeys(each["platform"] for each in shards))


@pytest.mark.parametrize(
    ("lost", "code"),
    [
        (None, ExitCode.EVERY_PROMISE_HELD),
        ({"platform": "linux-x86_64", "shard": 4}, ExitCode.INCOMPLETE),
        ({"platform": "windows-x86_64"}, ExitCode.INCOMPLETE),
    ],
    ids=["nothing lost", "a shard lost", "a platform lost"],
)
def test_a_release_with_a_missing_shard_does_not_pass(shards, lost, code, tmp_path, monkeypatch):
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path / "all"))
    runs = features.runs_in(features.parse(project.FEATURES))
    folders = []
    for each in shards:
        if lost is not None and lost.items() <= each.items():
            continue
        folder = tmp_path / f"{each['platform']}-{each['shard']}"
        folder.mkdir()
        record_of_shard(runs, each).write_to(folder)
        folders.append(str(folder))

    platforms = " ".join(RELEASED - NOT_TESTED)

    assert main.main(["signoff", "--platforms", platforms, *folders]) == code


def record_of_shard(runs, shard):
    platform = shard["platform"].replace("-", " ")
    return a_run(
        *(
            a_result(run.name, id=run.id, platform=platform, numbers=run.numbers, location=run.location)
            for run in runs[shard["shard"] - 1 :: shard["of"]]
        )
    )


def test_an_invalid_platform_is_bad_input(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main.main(["signoff", "--platforms", "linux-x86_64 amiga-m68k", str(tmp_path)])

    assert ended.value.code == ExitCode.BAD_COMMAND_LINE
    assert "'amiga-m68k' is no platform" in capsys.readouterr().err
