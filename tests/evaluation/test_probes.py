"""Probes on values of known content: high scores for what they encode, chance otherwise."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from ser_vae.corpus.utterance import Utterance
from ser_vae.evaluation.probes import (
    C,
    probe,
    probe_label,
    probe_within,
    probes,
)

UTTERANCES, SPEAKERS = 400, 8
RNG = np.random.default_rng(0)
EMOTION = RNG.permutation(np.arange(UTTERANCES) % 4)
SPEAKER = RNG.permutation(np.arange(UTTERANCES) % SPEAKERS)
SEX = SPEAKER % 2
TRAIN = np.arange(UTTERANCES) % 10 < 6
TEST = np.arange(UTTERANCES) % 10 > 6


def encode(*contents: np.ndarray, noise: float = 0.15) -> np.ndarray:
    """Return values (U, number of classes + 20) that encode only the given contents."""
    rng = np.random.default_rng(1)
    one_hot = [np.eye(content.max() + 1)[content] for content in contents]
    x = np.concatenate([*one_hot, np.zeros((UTTERANCES, 20))], axis=1)
    return x + noise * rng.standard_normal(x.shape)


def class_names(content: np.ndarray) -> list[str]:
    return [f"class {value}" for value in content]


def run_probes(latents: np.ndarray, logmel: np.ndarray, **other: object) -> dict:
    known = {
        "emotion": class_names(EMOTION),
        "speaker": class_names(SPEAKER),
        "sex": class_names(SEX),
        "corpus": [None] * UTTERANCES,
    }
    known = known | {name: other.pop(name) for name in known if name in other}
    utterances = [
        Utterance(f"u{n}", Path("unread.wav"), **{name: known[name][n] for name in known})
        for n in range(UTTERANCES)
    ]
    return probes(latents, logmel, utterances, **{"train": TRAIN, "test": TEST, **other})


def test_encoded_contents_score_high_and_others_at_chance():
    both = run_probes(encode(EMOTION), encode(SPEAKER))
    assert both["latents"]["emotion"]["score"] > 0.9
    assert both["latents"]["speaker"]["score"] == pytest.approx(1 / SPEAKERS, abs=0.1)
    assert both["latents"]["sex"]["score"] == pytest.approx(1 / 2, abs=0.15)
    assert both["logmel"]["emotion"]["score"] == pytest.approx(1 / 4, abs=0.12)
    assert both["logmel"]["speaker"]["score"] > 0.9
    assert both["logmel"]["sex"]["score"] > 0.9
    chances = [both["latents"][what]["chance"] for what in ("emotion", "speaker", "sex")]
    assert chances == [1 / 4, 1 / SPEAKERS, 1 / 2]
    assert both["latents"]["corpus"] is None  # there is only one


def test_the_score_is_the_ua_of_logistic_regression_on_standardised_values():
    x = encode(EMOTION, noise=1.5) * np.linspace(1, 1000, 24)
    scaled = (x - x[TRAIN].mean(axis=0)) / x[TRAIN].std(axis=0)
    fitted = LogisticRegression(C=C, class_weight="balanced", max_iter=1000)
    guess = fitted.fit(scaled[TRAIN], EMOTION[TRAIN]).predict(scaled[TEST])
    expected = balanced_accuracy_score(EMOTION[TEST], guess)
    assert probe(x, class_names(EMOTION), TRAIN, TEST)["score"] == pytest.approx(expected)
    assert 0.4 < expected < 0.95


def test_utterances_outside_train_and_test_have_no_influence():
    x, emotion = encode(EMOTION), class_names(EMOTION)
    other, outside = x.copy(), ~(TRAIN | TEST)
    other[outside] = 1e6
    assert outside.any()
    assert probe(x, emotion, TRAIN, TEST) == probe(other, emotion, TRAIN, TEST)


def test_the_probe_is_not_fitted_on_the_test_set():
    """Values that identify each utterance can be memorised, but do not generalise."""
    identity = np.eye(UTTERANCES)
    assert probe(identity, class_names(EMOTION), TRAIN, TRAIN)["score"] > 0.95
    assert probe(identity, class_names(EMOTION), TRAIN, TEST)["score"] == pytest.approx(
        1 / 4, abs=0.1
    )
    assert probe_within(identity, class_names(SPEAKER), TEST)["score"] < 0.3


def test_probing_speakers_needs_two_utterances_of_each():
    x, first = np.eye(SPEAKERS)[SPEAKER], [np.flatnonzero(s == SPEAKER) for s in range(4)]
    mask = np.zeros(UTTERANCES, bool)
    mask[[row for rows in first for row in rows[:2]]] = True
    assert probe_within(x, class_names(SPEAKER), mask) == {
        "score": 1,
        "chance": 1 / 4,
        "utterances": 8,
    }
    mask[first[0][0]] = False
    assert probe_within(x, class_names(SPEAKER), mask) is None


@pytest.mark.parametrize("speaker", ["unknown", None])
def test_speakers_are_not_probed_if_one_is_unknown(speaker):
    names = [speaker if name == "class 3" else name for name in class_names(SPEAKER)]
    both = run_probes(encode(EMOTION), encode(SEX), speaker=names)
    assert both["latents"]["speaker"] is both["logmel"]["speaker"] is None
    assert both["latents"]["sex"] is not None


@pytest.mark.parametrize("where", ["train", "test"])
def test_sex_is_not_probed_if_a_set_has_an_unknown_one_or_only_one(where):
    mask = {"train": TRAIN, "test": TEST}[where]
    sex: list[str | None] = class_names(SEX)
    sex[int(np.flatnonzero(mask)[-1])] = None
    for other in ({"sex": sex}, {where: mask & (SEX == 0)}):
        assert run_probes(encode(SEX), encode(SEX), **other)["latents"]["sex"] is None


def test_a_class_missing_in_training_counts_as_wrong_and_one_missing_in_the_test_set_does_not():
    x = encode(EMOTION, noise=0.05)
    lacks = probe(x, class_names(EMOTION), TRAIN & (EMOTION != 0), TEST)
    assert lacks["score"] == pytest.approx(3 / 4)
    assert lacks["chance"] == 1 / 4
    fewer = probe(x, class_names(EMOTION), TRAIN, TEST & (EMOTION != 0))
    assert fewer["score"] == pytest.approx(1)
    assert fewer["chance"] == 1 / 3


def test_a_corpus_is_read_from_what_its_speakers_share_and_not_from_their_voices():
    corpus, everything = class_names(SEX), np.full(UTTERANCES, True)
    speaker: list[str | None] = class_names(SPEAKER)
    channel = probe_within(encode(SEX), corpus, everything, speaker)
    assert channel == {"score": pytest.approx(1), "chance": 1 / 2, "utterances": UTTERANCES}
    voices = encode(SPEAKER, noise=0.01)  # enough to know the corpus of a known speaker
    assert probe(voices, corpus, TRAIN, TEST)["score"] == pytest.approx(1)
    assert probe_within(voices, corpus, everything, speaker)["score"] < 0.8
    unknown = [f"{name}/unknown" for name in corpus]  # each utterance counts as a speaker
    assert probe_within(voices, corpus, everything, unknown)["score"] > 0.9


def test_the_corpus_is_probed_on_both_sets_if_each_corpus_has_two_speakers():
    left_out = SPEAKER >= 4
    corpus = class_names(left_out.astype(int))
    sets = {"train": TRAIN & ~left_out, "test": TEST & left_out, "corpus": corpus}
    score = run_probes(encode(left_out.astype(int)), encode(EMOTION), **sets)["latents"]["corpus"]
    assert score["score"] == pytest.approx(1)
    assert score["utterances"] == sum(sets["train"] | sets["test"])
    sets["test"] = TEST & (SPEAKER == 4)
    assert run_probes(encode(SEX), encode(SEX), **sets)["latents"]["corpus"] is None


def test_a_label_is_read_only_from_values_that_encode_it():
    label = np.random.default_rng(3).integers(0, 4, UTTERANCES)
    there = probe_label(encode(label), label, TRAIN, TEST)
    absent = probe_label(encode(EMOTION), label, TRAIN, TEST)
    assert there["share"] > 0.9
    assert there["low"] > there["chance"] == absent["chance"] == 1 / 4
    assert absent["low"] < 1 / 4 < absent["high"]
    assert there["utterances"] == TEST.sum()
