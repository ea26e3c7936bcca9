"""`latents.npz`: a round trip, and errors for damaged files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_vae import SerVaeError
from ser_vae.evaluation.latents import Latents, read, write

EXAMPLE = Latents(
    utterance=("ünü1", "u2"),
    speaker=("s1", "s2"),
    emotion=("sad", "happy"),
    sex=("F", ""),
    audio=("/a b/1.wav", "/2.wav"),
    mean=np.array([[0.5, -1.0, 3.0], [1e-7, 0.0, 2.0]], dtype=np.float32),
)


def test_a_round_trip_keeps_latents_and_clips(tmp_path: Path) -> None:
    clips = np.array([[0.25, 1.5], [np.nan, np.nan]])
    write(tmp_path / "latents.npz", replace(EXAMPLE, clip=clips))
    loaded = read(tmp_path / "latents.npz")
    assert (loaded.utterance, loaded.sex) == (EXAMPLE.utterance, EXAMPLE.sex)
    assert np.array_equal(loaded.mean, EXAMPLE.mean)
    assert [loaded.clip_of(row) for row in range(2)] == [(0.25, 1.5), None]


def test_a_damaged_byte_is_an_error_or_harmless(tmp_path: Path) -> None:
    """NumPy raises different exceptions for different parts of the file."""
    path = tmp_path / "latents.npz"
    strings = tuple(f"utterance {number}" for number in range(9))
    mean = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    write(path, Latents(strings, strings, strings, strings, strings, mean))
    whole = path.read_bytes()
    errors = 0
    for position in range(0, len(whole), 3):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            loaded = read(path)
        except SerVaeError:
            errors += 1
        else:
            assert np.array_equal(loaded.mean, mean)
            assert loaded.utterance == loaded.audio == strings
    assert errors > 0.5 * len(whole) / 3


def test_columns_of_different_lengths_are_an_error(tmp_path: Path) -> None:
    columns = {name: np.array(["u1"]) for name in ("utterance", "speaker", "emotion", "sex")}
    np.savez(tmp_path / "a.npz", **columns, audio=np.array(["1", "2"]), mean=np.zeros((1, 2)))
    with pytest.raises(SerVaeError, match="differ in length"):
        read(tmp_path / "a.npz")
