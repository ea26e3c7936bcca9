"""A run, or all folds of a protocol, in one line."""

from typing import Any

from ser_vae.report.line import line, policies_line, pooled_line

METRICS = {
    "run": "vae-complete-demo-seed0",
    "protocol": "random",
    "random/test/ua": 0.61234,
    "random/test/wa": 0.5,
    "random/test/ua_intervals": {"utterances": [0.54, 0.681], "speakers": None},
    "majority": {"random/test/ua": 0.25, "random/test/wa": 0.309},
    "counts": {"test": {"utterances": 181}},
    "audit": {"verdict": "SHARED", "sentence": "9 of 10 test speakers are also in train"},
    "caveats": [],
}


def test_a_score_stands_with_protocol_baseline_and_audit():
    assert line(METRICS) == (
        "vae-complete-demo-seed0: random/test/ua 61.23%, wa 50.00% | 95 % of ua: 54.0% to 68.1% "
        "over utterances | majority 25.00%, 30.90% | "
        "181 test utterances | audit: SHARED, 9 of 10 test speakers are also in train"
    )


def test_every_caveat_is_printed():
    printed = line({**METRICS, "caveats": ["synthetic speech", "test labels leak"]})
    assert printed.endswith(" | synthetic speech | test labels leak")


def test_it_is_one_line():
    assert "\n" not in line({**METRICS, "caveats": ["a", "b"]})
    assert "\n" not in pooled_line(SCORES, [fold(0), fold(1), fold(2)])


def test_a_cvaes_policies_stand_side_by_side_and_controls_are_named():
    policies = {name: {"random/test/ua": 0.5} for name in ("null", "elbo+lstm", "oracle")}
    assert policies_line({**METRICS, "policies": policies}) == (
        "ua by label policy: null 50.0%, elbo+lstm 50.0%, oracle 50.0% (control)"
    )


def test_a_model_that_is_told_nothing_has_no_line_of_policies():
    assert policies_line({**METRICS, "policies": {}}) == ""


# --- all folds together -------------------------------------------------------------------------

SCORES = {
    "speaker/test/ua": 0.61234,
    "speaker/test/wa": 0.5,
    "speaker/test/ua_intervals": {"utterances": [0.54, 0.681], "speakers": [0.5, 0.7]},
    "speaker/test/ua_of_folds": [0.5, 0.7, 0.6],
}


EVEN = ((5, 0), (5, 0))  # all are taken for the first of two
UNEVEN = ((0, 9), (0, 1))  # in this fold for the second


def fold(number: int, verdict: str = "INDEPENDENT", majority: Any = EVEN, *caveats: str):
    return {
        "run": f"vae-complete-demo-fold{number}-seed0",
        "protocol": "speaker",
        "majority": {"speaker/test/confusion": majority},
        "audit": {"verdict": verdict, "sentence": "of this fold"},
        "caveats": list(caveats),
    }


def test_the_scores_of_all_folds_stand_with_their_spread_baseline_and_audit():
    assert pooled_line(SCORES, [fold(0), fold(1), fold(2)]) == (
        "vae-complete-demo-seed0, 3 folds: speaker/test/ua 61.23%, wa 50.00%, all utterances "
        "together | 95 % of ua: 54.0% to 68.1% over utterances, 50.0% to 70.0% over speakers | "
        "ua of a fold 50.00% to 70.00%, sd 10.00% | majority 50.00% | "
        "audit: INDEPENDENT"
    )


def test_a_fold_that_is_unlike_the_others_does_not_hide_among_them():
    folds = [fold(0), fold(1, "SHARED", UNEVEN, "synthetic"), fold(2, "SHARED", EVEN, "synthetic")]
    printed = pooled_line(SCORES, folds)
    # 10 of 19 of the first emotion, 1 of 11 of the second: less than one guess for all
    assert "| majority 30.86% | audit: INDEPENDENT, SHARED | synthetic" in printed
    assert printed.count("synthetic") == 1
