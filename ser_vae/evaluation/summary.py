"""`metrics.json`: the scores of a run with the facts needed to interpret them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ser_vae.corpus.utterance import Utterance, is_unknown
from ser_vae.evaluation.intervals import intervals
from ser_vae.evaluation.metrics import evaluate, majority
from ser_vae.evaluation.predictions import Predictions


def counts(
    utterances: Sequence[Utterance], parts: Sequence[str], segments: Tensor
) -> dict[str, dict[str, Any]]:
    """Count utterances, segments, speakers and emotions per set.

    `parts` names the set of each of the U utterances, `segments` (U,) is their number of segments.
    """
    result = {}
    for part in sorted(set(parts)):
        members = [index for index, name in enumerate(parts) if name == part]
        result[part] = {
            "utterances": len(members),
            "segments": int(segments[torch.tensor(members)].sum()),
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
