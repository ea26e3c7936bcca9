"""Splits that never separate a group: each session, speaker or script is on one side only.

There is one function for each kind of group, with the settings of `grouped_folds`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.model_selection import StratifiedGroupKFold

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import GROUPS, Utterance


def session_folds(utterances: Sequence[Utterance], **settings: Any) -> list[dict[str, str]]:
    """Leave one session out: neither speakers nor dialogues are shared."""
    return grouped_folds(utterances, "session", **settings)


def speaker_folds(utterances: Sequence[Utterance], **settings: Any) -> list[dict[str, str]]:
    """Split speaker-independently: a fold per speaker if there are few, drawn folds if many."""
    return grouped_folds(utterances, "speaker", **settings)


def script_folds(utterances: Sequence[Utterance], **settings: Any) -> list[dict[str, str]]:
    """Split text-independently: a fold per script if there are few, drawn folds if many."""
    return grouped_folds(utterances, "script", **settings)


def corpus_folds(
    utterances: Sequence[Utterance], *, test: str | None, **settings: Any
) -> list[dict[str, str]]:
    """Leave one corpus out of several that are joined: each in turn, or `test` alone."""
    folds = grouped_folds(utterances, "corpus", **settings)
    names = sorted({utterance.corpus or "" for utterance in utterances})
    if test is None:
        return folds
    if test not in names:
        raise SerVaeError(f"split.test={test}: expected one of {', '.join(names)}.")
    return [folds[names.index(test)]]


def grouped_folds(
    utterances: Sequence[Utterance],
    group: str,
    *,
    seed: int,
    validation: float,
    leave_one_out_up_to: float = math.inf,
    folds: int = 2,
) -> list[dict[str, str]]:
    """Assign each utterance to a set in each fold, without separating a group.

    Args:
        utterances: in any order; the folds depend on their ids, groups, emotions and the seed.
        group: key of `corpus.utterance.GROUPS`.
        seed: breaks ties between groups when folds are drawn; leaving one out ignores it.
        leave_one_out_up_to: with at most this many groups, each is a fold, in the order of their
            names; with more, they are drawn into `folds` folds with about equal classes.
        folds: the number of folds if groups are drawn.
        validation: about this proportion of the training set becomes the validation set, in whole
            groups; 0 for none.

    Returns:
        For each fold: id -> "train", "validation" or "test".

    Raises:
        SerVaeError: the corpus does not state the groups, or has too few.
    """
    ordered = sorted(utterances, key=lambda utterance: utterance.id)
    group_of = {utterance.id: GROUPS[group](utterance) or "" for utterance in ordered}
    names = sorted(set(group_of.values()))
    if unknown := [name for name, value in group_of.items() if not value]:
        raise SerVaeError(
            f"split={group}: the corpus does not state the {group} of {len(unknown)} of "
            f"{len(ordered)} utterances, first {unknown[0]}.\nUse split=random, or give the corpus "
            f"a `{group}` column."
        )
    if len(names) < 2:
        raise SerVaeError(
            f"split={group}: all {len(ordered)} utterances are of one {group}, {names[0]}; two or "
            "more are needed.\nUse split=random."
        )
    if len(names) <= leave_one_out_up_to:
        tests = [{id_ for id_, value in group_of.items() if value == name} for name in names]
    else:
        tests = _draw(ordered, group_of, group, folds, seed)
    result = []
    for test in tests:
        sets = {id_: "test" if id_ in test else "train" for id_ in group_of}
        if validation:
            kept = [utterance for utterance in ordered if utterance.id not in test]
            if len({group_of[utterance.id] for utterance in kept}) < 2:
                raise SerVaeError(
                    f"split.validation={validation}: the training set has only one {group}, and "
                    "a validation set takes a whole one.\nUse split.validation=0."
                )
            held_out, *_ = _draw(kept, group_of, group, round(1 / validation), seed)
            sets |= dict.fromkeys(held_out, "validation")
        result.append(sets)
    return result


def _draw(
    utterances: Sequence[Utterance], group_of: Mapping[str, str], group: str, folds: int, seed: int
) -> list[set[str]]:
    """Draw groups into at most `folds` folds with about equal classes; return the ids of each."""
    emotions = [utterance.emotion for utterance in utterances]
    groups = [group_of[utterance.id] for utterance in utterances]
    try:
        cutter = StratifiedGroupKFold(min(folds, len(set(groups))), shuffle=True, random_state=seed)
        indices = [test for _, test in cutter.split(utterances, emotions, groups)]
        if not all(len(test) for test in indices):
            raise ValueError("a fold would be empty")
    except ValueError as error:
        raise SerVaeError(
            f"split={group}: {len(utterances)} utterances in {len(set(groups))} groups cannot be "
            f"drawn into {folds} folds: {error}.\n"
            "Try other values: split.folds of 2 or more, split.validation below 2/3."
        ) from error
    return [{utterances[index].id for index in test} for test in indices]
