import os
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.ravdess import read
from ser_vae.corpus.utterance import Utterance


def touch(root: Path, name: str) -> Path:
    path = root / f"Actor_{Path(name).stem[-2:]}" / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Eight emotions by actors 1 and 2, each a statement once."""
    for emotion, actor in product(range(1, 9), (1, 2)):
        touch(tmp_path, f"03-01-{emotion:02}-01-02-01-{actor:02}.wav")
    return tmp_path


def test_a_file_name_gives_emotion_statement_and_actor(root: Path) -> None:
    name = "03-01-05-02-01-02-12"
    path = touch(root, f"{name}.flac")
    by_id = {u.id: u for u in read(root, classes=4).utterances}
    assert by_id[name] == Utterance(
        id=name, path=path, emotion="angry", speaker="actor12", sex="F", script="statement 1"
    )


def test_odd_actors_are_male(root: Path) -> None:
    sexes = {u.speaker: u.sex for u in read(root, classes=8).utterances}
    assert sexes == {"actor01": "M", "actor02": "F"}


def test_four_classes_are_those_of_the_paper_in_its_order(root: Path) -> None:
    corpus = read(root, classes=4)
    assert (corpus.name, corpus.emotions) == ("ravdess", ("neutral", "happy", "sad", "angry"))
    assert {u.id[6:8]: u.emotion for u in corpus.utterances} == {
        "01": "neutral",
        "03": "happy",
        "04": "sad",
        "05": "angry",
    }
    assert {u.emotion for u in corpus.others} == {"02", "06", "07", "08"}


def test_eight_classes_are_a_corpus_of_another_name(root: Path) -> None:
    corpus = read(root, classes=8)
    assert corpus.name == "ravdess8"
    assert len(set(corpus.emotions)) == 8
    assert (len(corpus.utterances), corpus.others) == (16, ())


def test_songs_are_ignored_with_a_warning(root: Path) -> None:
    touch(root, "03-02-05-01-02-01-01.wav")
    corpus = read(root, classes=4)
    assert len(corpus.utterances) == 8
    assert corpus.warnings[0].endswith("ignored: 03-02-05-01-02-01-01.wav")


def test_suffixes_may_be_in_capitals(root: Path) -> None:
    for path in list(root.glob("*/*.wav")):
        path.rename(path.with_suffix(".WAV"))
    assert len(read(root, classes=8).utterances) == 16


def test_one_recording_in_two_formats_is_an_error(root: Path) -> None:
    touch(root, "03-01-05-01-02-01-01.flac")
    with pytest.raises(SerVaeError, match=r"exists twice.*01\.flac.*01\.wav"):
        read(root, classes=4)


def test_expected_counts_are_of_1440_utterances(root: Path) -> None:
    for classes in (4, 8):
        expected = read(root, classes).expected
        inside = sum(counts["complete"] for counts in expected["classes"].values())
        assert inside + expected["others"] == 1_440


def test_another_folder_is_an_error_that_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(SerVaeError, match="is not RAVDESS: expected files such as Actor_01/"):
        read(tmp_path, classes=4)


def test_without_a_root_the_error_names_the_variable() -> None:
    with pytest.raises(SerVaeError, match="RAVDESS_ROOT"):
        read(None, classes=4)


@pytest.mark.skipif("RAVDESS_ROOT" not in os.environ, reason="RAVDESS_ROOT is not set")
@pytest.mark.parametrize("classes", [4, 8])
def test_a_copy_of_the_corpus_has_the_published_counts(classes: int) -> None:
    corpus = read(os.environ["RAVDESS_ROOT"], classes)
    counts = Counter(u.emotion for u in corpus.utterances)
    assert counts == {e: c["complete"] for e, c in corpus.expected["classes"].items()}
    assert len(corpus.utterances) + len(corpus.others) == 1_440
    assert len({u.speaker for u in corpus.utterances}) == 24
