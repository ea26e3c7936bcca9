"""Test whether two models differ significantly on the same utterances, over several seeds.

Two models count as different only if two tests agree. McNemar's test asks whether one model is
correct more often; it assumes independent utterances, which utterances of one speaker are not. The
paired bootstrap tests the difference in UA and resamples whole speakers. Both treat the trained
seeds as fixed: with one seed they compare two trained networks, not two ways to train one.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import is_unknown
from ser_vae.evaluation import intervals
from ser_vae.evaluation.intervals import Groups, Resampled, group_names, resample
from ser_vae.evaluation.predictions import emotions_of

ALPHA = 1 - intervals.CONFIDENCE
ROUNDING = 1e-12  # of a difference in UA; equal differences vary by about 1e-17

Seeds = Mapping[int, pd.DataFrame]  # seed -> predictions of its test set, all folds pooled


def compare(models: Mapping[str, Seeds], pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Compare each pair on its common seeds, and correct each test over these pairs.

    Fewer pairs mean a weaker correction: choose the pairs of interest before looking at results.

    Returns:
        A record per pair: `first` and `second`, the names of the models; what `difference` returns;
        `mcnemar_p`; `mcnemar_corrected` and `bootstrap_corrected`, the p-values after Holm's
        correction; `significant`, whether both of these are; `corrected_for`, the number of pairs;
        `seeds`, those that both models have; and `groups`, the unit that the bootstrap resampled.

    Raises:
        SerVaeError: two models have no seed in common, or were tested on different utterances.
    """

    @cache
    def resampled(name: str, seeds: tuple[int, ...]) -> Resampled:
        predictions = [models[name][seed] for seed in seeds]
        return resample(predictions, groups_for(predictions))

    records = []
    for pair in pairs:
        seeds = tuple(sorted(models[pair[0]].keys() & models[pair[1]].keys()))
        if not seeds:
            names = " and ".join(pair)
            raise SerVaeError(f"{names} have no seed in common.\nRun both with the same.")
        first, second = ([models[name][seed] for seed in seeds] for name in pair)
        p = [mcnemar_p(a, b) for a, b in zip(first, second, strict=True)]
        record = difference(*(resampled(name, seeds) for name in pair))
        record |= {"first": pair[0], "second": pair[1], "mcnemar_p": combine_p_values(p)}
        record |= {"seeds": seeds, "groups": groups_for(first), "corrected_for": len(pairs)}
        records.append(record)
    for test in ("mcnemar", "bootstrap"):
        corrected = holm([record[f"{test}_p"] for record in records])
        for record, p_value in zip(records, corrected, strict=True):
            record[f"{test}_corrected"] = p_value
            record["significant"] = p_value < ALPHA and record.get("significant", True)
    return records


def ua_difference(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    """Return UA of the first minus UA of the second, paired: `difference`, `low` and `high` (95 %).

    Raises:
        SerVaeError: the predictions are of different utterances.
    """
    check_same_test_set(first, second)
    groups = groups_for([first])
    values = difference(resample([first], groups), resample([second], groups))
    return {key: values[key] for key in ("difference", "low", "high")}


def check_same_test_set(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Raise if two test sets differ in an utterance, its emotion or its speaker."""
    if different := describe_test_set(first) ^ describe_test_set(second):
        example = min(different, key=str)
        raise SerVaeError(
            f"not tested on the same utterances: only one has {', '.join(example)}.\n"
            "Compare runs with the same corpus and split; split=file reuses the split.csv of "
            "another run."
        )


def describe_test_set(predictions: pd.DataFrame) -> set[tuple[str, ...]]:
    """Return the emotions, and every utterance with its speaker and its emotion."""
    rows = predictions[["utterance", "speaker", "truth"]].itertuples(index=False, name=None)
    return {tuple(emotions_of(predictions)), *rows}


def groups_for(seeds: Sequence[pd.DataFrame]) -> Groups:
    """Return "speakers" if all are known and there are at least two, otherwise "utterances".

    With few speakers the test has little power, rightly: each may favour one model by chance.
    """
    speakers = group_names(seeds, "speakers")
    return "utterances" if any(map(is_unknown, speakers)) or len(speakers) < 2 else "speakers"


def difference(first: Resampled, second: Resampled) -> dict[str, Any]:
    """Test a difference by Student's t, with the paired bootstrap's standard error.

    The test has G - 1 degrees of freedom for G groups. Counting the resamples beyond 0 instead
    rejected 10 of 100 comparisons of equal models over ten speakers; this test rejects 5. If all
    groups differ by the same amount, which a few may do by chance, p is the smallest that a
    permutation test exchanging the models group by group can give.

    Returns:
        `difference`, UA of the first minus UA of the second as a fraction of 1; `low` and `high`,
        the ends of its 95 % interval, NaN for a single group; and the two-sided `bootstrap_p`.
    """
    groups, ua = first.groups, first.ua - second.ua
    if groups < 2:  # one test utterance
        return {"difference": ua, "low": np.nan, "high": np.nan, "bootstrap_p": 1.0}
    error = intervals.standard_error(first.draws - second.draws, groups)
    margin = intervals.t_quantile(groups) * error
    if error < ROUNDING:  # the same difference in every group
        margin, p = 0.0, (1.0 if abs(ua) < ROUNDING else 2.0 ** (1 - groups))
    else:
        p = 2 * float(t.sf(abs(ua) / error, groups - 1))
    return {"difference": ua, "low": ua - margin, "high": ua + margin, "bootstrap_p": p}


def mcnemar_p(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """Return the exact p-value of McNemar's test on which utterances are classified correctly.

    Raises:
        SerVaeError: the predictions are of different utterances.
    """
    check_same_test_set(first, second)
    ordered = [p.sort_values("utterance") for p in (first, second)]
    a, b = ((p["guess"] == p["truth"]).to_numpy() for p in ordered)
    return float(mcnemar(np.bincount(2 * a + b, minlength=4).reshape(2, 2), exact=True).pvalue)


def combine_p_values(p: Sequence[float]) -> float:
    """Return twice the median: a valid p-value even if the seeds share test utterances.

    Meinshausen, Meier and Bühlmann 2009, "p-Values for high-dimensional regression", with their
    quantile at one half. It is conservative: it rejects equal models far less often than 5 %.
    """
    return p[0] if len(p) == 1 else min(1.0, 2 * float(np.median(p)))


def holm(p: Sequence[float]) -> list[float]:
    return multipletests(p, method="holm")[1].tolist() if p else []
