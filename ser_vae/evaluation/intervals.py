"""How far a score could be off, had other utterances or other speakers been tested."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap

from ser_vae.evaluation.predictions import Predictions

CONFIDENCE = 0.95
RESAMPLES = 2000
AT_ONCE = 100  # resamples; bounds memory

Counts = npt.NDArray[np.int64]


def intervals(predictions: Predictions) -> dict[str, tuple[float, float] | None]:
    """UA's 95 % intervals over utterances and over speakers, from a seed of their own."""
    return {
        "utterances": ua_interval(predictions, predictions.utterance, seed=0),
        "speakers": ua_interval(predictions, predictions.speaker, seed=0),
    }


def unweighted_accuracy(confusion: Counts) -> npt.NDArray[np.float64]:
    """Mean recall of the classes that occur: (..., K, K), rows the truth -> (...)."""
    true = confusion.sum(axis=-1)
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    recall = np.divide(right, true, out=np.zeros(right.shape), where=true > 0)
    mean: npt.NDArray[np.float64] = recall.sum(axis=-1) / (true > 0).sum(axis=-1)
    return mean


def ua_interval(
    predictions: Predictions, groups: Sequence[str], *, seed: int
) -> tuple[float, float] | None:
    """The percentile bootstrap's 95 % interval of UA, whole groups being drawn.

    Args:
        predictions: of U utterances.
        groups: of each utterance: its own name for an interval over utterances, its speaker's for
            one over speakers, which is wider where a speaker's utterances are alike.
        seed: of the resampling.

    Returns:
        Lower and upper end; None with fewer than two groups, which say nothing of their spread.
    """
    confusion = _confusion_of_groups(predictions, groups)
    if len(confusion) < 2:
        return None

    def ua(drawn: npt.NDArray[np.int64], axis: int) -> npt.NDArray[np.float64]:
        return unweighted_accuracy(confusion[np.moveaxis(drawn, axis, -1)].sum(axis=-3))

    found = bootstrap(
        (np.arange(len(confusion)),),
        ua,
        n_resamples=RESAMPLES,
        batch=AT_ONCE,
        vectorized=True,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def _confusion_of_groups(predictions: Predictions, groups: Sequence[str]) -> Counts:
    """(G, K, K), a confusion matrix for each group, in the order of their names."""
    names, group = np.unique(np.array(groups), return_inverse=True)
    k = len(predictions.emotions)
    confusion = np.zeros((len(names), k, k), np.int64)
    np.add.at(confusion, (group, predictions.truth, predictions.guess), 1)
    return confusion
