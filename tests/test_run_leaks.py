"""Test labels reach no prediction, and unusable files no run."""

from pathlib import Path

import pytest
from run_files import UTTERANCE_VAE, given_split, table
from stored_features import stored_digests

from ser_vae import SerVaeError
from ser_vae.settings import conf_dir

BRIEF = ("training.pretrain.epochs=2", "training.classify.epochs=3")
SMALL = (*BRIEF, "model.latent=8")
UTTERANCES = ("majority", "speaker_lookup", "logmel_svm", "pooled_linear")
SVMS = ("egemaps_svm", "handcrafted_svm", "pooled_svm")  # as `logmel_svm`, on other vectors
MODELS = {
    **dict.fromkeys((*UTTERANCES, "logmel_lstm"), BRIEF),
    **dict.fromkeys(("pca", "untrained"), SMALL),
    "vae": (*SMALL, "calibrate=true"),  # with which the temperature is in each probability
    "utterance_vae": UTTERANCE_VAE,
}


def test_every_model_is_tested():
    options = {path.stem for path in (conf_dir() / "model").glob("*.yaml")}
    assert options - {*SVMS, "ae", "cvae"} == MODELS.keys()  # cvae: test_run_policies


@pytest.mark.parametrize(
    ("model", "normalise"),
    [*((model, "train") for model in MODELS), ("vae", "speaker"), ("logmel_svm", "speaker")],
)
def test_test_labels_change_no_prediction(finished_run, noises, tmp_path, model, normalise):
    predicted, truth = [], []
    settings = (*MODELS[model], f"model={model}", f"normalise={normalise}", "split=given")
    for wrong in ("none", "test"):
        root = given_split(noises, tmp_path / wrong, wrong)
        metrics, folder = finished_run(*settings, f"corpus.root={root}")
        rows = table(folder / "predictions.csv")
        predicted.append([{k: v for k, v in row.items() if k != "truth"} for row in rows])
        truth.append([row["truth"] for row in rows])
    assert truth[0] != truth[1]
    assert predicted[0] == predicted[1]
    assert (folder / "pretrain.csv").exists() == (model == "vae")
    assert (metrics["health"] is None) == (model != "vae")
    assert (metrics["calibration"] is None) == (model != "vae")
    assert (folder / "classify.csv").exists() == (model not in UTTERANCES)
    if model in UTTERANCES:
        assert metrics["policies"] == metrics["parameters"] == {}
        assert not list(folder.parents[1].rglob("*.ckpt"))


@pytest.fixture
def damaged(own_noises) -> Path:
    (own_noises / "calm03.wav").write_bytes(b"no audio at all")
    (own_noises / "gay07.wav").write_bytes((own_noises / "gay07.wav").read_bytes()[:1000])
    return own_noises


def test_an_unusable_file_stops_the_run_and_the_others_stay_computed(run_noises, damaged, tmp_path):
    with pytest.raises(SerVaeError, match=r"(?s)2 of 60 .*calm03.*gay07.*bad_audio=drop"):
        run_noises(f"corpus.root={damaged}", f"cache={tmp_path / 'cache'}")
    assert len(stored_digests(tmp_path / "cache/features")) == 58


def test_unusable_files_are_left_out_counted_and_named(run_noises, damaged, caplog):
    metrics = run_noises(f"corpus.root={damaged}", "bad_audio=drop")
    assert set(metrics["left_out"]) == {"calm03.wav", "gay07.wav"}
    assert sum(part["utterances"] for part in metrics["counts"].values()) == 58
    assert any("2 unusable" in caveat for caveat in metrics["caveats"])
    assert "calm03" in caplog.text
