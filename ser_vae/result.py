"""Print the result of a run, or of all folds of a protocol, as soon as it is finished.

A score is always printed with its interval, the best trivial baseline and the audit of the split.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from ser_vae.data.audit import score_lookup
from ser_vae.evaluation.metrics import accuracies
from ser_vae.evaluation.predictions import CONTROLS
from ser_vae.terminal import merge_numbers, stdout

CAUTION = "caution"  # label of a reason to interpret the score with care

Metrics = Mapping[str, Any]
Lines = list[tuple[str, str]]  # label and text; the first is the title, without text


def print_result(scores: Metrics, folds: Sequence[Metrics]) -> None:
    """Print the result of a run, or of all folds, as a table; see `result_lines`."""
    stdout().print(to_table(result_lines(scores, folds)))


def result_lines(scores: Metrics, folds: Sequence[Metrics]) -> Lines:
    """Return the lines of the table: the score, and what is needed to read it.

    Args:
        scores: the metrics of a run, or of all folds from `evaluation.summary.over_folds`.
        folds: the metrics of every fold; a single run is its only fold.
    """
    first, audits = folds[0], [fold["audit"] for fold in folds]
    key, single = f"{first['protocol']}/test/", len(folds) == 1
    majority = np.sum([fold["majority"][f"{key}confusion"] for fold in folds], axis=0)
    trivial = {"majority": accuracies(majority)["ua"]}
    trivial["speaker_lookup"] = score_lookup([a["speaker_lookup_counts"] for a in audits])["ua"]
    best = max(trivial, key=lambda name: trivial[name])
    over = "speakers" if scores[f"{key}ua_intervals"].get("speakers") else "utterances"
    ends = scores[f"{key}ua_intervals"].get(over)
    interval = f", 95 % {ends[0]:.1%} to {ends[1]:.1%} over {over}" if ends else ""
    verdicts = sorted({audit["verdict"] for audit in audits})
    caveats = merge_numbers(caveat for fold in folds for caveat in fold["caveats"])
    cautions = dict.fromkeys(caveats.values())
    if np.count_nonzero(np.sum(scores[f"{key}confusion"], axis=0)) == 1:
        cautions["predicts a single class"] = None
    title = first["run"] if single else f"{first['run'].replace('-fold0', '')}, {len(folds)} folds"
    lines = [
        (title, ""),
        (f"{key}ua", f"{scores[f'{key}ua']:.2%}{interval}"),
        (f"{key}wa", f"{scores[f'{key}wa']:.2%}"),
        ("best trivial baseline", f"{best}, ua {trivial[best]:.2%}"),
        ("audit", ", ".join(verdicts) + f": {audits[0]['sentence']}" * single),
    ]
    if not single:
        fold_ua = np.array(scores[f"{key}ua_of_folds"])
        spread = f"{fold_ua.min():.2%} to {fold_ua.max():.2%}, sd {fold_ua.std(ddof=1):.2%}"
        if first["protocol"] == "corpus":  # a fold is a corpus
            names = [audit["across"]["tested_on"][0] for audit in audits]
            pairs = [f"{name} {ua:.2%}" for name, ua in zip(names, fold_ua, strict=True)]
            spread = ", ".join([*pairs, f"mean {fold_ua.mean():.2%}"])
        lines.append(("ua of a fold", spread))
    policies = scores.get("policies") or {}
    texts = [f"{p} {policies[p][f'{key}ua']:.1%}{' (control)' * (p in CONTROLS)}" for p in policies]
    lines += [("ua by label policy", ", ".join(texts))] if texts else []
    return [*lines, *((CAUTION, caution) for caution in cautions)]


def to_table(lines: Lines) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for number, (label, text) in enumerate(lines):
        style = "red" if label == CAUTION else ("bold", "bold green", None)[min(number, 2)]
        table.add_row(label, text, style=style)
    table.columns[1].overflow = "fold"
    return table
