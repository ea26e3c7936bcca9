"""Frames that were computed elsewhere: where they lie, and what is no frames."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stored_features import record, recordings

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError
from ser_vae.features.digest import Digests
from ser_vae.features.imported import Imported, find_frames, frames_path
from ser_vae.features.pin import pin
from ser_vae.features.store import FeatureStore
from ser_vae.settings import parse_component

FRAMES = np.arange(12.0).reshape(4, 3)
IMPORTED = Imported("frames", 0.02, 3)


@pytest.mark.parametrize(
    ("name", "audio", "expected"),
    [("joy/a.wav", "joy/a.wav", "joy/a.npy"), ("a.b", "x.wav", "a.b.npy")],
)
def test_frames_are_named_after_the_utterance(name, audio, expected):
    utterance = Utterance(name, Path(audio), "neu", "A")
    assert frames_path("root", utterance) == Path("root") / expected


@pytest.mark.parametrize("dtype", [np.float64, np.int32])
def test_frames_of_any_numbers_are_read_in_single_precision(dtype, tmp_path):
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
        (b"", r"frames: expected numbers \(T, F\)"),
        (np.array([{}]), r"frames: expected numbers \(T, F\)"),
        (np.zeros(3), r"frames: float64 of shape \(3,\), expected numbers \(T, F\)"),
        (np.full((2, 3), "a"), "frames: <U1 of shape"),
        (np.zeros((2, 4)), "frames: 4 columns, expected 3"),
        (with_nan(), "frames: NaN or infinite values, as float32, in 2 of 4 frames, first in 1"),
    ],
)
def test_what_is_no_frames_is_named(content, reason, tmp_path):
    path = tmp_path / "a.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, np.asarray(content))
    with pytest.raises(AudioError, match=f"a.npy: {reason}"):
        IMPORTED.read(path)


def test_the_store_reads_them_and_names_those_that_are_missing(tmp_path):
    first, second = recordings(tmp_path, 2)
    np.save(tmp_path / f"{first.id}.npy", FRAMES)
    store = FeatureStore(tmp_path / "cache", Imported(str(tmp_path), 0.02, 3), jobs=1)
    reasons = store.compute([first, second])
    assert list(reasons) == [second.id]
    assert f"{second.id}.npy: frames cannot be read" in reasons[second.id]
    np.testing.assert_array_equal(store.frames(first), FRAMES)


def write_parquet(path: Path, frames: dict[str, object], **options: object) -> Imported:
    rows = {"utterance": list(frames), "frames": list(frames.values()), "note": "ignored"}
    pd.DataFrame(rows).to_parquet(path, **options)
    return Imported(str(path), 0.02, 3)


def test_a_parquet_file_holds_the_frames_of_all_utterances(tmp_path):
    utterances = recordings(tmp_path, 3)
    frames = {each.id: list(FRAMES[n:]) for n, each in enumerate(utterances)}
    imported = write_parquet(tmp_path / "f.parquet", frames, row_group_size=2)
    store = FeatureStore(tmp_path / "cache", imported, jobs=2)
    assert store.compute(utterances) == {}
    for n, each in enumerate(utterances):
        np.testing.assert_array_equal(store.frames(each), FRAMES[n:])
    single = [list(FRAMES[:1].astype(np.float32))] * 3
    write_parquet(tmp_path / "f.parquet", dict(zip(frames, single, strict=True)))
    assert imported.frames_of(utterances[0]).tolist() == FRAMES[:1].tolist()  # not the old file's


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, r"expected numbers \(T, F\)"),
        ([[1.0, 2.0, 3.0], [1.0]], r"expected numbers \(T, F\)"),
        ([[1.0, None, 3.0]], "NaN or infinite values, as float32, in 1 of 1 frames, first in 0"),
        ([["a", "b", "c"]], "expected numbers"),
    ],
)
def test_a_row_that_holds_no_frames_is_named(value, reason, tmp_path):
    (utterance,) = recordings(tmp_path, 1)
    imported = write_parquet(tmp_path / "f.parquet", {utterance.id: value})
    with pytest.raises(AudioError, match=f"f.parquet: u0000: .*{reason}"):
        imported.frames_of(utterance)


def test_a_file_that_is_no_parquet_of_frames_is_named(tmp_path):
    first, second = recordings(tmp_path, 2)
    path = tmp_path / "f.parquet"
    with pytest.raises(SerVaeError, match=r"f.parquet: expected a Parquet file .*No such file"):
        find_frames(str(path), [first])
    path.write_bytes(b"RIFF")
    with pytest.raises(SerVaeError, match=r"expected a Parquet file with the columns utterance"):
        find_frames(str(path), [first])
    pd.DataFrame({"utterance": ["u0000"]}).to_parquet(path)
    with pytest.raises(SerVaeError, match="it has no column frames"):
        find_frames(str(path), [first])
    imported = write_parquet(path, {"u0000.wav": list(FRAMES)})
    with pytest.raises(SerVaeError, match=r"no frames of any .*\n.* as u0000; it has u0000.wav"):
        find_frames(str(path), [first])
    with pytest.raises(AudioError, match="no row whose utterance is u0001"):
        imported.frames_of(second)


def test_settings_get_the_width_and_the_digest_of_the_files(tmp_path):
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
    write_parquet(tmp_path / "f.parquet", {"a": list(FRAMES)})
    in_one_file = features.model_copy(update={"root": str(tmp_path / "f.parquet")})
    pinned.append(pin(in_one_file, [utterance], digests).model_dump())
    assert [each["columns"] for each in pinned] == [3, 3, 3]
    assert len({each["digest"] for each in pinned}) == 3
