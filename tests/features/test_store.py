"""The feature store: same frames as computed directly, whatever happened before."""

import json
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from omegaconf import OmegaConf

import ser_vae
from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import audio, digest
from ser_vae.features.audio import AudioError
from ser_vae.features.logmel import LogMel, TooShortError
from ser_vae.features.store import FeatureStore, Stored

RATE_HZ = 16_000
CONF = Path(__file__).parents[2] / "conf" / "features" / "logmel.yaml"
AS_CONFIGURED = dict(OmegaConf.load(CONF))
del AS_CONFIGURED["_target_"]
LOG_MEL = LogMel(**AS_CONFIGURED)


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Trust time stamps at once, as for files that were not changed just now."""
    monkeypatch.setattr(digest, "GRAIN_NS", -1)


def record(path: Path, seed: int, samples: int = 4_000) -> Utterance:
    noise = np.random.default_rng(seed).normal(0, 0.1, samples)
    soundfile.write(path, noise, RATE_HZ)
    return Utterance(path.stem, path, "neu", "Ses01F")


def recordings(folder: Path, count: int, samples: int = 4_000) -> list[Utterance]:
    return [record(folder / f"u{n:04}.wav", n, samples) for n in range(count)]


def expected(utterance: Utterance, features: LogMel = LOG_MEL):
    return features(audio.read(utterance.path, RATE_HZ))


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("LogMel-*/*.npy"))


def complete(entry: Path) -> bool:
    stored = entry.read_bytes()
    return zlib.crc32(stored[:-4]) == int.from_bytes(stored[-4:], "little") and len(stored) > 4


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


def test_frames_can_not_be_written_to(tmp_path):
    frames = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).frames(record(tmp_path / "a.wav", 0))
    with pytest.raises(ValueError, match="read-only"):
        frames[0, 0] = 1


def test_an_entry_is_an_npy_file_that_numpy_reads_and_maps(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([utterance])
    (entry,) = entries(tmp_path / "store")
    np.testing.assert_array_equal(np.load(entry), expected(utterance))
    np.testing.assert_array_equal(np.load(entry, mmap_mode="r"), expected(utterance))


def test_frames_held_by_the_thousand_keep_no_file_open(tmp_path):
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    utterance = record(tmp_path / "a.wav", 0)
    store.frames(utterance)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))
    try:
        held = [store.frames(utterance) for _ in range(200)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    np.testing.assert_array_equal(held[0], held[-1])


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc: no list of maps")
def test_stored_frames_are_those_of_each_utterance_and_none_stays_mapped(tmp_path):
    utterances = recordings(tmp_path, 5)
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    stored = Stored(store, utterances)
    most = 0
    for frames, utterance in zip(stored, utterances, strict=True):
        np.testing.assert_array_equal(frames, expected(utterance))
        most = max(most, Path("/proc/self/maps").read_text().count(".npy"))
    assert most <= 2  # the present one, while the next is opened
    assert len(stored[1:3]) == 2
    np.testing.assert_array_equal(stored[1:3][1], expected(utterances[2]))


def test_a_second_start_computes_and_prints_nothing(tmp_path, capfd, computing_is_an_error):
    utterances = recordings(tmp_path, 3)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    assert "features of 3 utterances" in capfd.readouterr().err
    computing_is_an_error()
    again = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    assert again.compute(utterances) == {}
    assert len(again.frames(utterances[0])) == 23
    assert capfd.readouterr() == ("", "")


def test_a_second_start_does_not_read_the_audio(tmp_path, monkeypatch):
    utterances = recordings(tmp_path, 3)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=2).compute(utterances)
    again = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail(f"{self} is read"))
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
    assert len(entries(tmp_path / "store")) == 1


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
    assert not entries(tmp_path / "store")


DAMAGES = {
    "truncated": lambda stored: stored[:-100],
    "one bit": lambda stored: stored[:900] + bytes([stored[900] ^ 1]) + stored[901:],
    "in the header": lambda stored: b"\x00" + stored[1:],
    "empty": lambda _: b"",
    "zeros": lambda stored: bytes(len(stored)),
    "longer": lambda stored: stored + b"\x00",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_corrupt_entry_is_named_and_computed_anew(tmp_path, caplog, damage):
    utterance = record(tmp_path / "a.wav", 0)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([utterance])
    (entry,) = entries(tmp_path / "store")
    entry.write_bytes(damage(entry.read_bytes()))

    with caplog.at_level(logging.WARNING):
        frames = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).frames(utterance)
    np.testing.assert_array_equal(frames, expected(utterance))
    assert f"{entry}: corrupt" in caplog.text
    assert complete(entry)


def test_an_entry_is_checked_once_in_a_process(tmp_path, monkeypatch):
    utterance = record(tmp_path / "a.wav", 0)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([utterance])
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    store.frames(utterance)
    monkeypatch.setattr(zlib, "crc32", lambda _: pytest.fail("checked again"))
    store.frames(utterance)


@contextmanager
def at_most_written(size: int):
    """Let any write beyond `size` bytes of a file fail, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_a_clear_error_and_leaves_no_part_of_an_entry(tmp_path):
    utterances = [record(tmp_path / "long.wav", 0), record(tmp_path / "short.wav", 1, samples=400)]
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    with at_most_written(2_000), pytest.raises(SerVaeError, match=r"store.*free some space"):
        store.compute(utterances)
    (folder,) = (tmp_path / "store").glob("LogMel-*")
    assert all(complete(entry) for entry in entries(tmp_path / "store"))
    assert not list(folder.glob(".*"))
    assert store.compute(utterances) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_clear_error(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    (tmp_path / "store").mkdir(mode=0o500)
    with pytest.raises(SerVaeError, match="Permission denied"):
        FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([utterance])


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


COMPUTE = """
import json, sys
from pathlib import Path
from ser_vae.corpus.utterance import Utterance
from ser_vae.features.logmel import LogMel
from ser_vae.features.store import FeatureStore, Stored
folder, store, settings = sys.argv[1:]
paths = sorted(Path(folder).glob("*.wav"))
store = FeatureStore(Path(store), LogMel(**json.loads(settings)), jobs=2)
print("ready", flush=True)
sys.stdin.readline()
print(store.compute([Utterance(p.stem, p, "neu", "F") for p in paths]))
"""


def start_computing(count: int, audio_folder: Path, store: Path) -> list[subprocess.Popen]:
    """Start processes that compute as nearly at once as can be."""
    command = [sys.executable, "-c", COMPUTE, str(audio_folder), str(store)]
    processes = [
        subprocess.Popen(
            [*command, json.dumps(AS_CONFIGURED)],
            cwd=Path(ser_vae.__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes


def test_a_killed_process_leaves_whole_entries_and_the_next_makes_the_rest(tmp_path):
    utterances = recordings(tmp_path, 300, samples=16_000)
    (process,) = start_computing(1, tmp_path, tmp_path / "store")
    while len(entries(tmp_path / "store")) < 20:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    left = {entry: entry.stat().st_mtime_ns for entry in entries(tmp_path / "store")}
    assert 20 <= len(left) < 300
    assert all(complete(entry) for entry in left)

    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    assert store.compute(utterances) == {}
    assert {entry: entry.stat().st_mtime_ns for entry in left} == left
    for utterance in utterances[::10]:
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


def test_processes_that_start_at_once_share_one_store(tmp_path):
    utterances = recordings(tmp_path, 60)
    processes = start_computing(2, tmp_path, tmp_path / "store")
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert outputs == ["{}\n", "{}\n"]
    assert len(entries(tmp_path / "store")) == 60
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    for utterance in utterances:
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))
