"""The folds of a protocol as one run: all its utterances together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ser_vae.corpus.utterance import UNKNOWN_SPEAKER
from ser_vae.evaluation.confusion import accuracies
from ser_vae.report.record import CALIBRATION, METRICS, Confusion, Result, Run


def join_folds(runs: Iterable[Run]) -> list[Run]:
    """Put one run in the place of all folds of it; folds that lack others become unfinished."""
    joined: list[Run] = []
    groups: dict[object, list[Run]] = defaultdict(list)
    for run in runs:
        if run.fold is None or run.result is None:
            joined.append(run)
        else:
            settings = tuple(sorted(run.settings.items()))
            cell = (run.corpus, run.protocol, run.data, run.model, run.seed, settings)
            groups[cell, run.result.material].append(run)
    joined += [joined_folds(sorted(g, key=lambda run: run.fold or 0)) for g in groups.values()]
    return sorted(joined, key=lambda run: run.folder)


def joined_folds(folds: Sequence[Run]) -> Run:
    results = [run.result for run in folds if run.result]
    first, wanted = folds[0], results[0].folds
    found = [run.fold for run in folds]
    if found != list(range(wanted)):
        lacking = ", ".join(str(fold) for fold in range(wanted) if fold not in found)
        return replace(
            first,
            folder=f"{first.folder} (of {wanted} folds there is no {lacking}: fold=all)",
            state="unfinished",
            result=None,
        )
    return replace(
        first, folder=f"{first.folder} and its other {wanted - 1} folds", result=pooled(results)
    )


def pooled(results: Sequence[Result]) -> Result:
    """Scores of all utterances together; speakers shared with train are counted in each fold."""
    confusion = added([result.confusion for result in results])
    majority = added([result.majority_confusion for result in results])
    sizes = [result.test_utterances for result in results]
    return replace(
        results[0],
        score=scores(confusion) | calibration([result.score for result in results], sizes),
        majority=scores(majority) | calibration([result.majority for result in results], sizes),
        confusion=confusion,
        majority_confusion=majority,
        test_utterances=sum(sizes),
        test_speakers=speakers(results),
        test_speakers_in_train=max(result.test_speakers_in_train for result in results),
        caveats=(
            *sorted({caveat for result in results for caveat in result.caveats}),
            f"{len(results)} folds, scored together; shared speakers are counted in each",
        ),
        findings=tuple(found for result in results for found in result.findings),
    )


def speakers(folds: Sequence[Result]) -> int:
    """Of all folds; where a file of predictions is lost, those of the fold that has most."""
    said = [found.predictions for fold in folds for found in fold.findings]
    named = {name for own in said if own for name in own.speaker} - {UNKNOWN_SPEAKER}
    return len(named) if all(said) else max(fold.test_speakers for fold in folds)


def added(confusions: Sequence[Confusion]) -> Confusion:
    total = np.sum([np.array(confusion) for confusion in confusions], axis=0)
    return tuple(map(tuple, total.tolist()))


def scores(confusion: Confusion) -> dict[str, float]:
    found = accuracies(np.array(confusion))
    return {name: found[name] for name in METRICS}


def calibration(each: Sequence[Mapping[str, float]], sizes: Sequence[int]) -> dict[str, float]:
    """Means over the folds' utterances: exact for nll, and of ece the mean, not that of all."""
    return {
        name: float(np.average([fold[name] for fold in each], weights=sizes))
        for name in CALIBRATION
        if all(name in fold for fold in each)
    }
