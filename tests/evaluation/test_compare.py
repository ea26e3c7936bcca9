"""Tests between models: by hand, against scipy's, and by simulation of models that are equal."""

import gc
import subprocess
import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import ttest_rel
from sklearn.metrics import balanced_accuracy_score

from ser_vae import SerVaeError
from ser_vae.evaluation import intervals
from ser_vae.evaluation.compare import (
    Comparison,
    compare,
    compare_all,
    groups_for,
    holm,
    in_words,
    mcnemar_p,
    over_seeds,
    ua_difference,
)
from ser_vae.evaluation.predictions import Predictions

EMOTIONS = ("angry", "happy", "neutral", "sad")
SPEAKERS, EACH = 12, 4  # utterances of an emotion by a speaker


def answered(right: np.ndarray, speakers: int = SPEAKERS) -> Predictions:
    """Predictions that are right where `right` (U,) says, each speaker alike in each emotion."""
    number = np.arange(len(right))
    truth = number % 4
    return Predictions(
        EMOTIONS,
        tuple(f"u{n:04}" for n in number),
        tuple(f"s{n // 4 % speakers:02}" for n in number),
        ("",) * len(right),
        truth,
        np.eye(4)[np.where(right, truth, (truth + 1) % 4)],
    )


def drawn(rng: np.random.Generator, chance: float, spread: float = 0.0) -> Predictions:
    """Right with a chance that differs by speaker with the standard deviation `spread`."""
    of_speaker = chance + spread * rng.standard_normal(SPEAKERS)
    utterances = 4 * SPEAKERS * EACH
    speaker = np.arange(utterances) // 4 % SPEAKERS
    return answered(rng.random(utterances) < of_speaker[speaker])


def models(seed: int = 0, **chances: float) -> dict[str, dict[int, Predictions]]:
    rng = np.random.default_rng(seed)
    return {name: {s: drawn(rng, chance) for s in range(3)} for name, chance in chances.items()}


@pytest.mark.parametrize(
    ("first_alone", "second_alone", "p"),
    [(1, 8, 20 / 512), (8, 1, 20 / 512), (0, 5, 2 / 32), (3, 3, 1), (0, 0, 1), (0, 12, 2 / 4096)],
)
def test_mcnemar_by_hand(first_alone, second_alone, p):
    """Of n coins, as many or fewer heads on either side; what both have right does not count."""
    both, neither = 7, 5
    first = [1] * both + [1] * first_alone + [0] * second_alone + [0] * neither
    second = [1] * both + [0] * first_alone + [1] * second_alone + [0] * neither
    assert mcnemar_p(answered(np.array(first)), answered(np.array(second))) == pytest.approx(p)


@pytest.mark.parametrize(
    ("seeds", "p"),
    [([0.03], 0.03), ([0.01, 0.03], 0.04), ([0.9, 0.01, 0.02], 0.04), ([0.6, 0.7, 0.8], 1)],
)
def test_over_seeds_it_is_twice_the_median(seeds, p):
    assert over_seeds(seeds) == pytest.approx(p)


