"""The command on a corpus of short noises in sub-folders, and its judgements on made-up corpora."""

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from rich.console import Console

from ser_vae import check
from ser_vae.check import find_fault, find_warnings, main
from ser_vae.corpus.utterance import Corpus, Style, Utterance
from ser_vae.features.audio import Inspection
from ser_vae.run import configure
from ser_vae.settings import validate


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.1, 0.1, 8_000)


def write(path: Path, samples: np.ndarray, rate_hz: int = 16_000) -> None:
    path.parent.mkdir(exist_ok=True)
    subtype = "PCM_16" if path.suffix == ".flac" else "FLOAT"
    soundfile.write(path, samples, rate_hz, subtype=subtype)


@pytest.fixture
def root(tmp_path) -> Path:
    for number in range(7):
        emotion = "calm" if number < 4 else "cross"
        write(tmp_path / emotion / f"{number}.wav", noise(number))
    return tmp_path


def run_check(root: Path, *overrides: str) -> int:
    return main(["corpus=folder", "progress=false", f"corpus.root='{root}'", *overrides])


def test_a_usable_corpus_ends_with_0(root, capsys):
    assert run_check(root, "corpus.name=mine") == 0
    out = capsys.readouterr().out
    assert "mine can be used" in out
    assert "7 files: 16,000 Hz, channels: 1" in out
    assert "shortest: 0.500 s, calm/0.wav" in out
    assert "│ calm    │        4 │" in out
    assert "│ unknown │     │    4 │     3 │   7 │" in out
    assert "warnings: 1" in out  # no speakers


def test_every_unusable_file_is_named_and_the_corpus_still_usable(root, capsys):
    write(root / "calm" / "silent.wav", np.zeros(8_000))
    write(root / "calm" / "short.wav", noise(9)[:1_500])
    (root / "calm" / "[red]text.wav").write_text("no audio")
    assert run_check(root) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in ("silent", "short", "[red]text"):
        assert sum(line.startswith(f"{root}/calm/{name}.wav: ") for line in lines) == 1
    assert "warning: 3 of 10 files cannot be used" in lines


def test_a_class_too_rare_for_the_split_ends_with_1(root, capsys):
    write(root / "hapy" / "7.wav", noise(7))
    assert run_check(root) == 1
    assert "fault: split=random: 8 utterances (calm 4, cross 3, hapy 1)" in capsys.readouterr().out


def test_equal_samples_are_found_in_another_container_and_under_another_label(root, capsys):
    samples, _ = soundfile.read(root / "calm" / "0.wav")
    steps = np.rint(samples * 2**15).astype(np.int16)
    write(root / "calm" / "0.wav", steps / 2**15)
    write(root / "calm" / "copy.flac", steps)
    write(root / "cross" / "copy.wav", noise(5))
    write(root / "calm" / "twin.wav", noise(5))
    assert run_check(root) == 0
    out = capsys.readouterr().out
    assert "1 recordings exist more than once: calm/0.wav (calm) = calm/copy.flac (calm)" in out
    assert (
        "1 recordings exist more than once, with different labels: "
        "calm/twin.wav (calm) = cross/5.wav (cross) = cross/copy.wav (cross)"
    ) in out


def test_a_corpus_of_ones_own_is_an_option_in_a_folder_of_ones_own(root, tmp_path_factory, capsys):
    options = tmp_path_factory.mktemp("conf")
    (options / "corpus").mkdir()
    (options / "corpus" / "mine.yaml").write_text(
        "defaults: [filenames]\n"
        "name: mine\n"
        f"root: {root}\n"
        "example: calm/3.wav\n"
        r"pattern: (?P<emotion>calm|cross)/(?P<speaker>\d)" + "\n"
        "emotions: {calm: [calm], angry: [cross], sad: [sad]}\n"
        "classes: [calm, angry]\n"
        "complete: {counts: {calm: 5}, speakers: 8}\n"
    )
    assert main(["--config-dir", str(options), "corpus=mine", "progress=false"]) == 0
    out = capsys.readouterr().out
    assert "warning: differs from a complete copy: calm 4 of 5" in out
    assert "speakers: 7 of 8" in out
    assert "mine2 can be used; warnings: 2" in out


def test_a_class_of_another_level_is_named(root, capsys):
    for path in (root / "cross").iterdir():
        write(path, noise(int(path.stem)) / 100)
    write(root / "calm" / "0.wav", noise(0) * 327_680)
    write(root / "sad" / "7.wav", noise(7))
    assert run_check(root, "corpus.classes={ill: [cross], well: [calm]}") == 0
    out = capsys.readouterr().out
    assert "labels in no class, left out: sad 1" in out
    assert "the level reveals the class: well 40 dB above the others" in out
    assert "1 files exceed full scale, up to 32,7" in out


