"""The user's own corpus, from sub-folders and from a CSV."""

import os
from pathlib import Path
from typing import Any

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus import folder
from ser_vae.corpus.utterance import Corpus, Utterance, class_line, warning_line

HEADER = "path,emotion,speaker"


def touch(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


@pytest.fixture
def root(tmp_path) -> Path:
    touch(tmp_path, "joy/b.wav", "joy/deep/a.FLAC", "anger/a.ogg")
    return tmp_path


def read(root: Any, csv: Any = None, folders: str | None = None) -> Corpus:
    return folder.read(root, csv, "mine", folders)


def write_csv(root: Path, *lines: str, header: str = HEADER) -> None:
    (root / "list.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


# --- sub-folders --------------------------------------------------------------------------------


def test_a_sub_folder_is_an_emotion_at_any_depth_and_no_speaker(root):
    corpus = read(root)
    assert [(u.id, u.emotion) for u in corpus.utterances] == [
        ("anger/a.ogg", "anger"),
        ("joy/b.wav", "joy"),
        ("joy/deep/a.FLAC", "joy"),
    ]
    assert (corpus.name, corpus.emotions) == ("mine", ("anger", "joy"))
    assert class_line(corpus) == "2 classes: anger 1, joy 2 utterances"
    assert {u.speaker for u in corpus.utterances} == {"unknown"}
    assert "do not name the speaker" in corpus.warnings[0]


def test_other_files_are_ignored_with_a_warning(root):
    touch(root, "loose.wav", "joy/notes.txt", "joy/._b.wav", ".git/objects/c.wav")
    assert read(root).warnings[1:] == (
        "2 files are not audio in a sub-folder and are ignored: joy/notes.txt, loose.wav",
    )


def test_a_long_list_is_shortened_in_a_run_and_complete_in_check(root):
    touch(root, *(f"joy/{number:03}.m4a" for number in range(100)))
    corpus = read(root)
    line = warning_line(corpus)
    assert line is not None
    assert "100 files are ignored, as their format is not one of .aif," in line
    assert "joy/000.m4a, joy/001.m4a, joy/002.m4a and 97 more; `python -m ser_vae.check" in line
    assert corpus.warnings[1].endswith("\njoy/099.m4a")


def test_linked_folders_are_followed_and_loops_end(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    touch(elsewhere, "sad/c.wav")
    (root / "sorrow").symlink_to(elsewhere / "sad")
    (root / "joy" / "loop").symlink_to(root)
    assert [u.id for u in read(root).utterances if u.emotion == "sorrow"] == ["sorrow/c.wav"]
    assert len(read(root).utterances) == 4


def test_a_broken_link_to_a_folder_is_named(root):
    (root / "sad").symlink_to("/nowhere")
    assert "1 broken links are ignored: sad" in read(root).warnings


def test_a_name_that_is_not_utf_8_is_an_error_that_can_be_printed(root):
    name = os.fsencode(root) + b"/joy/\xfcber.wav"
    Path(os.fsdecode(name)).touch()
    with pytest.raises(SerVaeError, match=r"joy/\\xfcber\.wav.*expected a name in UTF-8") as caught:
        read(root)
    str(caught.value).encode()


def test_one_emotion_is_an_error(root):
    with pytest.raises(SerVaeError, match="fewer than two classes"):
        folder.read(root, None, "mine", classes="four")
    write_csv(root)
    with pytest.raises(SerVaeError, match=r"expected two or more emotions.*found none"):
        read(root, "list.csv")
    (root / "anger" / "a.ogg").unlink()
    with pytest.raises(SerVaeError, match=r"expected two or more emotions.*found joy"):
        read(root)


@pytest.mark.parametrize(("given", "seen"), [("", "FOLDER_ROOT"), ("nowhere", "is not a folder")])
def test_without_a_root_the_error_names_the_variable(given, seen):
    with pytest.raises(SerVaeError, match=seen):
        read(given)


def test_a_csv_as_the_root_is_answered_with_its_setting(tmp_path):
    (tmp_path / "list.csv").touch()
    with pytest.raises(SerVaeError, match=r"list.csv is not a folder; give a CSV as corpus.csv="):
        read(tmp_path / "list.csv")


# --- the meaning of folders ---------------------------------------------------------------------

SETS_ABOVE = ("train/angry/1.wav", "train/sad/2.wav", "test/angry/3.wav", "test/sad/4.wav")


@pytest.mark.parametrize(
    ("files", "seen"),
    [
        (SETS_ABOVE, r"test, train would be the emotions, although angry, sad occur in several"),
        (("Train/1.wav", "Valid/2.wav"), "Train, Valid would be the emotions"),
        (("ann/a/1.wav", "ann/b/2.wav", "bob/a/3.wav", "bob/b/4.wav"), "although a, b occur"),
        (("Actor_01/1.wav", "Actor_02/2.wav"), "Actor_01, Actor_02 would be the emotions"),
    ],
)
def test_folders_of_sets_or_speakers_are_not_taken_for_emotions(tmp_path, files, seen):
    touch(tmp_path, *files)
    with pytest.raises(SerVaeError, match=seen) as caught:
        read(tmp_path)
    assert "corpus.folders=split/emotion" in str(caught.value)
    assert len(read(tmp_path, folders="emotion").emotions) > 1


@pytest.mark.parametrize("files", [("0/1.wav", "1/2.wav"), ("joy/wav/1.wav", "anger/wav/2.wav")])
def test_other_folders_are_taken_for_emotions(tmp_path, files):
    touch(tmp_path, *files)
    assert len(read(tmp_path).emotions) == 2


def test_levels_of_folders_give_split_and_emotion(tmp_path):
    touch(tmp_path, *SETS_ABOVE, "Dev/sad/5.wav")
    corpus = read(tmp_path, folders="split/emotion")
    assert corpus.emotions == ("angry", "sad")
    assert {u.id: u.part for u in corpus.utterances} == {
        "train/angry/1.wav": "train",
        "train/sad/2.wav": "train",
        "test/angry/3.wav": "test",
        "test/sad/4.wav": "test",
        "Dev/sad/5.wav": "validation",
    }


def test_levels_of_folders_give_speakers_without_a_warning(tmp_path):
    touch(tmp_path, "a/joy/1.wav", "a/x/2.wav", "b/joy/deep/3.wav", "b/joy.wav")
    corpus = read(tmp_path, folders="speaker/emotion")
    assert [(u.speaker, u.emotion) for u in corpus.utterances] == [
        ("a", "joy"),
        ("a", "x"),
        ("b", "joy"),
    ]
    assert corpus.warnings == ("1 files are not audio in a sub-folder and are ignored: b/joy.wav",)


@pytest.mark.parametrize(
    "folders", ["speaker", "emotion/emotion", "emotion/actor", "emotion//speaker"]
)
def test_invalid_levels_are_an_error(root, folders):
    with pytest.raises(SerVaeError, match=f"corpus.folders={folders}: expected emotion and"):
        read(root, folders=folders)


# --- spellings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("angry", "Angry"), ("very_sad", "very  sad"), ("w\u00fctend", "wu\u0308tend")),
        *(("sad", "sad\u200b"), ("0", "0.0"), ("1", "01")),
    ],
)
def test_two_spellings_of_one_label_or_speaker_are_an_error(root, one, other):
    for column, cells in (("emotion", "{},s"), ("speaker", "joy,{}")):
        lines = [f"joy/b.wav,{cells.format(one)}", f"anger/a.ogg,{cells.format(other)}"]
        write_csv(root, *lines, "joy/deep/a.FLAC,calm,t")
        with pytest.raises(SerVaeError, match=f"{column}: .*differ only in case") as caught:
            read(root, "list.csv")
        assert repr(one) in str(caught.value)
        assert repr(other) in str(caught.value)


def test_labels_that_differ_in_a_letter_or_a_number_are_two(root):
    write_csv(root, "joy/b.wav,1,s1", "anger/a.ogg,10,s2", "joy/deep/a.FLAC,1.5,s10")
    assert read(root, "list.csv").emotions == ("1", "1.5", "10")


@pytest.mark.parametrize("missing", ["nan", "<NA>"])
def test_a_mark_of_a_missing_value_is_no_label_and_no_speaker(root, missing):
    for cells, column in ((f"{missing},ann", "emotion"), (f"joy,{missing}", "speaker")):
        write_csv(root, f"joy/b.wav,{cells}", "anger/a.ogg,anger,bob")
        with pytest.raises(SerVaeError, match=f"line 2: {column} is '{missing}', a missing value"):
            read(root, "list.csv")
    touch(root, f"{missing}/c.wav")
    with pytest.raises(SerVaeError, match=f"emotion is '{missing}', a missing value"):
        read(root)


# --- a CSV --------------------------------------------------------------------------------------


def test_a_csv_can_give_every_attribute_of_an_utterance(root):
    write_csv(
        root,
        "./joy/b.wav,content,ann,s1,F,d1,improvised,scene,dev",
        "anger/a.ogg,cross,bob,,,,,nan,test",
        header=f"{HEADER},session,sex,dialogue,style,script,split",
    )
    corpus = read(root, "list.csv")
    assert corpus.utterances == (
        Utterance("anger/a.ogg", root / "anger" / "a.ogg", "cross", "bob", part="test"),
        Utterance(
            id="joy/b.wav",
            path=root / "joy" / "b.wav",
            emotion="content",
            speaker="ann",
            sex="F",
            session="s1",
            dialogue="d1",
            style="improvised",
            script="scene",
            part="validation",
        ),
    )
    assert corpus.warnings == ()


def test_paths_are_relative_to_the_csv_and_may_leave_its_folder(root):
    (root / "lists").mkdir()
    write_csv(root / "lists", "../joy/b.wav,joy,ann", f"{root / 'anger' / 'a.ogg'},anger,bob")
    corpus = read(None, root / "lists" / "list.csv")
    assert [u.id for u in corpus.utterances] == ["../joy/b.wav", f"{root}/anger/a.ogg"]
    assert all(u.path.is_file() for u in corpus.utterances)


def test_a_csv_saved_by_a_spreadsheet_is_read(root):
    (root / "list.csv").write_bytes(
        b"\xef\xbb\xbfpath,emotion,speaker\r\njoy/b.wav,joy,Zo\xc3\xab\r\nanger/a.ogg,anger,bob\r\n"
    )
    assert {u.speaker for u in read(root, "list.csv").utterances} == {"Zoë", "bob"}


def test_unknown_columns_are_named(root):
    write_csv(root, "joy/b.wav,joy,ann,5", "anger/a.ogg,anger,bob,6", header=f"{HEADER},age")
    assert read(root, "list.csv").warnings[0].endswith("columns not used: age")


def test_segments_of_a_file_are_utterances_of_one_dialogue(root):
    write_csv(
        root,
        "joy/b.wav,joy,ann,0,1.5",
        "joy/b.wav,anger,ann,1.5,2.25",
        "anger/a.ogg,anger,bob,,",
        header=f"{HEADER},start,end",
    )
    corpus = read(root, "list.csv")
    assert [(u.id, u.clip, u.dialogue, u.start_s) for u in corpus.utterances] == [
        ("anger/a.ogg", None, None, None),
        ("joy/b.wav[0.0-1.5]", (0.0, 1.5), "joy/b.wav", 0.0),
        ("joy/b.wav[1.5-2.25]", (1.5, 2.25), "joy/b.wav", 1.5),
    ]
    assert corpus.warnings == ()


def test_overlapping_segments_are_named(root):
    lines = ["joy/b.wav,joy,ann,0,3", "joy/b.wav,joy,ann,1,2", "joy/b.wav,anger,ann,2.5,4"]
    write_csv(root, *lines, header=f"{HEADER},start,end")
    assert read(root, "list.csv").warnings == (
        "2 segments overlap another segment of their file: joy/b.wav[1.0-2.0], joy/b.wav[2.5-4.0]",
    )


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        (HEADER, "joy/none.wav,joy,ann", r"line 3: .*joy/none\.wav is not a file"),
        (HEADER, "anger/../joy/b.wav,joy,ann", r"line 3: .*b\.wav is in .*line 2 already"),
        (HEADER, "anger/a.ogg,,ann", "line 3: emotion is '', a missing value"),
        (HEADER, "anger/a.ogg,anger, ", "line 3: speaker is '', a missing value"),
        (HEADER, ",anger,ann", "line 3: path is '', a missing value"),
        (HEADER, "anger/a.ogg,anger", "line 3: expected 3 cells as in line 1"),
        (HEADER, "anger/a.ogg,anger,bob,x", "line 3: expected 3 cells as in line 1"),
        (HEADER, 'anger/a.ogg,"anger,bob', r'line \d: expected 3 (?s:.*) needs a " at both ends'),
        (HEADER, "a\0b.wav,joy,ann", "line 3: .* is not a file"),
        (f"{HEADER},split", "anger/a.ogg,anger,bob,eval", "line 3: split is 'eval', .* train, val"),
        (f"{HEADER},sex", "anger/a.ogg,anger,bob,male", "line 3: sex is 'male', expected F, M"),
        (f"{HEADER},start,end", "anger/a.ogg,anger,bob,2,1", "line 3: start is '2' and end is '1'"),
        (f"{HEADER},start,end", "anger/a.ogg,anger,bob,0,", "line 3: start is '0' and end is ''"),
        (f"{HEADER},start,end", "anger/a.ogg,anger,bob,0:01,0:02", "expected two times in s"),
    ],
)
def test_an_invalid_line_is_an_error_that_names_it(root, header, line, message):
    first = "joy/b.wav,joy,ann" + "," * (header.count(",") - 2)
    write_csv(root, first, line, header=header)
    with pytest.raises(SerVaeError, match=message):
        read(root, "list.csv")


@pytest.mark.parametrize("header", ["path,emotion", "path;emotion;speaker", f"{HEADER},path", ""])
def test_a_missing_or_repeated_column_is_an_error(root, header):
    write_csv(root, "joy/b.wav,joy,ann", header=header)
    with pytest.raises(SerVaeError, match=r"list\.csv: expected columns path, emotion, speaker"):
        read(root, "list.csv")


def test_a_missing_csv_or_one_in_another_encoding_is_an_error(root):
    with pytest.raises(SerVaeError, match=r"expected a CSV in UTF-8: .*No such file"):
        read(root, "none.csv")
    (root / "list.csv").write_bytes(b"path,emotion,speaker\nj\xf8y/b.wav,joy,ann\n")
    with pytest.raises(SerVaeError, match="expected a CSV in UTF-8"):
        read(root, "list.csv")
