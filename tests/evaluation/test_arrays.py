"""Arrays on disk: a round trip, and an error for any other file."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from ser_vae import SerVaeError
from ser_vae.evaluation import arrays


def test_a_round_trip_keeps_the_arrays(tmp_path: Path) -> None:
    stored = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["happy", "sad"])}
    arrays.write(tmp_path / "a.npz", stored)
    loaded = arrays.read(tmp_path / "a.npz")
    assert np.array_equal(loaded["a"], stored["a"])
    assert arrays.strings(loaded["b"]) == ("happy", "sad")


def test_pickled_objects_are_rejected(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array([{"any": "object"}], dtype=object))
    with pytest.raises(SerVaeError, match="Object arrays cannot be loaded"):
        arrays.read(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1])])
def test_files_of_another_format_are_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(SerVaeError, match=r"a\.npz can't be read as a file of a run"):
        arrays.read(tmp_path / "a.npz")


def test_a_truncated_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    arrays.write(path, {"a": np.random.default_rng(0).normal(size=100)})
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(
            SerVaeError, match=r"a\.npz can't be read as a file of a run.*\n.*force"
        ):
            arrays.read(path)
