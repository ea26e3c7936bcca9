"""The split that a CSV defines."""

from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.run_folder import RunFolder
from ser_vae.split.file import folds

IDS = ("a.wav", "b, the second.wav", "ü.wav", "d.wav")
PARTS = ("train", "test", "validation", "train")


def utterances(*ids: str) -> list[Utterance]:
    return [Utterance(name, Path("unread.wav"), "sad", "s1") for name in ids]


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "split.csv"


def read(path: Path | None, *ids: str, seed: int = 0) -> dict[str, str]:
    (parts,) = folds(utterances(*ids), seed=seed, path=None if path is None else str(path))
    return parts


def test_the_split_of_a_run_read_back_is_the_same(tmp_path):
    folder = RunFolder(tmp_path / "vae-complete-folder-seed0-00000000")
    folder.path.mkdir()
    folder.write_split(zip(utterances(*IDS), PARTS, strict=True))
    assert read(folder.path / "split.csv", *IDS) == dict(zip(IDS, PARTS, strict=True))


def test_lines_for_other_utterances_are_ignored(file):
    file.write_text("utterance,part\na,train\nb,test\nc,validation\n")
    assert read(file, "a", "b") == {"a": "train", "b": "test"}


def test_a_path_may_start_at_the_users_home(file, monkeypatch):
    monkeypatch.setenv("HOME", str(file.parent))
    file.write_text("utterance,part\na,train\nb,test\n")
    assert read(Path("~", "split.csv"), "a", "b") == {"a": "train", "b": "test"}


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00\x01"], ids=["no file", "no text"])
def test_an_unreadable_file_is_named(file, content):
    if content:
        file.write_bytes(content)
    with pytest.raises(SerVaeError, match=r"split\.csv: expected a CSV in UTF-8"):
        read(file, "a")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,train", "b,dev"], r"line 3: expected .*, found 'b' and 'dev'"),
        (["a,train", "", "b,dev"], r"line 4: expected"),  # as an editor counts
        ([",train"], r"line 2: expected .*, found '' and 'train'"),
        (["a"], r"line 2: expected 2 cells as in line 1"),
        (["a,train", "b,test", "a,test"], r"line 4: a is in train and in test"),
    ],
    ids=["unknown set", "after a blank line", "no name", "no set", "two sets"],
)
def test_an_invalid_line_is_named_with_its_file(file, lines, message):
    file.write_text("\n".join(["utterance,part", *lines]) + "\n")
    with pytest.raises(SerVaeError, match=rf"split\.csv, {message}"):
        read(file, "a", "b")


def test_utterances_without_a_line_are_counted_and_the_first_is_named(file):
    file.write_text("utterance,part\na,train\nb,test\n")
    with pytest.raises(SerVaeError, match=r"split\.csv: 2 of 4 utterances have no line, first c\."):
        read(file, "a", "c", "b", "d")
