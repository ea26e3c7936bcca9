"""The feature store returns the frames that the extractor computes, each computed once."""

import inspect
import threading
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from stored_features import AS_CONFIGURED, LOG_MEL, RATE_HZ, expected, packs, record, recordings

from ser_vae.corpus.utterance import Utterance
from ser_vae.features import audio, egemaps, frames
from ser_vae.features import store as module
from ser_vae.features.imported import Imported
from ser_vae.features.logmel import LogMel
from ser_vae.features.logmel_lld import LogMelLLD
from ser_vae.features.store import FeatureStore


def test_frames_are_those_of_the_extractor(tmp_path):
    utterances = recordings(tmp_path, 5)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    assert store.compute(utterances) == {}
    for utterance in utterances:
        values = store.frames(utterance)
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, expected(utterance))
        values.fill(0)  # changes nothing in the store
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


def test_a_pack_holds_a_limited_number_of_utterances(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PACK_SIZE", 3)
    utterances = recordings(tmp_path, 7)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    assert len(packs(tmp_path / "store")) == 3
    again = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    for utterance in utterances:
        np.testing.assert_array_equal(again.frames(utterance), expected(utterance))


def test_the_length_is_known_without_reading_frames(tmp_path):
    short, long = record(tmp_path / "a.wav", 0), record(tmp_path / "b.wav", 1, samples=8_000)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    store.compute([short, long])
    assert store.length(short) == len(expected(short))
    for pack in packs(tmp_path / "store"):
        pack.unlink()
    assert store.length(long) == len(expected(long))


def test_a_second_start_computes_nothing(tmp_path, screen, monkeypatch):
    utterances = recordings(tmp_path, 3)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    assert "features of 3 utterances" in screen.getvalue()
    screen.truncate(0)
    monkeypatch.setattr(LogMel, "__call__", lambda *_: pytest.fail("computed again"))
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("a file is read again"))
    again = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    assert again.compute(utterances) == {}
    assert len(again.frames(utterances[0])) == 23
    assert not screen.getvalue()


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_frames_are_kept_in_the_precision_that_they_were_rounded_to(tmp_path, precision):
    (utterance,) = recordings(tmp_path, 1)
    values = np.random.default_rng(0).normal(0, 100, (50, 40))
    np.save(tmp_path / "u0000.npy", values)
    imported = Imported(str(tmp_path), 0.02, 40, store=precision)
    FeatureStore(tmp_path / "store", imported, jobs=1).compute([utterance])
    (tmp_path / "u0000.npy").unlink()
    again = FeatureStore(tmp_path / "store", imported, jobs=1)
    frames = again.frames(utterance)
    assert frames.dtype == np.float32
    np.testing.assert_array_equal(frames, values.astype(precision).astype(np.float32))
    (pack,) = packs(tmp_path / "store")
    size = len(pack.read_bytes().partition(b"\n")[2])
    assert size == 50 * 40 * np.dtype(precision).itemsize


def test_every_extractor_and_setting_has_its_own_entries(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    extractors = [LOG_MEL, replace(LOG_MEL, floor=1e-5), LogMelLLD(**AS_CONFIGURED)]
    for extractor in extractors:
        store = FeatureStore(tmp_path / "store", extractor, jobs=1)
        assert store.compute([utterance]) == {}
        computed = extractor(audio.read(utterance.path, extractor.sample_rate))
        np.testing.assert_array_equal(store.frames(utterance), computed)
    assert len(packs(tmp_path / "store")) == len(extractors)


@pytest.mark.parametrize(
    ("extractor", "edited", "recomputed"),
    [
        (LOG_MEL, inspect.getmodule(LogMel), True),
        (LOG_MEL, frames, True),
        (LOG_MEL, egemaps, False),
        (LogMelLLD(**AS_CONFIGURED), egemaps, True),
    ],
)
def test_edited_code_never_meets_old_entries(tmp_path, monkeypatch, extractor, edited, recomputed):
    source = inspect.getsource
    FeatureStore(tmp_path, extractor, jobs=1)
    monkeypatch.setattr(inspect, "getsource", lambda m: source(m) + "\n1" * (m is edited))
    FeatureStore(tmp_path, extractor, jobs=1)
    assert len(list(tmp_path.glob(f"{type(extractor).__name__}-*"))) == 1 + recomputed


def test_unusable_files_are_listed_with_reasons_and_the_others_computed(tmp_path):
    good = recordings(tmp_path, 3)
    samples = {"silent": np.zeros(4_000), "too short": np.random.default_rng(0).normal(0, 0.1, 399)}
    for name, values in samples.items():
        soundfile.write(tmp_path / f"{name}.wav", values, RATE_HZ, subtype="FLOAT")
    (tmp_path / "cannot be decoded.wav").write_bytes(b"no audio")
    names = [*samples, "cannot be decoded", "cannot be opened"]  # the last does not exist
    bad = [Utterance(name, tmp_path / f"{name}.wav", "neu", "F") for name in names]

    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    for _ in range(2):  # a bad file stays bad on the second start
        reasons = store.compute([*bad[:1], *good, *bad[1:]])
        assert reasons.keys() == set(names)
        assert all(name in reason for name, reason in reasons.items())
    for utterance in good:
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


def test_a_file_that_changes_while_it_is_read_is_not_stored(tmp_path, monkeypatch):
    utterance = record(tmp_path / "a.wav", 0)
    read = audio.read

    def read_and_replace(path, sample_rate_hz, clip):
        samples = read(path, sample_rate_hz, clip)
        record(path, 1)
        return samples

    monkeypatch.setattr(audio, "read", read_and_replace)
    reasons = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([utterance])
    assert "changed while it was read" in reasons["a"]
    assert not packs(tmp_path / "store")


def test_computing_uses_one_torch_thread_per_file_and_restores_their_number(tmp_path):
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


def test_equal_samples_have_equal_content_in_another_container(tmp_path):
    samples = np.random.default_rng(0).integers(-3_000, 3_000, 16_000, dtype=np.int16)
    paths = [tmp_path / name for name in ("a.wav", "b.flac", "c.wav")]
    for path in paths[:2]:
        soundfile.write(path, samples, 16_000)
    soundfile.write(paths[2], samples[::-1], 16_000)
    copies = [Utterance(path.stem, path, "sad", "s") for path in paths]
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    store.compute(copies)
    content = [store.content(utterance) for utterance in copies]
    assert content[0] == content[1] != content[2]
    assert len({store.digest(utterance) for utterance in copies}) == 3


def test_clips_of_a_file_have_frames_of_their_own(tmp_path):
    whole = record(tmp_path / "a.wav", 0, samples=8_000)
    clips = [replace(whole, id=f"{n}", clip=(0.1 * n, 0.1 * n + 0.2)) for n in range(2)]
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    assert store.compute([whole, *clips]) == {}
    assert len({store.digest(utterance) for utterance in (whole, *clips)}) == 3
    waveform = audio.read(whole.path, RATE_HZ)
    for clip, begin in zip(clips, (0, 1_600), strict=True):
        np.testing.assert_array_equal(store.frames(clip), LOG_MEL(waveform[begin : begin + 3_200]))
