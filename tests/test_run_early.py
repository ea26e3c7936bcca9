"""A wrong setting is met before any speech is read: features of a corpus may take hours."""

from pathlib import Path
from typing import Any

import pytest
from run_files import Run, folders

from ser_vae import SerVaeError
from ser_vae.features.store import FeatureStore

WRONG = {
    "normalise=some": "normalise=some: expected train, speaker or none",
    "bad_audio=some": "bad_audio=some: expected error or drop",
    "label_policies=some": "label_policies=some: expected all or headline",
    "label_policy=some": "label_policy: expected one of null",
    "data.length=0": "data.length=0: expected a whole number from 1",
    "data.hop=0": "data.hop=0: expected a whole number from 1",
    "data.remainder=some": "data.remainder=some: expected drop or pad",
    "features.fft_size=100": "features.fft_size=100 is below the window",
    "model.activation=some": "activation=some: expected one of",
    "model.hidden=[0]": "model.hidden=",
    "model.beta=-1": "(?s)model.beta=-1: expected a number from 0.*Eq",
    "model=pca model.latent=801": "a segment of 800 values",
    "classifier.pooling=max": "classifier.pooling=max: expected last or mean",
    "logger=[wandb] logger.wandb.mode=onlin": "expected online, offline or disabled",
    "classifier.hidden=0": "classifier: hidden 0",
    "training.latent=sample model=ae": "training.latent=sample: a AE",
    "split.test=2": "split.test=2",
    "split=speaker fold=4": "(?s)fold=4: split=speaker has 4 folds.*fold=3",
    "split=speaker": "fold=None: split=speaker has 4 folds",
    "split=given": "given",
}
OF_UTTERANCES = {
    "model.training.epochs=0": "model.training.epochs=0: expected a whole number from 1",
    "model.training.batch_size=0": "model.training.batch_size=0",
    "model.training.optimizer.lr=-1": "model.training.optimizer.lr=-1: expected a number from 0",
    "model.beta=-1": "model.beta=-1",
    "model.clip=0": "model.clip=0: expected a number above 0",
    "model.dropout=1": "model.dropout=1: expected a number from 0 to below 1",
    "model.elbo_weight=-1": "model.elbo_weight=-1",
    "model.label_smoothing=2": "model.label_smoothing=2: expected a number from 0 to 1",
    "model.members=0": "model.members=0",
}


@pytest.fixture
def refused(run_noises: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is said of overrides by a run that would have no features yet, and makes none."""

    def computed(*_: object) -> None:
        raise AssertionError("features were computed first")

    def go(*overrides: str, match: str) -> None:
        with pytest.raises(SerVaeError, match=match):
            run_noises(f"cache={tmp_path / 'cache'}", *overrides)
        assert not folders(tmp_path / "runs"), "the report would show it as a failed run"

    monkeypatch.setattr(FeatureStore, "compute", computed)
    return go


@pytest.mark.parametrize(("overrides", "words"), WRONG.items())
def test_a_wrong_setting_is_met_first(refused: Any, overrides: str, words: str) -> None:
    refused(*overrides.split(), match=words)


@pytest.mark.parametrize(("override", "words"), OF_UTTERANCES.items())
def test_one_of_whole_utterances_too(refused: Any, override: str, words: str) -> None:
    pytest.importorskip("opensmile", reason="the extra opensmile is not installed")
    refused("model=utterance_vae", override, match=words)


def test_a_right_one_gets_as_far_as_the_features(refused: Any) -> None:
    with pytest.raises(AssertionError, match="features were computed first"):
        refused(match="none")
