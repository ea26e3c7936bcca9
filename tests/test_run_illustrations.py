"""latents.npz and illustrations.npz agree with the predictions and with the speech."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_files import folders, table

from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.features.audio import read
from ser_vae.run import configure
from ser_vae.run_folder import RunFolder
from ser_vae.settings import build

Run = Callable[..., dict[str, Any]]
BANDS, LENGTH = 80, 10


def read_run(runs: Path) -> tuple[RunFolder, Latents, Illustrations]:
    folder = RunFolder(folders(runs)[0])
    return folder, Latents.read(folder.latents), Illustrations.read(folder.illustrations)


@pytest.mark.parametrize("normalise", ["train", "speaker", "none"])
def test_the_input_is_the_speech_itself(run_noises: Run, tmp_path: Path, normalise: str) -> None:
    run_noises("model=ae", f"normalise={normalise}")
    _, where, shown = read_run(tmp_path / "runs")
    audio = dict(zip(where.utterance, where.audio, strict=True))
    extractor = build(configure()["features"])
    for name, frames in zip(shown.utterance, shown.input, strict=True):
        expected = extractor(read(Path(audio[name]), 16_000))[: len(frames)]
        np.testing.assert_allclose(frames, expected, atol=0.02)  # of half precision
        assert len(frames) % LENGTH == 0


def test_a_conditional_model_shows_every_label_and_everything_is_of_the_test_set(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises("model=cvae", "label_policies=headline")
    folder, where, shown = read_run(tmp_path / "runs")
    rows = table(folder.predictions)
    assert list(where.utterance) == [row["utterance"] for row in rows]
    assert list(where.emotion) == [row["truth"] for row in rows]
    assert list(where.speaker) == [row["speaker"] for row in rows]
    assert set(shown.utterance) <= set(where.utterance)
    assert shown.emotion == shown.emotions == ("calm", "cross", "gay")
    for frames, swapped, own in zip(shown.reconstruction, shown.swapped, range(3), strict=True):
        assert swapped.shape == (3, *frames.shape)
        np.testing.assert_array_equal(swapped[own], frames)
        assert not np.array_equal(swapped[own - 1], frames)
    assert shown.prior.shape[0] == 3
    assert shown.prior.shape[2:] == shown.traversal.shape[2:] == (LENGTH, BANDS)
    middle = list(shown.step).index(0)
    unmoved = shown.traversal[:, middle]
    assert np.array_equal(unmoved, np.broadcast_to(unmoved[:1], unmoved.shape))
    assert not np.array_equal(shown.traversal[0, 0], shown.traversal[0, -1])


def test_an_autoencoder_has_no_prior_and_a_vae_one(run_noises: Run, tmp_path: Path) -> None:
    for model, kinds in (("ae", 0), ("vae", 1)):
        run_noises(f"model={model}", f"runs={tmp_path / model}")
        assert len(read_run(tmp_path / model)[2].prior) == kinds


def test_a_model_without_a_decoder_leaves_latents_alone(run_noises: Run, tmp_path: Path) -> None:
    run_noises("model=untrained")
    folder = RunFolder(folders(tmp_path / "runs")[0])
    assert Latents.read(folder.latents).mean.shape[1] == configure()["model"]["latent"]
    assert not folder.illustrations.exists()
