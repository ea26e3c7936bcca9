"""`latents.npz` comes back as it was written, and nothing else is taken for it."""

from pathlib import Path

import numpy as np
import pytest

from ser_vae import SerVaeError
from ser_vae.evaluation.latents import Latents, read, write

MADE = Latents(
    utterance=("ünü1", "u2"),
    speaker=("s1", "s2"),
    emotion=("sad", "happy"),
    sex=("F", ""),
    audio=("/a b/1.wav", "/2.wav"),
    mean=np.array([[0.5, -1.0, 3.0], [1e-7, 0.0, 2.0]], dtype=np.float32),
)


def test_latents_come_back_as_they_were_written(tmp_path: Path) -> None:
    write(tmp_path / "latents.npz", MADE)
    found = read(tmp_path / "latents.npz")
    assert (found.utterance, found.sex, found.audio) == (MADE.utterance, MADE.sex, MADE.audio)
    assert np.array_equal(found.mean, MADE.mean)


def test_half_a_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "latents.npz"
    write(path, MADE)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SerVaeError, match=r"latents\.npz is not as a run writes it.*\n.*force"):
        read(path)


def test_a_damaged_byte_is_an_error_or_harmless_wherever_it_is(tmp_path: Path) -> None:
    """NumPy raises something of its own for nearly every part of the file."""
    path = tmp_path / "latents.npz"
    words = tuple(f"utterance {number}" for number in range(9))
    mean = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    write(path, Latents(words, words, words, words, words, mean))
    whole = path.read_bytes()
    named = 0
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            found = read(path)
        except SerVaeError:
            named += 1
        else:
            assert np.array_equal(found.mean, mean)
            assert found.utterance == found.audio == words
    assert named > 0.5 * len(whole) / 3


def test_columns_of_other_lengths_are_an_error(tmp_path: Path) -> None:
    columns = {name: np.array(["u1"]) for name in ("utterance", "speaker", "emotion", "sex")}
    np.savez(tmp_path / "a.npz", **columns, audio=np.array(["1", "2"]), mean=np.zeros((1, 2)))
    with pytest.raises(SerVaeError, match="differ in length"):
        read(tmp_path / "a.npz")


def test_a_pickle_in_the_file_runs_no_code(tmp_path: Path) -> None:
    class Opens:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)

    columns = {name: np.array(["u1"]) for name in ("speaker", "emotion", "sex", "audio")}
    hostile = np.array([Opens()], dtype=object)
    np.savez(
        tmp_path / "a.npz", allow_pickle=True, utterance=hostile, mean=np.zeros((1, 2)), **columns
    )
    with pytest.raises(SerVaeError, match="Object arrays cannot be loaded"):
        read(tmp_path / "a.npz")
    assert not (tmp_path / "ran").exists()
