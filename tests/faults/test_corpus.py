"""A corpus that changes, vanishes or is locked away between two stages, or in the midst of one."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from run_files import folders

from ser_vae import SerVaeError, pipeline
from ser_vae.features import audio
from ser_vae.run import configure, run

RATE_HZ = 16_000


def other_sound(path: Path) -> None:
    """As long as the one before, so that only the content tells them apart."""
    samples = len(soundfile.read(path)[0])
    soundfile.write(path, np.random.default_rng(9).normal(0, 0.1, samples), RATE_HZ)


def before_features(monkeypatch: pytest.MonkeyPatch, happens) -> None:
    """Let something happen once a run has looked at its corpus, before it computes features."""
    prepare = pipeline.prepare

    def then(*arguments):
        happens()
        monkeypatch.setattr(pipeline, "prepare", prepare)
        return prepare(*arguments)

    monkeypatch.setattr(pipeline, "prepare", then)


def after(monkeypatch: pytest.MonkeyPatch, files: int, happens) -> None:
    """Let something happen in the midst of the features, when some files have been read."""
    read, count = audio.read, iter(range(1_000))

    def then(*arguments):
        if next(count) == files:
            happens()
        return read(*arguments)

    monkeypatch.setattr(audio, "read", then)


@pytest.fixture
def settings_of(own_noises, small, tmp_path):
    """A run on a corpus and a cache of its own; features are computed one after another."""

    def settings(*overrides: str) -> list[str]:
        places = (f"corpus.root={own_noises}", f"cache={tmp_path / 'cache'}", "jobs=1")
        return small(*places, "model=logmel_svm", *overrides)

    return settings


def test_a_corpus_that_vanishes_during_features_makes_no_run_on_what_is_left(
    settings_of, own_noises, tmp_path, monkeypatch, ends_like_an_undisturbed_one
):
    gone = own_noises.with_name("gone")
    after(monkeypatch, 30, lambda: own_noises.rename(gone))
    with pytest.raises(
        SerVaeError, match=rf"{own_noises}/.*\.wav: (cannot be opened|changed or removed)"
    ):
        run(configure(*settings_of("bad_audio=drop")))
    assert not list((tmp_path / "runs").rglob("metrics.json"))
    monkeypatch.undo()
    gone.rename(own_noises)
    run(configure(*settings_of("bad_audio=drop")))
    ends_like_an_undisturbed_one("model=logmel_svm", "bad_audio=drop", runs=tmp_path / "runs")


def test_a_file_that_changes_before_features_is_named_and_the_result_is_the_new_contents(
    settings_of, own_noises, tmp_path, monkeypatch
):
    run(configure(*settings_of("seed=1")))  # the old content's features are in the cache
    file = own_noises / "gay07.wav"
    before_features(monkeypatch, lambda: other_sound(file))
    with pytest.raises(SerVaeError, match=rf"^{file}: changed or removed since.*\nRestore it"):
        run(configure(*settings_of()))
    assert len(list((tmp_path / "runs").rglob("metrics.json"))) == 1
    run(configure(*settings_of()))
    run(configure(*settings_of(f"cache={tmp_path / 'fresh'}", f"runs={tmp_path / 'fresh'}")))
    (fresh,) = folders(tmp_path / "fresh")
    got = tmp_path / "runs" / "random" / fresh.name
    assert (got / "predictions.csv").read_bytes() == (fresh / "predictions.csv").read_bytes()
