"""How far a score could be off, had other utterances or other speakers been tested.

Not how far it could be off with other seeds: those that were trained are taken as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap, norm, t

from ser_vae.corpus.utterance import UNKNOWN_SPEAKER
from ser_vae.evaluation.predictions import Predictions

CONFIDENCE = 0.95
RESAMPLES = 10_000  # few speakers need the outer 2 % of these
FEW = 8  # groups; with fewer, no resample reaches as far as the truth may lie
AT_ONCE = 500  # resamples; bounds memory
SEED = 0  # of the resampling: the same predictions have the same interval

Groups = Literal["speakers", "utterances"]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Resampled:
    """A mean UA over seeds, and what it would have been with other groups of utterances.

    Attributes:
        ua: as tested.
        draws: (RESAMPLES,) bootstrap. Those of two models that were tested on the same groups are
            the same draws, so that their difference is a paired bootstrap.
        groups: how many there are.
    """

    ua: float
    draws: Values
    groups: int


def intervals(predictions: Predictions) -> dict[str, tuple[float, float] | None]:
    """UA's 95 % intervals over utterances and, where all are known, over speakers."""
    unsaid = UNKNOWN_SPEAKER in predictions.speaker
    return {
        "utterances": mean_ua_interval([predictions], "utterances"),
        "speakers": None if unsaid else mean_ua_interval([predictions], "speakers"),
    }


def mean_ua_interval(seeds: Sequence[Predictions], groups: Groups) -> tuple[float, float] | None:
    """The bootstrap's 95 % interval of the mean UA over seeds.

    Whole groups are drawn: over speakers it is wider where a speaker's utterances are alike. A
    group brings its utterances in every seed. The plain percentile interval is too short where
    groups are few: with ten speakers it holds the truth nine times in ten. It is expanded
    (Hesterberg 2015, "What teachers should know about the bootstrap"). As no resample goes beyond
    the best and the worst group, of fewer than `FEW` groups it is Student's t on the bootstrap's
    standard error, cut to 0 and 1: of two speakers, percentiles hold the truth every other time.

    Returns:
        Lower and upper end; None with fewer than two groups, which say nothing of their spread.
    """
    if len(names_of(seeds, groups)) < 2:
        return None
    found = resample(seeds, groups)
    if found.groups < FEW:
        reach = within(found.groups) * standard_error(found.draws, found.groups)
        return max(0.0, found.ua - reach), min(1.0, found.ua + reach)
    low, high = np.quantile(found.draws, [tail(found.groups), 1 - tail(found.groups)])
    return float(low), float(high)


def tail(groups: int) -> float:
    """The share of resamples beyond each end: 2.5 % for many groups, less for few."""
    return float(norm.sf(np.sqrt(groups / (groups - 1)) * within(groups)))


def within(groups: int) -> float:
    """So many standard errors from the mean of some groups, 95 % of Student's t lie."""
    return float(t.isf((1 - CONFIDENCE) / 2, groups - 1))


def standard_error(draws: Values, groups: int) -> float:
    """Of a bootstrap, widened by sqrt(G / (G - 1)), by which it is too small."""
    return float(np.std(draws) * np.sqrt(groups / (groups - 1)))


def resample(seeds: Sequence[Predictions], groups: Groups) -> Resampled:
    """Draw as many groups as there are, with repetition, `RESAMPLES` times.

    Raises:
        ValueError: there is but one group.
    """
    right, tested = by_group(seeds, groups)

    def ua(drawn: npt.NDArray[np.int64], axis: int) -> Values:
        times = times_drawn(np.moveaxis(drawn, axis, -1))
        return mean_ua(np.tensordot(times, right, axes=1), np.tensordot(times, tested, axes=1))

    draws = bootstrap(
        (np.arange(len(right)),),
        ua,
        n_resamples=RESAMPLES,
        batch=AT_ONCE,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).bootstrap_distribution
    return Resampled(float(mean_ua(right.sum(axis=0), tested.sum(axis=0))), draws, len(right))


def mean_ua(right: Values, tested: Values) -> Values:
    """Counts (..., seeds, K) -> UA (...): the mean recall of the classes that occur, over seeds.

    A seed of which nothing was drawn counts in no mean.
    """
    recall = np.divide(right, tested, out=np.zeros(right.shape), where=tested > 0).sum(axis=-1)
    classes = (tested > 0).sum(axis=-1)
    ua = np.divide(recall, classes, out=np.zeros(recall.shape), where=classes > 0)
    mean: Values = ua.sum(axis=-1) / (classes > 0).sum(axis=-1)
    return mean


def by_group(seeds: Sequence[Predictions], groups: Groups) -> tuple[Values, Values]:
    """How many utterances are right and how many were tested: (groups, seeds, K) each."""
    place = {name: row for row, name in enumerate(names_of(seeds, groups))}
    right = np.zeros((len(place), len(seeds), len(seeds[0].emotions)))
    tested = np.zeros_like(right)
    for seed, found in enumerate(seeds):
        rows = np.array([place[name] for name in group_of(found, groups)])
        np.add.at(tested[:, seed], (rows, found.truth), 1)
        np.add.at(right[:, seed], (rows, found.truth), found.guess == found.truth)
    return right, tested


def times_drawn(drawn: npt.NDArray[np.int64]) -> Values:
    """Indices of n groups (..., n) -> how often each of the n is among them (..., n)."""
    rows = drawn.reshape(-1, drawn.shape[-1])
    apart = rows + rows.shape[1] * np.arange(len(rows))[:, None]
    counts = np.bincount(apart.ravel(), minlength=rows.size)
    return counts.reshape(drawn.shape).astype(np.float64)


def names_of(seeds: Sequence[Predictions], groups: Groups) -> list[str]:
    return sorted({name for found in seeds for name in group_of(found, groups)})


def group_of(predictions: Predictions, groups: Groups) -> tuple[str, ...]:
    return predictions.speaker if groups == "speakers" else predictions.utterance
