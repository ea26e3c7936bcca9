"""Compute confidence intervals of UA by resampling utterances or speakers.

They do not include the variation between seeds: the trained seeds are treated as fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, t

from ser_vae.corpus.utterance import is_unknown
from ser_vae.evaluation.predictions import emotions_of

CONFIDENCE = 0.95
RESAMPLES = 10_000  # with few speakers, both ends of the interval lie in the outer 2 % of these
FEW = 8  # groups; with fewer, resamples are too narrow and Student's t is used
BATCH = 500  # resamples at a time, which bounds memory; a divisor of RESAMPLES
SEED = 0  # of the resampling: equal predictions get equal intervals

Groups = Literal["speakers", "utterances"]
COLUMN: dict[Groups, str] = {"speakers": "speaker", "utterances": "utterance"}
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Resampled:
    """The mean UA over seeds, and its bootstrap distribution.

    Attributes:
        ua: of the actual test set.
        draws: (RESAMPLES,) UA of each resample. For two models that were tested on the same groups
            the resamples are the same, so their difference is a paired bootstrap.
        groups: number of groups.
    """

    ua: float
    draws: Values
    groups: int


def intervals(predictions: pd.DataFrame) -> dict[str, tuple[float, float] | None]:
    """Return the 95 % intervals of UA over utterances and, if all are known, over speakers."""
    unknown = any(map(is_unknown, predictions["speaker"]))
    return {
        "utterances": mean_ua_interval([predictions], "utterances"),
        "speakers": None if unknown else mean_ua_interval([predictions], "speakers"),
    }


def mean_ua_interval(seeds: Sequence[pd.DataFrame], groups: Groups) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval of the mean UA over seeds.

    Whole groups are resampled, each with its utterances in every seed, so an interval over speakers
    is wider if the utterances of a speaker are correlated. Plain percentile intervals are too
    narrow for few groups: with ten speakers they cover the true value in 90 % of cases. They are
    therefore expanded (Hesterberg 2015, "What teachers should know about the bootstrap"). No
    resample is beyond the best and the worst group, so below `FEW` groups the interval is
    Student's t with the bootstrap's standard error, clipped to [0, 1]: with two speakers,
    percentiles cover the true value in only half of the cases.

    Returns:
        Lower and upper end; None for fewer than two groups.
    """
    if len(group_names(seeds, groups)) < 2:
        return None
    result = resample(seeds, groups)
    if result.groups < FEW:
        margin = t_quantile(result.groups) * standard_error(result.draws, result.groups)
        return max(0.0, result.ua - margin), min(1.0, result.ua + margin)
    tail = tail_probability(result.groups)
    low, high = np.quantile(result.draws, [tail, 1 - tail])
    return float(low), float(high)


def tail_probability(groups: int) -> float:
    """Return the proportion of resamples beyond each end: 2.5 % for many groups, less for few."""
    return float(norm.sf(np.sqrt(groups / (groups - 1)) * t_quantile(groups)))


def t_quantile(groups: int) -> float:
    """Return the half-width of a 95 % interval of a mean over groups, in standard errors."""
    return float(t.isf((1 - CONFIDENCE) / 2, groups - 1))


def standard_error(draws: Values, groups: int) -> float:
    """Return the bootstrap's standard error, corrected by sqrt(G / (G - 1)) for G groups."""
    return float(np.std(draws) * np.sqrt(groups / (groups - 1)))


def resample(seeds: Sequence[pd.DataFrame], groups: Groups) -> Resampled:
    """Resample the groups with replacement, `RESAMPLES` times."""
    correct, tested = count_by_group(seeds, groups)
    rng, count = np.random.default_rng(SEED), len(correct)
    draws = []
    for _ in range(RESAMPLES // BATCH):
        weight = count_draws(rng.integers(0, count, (BATCH, count)))
        draws.append(mean_ua(*(np.tensordot(weight, each, axes=1) for each in (correct, tested))))
    ua = float(mean_ua(correct.sum(axis=0), tested.sum(axis=0)))
    return Resampled(ua, np.concatenate(draws), count)


def mean_ua(correct: Values, tested: Values) -> Values:
    """Return the UA (...) of counts (..., seeds, K), averaged over seeds.

    The UA of a seed is its mean recall over the classes that occur. A seed without utterances is
    excluded.
    """
    recall = np.divide(correct, tested, out=np.zeros(correct.shape), where=tested > 0).sum(axis=-1)
    classes = (tested > 0).sum(axis=-1)
    ua = np.divide(recall, classes, out=np.zeros(recall.shape), where=classes > 0)
    return ua.sum(axis=-1) / (classes > 0).sum(axis=-1)


def count_by_group(seeds: Sequence[pd.DataFrame], groups: Groups) -> tuple[Values, Values]:
    """Return the numbers of correct and of all utterances: (groups, seeds, K) each."""
    names, emotions = pd.Index(group_names(seeds, groups)), pd.Index(emotions_of(seeds[0]))
    correct = np.zeros((len(names), len(seeds), len(emotions)))
    tested = np.zeros_like(correct)
    for seed, p in enumerate(seeds):
        cells = names.get_indexer(p[COLUMN[groups]]), emotions.get_indexer(p["truth"])
        np.add.at(tested[:, seed], cells, 1)
        np.add.at(correct[:, seed], cells, (p["guess"] == p["truth"]).to_numpy())
    return correct, tested


def count_draws(chosen: npt.NDArray[np.int64]) -> Values:
    """Return how often each of G groups occurs (N, G) in N times G drawn groups (N, G)."""
    unique = chosen + chosen.shape[1] * np.arange(len(chosen))[:, None]  # one range per row
    return np.bincount(unique.ravel(), minlength=chosen.size).reshape(chosen.shape).astype(float)


def group_names(seeds: Sequence[pd.DataFrame], groups: Groups) -> list[str]:
    return sorted({name for p in seeds for name in p[COLUMN[groups]]})
