"""Several corpora as one: on two folders of made-up files, and on RAVDESS with URDU."""

import json
import os
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import soundfile
from conftest import write_noise
from run_files import folders

import ser_vae
from ser_vae import SerVaeError
from ser_vae.compose import command_line
from ser_vae.corpus.utterance import Corpus
from ser_vae.data.audit import audit
from ser_vae.report.runs import load_runs
from ser_vae.report.scores import compute_results
from ser_vae.report.tables import make_table
from ser_vae.run import configure, run
from ser_vae.settings import build, validate

BOTH = {"ravdess", "urdu"} <= {n.removesuffix("_ROOT").lower() for n in os.environ}


def member(root: Path, *files: str, **settings: Any) -> dict[str, Any]:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return {**configure("corpus=folder")["corpus"], "root": str(root), **settings}


def read(members: dict[str, Any], classes: Any = "shared") -> Corpus:
    corpus: Corpus = build(
        {"_target_": "ser_vae.corpus.joined.read", "members": members, "classes": classes}
    )
    return corpus


@pytest.fixture
def members(tmp_path) -> dict[str, Any]:
    by = {"folders": "emotion/speaker"}
    return {
        "b": member(tmp_path / "b", "joy/x/1.wav", "sad/x/2.wav", "sad/unknown/3.wav", **by),
        "a": member(tmp_path / "a", "happy/x/1.wav", "sad/x/2.wav", "calm/y/4.wav", **by),
    }


def test_names_are_kept_apart_by_corpus(members):
    corpus = read(members, "all")
    assert [(u.id, u.speaker, u.corpus) for u in corpus.utterances] == [
        ("a/calm/y/4.wav", "a/y", "a"),
        ("a/happy/x/1.wav", "a/x", "a"),
        ("a/sad/x/2.wav", "a/x", "a"),
        ("b/joy/x/1.wav", "b/x", "b"),
        ("b/sad/unknown/3.wav", "b/unknown", "b"),
        ("b/sad/x/2.wav", "b/x", "b"),
    ]
    assert (corpus.name, corpus.emotions) == ("folder_folder", ("joy", "sad", "calm", "happy"))


def test_classes_are_mapped_and_the_rest_is_left_out(members):
    corpus = read(members, {"happy": ["happy", "joy"], "sad": ["sad"]})
    assert corpus.emotions == ("happy", "sad")
    assert Counter(u.emotion for u in corpus.utterances) == {"happy": 2, "sad": 3}
    assert [(u.id, u.emotion) for u in corpus.others] == [("a/calm/y/4.wav", "calm")]


def test_corpora_that_share_one_class_need_a_mapping(members):
    with pytest.raises(SerVaeError, match=r"fewer than two classes: b has joy, sad; a has calm"):
        read(members)


def folds_of(corpus: Corpus, **settings: Any) -> list[dict[str, str]]:
    split = {"_target_": "ser_vae.split.grouped.corpus_folds", "validation": 0.0, "test": None}
    folds: list[dict[str, str]] = build(split | settings, corpus.utterances, seed=0)
    return folds


def test_each_corpus_is_left_out_once_or_one_by_its_name(members):
    corpus = read(members, {"happy": ["happy", "joy"], "sad": ["sad"]})
    folds = folds_of(corpus)
    tested = [{name[0] for name, part in fold.items() if part == "test"} for fold in folds]
    assert tested == [{"a"}, {"b"}]
    assert folds_of(corpus, test="b") == folds[1:]
    with pytest.raises(SerVaeError, match=r"split.test=c: expected one of a, b"):
        folds_of(corpus, test="c")


def test_members_are_placed_by_a_defaults_list_and_the_command_makes_the_run_again():
    overrides = ["corpus=joined", "+corpus@corpus.members.emodb=emodb", "split=corpus"]
    config = configure(*overrides, "~corpus@corpus.members.urdu", "split.test=emodb")
    assert list(config["corpus"]["members"]) == ["ravdess", "emodb"]
    assert config["corpus"]["members"]["emodb"]["name"] == "emodb"
    validate(config)
    again = configure(*shlex.split(command_line(config))[3:])
    for each in (config, again):
        each["corpus"]["members"]["emodb"].pop("root")
    assert again["corpus"] == config["corpus"]


