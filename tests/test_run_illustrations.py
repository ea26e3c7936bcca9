"""latents.npz and illustrations.npz agree with the predictions and with the speech."""

from pathlib import Path

import numpy as np
import pytest
from run_files import table

from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.features.audio import read
from ser_vae.run import configure
from ser_vae.run_folder import RunFolder
from ser_vae.settings import build

BANDS, LENGTH = 80, 10


def read_run(path: Path) -> tuple[RunFolder, Latents, Illustrations]:
    folder = RunFolder(path)
    return folder, Latents.read(folder.latents), Illustrations.read(folder.illustrations)


@pytest.mark.parametrize("normalise", ["train", "speaker"])
def test_the_input_is_the_speech_itself(finished_run, normalise):
    option = () if normalise == "train" else (f"normalise={normalise}",)
    _, latents, pictures = read_run(finished_run("model=ae", *option)[1])
    audio = dict(zip(latents.utterance, latents.audio, strict=True))
    extractor = build(configure()["features"])
    for name, frames in zip(pictures.utterance, pictures.input, strict=True):
        expected = extractor(read(Path(audio[name]), 16_000))[: len(frames)]
        np.testing.assert_allclose(frames, expected, atol=0.02)  # of half precision
        assert len(frames) % LENGTH == 0


def test_a_conditional_model_shows_every_label_and_everything_is_of_the_test_set(finished_run):
    folder, latents, pictures = read_run(finished_run("model=cvae")[1])
    rows = table(folder.predictions)
    assert list(latents.utterance) == [row["utterance"] for row in rows]
    assert list(latents.emotion) == [row["truth"] for row in rows]
    assert list(latents.speaker) == [row["speaker"] for row in rows]
    assert set(pictures.utterance) <= set(latents.utterance)
    assert pictures.emotion == pictures.emotions == ("calm", "cross", "gay")
    for frames, swapped, truth in zip(
        pictures.reconstruction, pictures.swapped, range(3), strict=True
    ):
        assert swapped.shape == (3, *frames.shape)
        np.testing.assert_array_equal(swapped[truth], frames)
        assert not np.array_equal(swapped[truth - 1], frames)
    assert pictures.prior.shape[0] == 3
    assert pictures.prior.shape[2:] == pictures.traversal.shape[2:] == (LENGTH, BANDS)
    middle = list(pictures.step).index(0)
    unmoved = pictures.traversal[:, middle]
    assert np.array_equal(unmoved, np.broadcast_to(unmoved[:1], unmoved.shape))
    assert not np.array_equal(pictures.traversal[0, 0], pictures.traversal[0, -1])


def test_a_model_without_a_decoder_leaves_latents_alone(finished_run):
    folder = RunFolder(finished_run("model=pca", "model.latent=8")[1])
    assert Latents.read(folder.latents).mean.shape[1] == 8
    assert not folder.illustrations.exists()
