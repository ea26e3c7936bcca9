"""Significance tests: by hand, against scipy, and on simulated models that are equal."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from evaluation.conftest import make
from scipy.stats import ttest_rel
from sklearn.metrics import balanced_accuracy_score

from ser_vae import SerVaeError
from ser_vae.evaluation import intervals
from ser_vae.evaluation.compare import (
    combine_p_values,
    compare,
    groups_for,
    holm,
    mcnemar_p,
    ua_difference,
)

SPEAKERS, EACH = 12, 4  # utterances per emotion and speaker


def predict(right: np.ndarray, speakers: int = SPEAKERS) -> pd.DataFrame:
    """Return predictions that are correct where `right` (U,) is true, balanced over speakers."""
    number = np.arange(len(right))
    truth = number % 4
    return make(truth, np.where(right, truth, (truth + 1) % 4), number // 4 % speakers)


def compare_all(models: dict[str, dict[int, pd.DataFrame]]) -> list[dict]:
    return compare(models, list(combinations(models, 2)))


def simulate(rng: np.random.Generator, chance: float, spread: float = 0.0) -> pd.DataFrame:
    """Return predictions whose accuracy varies by speaker with the standard deviation `spread`."""
    of_speaker = chance + spread * rng.standard_normal(SPEAKERS)
    utterances = 4 * SPEAKERS * EACH
    speaker = np.arange(utterances) // 4 % SPEAKERS
    return predict(rng.random(utterances) < of_speaker[speaker])


def models(seed: int = 0, **chances: float) -> dict[str, dict[int, pd.DataFrame]]:
    rng = np.random.default_rng(seed)
    return {name: {s: simulate(rng, chance) for s in range(3)} for name, chance in chances.items()}


@pytest.mark.parametrize(
    ("first_alone", "second_alone", "p"),
    [(1, 8, 20 / 512), (8, 1, 20 / 512), (0, 5, 2 / 32), (3, 3, 1), (0, 0, 1), (0, 12, 2 / 4096)],
)
def test_mcnemar_matches_a_calculation_by_hand(first_alone, second_alone, p):
    """The p-value is that of n coin tosses; utterances on which both models agree do not count."""
    both, neither = 7, 5
    first = [1] * both + [1] * first_alone + [0] * second_alone + [0] * neither
    second = [1] * both + [0] * first_alone + [1] * second_alone + [0] * neither
    assert mcnemar_p(predict(np.array(first)), predict(np.array(second))) == pytest.approx(p)


@pytest.mark.parametrize(
    ("seeds", "p"),
    [([0.03], 0.03), ([0.01, 0.03], 0.04), ([0.9, 0.01, 0.02], 0.04), ([0.6, 0.7, 0.8], 1)],
)
def test_p_values_of_seeds_combine_to_twice_their_median(seeds, p):
    assert combine_p_values(seeds) == pytest.approx(p)


def test_holm_matches_a_calculation_by_hand():
    """The smallest is multiplied by 3, the next by 2, and the order is kept."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


def test_with_balanced_speakers_the_bootstrap_is_the_paired_t_test_over_speakers():
    rng = np.random.default_rng(3)
    first, second = simulate(rng, 0.6, 0.05), simulate(rng, 0.5, 0.05)
    (result,) = compare_all({"one": {0: first}, "other": {0: second}})
    of_speaker = [(p["guess"] == p["truth"]).groupby(p["speaker"]).mean() for p in (first, second)]
    expected = ttest_rel(*of_speaker)
    interval = expected.confidence_interval(0.95)
    assert result["groups"] == "speakers"
    assert result["difference"] == pytest.approx(np.mean(of_speaker[0]) - np.mean(of_speaker[1]))
    assert result["bootstrap_p"] == pytest.approx(expected.pvalue, rel=0.1)
    assert result["high"] - result["low"] == pytest.approx(interval.high - interval.low, rel=0.025)
    assert (result["low"] + result["high"]) / 2 == pytest.approx(result["difference"])


