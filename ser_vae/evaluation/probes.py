"""What can be read off a representation in a straight line: emotion, and who is speaking.

A probe is logistic regression on standardised values, with classes weighted alike. Its score is UA,
so that chance is one over the classes, however many utterances each has.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_vae.corpus.utterance import UNKNOWN_SPEAKER
from ser_vae.evaluation.intervals import CONFIDENCE

# Inverse of the l2 penalty, the same for every representation and question. Of .001 to 1, on the
# mean and deviation of log-mel, it reads emotion best or within 5 points (RAVDESS, URDU).
C = 0.1
ITERATIONS = 1000  # at most; standardised values need tens
FOLDS = 5  # inside the test part; fewer where a speaker has fewer utterances
SEED = 0  # of those folds

Values = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]
Names = Sequence[str | None]
Read = dict[str, float | int]


def probes(
    latents: Values,
    logmel: Values,
    emotion: Names,
    speaker: Names,
    sex: Names,
    train: Mask,
    test: Mask,
) -> dict[str, dict[str, Read | None]]:
    """Read emotion, speaker and sex off the latents and, to compare, off their input.

    Args:
        latents: (U, Z) mean over each utterance's segments.
        logmel: (U, 2F) mean and deviation over each utterance's frames.
        emotion: of each of the U utterances.
        speaker: the same; "unknown" or None where nobody says.
        sex: the same; None where nobody says.
        train: (U,) where the probes of emotion and sex are fitted.
        test: (U,) where all are scored.

    Returns:
        latents | logmel -> emotion | speaker | sex -> score, chance and utterances, or None where
        `probe` or `probe_within` have none.
    """
    return {
        source: {
            "emotion": probe(x, emotion, train, test),
            "speaker": probe_within(x, speaker, test),
            "sex": probe(x, sex, train, test),
        }
        for source, x in (("latents", latents), ("logmel", logmel))
    }


def probe(x: Values, target: Names, train: Mask, test: Mask) -> Read | None:
    """Fit on `train`, score on `test`.

    Args:
        x: (U, any) values.
        target: of each of the U utterances.
        train: (U,) where to fit.
        test: (U,) where to score.

    Returns:
        `score`, the UA; `chance`, one over the classes that occur in the test part; `utterances`
        that were scored. None where a target is unknown or either part has fewer than two classes.
    """
    seen, asked = (list(compress(target, part)) for part in (train, test))
    if not (_several_known(seen) and _several_known(asked)):
        return None
    return _score(asked, linear().fit(x[train], seen).predict(x[test]))


def probe_within(x: Values, target: Names, part: Mask) -> Read | None:
    """Cross-validate inside one part: for speakers, whom the other part need not have.

    Utterances of one dialogue may stand in several folds, so that a room or a microphone helps.

    Returns:
        As `probe`. None where a target is unknown, there is but one, or one has a single utterance.
    """
    asked = list(compress(target, part))
    if not _several_known(asked) or min(Counter(asked).values()) < 2:
        return None
    folds = min(FOLDS, *Counter(asked).values())
    cv = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    return _score(asked, cross_val_predict(linear(), x[part], asked, cv=cv))


def reads_label(x: Values, told: npt.NDArray[np.int64], train: Mask, test: Mask) -> Read:
    """How often a probe fitted on `train` reads the label `told` (U,) off `x` (U, any) in `test`.

    Returns:
        As `share_with_interval`, and `chance`: one over the labels that were told.
    """
    read = linear().fit(x[train], told[train]).predict(x[test])
    hits = int((read == told[test]).sum())
    return {**share_with_interval(hits, int(test.sum())), "chance": 1 / len(np.unique(told))}


def share_with_interval(hits: int, total: int) -> Read:
    """`share` of `total` independent utterances, its 95 % interval after Wilson, `utterances`."""
    found = binomtest(hits, total).proportion_ci(CONFIDENCE, method="wilson")
    return {
        "share": hits / total,
        "low": float(found.low),
        "high": float(found.high),
        "utterances": total,
    }


def linear() -> Pipeline:
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=C, class_weight="balanced", max_iter=ITERATIONS)
    )


def _several_known(names: Names) -> bool:
    return len(set(names)) > 1 and set(names).isdisjoint({None, UNKNOWN_SPEAKER})


def _score(asked: Names, read: Sequence[str]) -> Read:
    classes = list(dict.fromkeys(asked))
    return {
        "score": float(recall_score(asked, read, labels=classes, average="macro")),
        "chance": 1 / len(classes),
        "utterances": len(asked),
    }
