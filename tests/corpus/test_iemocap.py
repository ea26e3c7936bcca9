"""The reader of IEMOCAP's tree, against a tree of a few lines written here."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.iemocap import DIALOGUES, RELEASED, read, read_tree
from ser_vae.corpus.utterance import Utterance, expected_counts

EMOTIONS = {"neutral": ["neu"], "happy": ["hap", "exc"], "sad": ["sad"], "angry": ["ang"]}

LABELS = """\
% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
C-F1:\tNeutral; Anger;\t(curious)
A-E3:\tval 3; act 2; dom  2;\t()

[10.0100 - 11.3925]\tSes01F_impro01_M000\texc\t[2.5000, 3.0000, 2.5000]
C-E2:\tExcited;\t()

[14.8872 - 18.0175]\tSes01F_impro01_F001\tfru\t[2.5000, 2.5000, 2.5000]
"""


def write_dialogue(release: Path, labels: str, dialogue: str = "") -> Path:
    """Write a label file and an empty wav file for each of its labels."""
    names = [line.split("\t")[1] for line in labels.splitlines() if line.startswith("[")]
    dialogue = dialogue or names[0].rpartition("_")[0]
    session = release / f"Session{dialogue[4]}"
    label_file = session / "dialog" / "EmoEvaluation" / f"{dialogue}.txt"
    wav_folder = session / "sentences" / "wav" / dialogue
    label_file.parent.mkdir(parents=True, exist_ok=True)
    wav_folder.mkdir(parents=True, exist_ok=True)
    label_file.write_bytes(labels.encode())
    for name in names:
        (wav_folder / f"{name}.wav").touch()
    return label_file


def label(name: str, code: str = "neu") -> str:
    return f"[1.0000 - 2.5000]\t{name}\t{code}\t[2.5000, 2.5000, 2.5000]\n"


@pytest.fixture
def release(tmp_path) -> Path:
    """Five sessions; LABELS in the first, one neutral utterance in each of the others."""
    root = tmp_path / "IEMOCAP_full_release"
    write_dialogue(root, LABELS)
    for session in (2, 3, 4, 5):
        write_dialogue(root, label(f"Ses0{session}F_impro01_F000"))
    return root


def tree_warnings(release: Path) -> tuple[str, ...]:
    """Return the warnings about the tree itself; `read` adds the missing dialogues."""
    return read_tree("iemocap", release, EMOTIONS).warnings


def ids(utterances: tuple[Utterance, ...]) -> list[str]:
    return [utterance.id for utterance in utterances]


def test_a_label_line_becomes_an_utterance(release):
    corpus = read(release, EMOTIONS)
    assert corpus.utterances[1] == Utterance(
        id="Ses01F_impro01_M000",
        path=release / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M000.wav",
        emotion="happy",
        speaker="Ses01M",
        sex="M",
        session="Ses01",
        dialogue="Ses01F_impro01",
        style="improvised",
        script="impro01",
        start_s=10.01,
        end_s=11.3925,
    )
    assert tree_warnings(release) == ()
    assert corpus.emotions == tuple(EMOTIONS)
    assert [(u.id, u.emotion) for u in corpus.others] == [("Ses01F_impro01_F001", "fru")]
    assert ids(corpus.utterances) == sorted(ids(corpus.utterances))


def test_apple_double_files_are_ignored(release):
    clean = read(release, EMOTIONS)
    session = release / "Session1"
    for ghost in (
        session / "dialog/EmoEvaluation/._Ses01F_impro01.txt",
        session / "sentences/wav/Ses01F_impro01/._Ses01F_impro01_F000.wav",
        session / "sentences/wav/._Ses01F_impro01",
        release / "._Session1",
    ):
        ghost.write_bytes(b"\0\5\26\7\0\2\0\0Mac OS X        ")
    assert read(release, EMOTIONS) == clean


def test_the_votes_of_single_evaluators_in_sub_folders_are_ignored(release):
    clean = read(release, EMOTIONS)
    for folder in ("Categorical", "Attribute", "Self-evaluation"):
        votes = release / "Session1/dialog/EmoEvaluation" / folder
        votes.mkdir()
        (votes / "Ses01F_impro01_e2_cat.txt").write_text("Ses01F_impro01_F000 :Anger; ()\n")
        (votes / "Ses01F_impro01.txt").write_text(label("Ses01F_impro01_F000", "ang"))
    assert read(release, EMOTIONS) == clean


def test_suffixes_may_be_in_capitals(release):
    clean = read(release, EMOTIONS)
    for path in [*release.rglob("*.wav"), *release.rglob("*.txt")]:
        path.rename(path.with_suffix(path.suffix.upper()))
    assert [
        replace(u, path=u.path.with_suffix(".wav")) for u in read(release, EMOTIONS).utterances
    ] == list(clean.utterances)


def test_comments_may_be_in_any_encoding_and_lines_end_as_on_windows(release):
    clean = read(release, EMOTIONS)
    file = release / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    comment = file.read_bytes().replace(b"curious", b"na\xefve \x85 \xe2\x80\xa8")
    file.write_bytes(comment.replace(b"\n", b"\r\n"))
    assert read(release, EMOTIONS) == clean


@pytest.mark.parametrize(
    ("name", "speaker"),
    [
        ("Ses01F_impro01_M000", "Ses01M"),
        ("Ses04M_script02_2_F013", "Ses04F"),
        ("Ses03M_impro05a_F002", "Ses03F"),
        ("Ses03M_impro08b_M002", "Ses03M"),
        ("Ses05M_script01_1b_F009", "Ses05F"),
    ],
)
def test_the_speaker_is_the_letter_of_the_last_token(release, name, speaker):
    write_dialogue(release, label(name), name.rpartition("_")[0])
    utterance = {u.id: u for u in read(release, EMOTIONS).utterances}[name]
    assert utterance.speaker == speaker
    assert utterance.sex == speaker[-1]


def test_a_dialogue_is_not_confused_with_one_whose_name_it_starts(release):
    write_dialogue(release, label("Ses05M_script01_1_F000", "sad"))
    write_dialogue(release, label("Ses05M_script01_1b_F000", "ang"))
    by_id = {u.id: u for u in read(release, EMOTIONS).utterances}
    first, second = by_id["Ses05M_script01_1_F000"], by_id["Ses05M_script01_1b_F000"]
    assert (first.dialogue, first.emotion) == ("Ses05M_script01_1", "sad")
    assert (second.dialogue, second.emotion) == ("Ses05M_script01_1b", "angry")


def test_sessions_and_second_recordings_of_the_same_words_share_the_script(release):
    dialogues = ("Ses01F_script01_1", "Ses05M_script01_1", "Ses05M_script01_1b")
    for dialogue in (*dialogues, "Ses03M_impro05a", "Ses03F_impro05"):
        write_dialogue(release, label(f"{dialogue}_F000"))
    of = {u.dialogue: (u.script, u.style) for u in read(release, EMOTIONS).utterances}
    assert {of[dialogue] for dialogue in dialogues} == {("script01_1", "scripted")}
    assert of["Ses03M_impro05a"] == of["Ses03F_impro05"] == ("impro05", "improvised")


def test_a_parent_folder_named_session_9_is_ignored(release, tmp_path):
    moved = tmp_path / "Session 9" / "Session2" / release.name
    moved.parent.mkdir(parents=True)
    here = read(release, EMOTIONS)
    release.rename(moved)
    there = read(moved, EMOTIONS)
    assert [(u.id, u.session) for u in there.utterances] == [
        (u.id, u.session) for u in here.utterances
    ]


def test_the_root_may_be_the_parent_of_the_release(release):
    assert read(release.parent, EMOTIONS) == read(release, EMOTIONS)


def test_two_releases_in_one_parent_are_an_error(release):
    write_dialogue(release.parent / "another", LABELS)
    with pytest.raises(SerVaeError, match="found in: IEMOCAP_full_release, another"):
        read(release.parent, EMOTIONS)


def test_a_folder_without_sessions_is_an_error_that_says_what_was_expected(tmp_path):
    with pytest.raises(SerVaeError, match=r"is not IEMOCAP: expected Session1/dialog"):
        read(tmp_path, EMOTIONS)


def test_an_unknown_code_is_an_error_with_file_and_line(release):
    write_dialogue(release, LABELS.replace("\tfru\t", "\tbor\t"))
    with pytest.raises(
        SerVaeError, match=r"impro01\.txt, line 11: .*one of the codes ang, .*\\tbor"
    ):
        read(release, EMOTIONS)


@pytest.mark.parametrize(
    "line",
    [
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\n",  # no attributes
        label("Ses01F_impro02_F000"),  # of another dialogue
        label("Ses01F_impro01_X000"),  # neither F nor M
    ],
)
def test_an_invalid_label_line_is_an_error_with_file_and_line(release, line):
    file = release / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    file.write_text(f"% header\n{line}")
    with pytest.raises(SerVaeError, match=r"Ses01F_impro01\.txt, line 2: expected '\[start"):
        read(release, EMOTIONS)


def test_an_utterance_labelled_twice_is_an_error(release):
    write_dialogue(release, LABELS + label("Ses01F_impro01_F000", "ang"))
    with pytest.raises(SerVaeError, match="line 12: Ses01F_impro01_F000 has a label already"):
        read(release, EMOTIONS)


def test_utterances_without_audio_are_left_out_with_a_warning(release):
    wavs = release / "Session1/sentences/wav/Ses01F_impro01"
    (wavs / "Ses01F_impro01_F000.wav").unlink()
    (wavs / "Ses01F_impro01_F001.wav").unlink()
    corpus = read(release, EMOTIONS)
    assert "Ses01F_impro01_F000" not in ids(corpus.utterances)
    assert corpus.others == ()
    assert tree_warnings(release) == (
        "2 utterances have no wav file: Ses01F_impro01_F000, Ses01F_impro01_F001",
    )


def test_audio_without_a_label_is_named(release):
    (release / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M007.wav").touch()
    assert tree_warnings(release) == ("1 wav files have no label: Ses01F_impro01_M007",)


def test_a_missing_session_is_named(release):
    (release / "Session4").rename(release.parent / "elsewhere")
    corpus = read(release, EMOTIONS)
    assert len(corpus.utterances) == 5
    assert tree_warnings(release) == ("1 of 5 sessions have no labels: Session4",)


def test_a_label_file_of_another_session_is_left_out_and_named(release):
    stray = release / "Session1/dialog/EmoEvaluation/Ses02F_impro01.txt"
    stray.write_text(label("Ses02F_impro01_F000", "ang"))
    corpus = read(release, EMOTIONS)
    assert {u.emotion for u in corpus.utterances if u.session == "Ses02"} == {"neutral"}
    assert tree_warnings(release) == (
        f"1 label files are not of a dialogue of their session: {stray}",
    )


def test_missing_dialogues_are_counted_and_named(release):
    (warning,) = read(release, EMOTIONS).warnings
    line, *names = warning.splitlines()
    assert line == (
        "146 of 151 dialogues are missing: Ses01F_impro02, Ses01F_impro03, Ses01F_impro04 and "
        "143 more"
    )
    assert len(names) == 146
    assert "Ses05F_impro01" not in names


def test_no_audio_at_all_is_an_error(release):
    for wav in release.rglob("*.wav"):
        wav.unlink()
    with pytest.raises(SerVaeError, match="found none"):
        read(release, EMOTIONS)


def test_a_complete_release_has_the_5531_utterances_of_the_paper_among_10039():
    expected = expected_counts(RELEASED, EMOTIONS)
    improvised = [counts["improvised"] for counts in expected["classes"].values()]
    scripted = [counts["scripted"] for counts in expected["classes"].values()]
    assert improvised == [1_099, 947, 608, 289]
    assert scripted == [609, 689, 476, 814]
    assert (sum(improvised), sum(scripted)) == (2_943, 2_588)
    assert sum(improvised) + sum(scripted) + expected["others"] == 10_039


@pytest.mark.skipif("IEMOCAP_ROOT" not in os.environ, reason="IEMOCAP_ROOT is not set")
def test_a_copy_of_the_release_has_the_published_counts():
    corpus = read(os.environ["IEMOCAP_ROOT"], EMOTIONS)
    everything = (*corpus.utterances, *corpus.others)
    counts = Counter((u.emotion, u.style) for u in corpus.utterances)
    for emotion, styles in corpus.expected["classes"].items():
        for style, number in styles.items():
            assert counts[emotion, style] == number, (emotion, style)
    assert len(everything) == 10_039
    assert len({u.speaker for u in everything}) == 10
    assert Counter(u.sex for u in everything) == {"F": 4_800, "M": 5_239}
    assert {u.dialogue for u in everything} == DIALOGUES
    assert corpus.warnings == ()
    sessions = sorted(Counter(u.session for u in corpus.utterances).items())
    assert [count for _, count in sessions] == [1_085, 1_023, 1_151, 1_031, 1_241]
    assert sum(u.speaker != u.id[:6] for u in corpus.utterances) == 2_750
