"""Runs on the frames of a pretrained encoder: address, model, and predictions from the model."""

import json
from pathlib import Path

import pytest
from run_files import assert_predicts_as_written, folders
from tiny_encoders import save_encoder

from ser_vae.features.pin import checkpoint_digest
from ser_vae.recogniser import Recogniser
from ser_vae.run import configure


@pytest.fixture
def encoder(tmp_path) -> Path:
    return save_encoder("wavlm", tmp_path / "wavlm")


@pytest.mark.parametrize(("model", "store"), [("vae", "float32"), ("pooled_linear", "float16")])
def test_a_run_on_an_encoder_predicts_the_same(model, store, encoder, run_noises, noises, tmp_path):
    command = f"features.checkpoint={encoder}", f"features.store={store}", f"model={model}"
    run_noises("features=ssl", *command)
    (folder,) = folders(tmp_path / "runs")
    saved = json.loads((folder / "model" / "recogniser.json").read_text())
    assert saved["segmentation"]["length"] == 5  # 0.1 s
    assert saved["features"] == {
        "_target_": "ser_vae.features.ssl.SSL",
        "checkpoint": str(encoder),
        "revision": None,
        "digest": checkpoint_digest(encoder),
        "layer": "mean",
        "trim_db": None,
        "store": store,
    }
    assert checkpoint_digest(encoder) in (folder / "command.txt").read_text()
    assert_predicts_as_written(Recogniser.load(folder), folder, noises, atol=1e-5)


@pytest.mark.parametrize("name", ["wavlm", "hubert", "wav2vec2", "whisper"])
def test_presets_differ_in_the_checkpoint_alone(name):
    preset, ssl = (configure(f"features={option}")["features"] for option in (name, "ssl"))
    assert name in preset["checkpoint"]
    assert {**preset, "checkpoint": ""} == {**ssl, "checkpoint": ""}
