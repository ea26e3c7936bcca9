"""The feature store: same frames as computed directly, whatever happened before."""

import math
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from stored_features import (
    AS_CONFIGURED,
    LOG_MEL,
    RATE_HZ,
    expected,
    packs,
    record,
    recordings,
    stored,
)

from ser_vae.corpus.utterance import Utterance
from ser_vae.features import audio, digest
from ser_vae.features import store as module
from ser_vae.features.audio import AudioError
from ser_vae.features.logmel import LogMel, TooShortError
from ser_vae.features.store import FeatureStore, Stored


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Trust time stamps at once, as for files that were not changed just now.

    And put all in one pack, however slow the machine.
    """
    monkeypatch.setattr(digest, "GRAIN_NS", -1)
    monkeypatch.setattr(module, "PACK_S", math.inf)


@pytest.fixture
def computing_is_an_error(monkeypatch):
    """Call it to make it so."""

    def refuse(*_):
        raise AssertionError("computed what is already stored")

    return lambda: monkeypatch.setattr(LogMel, "__call__", refuse)


def test_frames_are_those_computed_directly(tmp_path):
    utterances = recordings(tmp_path, 5)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    assert store.compute(utterances) == {}
    for utterance in utterances:
        frames = store.frames(utterance)
        assert frames.dtype == np.float32
        np.testing.assert_array_equal(frames, expected(utterance))


def test_frames_are_computed_on_demand(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


def test_what_is_done_to_frames_changes_nothing_stored(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    store.frames(utterance).fill(0)
    np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


def test_a_pack_is_an_npy_file_of_its_utterances_one_behind_the_other(tmp_path):
    utterances = recordings(tmp_path, 3)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    (pack,) = packs(tmp_path / "store")
    np.testing.assert_array_equal(np.load(pack), np.concatenate([*map(expected, utterances)]))


def test_a_pack_ends_where_it_is_large_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PACK_BYTES", 20_000)  # 23 frames of 320 bytes: three utterances
    utterances = recordings(tmp_path, 7)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    assert sorted(len(np.load(pack)) for pack in packs(tmp_path / "store")) == [23, 69, 69]
    again = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    for utterance in utterances:
        np.testing.assert_array_equal(again.frames(utterance), expected(utterance))


def test_what_a_kill_may_cost_is_bounded_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PACK_S", 0)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute(recordings(tmp_path, 3))
    assert len(packs(tmp_path / "store")) == 3


def test_stored_frames_are_those_of_each_utterance(tmp_path):
    utterances = recordings(tmp_path, 5)
    frames = Stored(FeatureStore(tmp_path / "store", LOG_MEL, jobs=1), utterances)
    for own, utterance in zip(frames, utterances, strict=True):
        np.testing.assert_array_equal(own, expected(utterance))
    assert len(frames[1:3]) == 2
    np.testing.assert_array_equal(frames[1:3][1], expected(utterances[2]))


def test_the_length_is_known_without_reading_frames(tmp_path):
    short, long = record(tmp_path / "a.wav", 0), record(tmp_path / "b.wav", 1, samples=8_000)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    assert store.length(short) == len(expected(short))
    store.compute([short, long])
    for pack in packs(tmp_path / "store"):
        pack.unlink()
    assert store.length(long) == len(expected(long))


def test_a_second_start_computes_nothing_and_draws_no_bar(tmp_path, screen, computing_is_an_error):
    utterances = recordings(tmp_path, 3)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    assert "features of 3 utterances" in screen.getvalue()
    screen.seek(0)
    screen.truncate()
    computing_is_an_error()
    again = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    assert again.compute(utterances) == {}
    assert len(again.frames(utterances[0])) == 23
    assert not screen.getvalue()


def test_a_second_start_does_not_read_the_audio(tmp_path, monkeypatch):
    utterances = recordings(tmp_path, 3)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    again = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    read = Path.read_bytes
    own = [utterance.path for utterance in utterances]
    monkeypatch.setattr(
        Path, "read_bytes", lambda p: pytest.fail(f"{p} is read") if p in own else read(p)
    )
    assert again.compute(utterances) == {}


def test_settings_never_meet_the_entries_of_others(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    changed = LogMel(**{**AS_CONFIGURED, "mel_bands": 40, "floor": 1e-4})
    for features in (LOG_MEL, changed, LOG_MEL):
        store = FeatureStore(tmp_path / "store", features, jobs=1)
        store.compute([utterance])
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance, features))


@pytest.mark.parametrize("setting", sorted(AS_CONFIGURED))
def test_every_setting_has_a_folder_of_its_own(tmp_path, setting):
    other = {"mel_scale": "slaney", "trim_db": 40.0, "f_min": 60.0, "sample_rate": 15_990}
    value = other.get(setting, AS_CONFIGURED[setting])
    changed = {**AS_CONFIGURED, setting: value if setting in other else value * 0.99}
    if setting in ("fft_size", "mel_bands"):
        changed[setting] = AS_CONFIGURED[setting] + 1
    FeatureStore(tmp_path, LOG_MEL, jobs=1)
    FeatureStore(tmp_path, LogMel(**changed), jobs=1)
    assert len(list(tmp_path.glob("LogMel-*"))) == 2


@dataclass(frozen=True)
class Envelope:
    """Another extractor: the loudest sample of each millisecond, rows of `bins` values."""

    sample_rate: int
    bins: int

    def __call__(self, waveform):
        peaks = np.abs(waveform[: len(waveform) // 16 * 16]).reshape(-1, 16).max(axis=1)
        rows = peaks[: len(peaks) // self.bins * self.bins].reshape(-1, self.bins)
        return np.asfortranarray(rows, np.float32)  # as a pandas table gives them


def test_any_extractor_has_a_folder_of_its_own_and_its_frames_as_it_made_them(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    envelope = Envelope(sample_rate=RATE_HZ, bins=5)
    for extractor in (LOG_MEL, envelope):
        store = FeatureStore(tmp_path / "store", extractor, jobs=2)
        assert store.compute([utterance]) == {}
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance, extractor))
    folders = {entry.parent.name.split("-")[0] for entry in tmp_path.glob("store/*/*.npy")}
    assert folders == {"LogMel", "Envelope"}


def test_features_that_are_no_numbers_are_a_reason_and_no_entry(tmp_path):
    class Broken(Envelope):
        def __call__(self, waveform):
            rows = super().__call__(waveform)
            return rows * np.nan if len(waveform) < 3_000 else rows

    good, bad = record(tmp_path / "a.wav", 0), record(tmp_path / "b.wav", 1, samples=2_000)
    store = FeatureStore(tmp_path / "store", Broken(sample_rate=RATE_HZ, bins=5), jobs=1)
    reasons = store.compute([good, bad])
    assert reasons.keys() == {"b"}
    assert "NaN or infinite" in reasons["b"]
    assert len(list(tmp_path.glob("store/*/*.npy"))) == 1


def test_a_changed_file_gets_new_frames(tmp_path):
    path = tmp_path / "a.wav"
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    store.compute([record(path, 0)])
    later = record(path, 1)
    store.compute([later])
    np.testing.assert_array_equal(store.frames(later), expected(later))


def test_a_corpus_copied_elsewhere_finds_its_entries(tmp_path, computing_is_an_error):
    (tmp_path / "here").mkdir()
    utterances = recordings(tmp_path / "here", 3)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    (tmp_path / "here").rename(tmp_path / "there")
    moved = [Utterance(u.id, tmp_path / "there" / u.path.name, "neu", "F") for u in utterances]
    computing_is_an_error()
    assert FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(moved) == {}


def test_copies_of_a_file_have_one_digest_and_one_entry(tmp_path):
    one, other = record(tmp_path / "a.wav", 0), record(tmp_path / "b.wav", 0)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    store.compute([one, other])
    assert store.digest(one) == store.digest(other)
    assert stored(tmp_path / "store") == [store.digest(one)]


def test_bad_files_are_named_with_their_reasons_and_the_others_are_computed(tmp_path):
    good = recordings(tmp_path, 3)
    samples = {
        "silent": np.zeros(4_000),
        "empty": np.zeros(0),
        "NaN": np.full(4_000, np.nan),
        "too short": np.random.default_rng(0).normal(0, 0.1, 399),
    }
    for name, values in samples.items():
        soundfile.write(tmp_path / f"{name}.wav", values, RATE_HZ, subtype="FLOAT")
    (tmp_path / "cannot be decoded.wav").write_bytes(b"no audio")
    names = [*samples, "cannot be decoded", "cannot be opened"]  # the last is no file
    bad = [Utterance(name, tmp_path / f"{name}.wav", "neu", "F") for name in names]

    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    for _ in range(2):  # a bad file stays bad on the second start
        reasons = store.compute([*bad[:3], *good, *bad[3:]])
        assert reasons.keys() == set(names)
        assert all(name in reason for name, reason in reasons.items())
    for utterance in good:
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


def test_frames_of_a_bad_file_are_an_error(tmp_path):
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    with pytest.raises(TooShortError):
        store.frames(record(tmp_path / "a.wav", 0, samples=399))


def test_audio_that_vanished_is_an_error_although_its_frames_are_stored(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    store.compute([utterance])
    utterance.path.unlink()
    with pytest.raises(AudioError, match=r"a\.wav: cannot be opened.*restore it"):
        store.frames(utterance)


def test_a_file_that_changes_while_it_is_read_is_not_stored(tmp_path, monkeypatch):
    utterance = record(tmp_path / "a.wav", 0)
    read = audio.read

    def read_and_replace(path, sample_rate_hz):
        samples = read(path, sample_rate_hz)
        record(path, 1)
        return samples

    monkeypatch.setattr(audio, "read", read_and_replace)
    reasons = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([utterance])
    assert "changed while it was read" in reasons["a"]
    assert not stored(tmp_path / "store")


def test_computing_leaves_the_number_of_torch_threads_as_it_was(tmp_path):
    seen = []

    class Watched(LogMel):
        def __call__(self, waveform):
            seen.append(torch.get_num_threads())
            return super().__call__(waveform)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        store = FeatureStore(tmp_path / "store", Watched(**AS_CONFIGURED), jobs=2)
        store.compute(recordings(tmp_path, 4))
        new_thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        new_thread.start()
        new_thread.join()
        assert (seen, torch.get_num_threads()) == ([1, 1, 1, 1, 3], 3)
    finally:
        torch.set_num_threads(before)
