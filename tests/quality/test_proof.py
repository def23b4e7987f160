"""The proof: what it refuses before it runs anything."""

import pytest

from swamp_harness.quality.mutant_list import WrittenMutant, wanted_of
from swamp_harness.quality.proof import prove
from swamp_harness.specification import features
from swamp_harness.specification.feature_files import FeatureMistake
from swamp_harness.system.errors import ExitCode, UnusableInput


def test_a_name_that_no_mutant_has_suggests_the_nearest_ones():
    listed = [WrittenMutant(f"01-mutant-{number}", 1, "") for number in range(100)]
    listed.append(WrittenMutant("02-secret-in-logs", 2, ""))

    with pytest.raises(UnusableInput, match=r"begins with 'secret-in-log': .*02-secret-in-logs") as caught:
        wanted_of(listed, ["secret-in-log"])

    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE
    assert str(caught.value).count("01-mutant") == 2


def test_a_proof_of_features_with_an_undefined_step_starts_nothing(tmp_path, monkeypatch):
    (tmp_path / "one.feature").write_text(
        "Feature: One\n  @uat-31 @one-scenario\n  Scenario: One\n    Given the moon shines\n"
    )
    models = features.parse(tmp_path)
    monkeypatch.setattr(features, "parse", lambda _: models)

    with pytest.raises(FeatureMistake, match="no step is defined for `Given the moon shines`"):
        prove(["31-earlier"], tmp_path / "reports", 1)
