"""Bootstrap intervals against a resampling written here, and against what they should cover."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from ser_vae.evaluation.intervals import ua_interval, unweighted_accuracy
from ser_vae.evaluation.predictions import Predictions

EMOTIONS = ("angry", "happy", "neutral", "sad")


def made(right: float, utterances: int, seed: int, speakers: int = 8) -> Predictions:
    """Predictions of which about the share `right` is."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, utterances)
    guess = np.where(rng.random(utterances) < right, truth, rng.integers(0, 4, utterances))
    return Predictions(
        EMOTIONS,
        tuple(f"u{n:04}" for n in range(utterances)),
        tuple(f"s{n % speakers}" for n in range(utterances)),
        ("",) * utterances,
        truth,
        np.eye(4)[guess],
    )


def test_unweighted_accuracy_is_scikit_learns_balanced_accuracy():
    found = made(0.6, 300, 1)
    confusion = np.zeros((4, 4), int)
    np.add.at(confusion, (found.truth, found.guess), 1)
    expected = balanced_accuracy_score(found.truth, found.guess)
    assert unweighted_accuracy(confusion) == pytest.approx(expected)


def test_an_emotion_that_was_not_drawn_is_left_out_of_the_mean():
    assert unweighted_accuracy(np.array([[3, 1], [0, 0]])) == pytest.approx(0.75)


@pytest.mark.parametrize("by", ["utterance", "speaker"])
def test_the_interval_is_that_of_a_naive_resampling(by):
    found = made(0.6, 200, 2)
    groups = getattr(found, by)
    low, high = ua_interval(found, groups, seed=0)
    rng, names = np.random.default_rng(9), np.array(sorted(set(groups)))
    members = {name: np.flatnonzero(np.array(groups) == name) for name in names}
    drawn = []
    for _ in range(3000):
        rows = np.concatenate([members[n] for n in rng.choice(names, len(names))])
        drawn.append(balanced_accuracy_score(found.truth[rows], found.guess[rows]))
    assert low == pytest.approx(np.percentile(drawn, 2.5), abs=0.012)
    assert high == pytest.approx(np.percentile(drawn, 97.5), abs=0.012)


def test_speakers_who_are_alike_within_widen_the_interval():
    found = made(0.6, 400, 3)
    right = np.array([int(name[1:]) % 2 == 0 for name in found.speaker])  # all right, or all wrong
    guess = np.where(right, found.truth, (found.truth + 1) % 4)
    found = Predictions(
        EMOTIONS, found.utterance, found.speaker, found.dialogue, found.truth, np.eye(4)[guess]
    )
    of_utterances = ua_interval(found, found.utterance, seed=0)
    of_speakers = ua_interval(found, found.speaker, seed=0)
    assert np.ptp(of_speakers) > 2 * np.ptp(of_utterances)


def test_one_speaker_has_no_interval():
    found = made(0.6, 50, 4, speakers=1)
    assert ua_interval(found, found.speaker, seed=0) is None


def test_the_interval_covers_the_truth_as_often_as_it_says():
    covered = 0
    for seed in range(60):
        found = made(0.6, 150, 100 + seed)
        low, high = ua_interval(found, found.utterance, seed=seed)
        covered += low <= 0.6 + 0.4 / 4 <= high
    assert 51 <= covered <= 60


def test_the_same_seed_gives_the_same_interval():
    found = made(0.6, 100, 5)
    first, again = (ua_interval(found, found.utterance, seed=7) for _ in range(2))
    assert first == again
