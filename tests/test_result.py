"""The result of a run, or of all folds, right after it was made."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from ser_vae.result import Metrics, result_lines, to_table

KEY = "random/test/"
METRICS: dict[str, Any] = {
    "run": "vae-complete-demo-seed0",
    "protocol": "random",
    f"{KEY}ua": 0.61234,
    f"{KEY}wa": 0.5,
    f"{KEY}confusion": [[3, 2], [1, 4]],
    f"{KEY}ua_intervals": {"utterances": [0.54, 0.681], "speakers": None},
    "majority": {f"{KEY}ua": 0.5, f"{KEY}confusion": [[5, 0], [5, 0]]},
    "audit": {
        "verdict": "SHARED",
        "sentence": "9 of 10 test speakers are also in train",
        "speaker_lookup": {"ua": 0.55},
        "speaker_lookup_counts": {"happy": [6, 10], "sad": [5, 10]},
    },
    "caveats": [],
}


def text_of(scores: Metrics, folds: Sequence[Metrics] = ()) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(to_table(result_lines(scores, folds or [scores])))
    return console.export_text()


def one_line(scores: Metrics, folds: Sequence[Metrics] = ()) -> str:
    return " ".join(text_of(scores, folds).split())


def test_a_score_stands_with_its_interval_baseline_and_audit():
    lines = text_of(METRICS).splitlines()
    assert [line.split()[0] for line in lines[:5]] == [
        *("vae-complete-demo-seed0", "random/test/ua", "random/test/wa", "best", "audit")
    ]
    assert "61.23%, 95 % 54.0% to 68.1% over utterances" in lines[1]
    assert "speaker_lookup, ua 55.00%" in lines[3]
    assert "SHARED: 9 of 10 test speakers are also in train" in lines[4]
    assert max(map(len, lines)) <= 80


def test_a_classifier_of_a_single_class_is_flagged():
    constant = {**METRICS, f"{KEY}confusion": [[5, 0], [5, 0]]}
    assert "caution predicts a single class" in one_line(constant)
    assert "single class" not in one_line(METRICS)


def test_label_policies_stand_side_by_side_and_controls_are_named():
    policies = {name: {f"{KEY}ua": 0.5} for name in ("null", "elbo+lstm", "oracle")}
    expected = "ua by label policy null 50.0%, elbo+lstm 50.0%, oracle 50.0% (control)"
    assert expected in one_line({**METRICS, "policies": policies})


def test_all_folds_are_one_result():
    folds = [
        {**METRICS, "run": f"vae-fold{n}-seed0", "majority": {f"{KEY}confusion": confusion}}
        | {"caveats": [f"not converged after {n + 7} steps"]}
        for n, confusion in enumerate([[[5, 0], [5, 0]], [[0, 9], [0, 1]]])
    ]
    scores = {**METRICS, f"{KEY}ua_of_folds": [0.5, 0.7]}
    text = one_line(scores, folds)
    assert text.startswith("vae-seed0, 2 folds random/test/ua 61.23%")
    assert "ua of a fold 50.00% to 70.00%, sd 14.14%" in text
    majority = (5 / 14 + 1 / 6) / 2
    assert "speaker_lookup, ua 55.00%" in text
    no_hits = {**METRICS["audit"], "speaker_lookup_counts": {"happy": [0, 10], "sad": [1, 10]}}
    text_of_majority = one_line(scores, [fold | {"audit": no_hits} for fold in folds])
    assert f"majority, ua {majority:.2%}" in text_of_majority
    assert "SHARED" in text
    assert text.endswith("caution not converged after 7 to 8 steps")
    assert pytest.approx(majority) == 0.2619047619
