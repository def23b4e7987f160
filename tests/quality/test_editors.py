"""The settings of editors: they complete what exists, and keep people's own settings."""

import json
import re

import pytest
import yaml

from swamp_harness.quality import editors
from swamp_harness.quality.edited_yaml import HOSTS_FILE
from swamp_harness.runner.steps import Uses, load_definitions, parameters_of
from swamp_harness.specification import features, project
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def uses():
    load_definitions(project.FEATURES)
    return Uses(features.parse(project.FEATURES)).all


@pytest.mark.usefixtures("uses")
def test_own_settings_are_kept(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text('{"editor.fontSize": 14, "yaml.schemas": {"gone.json": []}}')

    settings = json.loads(editors.settings_text(file))

    assert settings["editor.fontSize"] == 14
    assert "gone.json" not in settings["yaml.schemas"]


def test_every_argument_in_a_scenario_is_a_completion_of_its_parameter(uses, tmp_path):
    settings = json.loads(editors.settings_text(tmp_path / "none.json"))
    patterns = {
        each["parameter"]: each["value"] for each in settings["cucumberautocomplete.customParameters"]
    }

    for use in uses:
        for definition in use.definitions:
            kinds = parameters_of(definition.pattern)
            for argument in definition.match(use.step.name).arguments:
                pattern = patterns[f"{{{argument.name}:{kinds[argument.name]}}}"]
                assert re.fullmatch(pattern, argument.original), (pattern, argument.original)


def test_the_files_that_the_settings_name_exist():
    settings = json.loads(project.EDITOR_SETTINGS.read_text("utf-8"))

    for pattern in (*settings["cucumberautocomplete.steps"], settings["cucumberautocomplete.syncfeatures"]):
        assert list(ROOT.glob(pattern)), pattern
    for schema, files in settings["yaml.schemas"].items():
        assert (ROOT / schema).is_file()
        # People write hosts.yaml for their own machines.
        assert all((ROOT / file).is_file() or file == HOSTS_FILE.name for file in files), files


def test_pre_commit_runs_what_make_check_does():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]

    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == ["make check"]
