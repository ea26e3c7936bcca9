"""Invalid settings are refused before any speech is read: features of a corpus may take hours."""

from typing import Any

import pytest
from run_files import folders

from ser_vae import SerVaeError
from ser_vae.features.store import FeatureStore

FOUR_FOLDS = "split=speaker has 4 folds.\nGive fold=0 to fold=3, or fold=all"
REFUSED = {
    "data.hop_s=0.001": "data.hop_s=0.001: expected at least one frame, which is 0.01 s",
    "features.mel_bands=500": "mel bands",
    "split=speaker fold=4": f"fold=4: {FOUR_FOLDS}",
    "split=speaker": f"fold=null: {FOUR_FOLDS}",
    "split=given": "split=given: 60 of 60 utterances",
}


@pytest.fixture
def error_before_features(run_noises, tmp_path, monkeypatch) -> Any:
    """Start a run without cached features; its error must come before they are computed."""

    def computed(*_: object) -> None:
        raise AssertionError("features were computed first")

    def go(*overrides: str, match: str) -> None:
        with pytest.raises(SerVaeError, match=match):
            run_noises(f"cache={tmp_path / 'cache'}", *overrides)
        assert not folders(tmp_path / "runs"), "the report would list it as a failed run"

    monkeypatch.setattr(FeatureStore, "compute", computed)
    return go


@pytest.mark.parametrize("overrides", REFUSED)
def test_an_invalid_setting_is_refused_before_features(error_before_features, overrides):
    error_before_features(*overrides.split(), match=REFUSED[overrides])


def test_valid_settings_get_as_far_as_the_features(error_before_features):
    with pytest.raises(AssertionError, match="features were computed first"):
        error_before_features(match="none")