@pytest.mark.parametrize("seed", range(4))
def test_the_bootstrap_agrees_with_a_permutation_test_over_speakers(seed):
    """All 2^12 permutations: exact for any distribution; half of the ties count."""
    rng = np.random.default_rng(seed)
    seeds = [(simulate(rng, 0.58, 0.04), simulate(rng, 0.52, 0.04)) for _ in range(2)]
    pair = {name: {n: s[side] for n, s in enumerate(seeds)} for side, name in enumerate("ab")}
    (result,) = compare_all(pair)
    difference = np.zeros(SPEAKERS)
    for first, second in seeds:
        right = [(p["guess"] == p["truth"]).astype(int) for p in (first, second)]
        difference += (right[0] - right[1]).groupby(first["speaker"]).sum()
    exchanged = np.abs(np.array(list(product([-1, 1], repeat=SPEAKERS))) @ difference)
    exact = (
        np.mean(exchanged > abs(difference.sum())) + np.mean(exchanged == abs(difference.sum())) / 2
    )
    assert result["bootstrap_p"] == pytest.approx(exact, abs=0.04)


def test_the_family_wise_error_rate_of_equal_models_is_at_most_5_percent():
    """Four equal models with random speaker effects, one seed each, where McNemar is powerful.

    Counting resamples beyond 0 would reject in one family of seven, McNemar's test in one of ten.
    """
    rng = np.random.default_rng(5)
    bootstrap = both = 0
    families = 120
    for _ in range(families):
        result = compare_all({name: {0: simulate(rng, 0.6, 0.08)} for name in "abcd"})
        bootstrap += min(c["bootstrap_corrected"] for c in result) < 0.05
        both += any(c["significant"] for c in result)
    assert bootstrap <= 0.05 * families + 5  # 2.1 standard deviations above 5 %
    assert both <= 0.05 * families


