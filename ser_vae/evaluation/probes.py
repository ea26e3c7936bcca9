"""Probe representations linearly for emotion, speaker, sex and corpus.

A probe is a logistic regression on standardised values with balanced class weights. Its score is
UA, so chance level is 1 / K for K classes of any size.
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
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_vae.corpus.utterance import Utterance, is_unknown
from ser_vae.evaluation.intervals import CONFIDENCE

# Inverse of the l2 penalty, the same for every representation and target. Among .001 to 1, on mean
# and standard deviation of log-mel, it is within 5 points of the best for emotion (RAVDESS, URDU).
C = 0.1
ITERATIONS = 1000  # upper limit; standardised values need tens
FOLDS = 5  # within the test set; fewer if a speaker has fewer utterances
SEED = 0  # of those folds

Values = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]
Names = Sequence[str | None]
Score = dict[str, float | int]


def probes(
    latents: Values, logmel: Values, utterances: Sequence[Utterance], train: Mask, test: Mask
) -> dict[str, dict[str, Score | None]]:
    """Predict emotion, speaker, sex and corpus from the latents and, to compare, from the input.

    Args:
        latents: (U, Z) mean over each utterance's segments.
        logmel: (U, 2F) mean and standard deviation over each utterance's frames.
        utterances: the U utterances.
        train: (U,) mask of the utterances to fit the probes of emotion and sex on.
        test: (U,) mask of the utterances to score.

    Returns:
        latents | logmel -> emotion | speaker | sex | corpus -> score, chance and utterances, or
        None, see `probe` and `probe_within`.
    """
    names = ("emotion", "speaker", "sex", "corpus")  # None if unknown, or if there is one corpus
    emotion, speaker, sex, corpus = ([getattr(u, name) for u in utterances] for name in names)
    return {
        source: {
            "emotion": probe(x, emotion, train, test),
            "speaker": probe_within(x, speaker, test),
            "sex": probe(x, sex, train, test),
            "corpus": probe_within(x, corpus, train | test, speaker),
        }
        for source, x in (("latents", latents), ("logmel", logmel))
    }


def probe(x: Values, target: Names, train: Mask, test: Mask) -> Score | None:
    """Fit a probe on `train` and score it on `test`.

    Args:
        x: (U, D) values.
        target: class of each of the U utterances.
        train: (U,) mask of the utterances to fit on.
        test: (U,) mask of the utterances to score.

    Returns:
        `score`, the UA; `chance`, 1 / K for the K classes of the test set; `utterances`, the number
        scored. None if a target is unknown or either set has fewer than two classes.
    """
    y_train, y_test = (list(compress(target, mask)) for mask in (train, test))
    if not (_several_known(y_train) and _several_known(y_test)):
        return None
    return _score(y_test, linear().fit(x[train], y_train).predict(x[test]))


def probe_within(
    x: Values, target: Names, subset: Mask, speaker: Names | None = None
) -> Score | None:
    """Cross-validate a probe within one set, for classes that the training set may not contain.

    Args:
        x: (U, D) values.
        target: class of each of the U utterances. If it is the speaker, utterances of one dialogue
            may be in several folds, so recording conditions can help the probe.
        subset: (U,) mask of the utterances to fit and score on.
        speaker: of each utterance, for what speakers have in common, such as their corpus: a
            speaker is in one fold only, so the probe is scored on voices that it was not fitted on.
            Every utterance of an unknown speaker counts as a speaker.

    Returns:
        As `probe`. None if a target is unknown, there is only one class, or a class has only one
        utterance, or speaker where they are given.
    """
    y = list(compress(target, subset))
    groups = [
        str(number) if who is None or is_unknown(who) else f"speaker {who}"
        for number, who in enumerate(compress(speaker or [None] * len(subset), subset))
    ]
    members = Counter(name for name, _ in {*zip(y, groups, strict=True)})
    if not _several_known(y) or min(members.values()) < 2:
        return None
    splitter = StratifiedGroupKFold if speaker else StratifiedKFold
    cv = splitter(min(FOLDS, *members.values()), shuffle=True, random_state=SEED)
    folds = cv.split(x[subset], y, groups if speaker else None)
    return _score(y, cross_val_predict(linear(), x[subset], y, cv=list(folds)))


def probe_label(x: Values, label: npt.NDArray[np.int64], train: Mask, test: Mask) -> Score:
    """Return how often a probe fitted on `train` predicts `label` (U,) from `x` (U, D) on `test`.

    Returns:
        As `proportion_with_interval`, and `chance`: 1 / K for K different labels.
    """
    guess = linear().fit(x[train], label[train]).predict(x[test])
    hits = int((guess == label[test]).sum())
    return {**proportion_with_interval(hits, int(test.sum())), "chance": 1 / len(np.unique(label))}


def proportion_with_interval(hits: int, total: int) -> Score:
    """Return `share`, the proportion of hits, its 95 % Wilson interval, and `utterances`."""
    interval = binomtest(hits, total).proportion_ci(CONFIDENCE, method="wilson")
    ends = {"low": float(interval.low), "high": float(interval.high)}
    return {"share": hits / total, **ends, "utterances": total}


def linear() -> Pipeline:
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=C, class_weight="balanced", max_iter=ITERATIONS)
    )


def _several_known(names: Names) -> bool:
    return len(set(names)) > 1 and not any(name is None or is_unknown(name) for name in names)


def _score(truth: Names, guess: Sequence[str]) -> Score:
    classes = list(dict.fromkeys(truth))
    score = float(recall_score(truth, guess, labels=classes, average="macro"))
    return {"score": score, "chance": 1 / len(classes), "utterances": len(truth)}
