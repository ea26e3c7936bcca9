"""`metrics.json`: the scores of a run, or of all its folds, with the facts to interpret them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_vae.corpus.utterance import Utterance, is_unknown
from ser_vae.evaluation.intervals import intervals
from ser_vae.evaluation.metrics import evaluate, majority, scores
from ser_vae.evaluation.predictions import pooled


def counts(
    utterances: Sequence[Utterance], parts: Sequence[str], segments: npt.ArrayLike
) -> dict[str, dict[str, Any]]:
    """Count utterances, segments, speakers and emotions per set.

    `parts` names the set of each of the U utterances, `segments` (U,) is their number of segments.
    """
    about = [(utterance.speaker, utterance.emotion) for utterance in utterances]
    table = pd.DataFrame(about, columns=["speaker", "emotion"])
    return {
        part: {
            "utterances": len(members),
            "segments": int(members["segments"].sum()),
            "speakers": members["speaker"].nunique(),
            "emotions": members["emotion"].value_counts().sort_index().to_dict(),
        }
        for part, members in table.assign(segments=np.asarray(segments)).groupby(list(parts))
    }


def scores_and_baseline(
    predictions: pd.DataFrame, train: Sequence[Utterance], protocol: str
) -> dict[str, Any]:
    """Return scores with intervals, the majority baseline, and the overlap of speakers."""
    speakers = {name for name in predictions["speaker"] if not is_unknown(name)}
    return {
        **evaluate(predictions, protocol),
        f"{protocol}/test/ua_intervals": intervals(predictions),
        "majority": majority([utterance.emotion for utterance in train], predictions, protocol),
        "test_speakers": len(speakers),
        "test_speakers_in_train": len(speakers & {utterance.speaker for utterance in train}),
    }


def over_folds(folds: Sequence[pd.DataFrame], protocol: str) -> dict[str, Any]:
    """Return the scores over the utterances of all folds, and the UA of each fold."""
    predictions = pooled(folds)
    return {
        **evaluate(predictions, protocol),
        f"{protocol}/test/ua_intervals": intervals(predictions),
        f"{protocol}/test/ua_of_folds": [scores(fold)["ua"] for fold in folds],
    }
