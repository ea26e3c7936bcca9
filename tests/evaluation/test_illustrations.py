"""`illustrations.npz`: a round trip in half precision, and errors for damaged files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_vae import SerVaeError
from ser_vae.evaluation.illustrations import Frames, Illustrations, read, write

rng = np.random.default_rng(0)


def frames(*shape: int) -> Frames:
    return rng.uniform(-14, 6, shape).astype(np.float32)


EXAMPLE = Illustrations(
    emotions=("angry", "sad", "happy"),
    utterance=("u1", "u2"),
    emotion=("sad", "angry"),
    input=(frames(20, 4), frames(35, 4)),
    reconstruction=(frames(20, 4), frames(35, 4)),
    swapped=(frames(3, 20, 4), frames(3, 35, 4)),
    dimension=np.array([5, 2]),
    step=np.array([-2.0, 0.0, 2.0]),
    traversal=frames(2, 3, 10, 4),
    prior=frames(3, 2, 10, 4),
    frame_shift_s=0.01,
)


def test_a_round_trip_is_accurate_to_a_hundredth(tmp_path: Path) -> None:
    write(tmp_path / "i.npz", EXAMPLE)
    loaded = read(tmp_path / "i.npz")
    assert (loaded.emotions, loaded.utterance, loaded.emotion) == (
        EXAMPLE.emotions,
        EXAMPLE.utterance,
        EXAMPLE.emotion,
    )
    assert np.array_equal(loaded.dimension, EXAMPLE.dimension)
    assert np.array_equal(loaded.step, EXAMPLE.step)
    assert loaded.frame_shift_s == 0.01
    for name in ("input", "reconstruction", "swapped"):
        for array, expected in zip(getattr(loaded, name), getattr(EXAMPLE, name), strict=True):
            np.testing.assert_allclose(array, expected, atol=0.01)
    np.testing.assert_allclose(loaded.traversal, EXAMPLE.traversal, atol=0.01)
    np.testing.assert_allclose(loaded.prior, EXAMPLE.prior, atol=0.01)


def test_an_unconditional_model_has_no_swapped_labels(tmp_path: Path) -> None:
    write(tmp_path / "i.npz", replace(EXAMPLE, swapped=()))
    assert read(tmp_path / "i.npz").swapped == ()


def test_a_missing_array_is_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "i.npz", utterance=np.array(["u1"]))
    with pytest.raises(SerVaeError, match="input/0"):
        read(tmp_path / "i.npz")
