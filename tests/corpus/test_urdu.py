import os
from collections import Counter
from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.urdu import read
from ser_vae.corpus.utterance import Utterance

EMOTIONS = {"neutral": ["N"], "happy": ["H"], "sad": ["S"], "angry": ["A"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = ["Angry/SM1_F10_A010.wav", "Happy/SF1_F1_H01.wav", "Sad/SF1_F1_S01.wav"]
    for file in files:
        path = tmp_path / file
        path.parent.mkdir()
        path.touch()
    (tmp_path / "README.md").touch()
    return tmp_path


def test_a_file_name_gives_speaker_sex_and_emotion(root: Path) -> None:
    assert read(root, EMOTIONS).utterances[-1] == Utterance(
        id="SM1_F10_A010",
        path=root / "Angry" / "SM1_F10_A010.wav",
        emotion="angry",
        speaker="SM1",
        sex="M",
    )


def test_utterances_are_sorted_by_id_across_the_folders(root: Path) -> None:
    ids = [u.id for u in read(root, EMOTIONS).utterances]
    assert ids == ["SF1_F1_H01", "SF1_F1_S01", "SM1_F10_A010"]


def test_an_emotion_in_no_class_is_among_the_others_with_its_code(root: Path) -> None:
    corpus = read(root, {"angry": ["A"], "sad": ["S"]})
    assert corpus.emotions == ("angry", "sad")
    assert [(u.id, u.emotion) for u in corpus.others] == [("SF1_F1_H01", "H")]
    assert corpus.expected["others"] == 200


def test_a_file_of_another_name_is_ignored_with_a_warning(root: Path) -> None:
    (root / "Sad" / "recording 3.wav").touch()
    (root / "Sad" / "._SF1_F1_S01.wav").touch()
    corpus = read(root, EMOTIONS)
    assert len(corpus.utterances) == 3
    assert corpus.warnings == (
        "1 files do not follow the naming of this corpus and are ignored: recording 3.wav",
    )


def test_suffixes_may_be_in_capitals(root: Path) -> None:
    (root / "Angry" / "SM1_F10_A010.wav").rename(root / "Angry" / "SM1_F10_A010.WAV")
    assert read(root, EMOTIONS).utterances[-1].path.name == "SM1_F10_A010.WAV"


def test_a_broken_link_is_an_utterance_which_cannot_be_opened(root: Path) -> None:
    (root / "Sad" / "SF1_F2_S02.wav").symlink_to("/nowhere/SF1_F2_S02.wav")
    assert "SF1_F2_S02" in [u.id for u in read(root, EMOTIONS).utterances]


def test_one_name_in_two_folders_is_an_error(root: Path) -> None:
    (root / "Sad" / "SF1_F1_H01.wav").touch()
    with pytest.raises(SerVaeError, match=r"SF1_F1_H01 exists twice.*Happy.*Sad"):
        read(root, EMOTIONS)


def test_another_folder_is_an_error_that_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(SerVaeError, match="is not URDU: expected files such as Angry/"):
        read(tmp_path, EMOTIONS)


def test_without_a_root_the_error_names_the_variable() -> None:
    with pytest.raises(SerVaeError, match="URDU_ROOT"):
        read(None, EMOTIONS)


@pytest.mark.skipif("URDU_ROOT" not in os.environ, reason="URDU_ROOT is not set")
def test_a_copy_of_the_corpus_has_the_published_counts() -> None:
    corpus = read(os.environ["URDU_ROOT"], EMOTIONS)
    assert Counter(u.emotion for u in corpus.utterances) == dict.fromkeys(EMOTIONS, 100)
    speakers = Counter(u.speaker for u in corpus.utterances)
    assert len(speakers) == 29
    assert speakers.most_common(2) == [("SM5", 80), ("SM4", 48)]
    assert len({u.speaker for u in corpus.utterances if u.sex == "F"}) == 11
