from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.folder import read
from ser_vae.corpus.utterance import Utterance

HEADER = "path,emotion,speaker"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for file in ("joy/b.wav", "joy/deep/a.FLAC", "anger/a.ogg"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    return tmp_path


def write_csv(root: Path, *lines: str, header: str = HEADER) -> None:
    (root / "list.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def test_a_sub_folder_is_an_emotion_at_any_depth(root: Path) -> None:
    corpus = read(root, csv=None, name="mine")
    assert [(u.id, u.emotion) for u in corpus.utterances] == [
        ("anger/a.ogg", "anger"),
        ("joy/b.wav", "joy"),
        ("joy/deep/a.FLAC", "joy"),
    ]
    assert (corpus.name, corpus.emotions) == ("mine", ("anger", "joy"))


def test_sub_folders_leave_the_speaker_unknown_and_say_so(root: Path) -> None:
    corpus = read(root, csv=None, name="mine")
    assert {u.speaker for u in corpus.utterances} == {"unknown"}
    assert "do not say who speaks" in corpus.oddities[0]


def test_files_that_are_no_audio_of_an_emotion_are_named(root: Path) -> None:
    for name in ("loose.wav", "joy/notes.txt", "joy/._b.wav"):
        (root / name).touch()
    oddity = read(root, csv=None, name="mine").oddities[1]
    assert oddity == "2 files are not audio in a sub-folder, left out: joy/notes.txt, loose.wav"


def test_one_emotion_is_an_error(root: Path) -> None:
    (root / "anger" / "a.ogg").unlink()
    with pytest.raises(SerVaeError, match=r"expected two or more emotions.*found joy"):
        read(root, csv=None, name="mine")


def test_without_a_root_the_error_names_the_variable() -> None:
    with pytest.raises(SerVaeError, match="FOLDER_ROOT"):
        read(None, csv=None, name="mine")


@pytest.mark.parametrize("name", ["my corpus", "my-corpus", "", "iemocap", "9", "a/b"])
def test_a_name_that_is_no_word_or_anothers_is_an_error(root: Path, name: str) -> None:
    with pytest.raises(SerVaeError, match="expected a word"):
        read(root, csv=None, name=name)


def test_a_csv_says_all_that_an_utterance_holds(root: Path) -> None:
    write_csv(
        root,
        "./joy/b.wav,content,ann,s1,F,d1,improvised,scene,train",
        "anger/a.ogg,cross,bob,,,,,,test",
        header=f"{HEADER},session,sex,dialogue,style,script,split",
    )
    corpus = read(root, csv="list.csv", name="mine")
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
            part="train",
        ),
    )
    assert corpus.oddities == ()


def test_a_csv_needs_three_columns_only_in_any_order(root: Path) -> None:
    write_csv(root, "ann,joy,joy/b.wav", "bob,anger,anger/a.ogg", header="speaker,emotion,path")
    assert [u.speaker for u in read(root, "list.csv", "mine").utterances] == ["bob", "ann"]


def test_paths_are_relative_to_the_csv_and_may_leave_its_folder(root: Path) -> None:
    (root / "lists").mkdir()
    write_csv(root / "lists", "../joy/b.wav,joy,ann", f"{root / 'anger' / 'a.ogg'},anger,bob")
    corpus = read(None, csv=root / "lists" / "list.csv", name="mine")
    assert [u.id for u in corpus.utterances] == ["../joy/b.wav", f"{root}/anger/a.ogg"]
    assert all(u.path.is_file() for u in corpus.utterances)


def test_a_csv_saved_by_a_spreadsheet_is_read(root: Path) -> None:
    (root / "list.csv").write_bytes(
        b"\xef\xbb\xbfpath,emotion,speaker\r\njoy/b.wav,joy,Zo\xc3\xab\r\nanger/a.ogg,anger,bob\r\n"
    )
    assert {u.speaker for u in read(root, "list.csv", "mine").utterances} == {"Zoë", "bob"}


def test_columns_of_no_use_are_named(root: Path) -> None:
    write_csv(root, "joy/b.wav,joy,ann,5", "anger/a.ogg,anger,bob,6", header=f"{HEADER},age")
    assert read(root, "list.csv", "mine").oddities[0].endswith("columns not used: age")


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        (HEADER, "joy/none.wav,joy,ann", r"line 3: .*joy/none\.wav is not a file"),
        (HEADER, "anger/../joy/b.wav,joy,ann", r"line 3: .*b\.wav is in line 2 already"),
        (HEADER, "anger/a.ogg,,ann", "line 3: emotion is empty"),
        (HEADER, "anger/a.ogg,anger, ", "line 3: speaker is empty"),
        (HEADER, "anger/a.ogg,anger", "line 3: expected as many cells as columns"),
        (HEADER, "anger/a.ogg,anger,bob,x", "line 3: expected as many cells as columns"),
        (HEADER, 'anger/a.ogg,"anger,bob', "expected a CSV in UTF-8"),
        (f"{HEADER},split", "anger/a.ogg,anger,bob,dev", "line 3: split is 'dev', expected train"),
        (f"{HEADER},sex", "anger/a.ogg,anger,bob,male", "line 3: sex is 'male', expected F, M"),
        (f"{HEADER},style", "anger/a.ogg,anger,bob,acted", "line 3: style is 'acted'"),
    ],
)
def test_a_line_that_cannot_be_right_is_an_error_that_names_it(
    root: Path, header: str, line: str, message: str
) -> None:
    first = "joy/b.wav,joy,ann" + "," * (header.count(",") - 2)
    write_csv(root, first, line, header=header)
    with pytest.raises(SerVaeError, match=message):
        read(root, "list.csv", "mine")


@pytest.mark.parametrize("header", ["path,emotion", "path;emotion;speaker", f"{HEADER},path", ""])
def test_a_column_that_is_missing_or_there_twice_is_an_error(root: Path, header: str) -> None:
    write_csv(root, "joy/b.wav,joy,ann", header=header)
    with pytest.raises(SerVaeError, match=r"list\.csv: expected columns path, emotion, speaker"):
        read(root, "list.csv", "mine")


def test_a_csv_that_is_not_there_or_no_text_is_an_error(root: Path) -> None:
    with pytest.raises(SerVaeError, match="found no file"):
        read(root, "none.csv", "mine")
    (root / "list.csv").write_bytes(b"path,emotion,speaker\nj\xf8y/b.wav,joy,ann\n")
    with pytest.raises(SerVaeError, match="expected a CSV in UTF-8"):
        read(root, "list.csv", "mine")


def test_no_emotions_in_a_csv_is_an_error(root: Path) -> None:
    write_csv(root)
    with pytest.raises(SerVaeError, match="found none"):
        read(root, "list.csv", "mine")


def test_a_path_that_no_file_can_have_is_named_with_its_line(root: Path) -> None:
    write_csv(root, "joy/b.wav,joy,s1", f"{'x' * 300}.wav,anger,s1")
    with pytest.raises(SerVaeError, match=r"list\.csv, line 3: .*xxx\.wav is not a file"):
        read(root, csv="list.csv", name="mine")


def test_a_csv_that_is_a_folder_is_an_error(root: Path) -> None:
    with pytest.raises(SerVaeError, match="expected a CSV"):
        read(root, csv="joy", name="mine")
