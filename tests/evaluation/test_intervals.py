"""Bootstrap intervals against a resampling written here, and against what they should cover."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t
from sklearn.metrics import balanced_accuracy_score

from ser_vae.evaluation.intervals import intervals, mean_ua, mean_ua_interval, tail
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


def part(found: Predictions, rows: Sequence[int]) -> Predictions:
    return replace(
        found,
        **{
            name: tuple(getattr(found, name)[row] for row in rows)
            for name in ("utterance", "speaker", "dialogue")
        },
        truth=found.truth[list(rows)],
        probability=found.probability[list(rows)],
    )


def test_unweighted_accuracy_is_scikit_learns_balanced_accuracy():
    found = made(0.6, 300, 1)
    tested = np.bincount(found.truth, minlength=4)[None]
    right = np.bincount(found.truth[found.truth == found.guess], minlength=4)[None]
    expected = balanced_accuracy_score(found.truth, found.guess)
    assert mean_ua(right, tested) == pytest.approx(expected)


def test_an_emotion_that_was_not_drawn_is_left_out_of_the_mean():
    assert mean_ua(np.array([[3, 0]]), np.array([[4, 0]])) == pytest.approx(0.75)


def test_a_seed_of_which_nothing_was_drawn_is_left_out_of_the_mean():
    assert mean_ua(np.array([[3, 1], [0, 0]]), np.array([[4, 4], [0, 0]])) == pytest.approx(0.5)


def test_the_mean_over_seeds_weighs_them_alike():
    right, tested = np.array([[10, 10], [0, 1]]), np.array([[10, 10], [1, 1]])
    assert mean_ua(right, tested) == pytest.approx((1 + 0.5) / 2)


@pytest.mark.parametrize(("groups", "by"), [("utterances", "utterance"), ("speakers", "speaker")])
def test_the_interval_is_that_of_a_naive_resampling(groups, by):
    """Of two seeds with test parts that overlap: a group brings what it has in both."""
    both = [part(made(0.7, 200, 2), range(150)), part(made(0.5, 200, 2), range(50, 200))]
    low, high = mean_ua_interval(both, groups)
    rng = np.random.default_rng(9)
    names = sorted({name for found in both for name in getattr(found, by)})
    members = [
        {n: [row for row, own in enumerate(getattr(f, by)) if own == n] for n in names}
        for f in both
    ]
    drawn = []
    for _ in range(2000):
        chosen = rng.choice(names, len(names))
        rows = [np.array([r for n in chosen for r in own[n]]) for own in members]
        ua = [
            np.mean([np.mean(f.guess[r][f.truth[r] == k] == k) for k in range(4)])
            for f, r in zip(both, rows, strict=True)
        ]
        drawn.append(np.mean(ua))
    count = len(names)
    beyond = norm.cdf(t.ppf(0.025, count - 1) * np.sqrt(count / (count - 1)))
    assert low == pytest.approx(np.quantile(drawn, beyond), abs=0.015)
    assert high == pytest.approx(np.quantile(drawn, 1 - beyond), abs=0.015)


def test_speakers_who_are_alike_within_widen_the_interval():
    found = made(0.6, 400, 3)
    right = np.array([int(name[1:]) % 2 == 0 for name in found.speaker])  # all right, or all wrong
    guess = np.where(right, found.truth, (found.truth + 1) % 4)
    both = intervals(replace(found, probability=np.eye(4)[guess]))
    assert np.ptp(both["speakers"]) > 2 * np.ptp(both["utterances"])


def test_more_seeds_of_independent_errors_narrow_the_interval():
    seeds = [replace(made(0.6, 300, n), truth=made(0.6, 300, 0).truth) for n in range(4)]
    one, four = (np.ptp(mean_ua_interval(s, "utterances")) for s in (seeds[:1], seeds))
    assert four < 0.75 * one


def test_one_speaker_has_no_interval():
    assert mean_ua_interval([made(0.6, 50, 4, speakers=1)], "speakers") is None


@pytest.mark.parametrize(
    ("groups", "speakers"),
    [("utterances", 8), *(("speakers", count) for count in (2, 3, 5, 7, 9))],
)
def test_the_interval_covers_the_truth_as_often_as_it_says(groups, speakers):
    """Plain percentiles would cover it in 87 of 100 over six speakers, in 50 over two."""
    covered = 0
    for seed in range(100):
        found = made(0.6, 180, 100 + seed, speakers)
        low, high = mean_ua_interval([found], groups)
        covered += low <= 0.6 + 0.4 / 4 <= high
    assert 90 <= covered <= 100


def test_many_groups_have_the_plain_percentiles():
    assert tail(10**6) == pytest.approx(0.025, rel=1e-4)
    assert tail(10) == pytest.approx(norm.cdf(-2.262157 * np.sqrt(10 / 9)), rel=1e-5)


def test_neither_another_time_nor_another_order_moves_the_interval():
    found = made(0.6, 100, 5)
    turned = part(found, range(99, -1, -1))
    assert intervals(found) == intervals(found) == intervals(turned)
