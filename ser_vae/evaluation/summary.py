"""`metrics.json`: the scores of a run, or of all its folds, with the facts to interpret them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae.corpus.utterance import Utterance, is_unknown
from ser_vae.evaluation.intervals import intervals
from ser_vae.evaluation.metrics import evaluate, majority
from ser_vae.evaluation.predictions import Predictions, pooled


def counts(
    utterances: Sequence[Utterance], parts: Sequence[str], segments: npt.ArrayLike
) -> dict[str, dict[str, Any]]:
    """Count utterances, segments, speakers and emotions per set.

    `parts` names the set of each of the U utterances, `segments` (U,) is their number of segments.
    """
    result = {}
    for part in sorted(set(parts)):
        members = [index for index, name in enumerate(parts) if name == part]
        result[part] = {
            "utterances": len(members),
            "segments": int(np.asarray(segments)[members].sum()),
            "speakers": len({utterances[index].speaker for index in members}),
            "emotions": dict(sorted(Counter(utterances[i].emotion for i in members).items())),
        }
    return result


def scores_and_baseline(
    predictions: Predictions, train: Sequence[Utterance], protocol: str
) -> dict[str, Any]:
    """Return scores with intervals, the majority baseline, and the overlap of speakers."""
    speakers = {name for name in predictions.speaker if not is_unknown(name)}
    return {
        **evaluate(predictions, protocol),
        f"{protocol}/test/ua_intervals": intervals(predictions),
        "majority": majority([utterance.emotion for utterance in train], predictions, protocol),
        "test_speakers": len(speakers),
        "test_speakers_in_train": len(speakers & {utterance.speaker for utterance in train}),
    }


def over_folds(folds: Sequence[Predictions], protocol: str) -> dict[str, Any]:
    """Return the scores over the utterances of all folds, and the UA of each fold."""
    ua = [evaluate(fold, protocol)[f"{protocol}/test/ua"] for fold in folds]
    predictions = pooled(folds)
    return {
        **evaluate(predictions, protocol),
        f"{protocol}/test/ua_intervals": intervals(predictions),
        f"{protocol}/test/ua_of_folds": ua,
    }
