"""The recognisers of whole utterances, in a run's place: what they are given, what they leave."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from known_utterances import four_speakers

from ser_vae import SerVaeError
from ser_vae.configuration import build
from ser_vae.data.material import Material
from ser_vae.features.egemaps import EGeMAPS
from ser_vae.pipeline.utterance_level import recognise, whole_utterances
from ser_vae.run import configure

MODELS = ["majority", "speaker_lookup", "logmel_svm", "egemaps_svm", "handcrafted_svm"]
RATE_HZ = 16_000
EXTRACTOR = EGeMAPS(
    sample_rate=RATE_HZ, level="functionals", window=0.025, frame_shift=0.010, trim_db=None
)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """Utterances with audio of their own: an emotion is a tone in noise."""
    folder, rng = tmp_path_factory.mktemp("audio"), np.random.default_rng(0)
    whole, time_s = four_speakers(), np.arange(4_000) / RATE_HZ
    utterances = []
    for utterance, label in zip(whole.utterances, whole.label.tolist(), strict=True):
        path = folder / f"{utterance.id}.wav"
        tone = 0.3 * np.sin(2 * np.pi * (150 + 100 * label) * time_s)
        soundfile.write(path, tone + rng.normal(0, 0.05, 4_000), RATE_HZ)
        utterances.append(replace(utterance, path=path))
    return replace(whole, utterances=utterances)


def said(material: Material, cache: Path, *overrides: str) -> Any:
    config = configure(f"cache={cache}", "jobs=2", *overrides)
    model = build(config["model"], input_size=material.segments.size, num_classes=3)
    return recognise(model, config, material, Path("unused"), ())


@pytest.mark.parametrize("name", MODELS)
def test_each_says_a_probability_of_each_emotion_for_the_test_utterances(name, material, cache):
    found = said(material, cache, f"model={name}")
    test = material.utterances_of("test")
    assert found.utterance == tuple(utterance.id for utterance in test)
    assert [found.emotions[k] for k in found.truth] == [utterance.emotion for utterance in test]
    assert found.probability.shape == (12, 3)
    np.testing.assert_allclose(found.probability.sum(axis=1), 1)


@pytest.mark.parametrize("name", MODELS)
def test_permuted_test_labels_change_nothing_that_is_said(name, material, cache):
    """The labels themselves and those of the utterances, in case somebody looks there."""
    test = material.mask("test")
    label = material.label.clone()
    label[test] = (label[test] + 1) % 3
    utterances = [
        replace(utterance, emotion=material.emotions[k])
        for utterance, k in zip(material.utterances, label.tolist(), strict=True)
    ]
    other = replace(material, label=label, utterances=utterances)
    found = [said(each, cache, f"model={name}") for each in (material, other)]
    assert (found[0].truth != found[1].truth).all()
    np.testing.assert_array_equal(found[0].probability, found[1].probability)


@pytest.mark.parametrize("name", ["egemaps_svm", "handcrafted_svm"])
def test_a_tone_is_heard_in_the_audio(name, material, cache):
    found = said(material, cache, f"model={name}")
    assert (found.guess == found.truth).mean() > 0.8


@pytest.mark.parametrize("name", MODELS)
def test_what_is_said_does_not_change_from_run_to_run(name, material, cache):
    found = [said(material, cache, f"model={name}") for _ in range(2)]
    np.testing.assert_array_equal(found[0].probability, found[1].probability)


def test_rows_are_those_of_the_utterances_in_their_order(material, cache):
    config = configure(f"cache={cache}", "jobs=2")
    found = whole_utterances(EXTRACTOR, config, material.utterances)
    for row, utterance in zip(found[::11], material.utterances[::11], strict=True):
        samples = soundfile.read(utterance.path, dtype="float32")[0]
        np.testing.assert_array_equal(row, EXTRACTOR(samples)[0])


def test_an_utterance_without_features_is_an_error_that_names_it(material, cache, tmp_path):
    short = tmp_path / "short.wav"
    soundfile.write(short, np.random.default_rng(0).normal(0, 0.1, 900), RATE_HZ)
    utterances = list(material.utterances)
    utterances[5] = replace(utterances[5], path=short)
    with pytest.raises(SerVaeError, match=r"1 of 48 .*u005: too short: 0\.056 s"):
        said(replace(material, utterances=utterances), cache, "model=egemaps_svm")
