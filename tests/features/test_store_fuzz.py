"""A cache folder with anything in it: what is served are the frames of the audio, or nothing.

What the store's files are called and hold is its own affair: every file below its folder is
damaged, whatever it is.
"""

import shutil
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import CHANGES, mutated

from ser_vae.configuration import build
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import audio
from ser_vae.features.store import FeatureStore
from ser_vae.run import configure

RATE_HZ = 16_000
SETTLED_S = 2.1  # after which the store may remember a file's digest
NAMES = (
    *("x", "-", "a-b", "--", ".hidden", "LogMel-", "LogMel-0123456789abcdef", "digests"),
    *("0" * 64, f"{'0' * 32}-{'0' * 64}", f"{'0' * 64}.npy", "ünü-🙂", "a b-c\nd", "Thumbs.db"),
    *("index", "index.json", "frames.bin", "x.npy", ".x.npy.abc.part", "lost+found-1"),
)
EXTRACTOR = build(configure("corpus=urdu")["features"])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Utterance]:
    folder = tmp_path_factory.mktemp("corpus")
    made = []
    for n in range(3):
        noise = np.random.default_rng(n).normal(0, 0.1, 2_000 + 400 * n)
        soundfile.write(folder / f"u{n}.wav", noise, RATE_HZ)
        made.append(Utterance(f"u{n}", folder / f"u{n}.wav", "sad", "s"))
    return made


@pytest.fixture(scope="module")
def whole(corpus: list[Utterance], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the corpus, as it should be."""
    time.sleep(SETTLED_S)
    folder = tmp_path_factory.mktemp("whole") / "store"
    assert FeatureStore(folder, EXTRACTOR, jobs=1).compute(corpus) == {}
    return folder


def everything(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def assert_right(folder: Path, corpus: list[Utterance]) -> None:
    """In a new store, and in the one after it: what was mended stays so."""
    for _ in range(2):
        store = FeatureStore(folder, EXTRACTOR, jobs=1)
        assert store.compute(corpus) == {}
        for utterance in corpus:
            expected = EXTRACTOR(audio.read(utterance.path, RATE_HZ))
            np.testing.assert_allclose(store.frames(utterance), expected, rtol=0, atol=1e-5)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_file_is_never_served(
    corpus: list[Utterance], whole: Path, tmp_path: Path, seed: int
) -> None:
    folder, random = tmp_path / "store", Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    files = everything(folder)
    for file in random.sample(files, random.randint(1, len(files))):
        file.write_bytes(mutated(random, file.read_bytes()))
    assert_right(folder, corpus)


@pytest.mark.parametrize("change", CHANGES)
def test_no_region_of_a_file_may_change(
    corpus: list[Utterance], whole: Path, tmp_path: Path, change: object
) -> None:
    """Each sixteenth of each file, once."""
    for number, file in enumerate(everything(whole)):
        content = file.read_bytes()
        for region in range(0, len(content), max(1, len(content) // 16)):
            folder = tmp_path / f"{number}-{region}"
            shutil.copytree(whole, folder)
            random, damaged = Random(region), content
            while damaged == content:
                damaged = content[:region] + change(random, content[region:])
            (folder / file.relative_to(whole)).write_bytes(damaged)
            assert_right(folder, corpus)


def test_files_of_two_entries_in_one_anothers_place_are_not_served(
    corpus: list[Utterance], whole: Path, tmp_path: Path
) -> None:
    large = [file for file in everything(whole) if file.stat().st_size]
    for n, (one, other) in enumerate(pairwise(large)):
        folder = tmp_path / str(n)
        shutil.copytree(whole, folder)
        shutil.copyfile(other, folder / one.relative_to(whole))
        assert_right(folder, corpus)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_foreign_files_and_folders_are_passed_over(
    corpus: list[Utterance], whole: Path, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "store"
    shutil.copytree(whole, folder)
    inside = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for parent in inside:
        for name in NAMES:
            place = parent / name
            if not place.exists():
                place.mkdir() if kind == "folder" else place.write_bytes(b"foreign\n" * 3)
    assert_right(folder, corpus)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_a_file_under_a_damaged_name_is_never_served(
    corpus: list[Utterance], whole: Path, tmp_path: Path, seed: int
) -> None:
    folder, random = tmp_path / "store", Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    for file in everything(folder):
        if random.randrange(2):
            at = random.randrange(len(file.name))
            name = file.name[:at] + random.choice(["", "x", "-", "0", "ü"]) + file.name[at + 1 :]
            if name and not (file.parent / name).exists():
                file.rename(file.parent / name)
    assert_right(folder, corpus)
