"""A run in one line."""

from collections.abc import Mapping, Sequence
from statistics import stdev
from typing import Any

import numpy as np

from ser_vae.evaluation.confusion import accuracies

CONTROLS = ("random", "oracle")  # they show what a label does, and are never a result


def line(metrics: Mapping[str, Any]) -> str:
    """A score that can be read without its file: protocol, trivial baseline, what is shared."""
    key, trivial = f"{metrics['protocol']}/test/", metrics["majority"]
    audit = metrics["audit"]
    parts = [
        f"{metrics['run']}: {key}ua {metrics[key + 'ua']:.2%}, wa {metrics[key + 'wa']:.2%}",
        *spread(metrics[key + "ua_intervals"]),
        f"majority {trivial[key + 'ua']:.2%}, {trivial[key + 'wa']:.2%}",
        f"{metrics['counts']['test']['utterances']} test utterances",
        f"audit: {audit['verdict']}, {audit['sentence']}",
        *metrics["caveats"],
    ]
    return " | ".join(parts)


def policies_line(metrics: Mapping[str, Any]) -> str:
    """UA under every label policy of a CVAE's run, side by side; empty where there is but one."""
    key = f"{metrics['protocol']}/test/ua"
    said = [
        f"{name} {scores[key]:.1%}{' (control)' if name in CONTROLS else ''}"
        for name, scores in metrics["policies"].items()
    ]
    return f"ua by label policy: {', '.join(said)}" if said else ""


def spread(intervals: Mapping[str, Sequence[float] | None]) -> list[str]:
    """Each interval that could be had; over few speakers it is wide, as it should be."""
    said = [f"{ends[0]:.1%} to {ends[1]:.1%} over {of}" for of, ends in intervals.items() if ends]
    return [f"95 % of ua: {', '.join(said)}"] if said else []


def pooled_line(scores: Mapping[str, Any], folds: Sequence[Mapping[str, Any]]) -> str:
    """All folds of a protocol together; `folds` are the metrics of each."""
    first = folds[0]
    key, each = f"{first['protocol']}/test/", scores[f"{first['protocol']}/test/ua_of_folds"]
    trivial = np.sum([fold["majority"][key + "confusion"] for fold in folds], axis=0)
    caveats = sorted({caveat for fold in folds for caveat in fold["caveats"]})
    verdicts = sorted({fold["audit"]["verdict"] for fold in folds})
    parts = [
        f"{first['run'].replace('-fold0', '')}, {len(folds)} folds: {key}ua "
        f"{scores[key + 'ua']:.2%}, wa {scores[key + 'wa']:.2%}, all utterances together",
        *spread(scores[key + "ua_intervals"]),
        f"ua of a fold {min(each):.2%} to {max(each):.2%}, sd {stdev(each):.2%}",
        f"majority {accuracies(trivial)['ua']:.2%}",
        f"audit: {', '.join(verdicts)}",
        *caveats,
    ]
    return " | ".join(parts)
