"""Functionals of latents to a support vector machine."""

from dataclasses import replace

import numpy as np
import pytest
from known_utterances import SVM_SETTINGS, four_speakers, known_of

from ser_vae.classifier.functionals import FunctionalsClassifier
from ser_vae.configuration import build
from ser_vae.features.functionals import functionals
from ser_vae.model.svm import SVM
from ser_vae.run import configure


def classifier(name: str = "thirds") -> FunctionalsClassifier:
    return FunctionalsClassifier(input_size=4, num_classes=3, functionals=name, svm=SVM_SETTINGS)


def latents(seed: int = 0) -> list[np.ndarray]:
    """Of 1 to 12 segments, Z = 4; the emotion shifts one latent."""
    rng = np.random.default_rng(seed)
    label = four_speakers().label.numpy()
    return [rng.normal(0, 1, (1 + n % 12, 4)) + 3 * np.eye(4)[k] for n, k in enumerate(label)]


@pytest.mark.parametrize("normalise", ["train", "speaker", "none"])
@pytest.mark.parametrize("name", ["mean_and_deviation", "thirds"])
def test_it_is_an_svm_on_the_standardised_functionals(name, normalise):
    known = known_of(four_speakers(), normalise=normalise)
    values = np.stack([functionals(name, sequence) for sequence in latents()])
    expected = SVM(**SVM_SETTINGS).probabilities(known.standardised(values), known)
    np.testing.assert_array_equal(classifier(name).fit_predict(latents(), known), expected)


def test_emotions_that_the_latents_tell_apart_are_told_apart():
    known = known_of(four_speakers())
    truth = four_speakers().label.numpy()[known.in_test]
    found = classifier().fit_predict(latents(), known)
    assert (found.argmax(axis=1) == truth).mean() > 0.8


def test_permuted_test_labels_change_nothing():
    material = four_speakers()
    test = material.mask("test")
    label = material.label.clone()
    label[test] = label[test].flip(0)
    other = replace(material, label=label)
    assert not np.array_equal(label, material.label)
    found = [classifier().fit_predict(latents(), known_of(each)) for each in (material, other)]
    np.testing.assert_array_equal(*found)


def test_it_is_built_as_configured():
    made = build(configure("classifier=functionals")["classifier"], input_size=128, num_classes=4)
    assert isinstance(made, FunctionalsClassifier)
    assert made.functionals == "thirds"
