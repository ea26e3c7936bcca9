"""The numbers: means over seeds, intervals, tests of pairs, baselines."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from report.conftest import Study, guess
from report.test_comparable import fold

from ser_vae.evaluation.compare import compare
from ser_vae.evaluation.intervals import mean_ua_interval
from ser_vae.evaluation.metrics import evaluate
from ser_vae.evaluation.predictions import pooled

PERCENT = 100


def row(study: Study, name: str) -> dict[str, Any]:
    scores = study.results.scores
    (predicted,) = scores[(scores["name"] == name) & (scores["policy"] == "")].to_dict("records")
    return predicted


def test_a_score_is_the_mean_over_seeds_with_the_sample_standard_deviation(study):
    for seed, accuracy in enumerate((0.5, 0.6, 0.8)):
        study.run("model=vae", seed=seed, accuracy=accuracy)
    score = row(study, "VAE")
    each = [PERCENT * x for x in study.results.frames.runs["ua"]]
    assert score["n"] == 3
    assert score["ua"] == pytest.approx(np.mean(each))
    assert score["ua_sd"] == pytest.approx(np.std(each, ddof=1))
    assert score["nll"] == pytest.approx(0.875)  # nats, not %


def test_the_interval_is_that_of_the_mean_over_seeds(study):
    seeds = [guess(0.6, seed=seed) for seed in (0, 1)]
    for seed, predicted in enumerate(seeds):
        study.run("model=vae", seed=seed, guesses=predicted)
    score, ends = row(study, "VAE"), mean_ua_interval(seeds, "speakers")
    assert ends
    assert (score["low"], score["high"]) == pytest.approx((PERCENT * ends[0], PERCENT * ends[1]))
    assert score["interval_over"] == "speakers"


def test_pairs_are_tested_and_corrected_together(study):
    seeds = {
        model: {seed: guess(0.5 + 0.1 * m, seed=seed, order=m) for seed in (0, 1)}
        for m, model in enumerate(("ae", "vae", "cvae"))
    }
    for model, by_seed in seeds.items():
        for seed, predicted in by_seed.items():
            study.run(f"model={model}", seed=seed, guesses=predicted)
    pairs = {(p["first"], p["second"]): p for p in study.results.pairs}
    models = {model.upper(): predictions for model, predictions in reversed(seeds.items())}
    expected = compare(models, list(combinations(models, 2)))
    assert len(pairs) == len(expected) == 3
    for comparison in expected:
        pair = pairs[comparison["first"], comparison["second"]]  # the better one first
        assert pair["difference"] == pytest.approx(PERCENT * comparison["difference"])
        assert pair["difference"] > 0
        assert pair["mcnemar_corrected"] == comparison["mcnemar_corrected"]
        assert pair["bootstrap_corrected"] == comparison["bootstrap_corrected"]
        assert (pair["corrected_for"], pair["significant"]) == (3, comparison["significant"])


def folds(model: str, study: Study, accuracies: tuple[float, ...]) -> list[pd.DataFrame]:
    predicted = [fold(number, accuracy) for number, accuracy in enumerate(accuracies)]
    for number, guesses in enumerate(predicted):
        study.run(f"model={model}", "split=speaker", f"fold={number}", guesses=guesses)
    return predicted


def test_folds_are_scored_as_one_test_set_calibration_too(study):
    predicted = folds("vae", study, (0.4, 0.6, 0.9))
    score, together = row(study, "VAE"), evaluate(pooled(predicted), "all")
    for metric in ("ua", "wa", "macro_f1", "ece"):
        assert score[metric] == pytest.approx(PERCENT * together[f"all/test/{metric}"])
    assert score["nll"] == pytest.approx(together["all/test/nll"])
    assert score["n"] == 1


def test_baselines_that_were_not_run_are_scored_over_all_folds_together(study):
    folds("vae", study, (0.4, 0.6, 0.9))
    assert row(study, "majority")["ua"] == pytest.approx(50)
    lookup = row(study, "speaker_lookup")
    assert (lookup["ua"], lookup["wa"]) == (50, 50)
    assert lookup["row"] is None


@pytest.mark.parametrize(
    ("accuracy", "beats"), [(0.5, False), (0.55, False), (0.75, True), (0.3, False)]
)
@pytest.mark.parametrize("ran", [True, False])
def test_beating_the_best_trivial_baseline_takes_more_than_chance(study, accuracy, beats, ran):
    study.run("model=vae", accuracy=accuracy)
    if ran:
        study.run("model=majority", guesses=guess(0.5, order=1))
    assert row(study, "VAE")["beats_trivial"] is beats


def test_a_score_below_chance_beats_no_baseline(study):
    study.run("model=majority", guesses=guess(0.1))
    study.run("model=speaker_lookup", guesses=guess(0.1, order=1))
    study.run("model=vae", accuracy=0.4)
    score = row(study, "VAE")
    assert score["ua"] > score["best_trivial_ua"]
    assert not score["beats_trivial"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_chance_is_that_of_the_classes_in_the_test_set(study):
    alone = guess(1.0).query("truth == 'angry'")
    study.run("model=vae", guesses=alone)
    assert not row(study, "VAE")["beats_trivial"]  # always saying angry scores 100 %


def test_a_leaking_row_is_last_and_not_tested(study):
    study.run("model=cvae", accuracy=0.95, leaks=True)
    study.run("model=vae")
    results = study.results
    assert results.scores_of(0)["name"].iloc[-1] == "CVAE"
    assert not results.pairs
    assert not row(study, "CVAE")["beats_trivial"]


def test_label_policies_are_scored_and_compared_with_the_null(study):
    policies = {"null": guess(0.5), "elbo": guess(0.9, order=1), "oracle": guess(1.0, order=2)}
    study.run("model=cvae", policies=policies)
    results = study.results
    scores = results.scores[results.scores["policy"] != ""].set_index("policy")
    assert list(scores.index) == ["null", "elbo", "oracle"]
    assert scores.loc["elbo", "ua"] == pytest.approx(90)
    assert list(scores["leaks"]) == [False, False, True]
    pairs = results.pairs_of(0, "label policies of CVAE")
    assert [(p["first"], p["second"], p["control"]) for p in pairs] == [
        ("elbo", "null", False),
        ("oracle", "null", True),
    ]
    assert {p["corrected_for"] for p in pairs} == {2}


def test_the_papers_values_stand_beside_its_layout_alone(study):
    study.run("model=vae", "data=complete")
    assert pd.isna(row(study, "VAE")["paper_accuracy"])
    study.run("model=vae", "data=improvised", guesses=guess(0.5, seed=1))
    paper_accuracy = study.results.scores.set_index(["data", "name"])["paper_accuracy"]
    assert paper_accuracy["improvised", "VAE"] == 62.67
    assert paper_accuracy["complete", "VAE"] == 56.42
    assert pd.isna(paper_accuracy["complete", "majority"])