@pytest.mark.parametrize(
    ("emotions", "column", "values", "words"),
    [
        ("aabb", "sample_rate_hz", [8_000, 16_000], "(Hz) reveals the class: mostly a 8000, b 16"),
        ("aaabbb", "suffix", [".mp3", ".wav"], "type reveals the class: mostly a .mp3, b .wav"),
        ("aabbccdd", "channels", [1, 2], "number of channels reveals the class"),
    ],
)
def test_an_attribute_that_reveals_the_class_is_named(emotions, column, values, words):
    half = len(emotions) // 2
    same = {"sample_rate_hz": 1, "channels": 1, "suffix": "", "level_db": -20.0, "peak": 0.5}
    files = pd.DataFrame({"id": list("12345678")[: 2 * half], "emotion": list(emotions), **same})
    (warning,) = check.find_shortcuts(files.assign(**{column: np.repeat(values, half)}))
    assert words in warning
    assert check.find_shortcuts(files.assign(**{column: values * half})) == []
    rng = np.random.default_rng(0)  # levels that overlap reveal nothing
    assert check.find_shortcuts(files.assign(level_db=rng.normal(-20, 6, 2 * half))) == []


# --- judgements ---------------------------------------------------------------------------------

FINE = Inspection(sample_rate_hz=16_000, channels=1, duration_s=36.0, problem=None)
EXPECTED = {
    "classes": {
        "calm": {"improvised": 1, "scripted": 1},
        "cross": {"improvised": 1, "scripted": 0},
    },
    "others": 1,
    "speakers": 2,
    "hours": 0.04,
    "sample_rate_hz": 16_000,
    "channels": 1,
}


def utterance(name: str, emotion: str, style: Style | None = None) -> Utterance:
    return Utterance(name, Path(f"{name}.wav"), emotion, speaker=name[0], style=style)


def corpus(*utterances: Utterance, **known: Any) -> Corpus:
    return Corpus("mine", ("calm", "cross"), utterances, **known)


@pytest.fixture
def complete() -> Corpus:
    """Three utterances of the classes and one of another label, 36 s each: 0.04 h."""
    return corpus(
        utterance("a1", "calm", "improvised"),
        utterance("a2", "calm", "scripted"),
        utterance("b1", "cross", "improvised"),
        others=(utterance("b2", "xxx", "scripted"),),
        expected=EXPECTED,
    )


@pytest.fixture
def inspect_as(monkeypatch) -> Any:
    """The table of a corpus whose files are all FINE, except those given by id."""

    def go(corpus: Corpus, **other: Inspection) -> pd.DataFrame:
        by_path = {u.path: u.id for u in (*corpus.utterances, *corpus.others)}

        def inspect(path: Path, clip: None) -> Inspection:  # noqa: ARG001
            return other.get(path.stem, replace(FINE, samples_digest=by_path[path]))

        monkeypatch.setattr(check, "inspect", inspect)
        return check.inspect_files(corpus, jobs=2)

    return go


def printed(corpus: Corpus, files: pd.DataFrame) -> str:
    console = Console(file=io.StringIO(), width=120)
    check.show(corpus, files, "", console)
    return console.file.getvalue()


def fault(corpus: Corpus, files: pd.DataFrame) -> str:
    settings = validate(configure("corpus=folder", "corpus.root=unread", "split.test=0.5"))
    return find_fault(corpus, files, settings).partition("\n")[0]


def test_a_complete_copy_has_neither_warnings_nor_faults(complete, inspect_as):
    files = inspect_as(complete)
    assert find_warnings(complete, files) == []
    rows = [re.sub(r"[\s│┃]", "", line) for line in printed(complete, files).splitlines()]
    table = ["emotionimprovisedscriptedcomplete", "calm1of11of12of2", "cross1of10of01of1"]
    assert {*table, "all2of21of13of3", "hours0.020.010.03", "a202", "b011"} <= set(rows)
    assert "otherlabels:1of1" in rows
    assert "hours:0.04of0.04" in rows


def test_each_difference_is_a_warning_with_both_numbers(complete, inspect_as):
    partial = replace(complete, utterances=complete.utterances[1:], others=())
    files = inspect_as(partial)
    assert find_warnings(partial, files) == [
        "differs from a complete copy: calm improvised 0 of 1",
        "other labels: 0 of 1 in a complete copy",
        "hours: 0.02 of 0.04 in a complete copy",
    ]


def test_another_sample_rate_or_number_of_channels_is_a_warning(complete, inspect_as):
    stereo, slow = replace(FINE, channels=2), replace(FINE, sample_rate_hz=8_000)
    files = inspect_as(complete, a1=stereo, a2=slow, b1=slow)
    assert find_warnings(complete, files.assign(samples_digest=files.id)) == [
        "2 files have 8,000 Hz and 1 channels; a complete copy has 16,000 Hz and 1",
        "1 files have 16,000 Hz and 2 channels; a complete copy has 16,000 Hz and 1",
    ]


def test_a_class_without_an_utterance_or_without_audio_is_a_fault(complete, inspect_as):
    undecodable = Inspection(0, 0, 0.0, "cannot be decoded")
    files = inspect_as(complete, b1=undecodable)
    expected = "corpus mine, data=complete: no usable utterance of cross among 2."
    assert fault(complete, files) == expected
    assert "shortest: 36.000 s, a1" in printed(complete, files)
    calm = corpus(*complete.utterances[:2])
    assert fault(calm, inspect_as(calm)) == expected


def test_speakers_with_one_class_each_are_a_warning():
    files = pd.DataFrame({"emotion": list("aabb") * 6, "speaker": list("stst") * 6})
    assert check.find_confounded_speakers(files) == []
    (warning,) = check.find_confounded_speakers(files.assign(speaker=files.emotion + "1"))
    assert "the speaker reveals the class" in warning
    assert check.find_confounded_speakers(files.assign(speaker="unknown")) == []
