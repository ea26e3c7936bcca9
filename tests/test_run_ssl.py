"""Runs on the frames of a pretrained encoder: address, model, and predictions from the model."""

import json

import pytest
from run_files import assert_predicts_as_written

from ser_vae.features.pin import checkpoint_digest
from ser_vae.recogniser import Recogniser
from ser_vae.run import configure


@pytest.mark.parametrize(("model", "store"), [("vae", "float32"), ("pooled_linear", "float16")])
def test_a_run_on_an_encoder_predicts_the_same(model, store, wavlm, finished_run, noises):
    command = f"features.checkpoint={wavlm}", f"features.store={store}", f"model={model}"
    _, folder = finished_run("features=ssl", *command)
    saved = json.loads((folder / "model" / "recogniser.json").read_text())
    assert saved["segmentation"]["length"] == 5  # 0.1 s
    own = {"checkpoint": str(wavlm), "digest": checkpoint_digest(wavlm), "store": store}
    assert saved["features"] == {**configure("features=ssl")["features"], **own}
    assert checkpoint_digest(wavlm) in (folder / "command.txt").read_text()
    assert_predicts_as_written(Recogniser.load(folder), folder, noises, atol=1e-5)


@pytest.mark.parametrize("name", ["wavlm", "hubert", "wav2vec2", "whisper"])
def test_presets_differ_in_the_checkpoint_alone(name):
    preset, ssl = (configure(f"features={option}")["features"] for option in (name, "ssl"))
    assert name in preset["checkpoint"]
    assert {**preset, "checkpoint": ""} == {**ssl, "checkpoint": ""}
