"""Test whether two models differ significantly on the same utterances, over several seeds.

Two models count as different only if two tests agree. McNemar's test asks whether one model is
correct more often; it assumes independent utterances, which utterances of one speaker are not. The
paired bootstrap tests the difference in UA and resamples whole speakers. Both treat the trained
seeds as fixed: with one seed they compare two trained networks, not two ways to train one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import t
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import is_unknown
from ser_vae.evaluation.intervals import (
    CONFIDENCE,
    Groups,
    Resampled,
    group_names,
    resample,
    standard_error,
    t_quantile,
)
from ser_vae.evaluation.predictions import Predictions

ALPHA = 1 - CONFIDENCE
ROUNDING = 1e-12  # of a difference in UA; equal differences vary by about 1e-17

Seeds = Mapping[int, Predictions]  # seed -> predictions of its test set, all folds pooled
Pair = tuple[str, str]
Cache = dict[tuple[str, tuple[int, ...]], Resampled]  # by model and seeds


@dataclass(frozen=True)
class Comparison:
    """The difference between two models and its p-values.

    Attributes:
        first, second: names of the models.
        difference: UA of the first minus UA of the second, mean over seeds, as a fraction of 1.
        low, high: its 95 % confidence interval, not corrected for multiple comparisons.
        mcnemar_p, bootstrap_p: two-sided p-values, not corrected.
        mcnemar_corrected, bootstrap_corrected: Holm-corrected over all pairs of the same call.
        seeds: the compared seeds, which are those that both models have.
        groups: the unit that the bootstrap resampled.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    mcnemar_p: float
    bootstrap_p: float
    mcnemar_corrected: float
    bootstrap_corrected: float
    seeds: tuple[int, ...]
    groups: Groups

    @property
    def distinguishable(self) -> bool:
        """Return whether both tests, corrected for the number of pairs, are significant."""
        return max(self.mcnemar_corrected, self.bootstrap_corrected) < ALPHA


def compare(models: Mapping[str, Seeds], pairs: Sequence[Pair]) -> list[Comparison]:
    """Compare each pair on its common seeds, and correct each test over these pairs.

    Fewer pairs mean a weaker correction: choose the pairs of interest before looking at results.

    Raises:
        SerVaeError: two models have no seed in common, or were tested on different utterances.
    """
    cache: Cache = {}
    comparisons = [compare_pair(models, pair, cache) for pair in pairs]
    mcnemar_corrected = holm([c.mcnemar_p for c in comparisons])
    bootstrap_corrected = holm([c.bootstrap_p for c in comparisons])
    return [
        replace(c, mcnemar_corrected=p, bootstrap_corrected=q)
        for c, p, q in zip(comparisons, mcnemar_corrected, bootstrap_corrected, strict=True)
    ]


def compare_pair(models: Mapping[str, Seeds], pair: Pair, cache: Cache) -> Comparison:
    """Compare two models without correction; `cache` keeps resamples for the other pairs."""
    seeds = tuple(sorted(models[pair[0]].keys() & models[pair[1]].keys()))
    if not seeds:
        raise SerVaeError(f"{' and '.join(pair)} have no seed in common.\nRun both with the same.")
    first, second = ([models[name][seed] for seed in seeds] for name in pair)
    for seed, a, b in zip(seeds, first, second, strict=True):
        check_same_test_set(a, b, f"seed {seed} of {' and '.join(pair)}")
    groups = groups_for(first)
    for name, predictions in zip(pair, (first, second), strict=True):
        if (name, seeds) not in cache:
            cache[name, seeds] = resample(predictions, groups)
    ua, low, high, q = difference(*(cache[name, seeds] for name in pair))
    p = combine_p_values([mcnemar_p(a, b) for a, b in zip(first, second, strict=True)])
    return Comparison(*pair, ua, low, high, p, q, p, q, seeds, groups)


def ua_difference(first: Predictions, second: Predictions) -> dict[str, float]:
    """Return UA of the first minus UA of the second, paired: `difference`, `low` and `high` (95 %).

    Raises:
        SerVaeError: the predictions are of different utterances.
    """
    check_same_test_set(first, second, "two test sets")
    groups = groups_for([first])
    ua, low, high, _ = difference(resample([first], groups), resample([second], groups))
    return {"difference": ua, "low": low, "high": high}


def check_same_test_set(first: Predictions, second: Predictions, where: str) -> None:
    """Raise if two test sets differ in an utterance, its emotion or its speaker."""
    tested = []
    for p in (first, second):
        emotion = np.array(p.emotions)[p.truth].tolist()
        tested.append({p.emotions, *zip(p.utterance, emotion, p.speaker, strict=True)})
    if differing := tested[0] ^ tested[1]:
        example = ", ".join(min(differing))
        raise SerVaeError(
            f"{where}: not tested on the same utterances: only one has {example}.\nCompare runs "
            "with the same corpus and split; split=file reuses the split.csv of another run."
        )


def groups_for(seeds: Sequence[Predictions]) -> Groups:
    """Return "speakers" if all are known and there are at least two, otherwise "utterances".

    With few speakers the test has little power, rightly: each may favour one model by chance.
    """
    speakers = group_names(seeds, "speakers")
    return "utterances" if any(map(is_unknown, speakers)) or len(speakers) < 2 else "speakers"


def difference(first: Resampled, second: Resampled) -> tuple[float, float, float, float]:
    """Test a difference by Student's t, with the paired bootstrap's standard error.

    The test has G - 1 degrees of freedom for G groups. Counting the resamples beyond 0 instead
    rejected 10 of 100 comparisons of equal models over ten speakers; this test rejects 5. If all
    groups differ by the same amount, which a few may do by chance, p is the smallest that a
    permutation test exchanging the models group by group can give.

    Returns:
        The difference in UA, the ends of its 95 % interval, and the two-sided p-value.
    """
    groups, ua = first.groups, first.ua - second.ua
    error = standard_error(first.draws - second.draws, groups)
    margin = t_quantile(groups) * error
    if error < ROUNDING:  # the same difference in every group
        return ua, ua, ua, (1.0 if abs(ua) < ROUNDING else 2.0 ** (1 - groups))
    p = 2 * float(t.sf(abs(ua) / error, groups - 1))
    return ua, ua - margin, ua + margin, p


def mcnemar_p(first: Predictions, second: Predictions) -> float:
    """Return the exact p-value of McNemar's test on which utterances are classified correctly."""
    a, b = (correct_by_name(predictions) for predictions in (first, second))
    table = np.bincount(2 * a + b, minlength=4).reshape(2, 2)
    return float(mcnemar(table, exact=True).pvalue)


def correct_by_name(predictions: Predictions) -> npt.NDArray[np.int64]:
    """Return (U,) 1 where the guess is correct, sorted by the utterances' names."""
    order = np.argsort(np.array(predictions.utterance))
    return (predictions.guess == predictions.truth)[order].astype(np.int64)


def combine_p_values(p: Sequence[float]) -> float:
    """Return twice the median: a valid p-value even if the seeds share test utterances.

    Meinshausen, Meier and Bühlmann 2009, "p-Values for high-dimensional regression", with their
    quantile at one half. It is conservative: it rejects equal models far less often than 5 %.
    """
    return p[0] if len(p) == 1 else min(1.0, 2 * float(np.median(p)))


def holm(p: Sequence[float]) -> list[float]:
    return multipletests(p, method="holm")[1].tolist() if p else []
