"""`latents.npz`: a round trip, and errors for damaged files."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_vae import SerVaeError
from ser_vae.evaluation.arrays import Latents

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
    replace(EXAMPLE, clip=clips).write(tmp_path / "latents.npz")
    loaded = Latents.read(tmp_path / "latents.npz")
    assert (loaded.utterance, loaded.sex) == (EXAMPLE.utterance, EXAMPLE.sex)
    assert np.array_equal(loaded.mean, EXAMPLE.mean)
    assert [loaded.clip_of(row) for row in range(2)] == [(0.25, 1.5), None]


def test_a_damaged_byte_is_an_error_or_harmless(tmp_path: Path) -> None:
    """NumPy raises different exceptions for different parts of the file."""
    path = tmp_path / "latents.npz"
    strings = tuple(f"utterance {number}" for number in range(9))
    mean = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    Latents(strings, strings, strings, strings, strings, mean).write(path)
    whole = path.read_bytes()
    errors = 0
    for position in range(0, len(whole), 3):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            loaded = Latents.read(path)
        except SerVaeError:
            errors += 1
        else:
            assert np.array_equal(loaded.mean, mean)
            assert loaded.utterance == loaded.audio == strings
    assert errors > 0.5 * len(whole) / 3


def test_a_pickle_in_the_file_is_not_executed(tmp_path: Path) -> None:
    class Opens:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)

    columns = {name: np.array(["u1"]) for name in ("speaker", "emotion", "sex", "audio")}
    hostile = np.array([Opens()], dtype=object)
    np.savez(
        tmp_path / "a.npz", allow_pickle=True, utterance=hostile, mean=np.zeros((1, 2)), **columns
    )
    with pytest.raises(SerVaeError, match="Object arrays cannot be loaded"):
        Latents.read(tmp_path / "a.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1])])
def test_files_of_another_format_are_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(SerVaeError, match=r"a\.npz can't be read as a file of a run"):
        Latents.read(tmp_path / "a.npz")


def test_a_single_array_and_a_missing_file_are_rejected(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(SerVaeError, match="can't be read"):
        Latents.read(tmp_path / "a.npz")
    with pytest.raises(SerVaeError, match="No such file"):
        Latents.read(tmp_path / "missing.npz")
