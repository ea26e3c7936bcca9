"""Runs on the user's own speech: what they print, refuse and record about it."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import write_noise

from ser_vae import SerVaeError
from ser_vae.run import configure, run


@pytest.fixture
def run_own(tmp_path) -> Callable[..., dict[str, Any]]:
    """Run the majority baseline on the corpus in `tmp_path`/own, with further overrides."""
    own, cache, runs = (tmp_path / name for name in ("own", "cache", "runs"))

    def go(*overrides: str) -> dict[str, Any]:
        places = (f"corpus.root={own}", f"cache={cache}", f"runs={runs}", "progress=false")
        settings = ("corpus=folder", "model=majority", "logger=none", "trainer=cpu", *places)
        return run(configure(*settings, *overrides))

    return go


@pytest.fixture
def own(tmp_path) -> Path:
    """Eight recordings in two folders, and a CSV that gives each emotion two speakers."""
    root, lines = tmp_path / "own", ["path,emotion,speaker"]
    for number in range(8):
        emotion = ("calm", "cross")[number % 2]
        write_noise(root / emotion / f"{number}.wav", 500, number, 0.5)
        lines.append(f"{emotion}/{number}.wav,{emotion},s{number // 4}")
    (root / "list.csv").write_text("\n".join(lines) + "\n")
    return root


def test_a_run_names_classes_and_ignored_audio_also_if_it_is_finished(own, run_own, capsys, caplog):
    (own / "calm" / "8.m4a").touch()
    for _ in range(2):
        with caplog.at_level(logging.WARNING):
            run_own()
        out = capsys.readouterr().out
        assert out.startswith("corpus folder: 2 classes: calm 4, cross 4 utterances\n")
        assert "convert them: calm/8.m4a" in caplog.text
        caplog.clear()


def test_a_recording_under_two_speakers_is_the_verdict_of_the_audit(own, run_own, tmp_path):
    (own / "copy.wav").write_bytes((own / "calm" / "0.wav").read_bytes())
    with (own / "list.csv").open("a") as table:
        table.write("copy.wav,cross,s1\n")
    run_own("corpus.csv=list.csv", "split=speaker", "fold=0")
    (path,) = (tmp_path / "runs").rglob("audit.json")
    audit = json.loads(path.read_text())
    assert (audit["verdict"], audit["duplicates"], audit["test_utterances"]) == ("DUPLICATES", 1, 4)
    assert audit["shared"]["speakers"]["in_train"] == 0


LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 32044\n"


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (0, r"no usable utterance of cross among 4\.\n.*lists files to repair"),
        (1, r"5 utterances \(calm 4, cross 1\) cannot be split"),
    ],
)
def test_a_class_that_loses_its_files_stops_a_run(own, run_own, kept, message):
    for path in sorted((own / "cross").iterdir())[kept:]:
        path.write_text(LFS_POINTER)
    with pytest.raises(SerVaeError, match=message):
        run_own("bad_audio=drop")


def test_a_class_of_one_speaker_cannot_be_tested_on_that_speaker(own, run_own):
    lines = [f"calm/{n}.wav,calm,s{n % 4 // 2}" for n in range(0, 8, 2)]
    lines += [f"cross/{n}.wav,cross,s0" for n in range(1, 8, 2)]
    (own / "list.csv").write_text("\n".join(["path,emotion,speaker", *lines]))
    with pytest.raises(SerVaeError, match="split=speaker: a training set has no utterance of cros"):
        run_own("corpus.csv=list.csv", "split=speaker", "fold=all")
