"""The command, on a corpus of short noises in sub-folders."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_vae.check import main


def write(path: Path, samples: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, samples, 16_000, subtype="FLOAT")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).standard_normal(8_000) / 10
    for file in ("calm/a.wav", "calm/b.wav", "cross/a.wav"):
        write(tmp_path / file, noise)
    return tmp_path


def check(root: Path, *overrides: str) -> int:
    return main(["corpus=folder", "progress=false", f"corpus.root='{root}'", *overrides])


def test_a_corpus_that_can_be_used_ends_with_0(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(root, "corpus.name=mine") == 0
    out = capsys.readouterr().out
    assert "mine can be used" in out
    assert "3 files: 16,000 Hz, channels: 1" in out
    assert "│ calm    │        2 │" in out
    assert "│ unknown │     │    2 │     1 │   3 │" in out


def test_every_kind_of_bad_file_is_named_and_the_corpus_still_used(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root / "calm" / "silent.wav", np.zeros(8_000))
    write(root / "calm" / "empty.wav", np.zeros(0))
    write(root / "calm" / "nan.wav", np.full(8_000, np.nan))
    (root / "calm" / "text.wav").write_text("no audio")
    assert check(root) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in ("silent", "empty", "nan", "text"):
        assert sum(line.startswith(f"{root}/calm/{name}.wav: ") for line in lines) == 1
    assert "warning: 4 of 7 files cannot be used" in lines


def test_a_class_without_audio_ends_with_1(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "cross" / "a.wav").write_text("no audio")
    assert check(root) == 1
    out = capsys.readouterr().out
    assert "fault: cross: none of its files can be used" in out
    assert "folder cannot be used" in out


def test_a_wrong_root_ends_with_1_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path / "nowhere") == 1
    captured = capsys.readouterr()
    assert f"{tmp_path}/nowhere is not a folder" in captured.err
    assert captured.out == ""


def test_a_corpus_that_is_not_known_ends_with_2_and_the_choices(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["corpus=nobody"]) == 2
    assert "ravdess" in capsys.readouterr().err


def test_a_setting_that_is_not_known_ends_with_2(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(root, "corpus.rooot=x") == 2
    assert "rooot" in capsys.readouterr().err


def test_the_corpus_is_iemocap_where_its_root_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IEMOCAP_ROOT", str(tmp_path))
    assert main(["progress=false"]) == 1
    assert f"{tmp_path} is not IEMOCAP" in capsys.readouterr().err


def test_names_are_printed_as_they_are(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "cross").rename(root / "[red]cross")
    assert check(root) == 0
    assert "[red]cross" in capsys.readouterr().out


def test_progress_is_drawn_for_a_person_alone(
    root: Path, capsys: pytest.CaptureFixture[str], screen: io.StringIO
) -> None:
    assert main(["corpus=folder", f"corpus.root='{root}'"]) == 0
    assert "Reading folder" in screen.getvalue()
    assert "Reading" not in capsys.readouterr().out
