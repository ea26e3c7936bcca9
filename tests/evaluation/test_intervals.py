"""Bootstrap intervals against a naive implementation and against their nominal coverage."""

import numpy as np
import pandas as pd
import pytest
from evaluation.conftest import EMOTIONS, make
from scipy.stats import norm, t
from sklearn.metrics import balanced_accuracy_score

from ser_vae.evaluation import intervals as resampling
from ser_vae.evaluation.intervals import intervals, mean_ua, mean_ua_interval, tail_probability
from ser_vae.evaluation.metrics import confusion


def simulate(right: float, utterances: int, seed: int, speakers: int = 8) -> pd.DataFrame:
    """Return predictions: the proportion `right` is correct, the others are random guesses."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, utterances)
    guess = np.where(rng.random(utterances) < right, truth, rng.integers(0, 4, utterances))
    return make(truth, guess, np.arange(utterances) % speakers)


def test_unweighted_accuracy_is_scikit_learns_balanced_accuracy():
    result = simulate(0.6, 300, 1)
    counts = confusion(result, EMOTIONS).to_numpy()
    expected = balanced_accuracy_score(result["truth"], result["guess"])
    assert mean_ua(counts.diagonal()[None], counts.sum(axis=1)[None]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("right", "tested", "mean"),
    [
        ([[3, 0]], [[4, 0]], 0.75),  # no utterance of an emotion
        ([[3, 1], [0, 0]], [[4, 4], [0, 0]], 0.5),  # no utterance in a seed
        ([[10, 10], [0, 1]], [[10, 10], [1, 1]], 0.75),  # seeds have equal weight
    ],
)
def test_the_mean_is_over_emotions_with_utterances_and_then_over_seeds(right, tested, mean):
    assert mean_ua(np.array(right), np.array(tested)) == pytest.approx(mean)


@pytest.mark.parametrize(("groups", "by"), [("utterances", "utterance"), ("speakers", "speaker")])
def test_the_interval_agrees_with_naive_resampling(groups, by):
    """For two seeds with overlapping test sets: a group contributes its utterances in both."""
    seeds = [simulate(0.7, 200, 2)[:150], simulate(0.5, 200, 2)[50:]]
    low, high = mean_ua_interval(seeds, groups)
    rng = np.random.default_rng(9)
    names = sorted({name for result in seeds for name in result[by]})
    members = [
        {n: [row for row, name in enumerate(f[by]) if name == n] for n in names} for f in seeds
    ]
    arrays = [(f["truth"].to_numpy(), f["guess"].to_numpy()) for f in seeds]
    resampled = []
    for _ in range(2000):
        chosen = rng.choice(names, len(names))
        rows = [np.array([r for n in chosen for r in rows_of[n]]) for rows_of in members]
        ua = [
            np.mean([np.mean(guess[r][truth[r] == name] == name) for name in EMOTIONS])
            for (truth, guess), r in zip(arrays, rows, strict=True)
        ]
        resampled.append(np.mean(ua))
    count = len(names)
    beyond = norm.cdf(t.ppf(0.025, count - 1) * np.sqrt(count / (count - 1)))
    assert low == pytest.approx(np.quantile(resampled, beyond), abs=0.015)
    assert high == pytest.approx(np.quantile(resampled, 1 - beyond), abs=0.015)


def test_correlated_utterances_of_a_speaker_widen_the_interval():
    result = simulate(0.6, 400, 3)
    # All utterances of a speaker are correct, or all are wrong.
    right = result["speaker"].str[1:].astype(int) % 2 == 0
    both = intervals(result.assign(guess=result["truth"].where(right, "none")))
    assert np.ptp(both["speakers"]) > 2 * np.ptp(both["utterances"])


def test_one_speaker_has_no_interval():
    assert mean_ua_interval([simulate(0.6, 50, 4, speakers=1)], "speakers") is None


@pytest.mark.parametrize(
    ("groups", "speakers"), [("utterances", 8), *(("speakers", count) for count in (2, 3, 5, 7, 9))]
)
def test_the_interval_has_its_nominal_coverage(groups, speakers, monkeypatch):
    """Plain percentiles would cover the truth in 87 % for six speakers, in 50 % for two."""
    monkeypatch.setattr(resampling, "RESAMPLES", 2_000)
    covered = 0
    for seed in range(100):
        result = simulate(0.6, 180, 100 + seed, speakers)
        low, high = mean_ua_interval([result], groups)
        covered += low <= 0.6 + 0.4 / 4 <= high
    assert 90 <= covered <= 100


def test_many_groups_get_plain_percentiles():
    assert tail_probability(10**6) == pytest.approx(0.025, rel=1e-4)
    assert tail_probability(10) == pytest.approx(norm.cdf(-2.262157 * np.sqrt(10 / 9)), rel=1e-5)


def test_the_interval_is_reproducible_and_independent_of_the_order():
    result = simulate(0.6, 100, 5)
    assert intervals(result) == intervals(result) == intervals(result[::-1])
