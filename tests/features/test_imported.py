"""Frames that were computed elsewhere: where they lie, and what is no frames."""

from pathlib import Path

import numpy as np
import pytest
from stored_features import record, recordings

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError
from ser_vae.features.digest import Digests
from ser_vae.features.imported import Imported, frames_path
from ser_vae.features.pinned import pin
from ser_vae.features.store import FeatureStore
from ser_vae.settings import parse_component

FRAMES = np.arange(12.0).reshape(4, 3)
IMPORTED = Imported("frames", 0.02, 3)


@pytest.mark.parametrize(
    ("name", "audio", "expected"),
    [
        ("joy/a.wav", "joy/a.wav", "joy/a.npy"),
        ("Ses01F_impro01_F000", "x.wav", "Ses01F_impro01_F000.npy"),
        ("a.b", "x.wav", "a.b.npy"),
    ],
)
def test_frames_are_named_after_the_utterance(name: str, audio: str, expected: str) -> None:
    utterance = Utterance(name, Path(audio), "neu", "A")
    assert frames_path("root", utterance) == Path("root") / expected


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32])
def test_frames_of_any_numbers_are_read_in_single_precision(dtype: type, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", FRAMES.astype(dtype))
    frames = IMPORTED.read(tmp_path / "a.npy")
    assert frames.dtype == np.float32
    np.testing.assert_array_equal(frames, FRAMES)


def with_nan() -> np.ndarray:
    frames = FRAMES.copy()
    frames[1:3, 0] = np.nan, np.inf
    return frames


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "frames cannot be read: No such file"),
        (b"", "not a .npy file of numbers"),
        (b"RIFF....WAVE", "not a .npy file of numbers"),
        (np.array([{}]), "not a .npy file of numbers"),
        (np.zeros(3), r"float64 of shape \(3,\), expected numbers \(T, F\)"),
        (np.zeros((0, 3)), r"float64 of shape \(0, 3\), expected"),
        (np.full((2, 3), "a"), "<U1 of shape"),
        (np.zeros((2, 4)), "4 columns, expected 3"),
        (with_nan(), "NaN or infinite values in 2 of 4 frames, first in frame 1"),
    ],
)
def test_what_is_no_frames_is_named(content: object, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, np.asarray(content))
    with pytest.raises(AudioError, match=f"a.npy: {reason}"):
        IMPORTED.read(path)


def test_audio_is_refused() -> None:
    with pytest.raises(SerVaeError, match="cannot be computed here"):
        IMPORTED(np.zeros(100, np.float32))


def test_the_store_reads_them_and_names_those_that_are_missing(tmp_path: Path) -> None:
    first, second = recordings(tmp_path, 2)
    np.save(tmp_path / f"{first.id}.npy", FRAMES)
    store = FeatureStore(tmp_path / "cache", Imported(str(tmp_path), 0.02, 3), jobs=1)
    reasons = store.compute([first, second])
    assert list(reasons) == [second.id]
    assert f"{second.id}.npy: frames cannot be read" in reasons[second.id]
    np.testing.assert_array_equal(store.frames(first), FRAMES)


def test_settings_get_the_width_and_the_digest_of_the_files(tmp_path: Path) -> None:
    utterance = record(tmp_path / "a.wav", 0)
    features = parse_component(
        {
            "_target_": "ser_vae.features.imported.Imported",
            "root": str(tmp_path),
            "frame_shift_s": 0.02,
            "columns": None,
            "digest": None,
        }
    )
    digests = Digests(tmp_path / "digests")
    with pytest.raises(SerVaeError, match="no frames of any of 1 utterances") as caught:
        pin(features, [utterance], digests)
    assert str(tmp_path / "a.npy") in str(caught.value)
    pinned = []
    for factor in (1, 2):
        np.save(tmp_path / "a.npy", factor * FRAMES)
        pinned.append(pin(features, [utterance], digests).model_dump())
    assert [each["columns"] for each in pinned] == [3, 3]
    assert pinned[0]["digest"] != pinned[1]["digest"]
