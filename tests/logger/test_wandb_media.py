"""What W&B gets besides numbers: pictures, the table of predictions, and files."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from ser_vae.evaluation.arrays import Latents
from ser_vae.logger import media
from ser_vae.logger.wandb import prediction_table
from ser_vae.run_folder import RunFolder

PICTURES = {media.CONFUSION, *media.NAMES.values()}


@pytest.fixture
def two_utterances(tmp_path, noises) -> RunFolder:
    """A run folder whose model is sure of one test utterance and wrong about another."""
    folder = RunFolder(tmp_path)
    folder.predictions.write_text(
        "utterance,speaker,dialogue,truth,guess,p_calm,p_null\n"
        "001,01,,calm,calm,0.9,0.1\n"
        "002,02,,null,calm,0.6,0.4\n"
    )
    names, none = ("001", "002"), ("", "")
    audio = (str(noises / "calm19.wav"), str(noises / "calm00.wav"))
    Latents(names, none, none, none, audio, np.zeros((2, 3), "f4")).write(folder.latents)
    return folder


def test_every_picture_is_drawn_and_stored(recorded):
    run, folder = recorded
    images = folder.path / "wandb" / "latest-run" / "files" / "media" / "images"
    assert set(run.logged) > PICTURES
    for name in PICTURES:
        (file,) = images.glob(f"{name}_*.png")
        with Image.open(file) as image:
            assert np.asarray(image.convert("L")).std() > 10, name


def test_a_run_without_latents_and_spectrograms_shows_what_it_has(recorded, tmp_path):
    folder = RunFolder(tmp_path)
    shutil.copy(recorded[1].predictions, folder.predictions)
    results = {**recorded[1].read_metrics(), "health": None}
    assert set(media.images(results, folder)) == {media.CONFUSION}


def test_the_table_holds_predictions_csv_with_the_least_expected_first(two_utterances):
    logged = prediction_table(two_utterances, rows=2, audio=0, audio_bytes=0)
    assert logged.columns == ["utterance", "speaker", "truth", "guess", "right", "p_calm", "p_null"]
    assert logged.data == [
        ["002", "02", "null", "calm", False, 0.6, 0.4],
        ["001", "01", "calm", "calm", True, 0.9, 0.1],
    ]
    assert len(prediction_table(two_utterances, rows=1, audio=0, audio_bytes=0).data) == 1


@pytest.mark.parametrize(
    ("audio", "audio_bytes", "with_audio"),
    [(2, 100_000, ["002", "001"]), (1, 100_000, ["002"]), (2, 40_000, ["002"])],
)
def test_audio_is_limited_in_number_and_size(two_utterances, audio, audio_bytes, with_audio):
    rows = prediction_table(two_utterances, 2, audio, audio_bytes).data
    assert [row[0] for row in rows if row[-1] is not None] == with_audio


def test_files_are_logged_from_where_they_lie(recorded):
    run, folder = recorded
    files = {
        "features-folder-complete": "wandb/features.json",
        "split-random-folder-complete": "split.csv",
        f"pretrained-{folder.name}": "pretrained.ckpt",
        f"classifier-{folder.name}": "classifier.ckpt",
        f"model-{folder.name}": "model",
        f"predictions-{folder.name}": "predictions.csv",
    }
    assert set(run.artifacts) == set(files)
    for name, artifact in run.artifacts.items():
        for entry in artifact.manifest.entries.values():
            path = folder.path / files[name]
            assert entry.local_path == str(path / entry.path if path.is_dir() else path)
        assert artifact.type == name.partition("-")[0]


def test_features_are_described_and_no_speech_is_sent(recorded):
    run, folder = recorded
    described = json.loads((folder.path / "wandb" / "features.json").read_text())
    assert described["corpus_digest"] == folder.read_metrics()["corpus_digest"]
    assert described["settings"]["features/window"] == 0.025
    assert "audio" not in run.logged[media.PREDICTIONS].columns
    assert not list(folder.path.rglob("*.wav"))
