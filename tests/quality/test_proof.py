"""The proof: what it refuses before it runs anything."""

import pytest

from swamp_harness.quality.proof import prove
from swamp_harness.specification import features
from swamp_harness.specification.feature_files import FeatureMistake


def test_a_proof_of_features_with_an_undefined_step_starts_nothing(tmp_path, monkeypatch):
    (tmp_path / "one.feature").write_text(
        "Feature: One\n  @uat-31 @one-scenario\n  Scenario: One\n    Given the moon shines\n"
    )
    models = features.parse(tmp_path)
    monkeypatch.setattr(features, "parse", lambda _: models)

    with pytest.raises(FeatureMistake, match="no step is defined for `Given the moon shines`"):
        prove(["31-earlier"], tmp_path / "reports", 1)
