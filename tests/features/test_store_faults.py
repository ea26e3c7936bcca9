"""The feature store with damaged files."""

import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated
from stored_features import LOG_MEL, expected, packs, record, recordings

from ser_vae.corpus.utterance import Utterance
from ser_vae.features.store import FeatureStore


@pytest.fixture(scope="module")
def utterances(tmp_path_factory) -> list[Utterance]:
    folder = tmp_path_factory.mktemp("corpus")
    return [record(folder / f"u{n}.wav", n, 2_000 + 400 * n) for n in range(3)]


@pytest.fixture(scope="module")
def whole(utterances, tmp_path_factory) -> Path:
    """An undamaged store of the corpus."""
    folder = tmp_path_factory.mktemp("whole") / "store"
    assert FeatureStore(folder, LOG_MEL, jobs=1).compute(utterances) == {}
    return folder


def assert_frames(folder: Path, utterances: list[Utterance]) -> None:
    store = FeatureStore(folder, LOG_MEL, jobs=2)
    assert store.compute(utterances) == {}
    for utterance in utterances:
        np.testing.assert_array_equal(store.frames(utterance), expected(utterance))
        assert store.length(utterance) == len(expected(utterance))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), renamed=st.booleans())
def test_damaged_or_renamed_files_are_never_used(utterances, whole, tmp_path, seed, renamed):
    folder, random = tmp_path / "store", Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for file in random.sample(files, random.randint(1, len(files))):
        file.write_bytes(mutated(random, file.read_bytes()))
        if renamed:
            place = random.randrange(len(file.name))
            name = file.name[:place] + random.choice(["x", "-", "0", "ü"]) + file.name[place + 1 :]
            file.rename(file.with_name(name))
    assert_frames(folder, utterances)
    assert_frames(folder, utterances)  # also after the repair


def test_damaged_frames_are_reported_and_recomputed_once(tmp_path, caplog):
    utterances = recordings(tmp_path, 2)
    FeatureStore(tmp_path / "store", LOG_MEL, jobs=1).compute(utterances)
    (pack,) = packs(tmp_path / "store")
    content = pack.read_bytes()
    pack.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    store = FeatureStore(tmp_path / "store", LOG_MEL, jobs=1)
    np.testing.assert_array_equal(store.frames(utterances[0]), expected(utterances[0]))
    assert not caplog.text  # this entry is not damaged
    np.testing.assert_array_equal(store.frames(utterances[1]), expected(utterances[1]))
    assert f"{pack}: damaged, so deleted; its features are computed again" in caplog.text
    caplog.clear()
    assert_frames(tmp_path / "store", utterances)
    assert not caplog.text
    assert pack.read_bytes() == content
