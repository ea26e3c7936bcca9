"""`latents.npz` and `illustrations.npz`: round trips, and errors for damaged and hostile files."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from whole import illustrations

from ser_vae import SerVaeError
from ser_vae.evaluation.arrays import Illustrations, Latents

STRINGS = tuple(f"ütterance {number}" for number in range(9))
MEAN = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
LATENTS = Latents(STRINGS, STRINGS, STRINGS, ("F", *STRINGS[:7], ""), STRINGS, MEAN)
ILLUSTRATIONS = illustrations()


def test_latents_and_clips_are_read_as_written(tmp_path):
    clips = np.full((9, 2), np.nan)
    clips[0] = 0.25, 1.5
    replace(LATENTS, clip=clips).write(tmp_path / "a.npz")
    loaded = Latents.read(tmp_path / "a.npz")
    assert (loaded.utterance, loaded.sex) == (LATENTS.utterance, LATENTS.sex)
    assert np.array_equal(loaded.mean, MEAN)
    assert [clip for _, clip in loaded.recordings().values()][:2] == [(0.25, 1.5), None]


def test_spectrograms_are_accurate_to_a_hundredth_and_all_else_is_exact(tmp_path):
    ILLUSTRATIONS.write(tmp_path / "a.npz")
    loaded = Illustrations.read(tmp_path / "a.npz")
    for name, expected in vars(ILLUSTRATIONS).items():
        value = getattr(loaded, name)
        if name in ("emotions", "utterance", "emotion", "frame_shift_s"):
            assert value == expected
        else:
            for array, original in zip(value, expected, strict=True):
                half = array.dtype == np.float32
                np.testing.assert_allclose(array, original, atol=0.01 if half else 0)


def test_an_unconditional_model_has_no_swapped_labels(tmp_path):
    replace(ILLUSTRATIONS, swapped=()).write(tmp_path / "a.npz")
    assert Illustrations.read(tmp_path / "a.npz").swapped == ()


def test_a_pickle_in_the_file_is_not_executed(tmp_path):
    class Opens:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)

    hostile = np.array([Opens()], dtype=object)
    np.savez(tmp_path / "a.npz", allow_pickle=True, utterance=hostile, mean=np.zeros((1, 2)))
    with pytest.raises(SerVaeError, match="Object arrays cannot be loaded"):
        Latents.read(tmp_path / "a.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1])])
def test_files_of_another_format_are_rejected(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(SerVaeError, match=r"a\.npz can't be read as a file of a run"):
        Latents.read(tmp_path / "a.npz")


def test_a_missing_file_and_a_missing_array_are_errors(tmp_path):
    with pytest.raises(SerVaeError, match="No such file"):
        Latents.read(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", utterance=np.array(["u1"]))
    with pytest.raises(SerVaeError, match="missing 7 required"):
        Illustrations.read(tmp_path / "a.npz")