@pytest.mark.parametrize("speakers", [2, 3, 5])
def test_few_speakers_do_not_inflate_the_error_rate(speakers, monkeypatch):
    """Resampling utterances as if independent would reject in one of four comparisons."""
    monkeypatch.setattr(intervals, "RESAMPLES", 1_000)
    rng, rejected, trials = np.random.default_rng(1), 0, 100
    for _ in range(trials):
        number = np.arange(120 * speakers)
        pair = [0.6 + 0.05 * rng.standard_normal(speakers) for _ in range(2)]
        one, other = (rng.random(len(number)) < p[number // 4 % speakers] for p in pair)
        (result,) = compare(
            {"a": {0: predict(one, speakers)}, "b": {0: predict(other, speakers)}}, [("a", "b")]
        )
        rejected += result["significant"]
    assert rejected <= 0.05 * trials + 5  # 2.3 standard deviations above 5 %


def test_a_large_difference_is_detected_among_equal_models():
    significant = [
        {
            (c["first"], c["second"])
            for c in compare_all(models(n, a=0.5, b=0.5, c=0.8))
            if c["significant"]
        }
        for n in range(5)
    ]
    assert significant == [{("a", "c"), ("b", "c")}] * 5


def test_a_model_does_not_differ_from_itself():
    same = models(a=0.5)["a"]
    (result,) = compare_all({"one": same, "other": same})
    assert (result["difference"], result["low"], result["high"]) == (0, 0, 0)
    assert (result["mcnemar_p"], result["bootstrap_p"]) == (1, 1)


def test_the_order_of_models_pairs_and_utterances_does_not_matter():
    three, order = models(a=0.5, b=0.6, c=0.7), np.random.default_rng(0).permutation(192)
    mixed = {
        name: {seed: p.iloc[order] for seed, p in reversed(seeds.items())}
        for name, seeds in reversed(three.items())
    }
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    assert compare(three, pairs) == compare_all(three) == compare(mixed, pairs[::-1])[::-1]


def test_only_common_seeds_are_compared():
    three = models(a=0.5, b=0.6)
    (whole,) = compare_all({"a": three["a"], "b": {s: three["b"][s] for s in (2, 0)}})
    (fewer,) = compare_all({n: {s: three[n][s] for s in (0, 2)} for n in "ab"})
    assert whole == fewer
    assert whole["seeds"] == (0, 2)


def test_seeds_may_have_different_test_sets():
    """As with random splits; only the two models need the same test set in each seed."""
    halves = {
        name: {s: p.iloc[np.random.default_rng(s).permutation(192)[::2]] for s, p in seeds.items()}
        for name, seeds in models(a=0.4, b=0.8).items()
    }
    (result,) = compare_all(halves)
    one, other = (
        np.mean([balanced_accuracy_score(p["truth"], p["guess"]) for p in halves[name].values()])
        for name in "ab"
    )
    assert result["difference"] == pytest.approx(one - other)
    assert result["significant"]


def test_only_the_given_pairs_are_corrected_for():
    four = models(a=0.5, b=0.6, c=0.62, d=0.64)
    one_with_others = compare(four, [("a", "b"), ("a", "c"), ("a", "d")])
    (alone,) = compare(four, [("a", "b")])
    assert one_with_others[0]["mcnemar_p"] == alone["mcnemar_p"] == alone["mcnemar_corrected"]
    expected = holm([c["bootstrap_p"] for c in one_with_others])
    assert [c["bootstrap_corrected"] for c in one_with_others] == expected
    assert compare(four, []) == []


def test_speakers_are_resampled_if_all_are_known_and_there_are_two_in_all_seeds():
    alone, several = predict(np.ones(400), 1), predict(np.ones(400), SPEAKERS)
    other = alone.assign(speaker="other " + alone["speaker"])
    unknown = several.replace({"speaker": {"s00": "unknown"}})
    assert groups_for([alone]) == groups_for([unknown]) == "utterances"
    assert groups_for([alone, other]) == groups_for([several]) == "speakers"


@pytest.mark.parametrize(
    ("field", "value"),
    [("utterance", "later"), ("speaker", "s07"), ("truth", "sad"), ("p_cross", 0.0)],
)
def test_different_test_sets_are_an_error_that_names_the_difference(field, value):
    alike = predict(np.ones(48))
    other = alike.copy()
    other.loc[0, field] = value
    message = "^not tested on the same utterances: only one has "
    with pytest.raises(SerVaeError, match=message):
        compare_all({"a": {0: alike, 7: alike}, "b": {0: alike, 7: other}})


def test_an_equal_difference_of_two_speakers_at_different_levels_has_the_p_of_a_permutation():
    repetition, speaker = np.arange(72) // 8, np.arange(72) // 4 % 2
    a, b = (predict(repetition < np.array(x)[speaker], 2) for x in ([9, 6], [6, 3]))
    (result,) = compare_all({"a": {0: a}, "b": {0: b}})
    assert result["bootstrap_p"] == pytest.approx(0.5)
    assert result["mcnemar_corrected"] < 0.05
    assert not result["significant"]  # both tests have to agree


def test_one_utterance_shows_no_difference():
    right, wrong = (predict(np.full(1, float(correct))) for correct in (1, 0))
    (result,) = compare_all({"a": {0: right}, "b": {0: wrong}})
    assert (result["difference"], result["bootstrap_p"]) == (1.0, 1.0)
    assert np.isnan(result["low"])


def test_models_without_a_common_seed_are_an_error():
    result = predict(np.ones(48))
    with pytest.raises(SerVaeError, match="a and b have no seed in common"):
        compare_all({"a": {0: result, 1: result}, "b": {2: result}})


def test_ua_difference_equals_the_difference_of_a_comparison():
    two = models(a=0.5, b=0.6)
    (result,) = compare_all({name: {0: seeds[0]} for name, seeds in two.items()})
    assert ua_difference(two["a"][0], two["b"][0]) == {
        "difference": result["difference"],
        "low": result["low"],
        "high": result["high"],
    }