@pytest.mark.skipif(not BOTH, reason="RAVDESS_ROOT or URDU_ROOT is not set")
def test_ravdess_and_urdu_share_four_classes_and_no_language():
    corpus = build(validate(configure("corpus=joined")).corpus)
    assert (corpus.name, corpus.warnings) == ("ravdess_urdu", ())
    assert corpus.emotions == ("neutral", "happy", "sad", "angry")
    assert Counter(u.corpus for u in corpus.utterances) == {"ravdess": 672, "urdu": 400}
    assert len({u.speaker for u in corpus.utterances}) == 24 + 29
    (fold,) = folds_of(corpus, test="urdu")
    sets = [[u for u in corpus.utterances if fold[u.id] == part] for part in ("train", "test")]
    contents = {u.id: u.id for u in corpus.utterances}
    result = audit(*sets, everything=corpus.utterances, contents=contents)
    assert result["verdict"] == "INDEPENDENT"
    assert result["sentence"] == (
        "no test speaker is in train; trained on ravdess, tested on urdu, languages known to be in "
        "both: none, texts of the same name in both: none"
    )
    assert result["shared"]["languages"] == {"in_train": 0, "in_test": 1}
    assert result["shared"]["corpora"] == {"in_train": 0, "in_test": 1}


def test_a_run_leaves_out_each_corpus_in_turn(tmp_path, cache, capsys):
    """The tones of two corpora of noises are the same, the level of the second is lower."""
    places = []
    for number, name in enumerate(("first", "second")):
        for index in range(12):
            tone, seed = (300.0, 3_000.0)[index % 2], 100 * number + index
            folder = tmp_path / name / ("calm", "cross")[index % 2] / f"s{index // 4}"
            write_noise(folder / f"{index}.wav", tone, seed, 0.5)
            if number:
                samples, rate = soundfile.read(folder / f"{index}.wav")
                soundfile.write(folder / f"{index}.wav", samples / 50, rate)
        member = f"corpus.members.{name}"
        places += [f"+corpus@{member}=folder", f"{member}.root={tmp_path / name}"]
        places += [f"{member}.folders=emotion/speaker"]
    removed = [f"~corpus@corpus.members.{name}" for name in ("ravdess", "urdu")]
    settings = ["corpus=joined", *removed, *places, "split=corpus", "model=logmel_svm"]
    settings += [f"cache={cache}", f"runs={tmp_path / 'runs'}", "progress=false", "logger=none"]
    scores = run(configure(*settings, "fold=all", "normalise=corpus"))
    assert scores["corpus/test/ua"] > 0.9
    first, second = scores["corpus/test/ua_of_folds"]
    mean = (first + second) / 2
    printed = f"first {first:.2%}, second {second:.2%}, mean {mean:.2%}"
    assert printed in " ".join(capsys.readouterr().out.split())
    table = make_table(compute_results(load_runs(tmp_path / "runs")), "Across corpora", [0])
    assert table.columns[2:] == ["first", "second", "mean"]
    assert table.rows[0][2:] == tuple(f"{100 * ua:.1f}" for ua in (first, second, mean))
    runs = folders(tmp_path / "runs")
    assert [path.name.rpartition("-")[0] for path in runs] == [
        f"logmel_svm-complete-folder_folder-fold{fold}-seed0" for fold in (0, 1)
    ]
    metrics = json.loads((runs[0] / "metrics.json").read_text())
    assert metrics["audit"]["verdict"] == "INDEPENDENT"
    assert "trained on second, tested on first" in metrics["audit"]["sentence"]
    assert any("normalise=corpus: transductive" in caveat for caveat in metrics["caveats"])
    model = ser_vae.load(runs[0])
    file = tmp_path / "first" / "calm" / "s0" / "0.wav"
    assert model.predict(file, speaker="first/anybody").emotion == "calm"
    with pytest.raises(
        SerVaeError, match="no statistics of corpus 'unknown'; known are first, second"
    ):
        model.predict(file)
