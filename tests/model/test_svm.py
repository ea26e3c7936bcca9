"""Support vector machines: scikit-learn's own decisions, and probabilities that say the same."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from known_utterances import SVM_SETTINGS, four_speakers, known_of, material_of
from sklearn.metrics import recall_score
from sklearn.model_selection import cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ser_vae import SerVaeError
from ser_vae.data.statistics import Statistics
from ser_vae.model.svm import SVM, TEMPERATURES, Setting, inner_folds, temperature


def svm(**changed: Any) -> SVM:
    return SVM(**{**SVM_SETTINGS, **changed})


def in_sklearn(setting: Setting) -> Any:
    """Whole machines in place of kernels that are worked out once."""
    kernel, cost, weight = setting
    return make_pipeline(
        StandardScaler(),
        OneVsRestClassifier(SVC(kernel=kernel, C=cost, class_weight=weight, gamma="auto")),
    )


def clouds(spread: float = 1.0, seed: int = 0) -> tuple[np.ndarray, Statistics]:
    """Values (U, 5) of which the emotion shifts two; speaker s3 is the test part."""
    material = four_speakers(96)
    rng = np.random.default_rng(seed)
    values = rng.normal(0, spread, (96, 5)) * [1, 3, 1, 10, 1] + 5
    values[np.arange(96), material.label.numpy() % 2] += 2
    values[:, 2] += material.label.numpy()
    return values, known_of(material)


SETTINGS = [
    Setting(kernel, cost, weight)
    for kernel in ("linear", "rbf")
    for cost in (0.01, 1.0)
    for weight in (None, "balanced")
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_most_probable_class_is_the_decision_of_scikit_learns_machines(setting):
    values, known = clouds()
    machine = in_sklearn(setting).fit(values[known.in_train], known.label)
    found = svm(**setting._asdict()).probabilities(values, known)
    np.testing.assert_array_equal(found.argmax(axis=1), machine.predict(values[known.in_test]))


def test_probabilities_are_the_softmax_of_the_margins_at_the_held_out_ones_temperature():
    values, known = clouds()
    train, machine = values[known.in_train], in_sklearn(Setting("linear", 0.1, "balanced"))
    held_out = cross_val_predict(
        machine, train, known.label, cv=inner_folds(known, 3), method="decision_function"
    )
    found = machine.fit(train, known.label).decision_function(values[known.in_test])
    expected = torch.from_numpy(found / temperature(held_out, known.label)).softmax(dim=1)
    np.testing.assert_allclose(svm().probabilities(values, known), expected, rtol=1e-4)


def test_of_two_classes_the_rows_sum_to_one_and_follow_the_sign():
    material = material_of([0, 1] * 20, ["train"] * 30 + ["test"] * 10, ["a"] * 40)
    known = known_of(material)
    two = Statistics(**{**vars(known), "emotions": known.emotions[:2]})
    values = np.random.default_rng(0).normal(0, 1, (40, 3))
    values[:, 0] += [0, 3] * 20
    found = svm().probabilities(values, two)
    assert found.shape == (10, 2)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    machine = in_sklearn(Setting("linear", 0.1, "balanced")).fit(values[:30], known.label)
    np.testing.assert_array_equal(found.argmax(axis=1), machine.predict(values[30:]))


def test_a_test_utterance_is_judged_alone():
    values, known = clouds()
    together = svm().probabilities(values, known)
    values[np.flatnonzero(known.in_test)[1:]] = 1e3
    np.testing.assert_array_equal(svm().probabilities(values, known)[0], together[0])


def test_a_training_label_does_matter():
    """So that the tests of what may not matter could fail."""
    values, known = clouds()
    other = Statistics(**{**vars(known), "label": (known.label + 1) % 3})
    assert not np.allclose(svm().probabilities(values, known), svm().probabilities(values, other))


# --- the temperature ----------------------------------------------------------------------------


@given(scale=st.floats(0.2, 20), seed=st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_no_other_temperature_is_more_likely(scale, seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, 60)
    margins = scale * (rng.normal(0, 1, (60, 3)) + np.eye(3)[label])

    def loss(tried: float) -> float:
        said = torch.distributions.Categorical(logits=torch.from_numpy(margins / tried))
        return -float(said.log_prob(torch.from_numpy(label)).mean())

    found = loss(temperature(margins, label))
    assert found <= min(loss(tried) for tried in np.geomspace(*TEMPERATURES, 300)) + 1e-6


def test_scaled_margins_have_a_scaled_temperature():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 200)
    margins = rng.normal(0, 1, (200, 3)) + np.eye(3)[label]
    once, thrice = temperature(margins, label), temperature(3 * margins, label)
    assert thrice == pytest.approx(3 * once, rel=1e-3)


def test_where_every_guess_is_right_no_probability_is_zero():
    """Otherwise a single error in the test part would have an infinite loss."""
    label = np.arange(30) % 3
    margins = 2.0 * np.eye(3)[label] - 1
    lowest = temperature(margins, label)
    assert lowest == pytest.approx(TEMPERATURES[0], rel=0.1)
    assert np.exp(-2 / lowest) > 1e-30


def test_where_nothing_is_known_all_classes_are_even():
    rng = np.random.default_rng(0)
    label = rng.permutation(np.arange(600) % 3)
    assert temperature(-np.eye(3)[label], label) > 100


def test_probabilities_are_about_right_on_speakers_who_were_not_learnt():
    """Of guesses with a probability around p, about p are right: here within 0.1, on average."""
    errors = []
    for seed in range(10):
        values, known = clouds(2.0, seed)
        found = svm().probabilities(values, known)
        truth = four_speakers(96).label.numpy()[known.in_test]
        errors.append(found.max(axis=1).mean() - (found.argmax(axis=1) == truth).mean())
    assert np.mean(errors) == pytest.approx(0, abs=0.1)


# --- the inner folds ----------------------------------------------------------------------------


def test_new_test_speakers_mean_inner_folds_of_whole_speakers():
    known = known_of(four_speakers())
    speakers = np.array(known.speakers)[known.in_train]
    folds = inner_folds(known, 5)
    assert len(folds) == 3  # the training part's speakers
    for learnt, held in folds:
        assert not set(speakers[learnt]) & set(speakers[held])
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(len(known.label)))


def shared_speakers() -> Statistics:
    label = [0, 1, 2, 0] * 12
    return known_of(material_of(label, (["train"] * 3 + ["test"]) * 12, ["a", "b"] * 24))


def test_shared_test_speakers_mean_stratified_inner_folds():
    known = shared_speakers()
    folds = inner_folds(known, 4)
    assert len(folds) == 4
    whole = np.bincount(known.label) / len(known.label)
    for learnt, held in folds:
        np.testing.assert_allclose(np.bincount(known.label[held]) / len(held), whole, atol=0.05)
        assert not set(learnt) & set(held)


def test_stratified_folds_are_drawn_from_the_seed():
    known = shared_speakers()
    other = Statistics(**{**vars(known), "seed": known.seed + 1})
    held = [inner_folds(each, 4)[0][1].tolist() for each in (known, known, other)]
    assert held[0] == held[1] != held[2]


def test_speakers_who_alone_have_an_emotion_are_not_held_out_whole():
    label, speakers = [0, 0, 0, 1, 1, 1, 2, 2, 2, 0], [*"aaabbbccc", "d"]
    known = known_of(material_of(label, ["train"] * 9 + ["test"], speakers))
    assert known.held_out_speakers() is not None
    for learnt, _ in inner_folds(known, 3):
        assert set(known.label[learnt]) == {0, 1, 2}


@pytest.mark.parametrize(("label", "found"), [([0, 0, 1, 1, 2], 1), ([0, 0, 1, 1, 1], 0)])
def test_an_emotion_with_fewer_than_two_utterances_is_an_error_that_names_it(label, found):
    known = known_of(material_of([*label, 0], ["train"] * 5 + ["test"], ["s"] * 6))
    with pytest.raises(SerVaeError, match=f"happy: {found} utterances in the training part"):
        inner_folds(known, 3)


# --- the choice ---------------------------------------------------------------------------------


def rings() -> tuple[np.ndarray, Statistics]:
    """An emotion a ring around the same centre: no line parts them."""
    material = four_speakers(144)
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 144)
    radius = material.label.numpy() * 2 + 1 + rng.normal(0, 0.2, 144)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), known_of(material)


def test_tuning_finds_the_kernel_that_can():
    values, known = rings()
    truth = four_speakers(144).label.numpy()[known.in_test]
    fixed, tuned = svm(), svm(tune=True)
    guesses = [each.probabilities(values, known).argmax(axis=1) for each in (fixed, tuned)]
    assert (guesses[0] == truth).mean() < 0.7
    assert (guesses[1] == truth).mean() > 0.9
    assert fixed.chosen == Setting("linear", 0.1, "balanced")
    assert tuned.chosen.kernel == "rbf"


@pytest.mark.parametrize("seed", range(3))
def test_the_chosen_setting_is_the_first_with_the_best_ua_over_all_inner_folds(seed):
    values, known = clouds(3.0, seed)
    train, folds = values[known.in_train], inner_folds(known, 3)
    tuned = svm(tune=True)
    tuned.probabilities(values, known)
    ua = {}
    for setting in tuned.settings:
        guess = cross_val_predict(in_sklearn(setting), train, known.label, cv=folds)
        ua[setting] = recall_score(known.label, guess, average="macro")
    assert len(ua) == 8
    assert tuned.chosen == next(s for s, value in ua.items() if value == max(ua.values()))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"kernel": "cosine"}, "kernel cosine"),
        ({"C": 0}, "C 0"),
        ({"class_weight": "equal"}, "class_weight equal"),
        ({"folds": 1}, "folds 1, expected 2"),
        ({"tune": True, "grid": {**SVM_SETTINGS["grid"], "C": [1.0, -1.0]}}, "C -1.0"),
    ],
)
def test_what_no_machine_can_have_is_refused_when_given(changed, expected):
    with pytest.raises(SerVaeError, match=expected):
        svm(**changed)
