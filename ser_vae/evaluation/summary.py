"""`metrics.json`: what a run found, and what one must know to read it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ser_vae.corpus.utterance import UNKNOWN_SPEAKER, Utterance
from ser_vae.evaluation.intervals import intervals
from ser_vae.evaluation.metrics import evaluate, majority
from ser_vae.evaluation.predictions import Predictions


def counts(
    utterances: Sequence[Utterance], parts: Sequence[str], segments: Tensor
) -> dict[str, dict[str, Any]]:
    """How much of what stands in each part; `segments` (U,) counts those of each utterance."""
    found = {}
    for part in sorted(set(parts)):
        inside = [index for index, own in enumerate(parts) if own == part]
        found[part] = {
            "utterances": len(inside),
            "segments": int(segments[torch.tensor(inside)].sum()),
            "speakers": len({utterances[index].speaker for index in inside}),
            "emotions": dict(sorted(Counter(utterances[i].emotion for i in inside).items())),
        }
    return found


def scores_and_baseline(
    found: Predictions, train: Sequence[Utterance], protocol: str
) -> dict[str, Any]:
    """The scores with their spread, the trivial baseline, and who is on both sides of the split."""
    speakers = set(found.speaker) - {UNKNOWN_SPEAKER}
    return {
        **evaluate(found, protocol),
        f"{protocol}/test/ua_intervals": intervals(found),
        "majority": majority([utterance.emotion for utterance in train], found, protocol),
        "test_speakers": len(speakers),
        "test_speakers_in_train": len(speakers & {utterance.speaker for utterance in train}),
    }
