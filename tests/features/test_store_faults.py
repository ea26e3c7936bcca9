"""The feature store, whatever is damaged, full, killed, or done by many at once."""

import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from stored_features import AS_CONFIGURED, LOG_MEL, expected, packs, record, recordings, stored

import ser_vae
from ser_vae import SerVaeError
from ser_vae.features import digest
from ser_vae.features import store as module
from ser_vae.features.logmel import LogMel
from ser_vae.features.store import FeatureStore


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Trust time stamps at once, as for files that were not changed just now.

    And put all in one pack, however slow the machine.
    """
    monkeypatch.setattr(digest, "GRAIN_NS", -1)
    monkeypatch.setattr(module, "PACK_S", math.inf)


DAMAGES = {
    "truncated": lambda pack: pack[:-100],
    "one bit": lambda pack: pack[:900] + bytes([pack[900] ^ 1]) + pack[901:],
    "shifted": lambda pack: b"\x00" + pack,
    "empty": lambda _: b"",
    "zeros": lambda pack: bytes(len(pack)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_corrupt_entry_is_named_and_computed_anew(tmp_path, caplog, damage):
    utterance = record(tmp_path / "a.wav", 0)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([utterance])
    (pack,) = packs(tmp_path / "store")
    pack.write_bytes(damage(pack.read_bytes()))

    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    np.testing.assert_array_equal(store.frames(utterance), expected(utterance))
    assert f"{pack}: corrupt, computed anew from {utterance.path}" in caplog.text
    caplog.clear()
    for later in (store, FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)):
        np.testing.assert_array_equal(later.frames(utterance), expected(utterance))
    assert not caplog.text  # said once: the new entry is found beside the corrupt one


def test_an_entry_is_none_the_worse_for_a_damaged_neighbour(tmp_path, caplog):
    one, other = record(tmp_path / "a.wav", 0), record(tmp_path / "b.wav", 1)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([one, other])
    (pack,) = packs(tmp_path / "store")
    content = pack.read_bytes()
    pack.write_bytes(b"\x00" + content[1:-1])  # the first byte of the header, the last of b
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    np.testing.assert_array_equal(store.frames(one), expected(one))
    assert not caplog.text
    np.testing.assert_array_equal(store.frames(other), expected(other))
    assert "b.wav" in caplog.text


@pytest.mark.parametrize("kept", ["LogMel-*", "digests"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_list_is_named_and_not_believed(tmp_path, caplog, kept, damage):
    utterances = recordings(tmp_path, 12)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute(utterances)
    (found,) = (tmp_path / "store").glob(f"{kept}/*.csv")
    found.write_bytes(damage(found.read_bytes()))
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    assert f"{found}: damaged" in caplog.text
    assert store.compute(utterances) == {}
    for utterance in utterances:
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


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
    assert not stored(tmp_path / "store")
    assert {file.name for file in folder.iterdir()} <= {".lock"}
    assert store.compute(utterances) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_clear_error(tmp_path):
    utterance = record(tmp_path / "a.wav", 0)
    (tmp_path / "store").mkdir(mode=0o500)
    with pytest.raises(SerVaeError, match="Permission denied"):
        FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute([utterance])


COMPUTE = """
import json, sys
from pathlib import Path
from ser_vae.corpus.utterance import Utterance
from ser_vae.features.logmel import LogMel
from ser_vae.features import store as module
folder, store, settings = sys.argv[1:]
paths = sorted(Path(folder).glob("*.wav"))
module.PACK_BYTES = 5 * 98 * 320
store = module.FeatureStore(Path(store), LogMel(**json.loads(settings)), jobs=2)
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
    while len(stored(tmp_path / "store")) < 20:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    left = stored(tmp_path / "store")
    assert 20 <= len(left) < 300

    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    assert store.compute(utterances) == {}
    assert sorted(stored(tmp_path / "store")) == sorted(map(store.digest, utterances))
    for utterance in utterances[::10]:
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


def test_what_a_kill_left_of_a_pack_is_removed_after_a_day(tmp_path):
    FeatureStore(tmp_path, LOG_MEL, jobs=1)
    (folder,) = (path for path in tmp_path.iterdir() if path.name != "digests")
    old, young = folder / ".pack.npy.old.part", folder / ".pack.npy.young.part"
    for part, age_s in ((old, 25 * 3600), (young, 23 * 3600)):
        part.write_bytes(b"half a pack")
        os.utime(part, times=(time.time() - age_s,) * 2)
    FeatureStore(tmp_path, LOG_MEL, jobs=1).compute([record(tmp_path / "a.wav", 0)])
    assert young.exists()
    assert not old.exists()


def test_processes_that_start_at_once_compute_each_entry_once(tmp_path):
    utterances = recordings(tmp_path, 60)
    processes = start_computing(2, tmp_path, tmp_path / "store")
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert outputs == ["{}\n", "{}\n"]
    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=2)
    assert sorted(stored(tmp_path / "store")) == sorted(map(store.digest, utterances))
    for utterance in utterances:
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))


def test_an_interruption_waits_for_no_other_file(tmp_path, monkeypatch):
    utterances = recordings(tmp_path, 100)
    computed = []

    class Slow(LogMel):
        def __call__(self, waveform):
            computed.append(waveform)
            time.sleep(0.005)
            return super().__call__(waveform)

    def interrupt(*_):
        raise KeyboardInterrupt  # as by Ctrl-C between two files

    monkeypatch.setattr(module, "PACK_S", 0)
    monkeypatch.setattr(FeatureStore, "_keep", interrupt)
    store = FeatureStore(tmp_path / "store", Slow(**AS_CONFIGURED), jobs=2)
    with pytest.raises(KeyboardInterrupt):
        store.compute(utterances)
    assert len(computed) < 50
