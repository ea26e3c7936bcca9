"""`illustrations.npz` comes back as it was written, but for half precision."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_vae import SerVaeError
from ser_vae.evaluation.illustrations import Frames, Illustrations, read, write

rng = np.random.default_rng(0)


def frames(*shape: int) -> Frames:
    return rng.uniform(-14, 6, shape).astype(np.float32)


MADE = Illustrations(
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


def test_illustrations_come_back_within_a_hundredth_of_a_natural_log(tmp_path: Path) -> None:
    write(tmp_path / "i.npz", MADE)
    found = read(tmp_path / "i.npz")
    assert (found.emotions, found.utterance, found.emotion) == (
        MADE.emotions,
        MADE.utterance,
        MADE.emotion,
    )
    assert np.array_equal(found.dimension, MADE.dimension)
    assert np.array_equal(found.step, MADE.step)
    assert found.frame_shift_s == 0.01
    for name in ("input", "reconstruction", "swapped"):
        for own, made in zip(getattr(found, name), getattr(MADE, name), strict=True):
            np.testing.assert_allclose(own, made, atol=0.01)
    np.testing.assert_allclose(found.traversal, MADE.traversal, atol=0.01)
    np.testing.assert_allclose(found.prior, MADE.prior, atol=0.01)


def test_a_model_that_is_told_nothing_has_nothing_swapped(tmp_path: Path) -> None:
    write(tmp_path / "i.npz", replace(MADE, swapped=()))
    assert read(tmp_path / "i.npz").swapped == ()


def test_half_a_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "i.npz"
    write(path, MADE)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(SerVaeError, match=r"i\.npz is not as a run writes it.*\n.*force=true"):
        read(path)


def test_a_missing_array_is_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "i.npz", utterance=np.array(["u1"]))
    with pytest.raises(SerVaeError, match="input/0"):
        read(tmp_path / "i.npz")