def test_holm_by_hand():
    """The smallest times 3, the next times 2, and none below the one before."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


def test_with_speakers_alike_the_bootstrap_is_the_paired_t_test_over_speakers():
    rng = np.random.default_rng(3)
    first, second = drawn(rng, 0.6, 0.05), drawn(rng, 0.5, 0.05)
    (found,) = compare_all({"one": {0: first}, "other": {0: second}})
    of_speaker = [
        [np.mean((p.guess == p.truth)[np.array(p.speaker) == s]) for s in sorted(set(p.speaker))]
        for p in (first, second)
    ]
    expected = ttest_rel(*of_speaker)
    interval = expected.confidence_interval(0.95)
    assert found.groups == "speakers"
    assert found.difference == pytest.approx(np.mean(of_speaker[0]) - np.mean(of_speaker[1]))
    assert found.bootstrap_p == pytest.approx(expected.pvalue, rel=0.1)
    assert found.high - found.low == pytest.approx(interval.high - interval.low, rel=0.025)
    assert (found.low + found.high) / 2 == pytest.approx(found.difference)


@pytest.mark.parametrize("seed", range(4))
def test_the_bootstrap_agrees_with_exchanging_the_models_speaker_by_speaker(seed):
    """All 2^12 exchanges: exact, whatever the distribution; of ties, half are beyond."""
    rng = np.random.default_rng(seed)
    seeds = [(drawn(rng, 0.58, 0.04), drawn(rng, 0.52, 0.04)) for _ in range(2)]
    pair = {name: {n: s[side] for n, s in enumerate(seeds)} for side, name in enumerate("ab")}
    (found,) = compare_all(pair)
    apart = np.zeros(SPEAKERS)
    for first, second in seeds:
        right = (first.guess == first.truth) * 1.0 - (second.guess == second.truth)
        np.add.at(apart, [int(s[1:]) for s in first.speaker], right)
    exchanged = np.abs(np.array(list(product([-1, 1], repeat=SPEAKERS))) @ apart)
    exact = np.mean(exchanged > abs(apart.sum())) + np.mean(exchanged == abs(apart.sum())) / 2
    assert found.bootstrap_p == pytest.approx(exact, abs=0.04)


def test_equal_models_are_told_apart_in_at_most_one_family_of_twenty(monkeypatch):
    """Four equal models, each better with some speakers: with one seed, where McNemar is sharp.

    Counting resamples beyond 0 would tell some apart in one family of seven, McNemar's in ten.
    """
    monkeypatch.setattr(gc, "collect", lambda: 0)  # statsmodels calls it in every correction
    rng = np.random.default_rng(5)
    bootstrap = both = 0
    families = 120
    for _ in range(families):
        found = compare_all({name: {0: drawn(rng, 0.6, 0.08)} for name in "abcd"})
        bootstrap += min(c.bootstrap_corrected for c in found) < 0.05
        both += any(c.distinguishable for c in found)
    assert bootstrap <= 0.05 * families + 5  # 2.1 standard deviations above 5 %
    assert both <= 0.05 * families


@pytest.mark.parametrize("speakers", [2, 3, 5])
def test_equal_models_that_few_speakers_favour_by_chance_are_not_told_apart(speakers, monkeypatch):
    """Utterances taken for independent would tell them apart in one of four."""
    monkeypatch.setattr(gc, "collect", lambda: 0)  # statsmodels calls it in every correction
    monkeypatch.setattr(intervals, "RESAMPLES", 1_000)
    rng, told, trials = np.random.default_rng(1), 0, 100
    for _ in range(trials):
        number = np.arange(120 * speakers)
        pair = [0.6 + 0.05 * rng.standard_normal(speakers) for _ in range(2)]
        one, other = (rng.random(len(number)) < own[number // 4 % speakers] for own in pair)
        (found,) = compare(
            {"a": {0: answered(one, speakers)}, "b": {0: answered(other, speakers)}}, [("a", "b")]
        )
        told += found.distinguishable
    assert told <= 0.05 * trials + 5  # 2.3 standard deviations above 5 %


def test_two_speakers_that_differ_alike_prove_nothing():
    number = np.arange(80)
    right, wrong = answered(number % 8 < 8, 2), answered(number % 8 < 0, 2)
    (found,) = compare({"a": {0: right}, "b": {0: wrong}}, [("a", "b")])
    assert (found.difference, found.bootstrap_p) == (1, 0.5)


def test_a_clear_difference_is_found_among_equals():
    told = [
        {
            (c.first, c.second)
            for c in compare_all(models(n, a=0.5, b=0.5, c=0.8))
            if c.distinguishable
        }
        for n in range(5)
    ]
    assert told == [{("a", "c"), ("b", "c")}] * 5


def test_a_model_is_not_told_from_itself():
    same = models(a=0.5)["a"]
    (found,) = compare_all({"one": same, "other": same})
    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert (found.mcnemar_p, found.bootstrap_p) == (1, 1)


def test_the_first_minus_the_second_is_what_differs():
    three = models(a=0.5, b=0.6, c=0.55)
    (one,) = compare(three, [("a", "b")])
    (other,) = compare(three, [("b", "a")])
    assert one.difference < 0
    assert (other.difference, other.low, other.high) == (-one.difference, -one.high, -one.low)
    assert (other.mcnemar_p, other.bootstrap_p) == (one.mcnemar_p, one.bootstrap_p)


def test_the_order_of_models_pairs_and_utterances_does_not_matter():
    three = models(a=0.5, b=0.6, c=0.7)
    turned = {
        name: {seed: reordered(found) for seed, found in reversed(seeds.items())}
        for name, seeds in reversed(three.items())
    }
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    assert compare(three, pairs) == compare_all(three) == compare(turned, pairs[::-1])[::-1]


def test_models_may_list_their_utterances_in_different_orders():
    two = models(a=0.5, b=0.6)
    turned = {"a": two["a"], "b": {seed: reordered(found) for seed, found in two["b"].items()}}
    assert compare_all(turned) == compare_all(two)


def reordered(found: Predictions) -> Predictions:
    order = np.random.default_rng(0).permutation(len(found.truth))
    fields = {n: tuple(np.array(getattr(found, n))[order]) for n in ("utterance", "speaker")}
    return replace(found, **fields, truth=found.truth[order], probability=found.probability[order])


def test_only_the_seeds_that_both_have_are_compared():
    three = models(a=0.5, b=0.6)
    (whole,) = compare_all({"a": three["a"], "b": {s: three["b"][s] for s in (2, 0)}})
    (fewer,) = compare_all({n: {s: three[n][s] for s in (0, 2)} for n in "ab"})
    assert whole == fewer
    assert whole.seeds == (0, 2)


def test_seeds_may_test_other_utterances_than_each_other():
    """As random splits do: what counts is that both models met the same in each."""
    halves = {
        name: {seed: half(found, seed) for seed, found in seeds.items()}
        for name, seeds in models(a=0.4, b=0.8).items()
    }
    (found,) = compare_all(halves)
    one, other = (
        np.mean([balanced_accuracy_score(p.truth, p.guess) for p in halves[name].values()])
        for name in "ab"
    )
    assert found.difference == pytest.approx(one - other)
    assert found.distinguishable


def half(found: Predictions, seed: int) -> Predictions:
    rows = np.random.default_rng(seed).permutation(len(found.truth))[::2]
    fields = {n: tuple(np.array(getattr(found, n))[rows]) for n in ("utterance", "speaker")}
    return replace(found, **fields, truth=found.truth[rows], probability=found.probability[rows])


def test_pairs_that_nobody_asked_for_correct_nothing():
    four = models(a=0.5, b=0.6, c=0.62, d=0.64)
    one_with_others = compare(four, [("a", "b"), ("a", "c"), ("a", "d")])
    (alone,) = compare(four, [("a", "b")])
    assert one_with_others[0].mcnemar_p == alone.mcnemar_p == alone.mcnemar_corrected
    expected = holm([c.bootstrap_p for c in one_with_others])
    assert [c.bootstrap_corrected for c in one_with_others] == expected
    assert compare(four, []) == []


@pytest.mark.parametrize(
    ("speakers", "groups"), [(1, "utterances"), (2, "speakers"), (SPEAKERS, "speakers")]
)
def test_a_single_speaker_gives_way_to_utterances(speakers, groups):
    assert groups_for([answered(np.ones(400), speakers)]) == groups


def test_speakers_of_several_seeds_count_together():
    seeds = [answered(np.ones(400), 1), answered(np.ones(400), 1)]
    seeds[1] = replace(seeds[1], speaker=tuple(f"other {name}" for name in seeds[1].speaker))
    assert groups_for(seeds[:1]) == "utterances"
    assert groups_for(seeds) == "speakers"


def test_an_unknown_speaker_is_no_speaker():
    found = answered(np.ones(400))
    assert groups_for([replace(found, speaker=("unknown", *found.speaker[1:]))]) == "utterances"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("utterance", "later", "later is not there in a, angry by s00 in b"),
        ("speaker", "s07", "u0000 is angry by s00 in a, angry by s07 in b"),
        ("truth", 2, "u0000 is angry by s00 in a, neutral by s00 in b"),
        ("emotions", "cross", "the choice of emotions is angry, happy, neutral, sad in a, cross"),
    ],
)
def test_models_that_were_not_tested_on_the_same_are_an_error_that_names_the_difference(
    field, value, said
):
    alike = answered(np.ones(48))
    fields = {"utterance": ("later", *alike.utterance[1:]), "truth": np.r_[2, alike.truth[1:]]}
    other = replace(alike, **{field: fields.get(field, (value, *getattr(alike, field)[1:]))})
    with pytest.raises(SerVaeError, match=f"^seed 7: a and b were not tested on the same: {said}"):
        compare_all({"a": {0: alike, 7: alike}, "b": {0: alike, 7: other}})


def test_an_utterance_that_only_one_model_met_is_named():
    whole = answered(np.ones(48))
    fields = {name: getattr(whole, name)[:47] for name in ("utterance", "speaker", "dialogue")}
    less = replace(whole, **fields, truth=whole.truth[:47], probability=whole.probability[:47])
    with pytest.raises(SerVaeError, match="u0047 is sad by s11 in a, not there in b"):
        compare_all({"a": {0: whole}, "b": {0: less}})


def test_models_without_a_common_seed_are_an_error():
    found = answered(np.ones(48))
    with pytest.raises(SerVaeError, match="a has 0, 1, b has 2"):
        compare_all({"a": {0: found, 1: found}, "b": {2: found}})


def comparison(mcnemar: float, bootstrap: float, difference: float = 0.004) -> Comparison:
    low, high = difference - 0.016, difference + 0.016
    return Comparison(
        "vae", "pca", difference, low, high, 0.1, 0.1, mcnemar, bootstrap, (0, 1), "speakers"
    )


@pytest.mark.parametrize(
    ("mcnemar", "bootstrap", "told"), [(0.04, 0.04, True), (0.04, 0.06, False), (0.06, 0.04, False)]
)
def test_both_tests_have_to_tell_two_models_apart(mcnemar, bootstrap, told):
    assert comparison(mcnemar, bootstrap).distinguishable is told


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            comparison(0.83, 1.0),
            "vae and pca are not distinguishable: ua differs by 0.4 points "
            "(95 % −1.2 to 2.0; corrected p .83 and 1)",
        ),
        (
            comparison(0.0001, 0.0423, -0.0161),
            "vae and pca are distinguishable: ua differs by −1.6 points "
            "(95 % −3.2 to 0.0; corrected p <.001 and .042)",
        ),
    ],
)
def test_in_words(found, said):
    assert in_words(found) == said


def test_the_difference_of_two_is_that_of_a_comparison():
    two = models(a=0.5, b=0.6)
    (found,) = compare_all({name: {0: seeds[0]} for name, seeds in two.items()})
    assert ua_difference(two["a"][0], two["b"][0]) == {
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
    }


def test_the_report_need_not_wait_for_torch_to_compare():
    code = "import ser_vae.evaluation.compare, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
