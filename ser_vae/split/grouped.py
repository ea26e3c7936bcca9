"""Folds that keep a group (a session, a speaker, a script) on one side."""

from collections.abc import Callable, Sequence

from sklearn.model_selection import StratifiedGroupKFold

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance

GroupOf = Callable[[Utterance], str | None]


def grouped_folds(
    utterances: Sequence[Utterance],
    group_of: GroupOf,
    *,
    what: str,
    seed: int,
    leave_one_out_up_to: int,
    folds: int,
    validation: float,
) -> list[dict[str, str]]:
    """Assign each utterance to a part, in each fold; a group is never on two sides.

    Args:
        utterances: in any order; the folds depend on their ids, groups, emotions and the seed.
        group_of: the group of an utterance; None where the corpus does not know it.
        what: the groups' name, for errors.
        seed: draws which groups share a fold; has no part in leaving one out.
        leave_one_out_up_to: with at most so many groups each is a fold of its own, in the order of
            their names; with more, they are drawn into `folds` folds of about equal classes.
        folds: their number where groups are drawn.
        validation: about this share of the training part, whole groups, is taken out of it.

    Returns:
        For each fold: id -> "train", "validation" or "test".

    Raises:
        SerVaeError: the corpus does not know the groups, or has too few.
    """
    ordered = sorted(utterances, key=lambda utterance: utterance.id)
    groups = _groups(ordered, group_of, what)
    names = sorted(set(groups))
    if len(names) <= leave_one_out_up_to:
        tests = [{u.id for u, g in zip(ordered, groups, strict=True) if g == n} for n in names]
    else:
        tests = _drawn(ordered, groups, folds, seed, what)
    return [_parts(ordered, groups, test, validation, seed, what) for test in tests]


def _groups(utterances: Sequence[Utterance], group_of: GroupOf, what: str) -> list[str]:
    groups = [group_of(utterance) or "" for utterance in utterances]
    without = [u.id for u, group in zip(utterances, groups, strict=True) if not group]
    if without:
        raise SerVaeError(
            f"split={what}: the corpus does not say the {what} of {len(without)} of {len(groups)} "
            f"utterances, first {without[0]}.\nUse split=random, or give the corpus a `{what}` "
            "column."
        )
    if len(set(groups)) < 2:
        raise SerVaeError(
            f"split={what}: all {len(groups)} utterances are of one {what}, {groups[0]}; "
            "two or more are needed.\nUse split=random."
        )
    return groups


def _drawn(
    utterances: Sequence[Utterance], groups: Sequence[str], folds: int, seed: int, what: str
) -> list[set[str]]:
    emotions = [utterance.emotion for utterance in utterances]
    try:
        cutter = StratifiedGroupKFold(min(folds, len(set(groups))), shuffle=True, random_state=seed)
        indices = [test for _, test in cutter.split(utterances, emotions, groups)]
        if not all(len(test) for test in indices):
            raise ValueError("a fold would be empty")
    except ValueError as error:
        raise SerVaeError(
            f"split={what}: {len(utterances)} utterances, {len(set(groups))} groups, can't be "
            f"drawn into {folds} folds: {error}.\n"
            "Give split.folds from 2 and split.validation below 2/3, or other values of them."
        ) from error
    return [{utterances[index].id for index in test} for test in indices]


def _parts(
    utterances: Sequence[Utterance],
    groups: Sequence[str],
    test: set[str],
    validation: float,
    seed: int,
    what: str,
) -> dict[str, str]:
    parts = {u.id: "test" if u.id in test else "train" for u in utterances}
    if validation:
        kept = [(u, g) for u, g in zip(utterances, groups, strict=True) if u.id not in test]
        left = len({group for _, group in kept})
        if left < 2:
            raise SerVaeError(
                f"split.validation={validation}: the training part has one {what} alone, and a "
                f"validation part takes a whole one.\nUse split.validation=0."
            )
        drawn = _drawn(
            [u for u, _ in kept], [g for _, g in kept], round(1 / validation), seed, what
        )
        parts |= dict.fromkeys(drawn[0], "validation")
    return parts
