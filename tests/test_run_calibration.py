"""Probabilities are calibrated on a part of the training set, and no prediction changes."""

import json

import numpy as np
import pytest
from run_files import assert_predicts_as_written

from ser_vae.evaluation import predictions
from ser_vae.pipeline import HELD_OUT, hold_out, prepare
from ser_vae.recogniser import Recogniser
from ser_vae.run import configure
from ser_vae.settings import build, validate


@pytest.mark.parametrize(
    "overrides",
    [
        ["model=vae", "training.encoder_lr=0.001"],
        ["model=cvae", "label_policy=predicted", "label_policies=headline"],
    ],
)
def test_calibration_divides_the_logits_and_changes_no_prediction(overrides, finished_run, noises):
    plain, before = finished_run(*overrides, "training.classify.epochs=3")
    metrics, after = finished_run(*overrides, "training.classify.epochs=3", "calibrate=true")
    assert plain["calibration"] is None
    temperature = metrics["calibration"]["temperature"]
    scaled, found = (
        predictions.read(run / "predictions.csv").filter(regex="^p_").to_numpy()
        for run in (before, after)
    )
    scaled **= 1 / temperature
    np.testing.assert_allclose(found, scaled / scaled.sum(axis=1, keepdims=True))
    assert temperature != 1
    for name in ("ece", "nll"):
        assert metrics["calibration"]["before"][name] == plain[f"random/test/{name}"]
        assert metrics["calibration"]["after"][name] == metrics[f"random/test/{name}"]
    recogniser = Recogniser.load(after)
    assert recogniser.temperature == temperature
    assert_predicts_as_written(recogniser, after, noises, atol=1e-6)


@pytest.mark.parametrize("split", ["random", "speaker"])
def test_what_is_held_out_is_a_fifth_of_the_training_set_or_whole_groups(split, noise_command):
    fold = ["fold=0"] if split == "speaker" else []
    settings = validate(configure(*noise_command, f"split={split}", *fold))
    corpus = build(settings.corpus)
    data, _ = prepare(settings, corpus, corpus.utterances)
    divided = hold_out(settings, data)
    held, train = ({u.id for u in divided.utterances(p)} for p in (HELD_OUT, "train"))
    assert held | train == {u.id for u in data.utterances("train")}
    assert divided.utterances("test") == data.utterances("test")
    if split == "random":
        assert len(held) == pytest.approx(0.2 * (len(held) + len(train)), abs=1)
    else:
        assert not set(divided.speakers(HELD_OUT)) & set(divided.speakers("train"))


def test_a_support_vector_machine_keeps_its_own_temperature(finished_run):
    pca = ("model=pca", "model.latent=8")
    metrics, folder = finished_run(*pca, "classifier=functionals", "calibrate=true")
    assert metrics["calibration"] is None
    assert json.loads((folder / "model/recogniser.json").read_text())["temperature"] == 1
