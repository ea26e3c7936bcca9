"""What beats nothing is marked, whether the trivial models were run or only stated."""

from typing import Any

import numpy as np
import pytest

from ser_vae.report.folds import join_folds
from ser_vae.report.subset import Subset, kind, subsets, turned
from ser_vae.report.table import tables

LOOKUP = {
    "verdict": "SHARED",
    "sentence": "some are shared",
    "adjacent_turns": None,
    "duplicates": 0,
    "speaker_lookup": {"ua": 0.5, "wa": 0.5},
}


def only(study: Any) -> Subset:
    (table,) = tables(join_folds(study.runs))
    (subset,) = subsets(table)
    return subset


def cell(subset: Subset, name: str) -> Any:
    return next(cell for cell in subset.cells if cell.name == name)


def audit(ua: float) -> dict[str, Any]:
    return LOOKUP | {"speaker_lookup": {"ua": ua, "wa": ua}}


def test_models_stand_by_kind_and_score_and_leaks_behind(study: Any, heard: Any) -> None:
    shares = {"ae": 0.6, "vae": 0.7, "pca": 0.5, "untrained": 0.4, "majority": 0.9}
    for order, (model, share) in enumerate(shares.items()):
        study.run(f"model={model}", said=heard(share, order=order))
    study.run("model=cvae", "label_policy=oracle", said=heard(0.9), leaks=True)
    names = [cell.name for cell in only(study).cells]
    assert names == ["majority", "pca", "untrained", "VAE", "AE", "CVAE, label_policy=oracle"]


def test_a_model_that_nobody_knows_stands_behind_the_papers() -> None:
    kinds = [kind(model) for model in ("majority", "pca", "vae", "mine")]
    assert kinds == ["trivial", "baseline", "paper", "other"]


def test_the_trivial_models_are_stated_by_the_others_metrics(study: Any) -> None:
    for seed, ua in enumerate((0.625, 0.75)):
        study.run("model=vae", seed=seed, audit=audit(ua))
        study.run("model=ae", seed=seed, audit=audit(ua))
    best, other = only(study).trivials
    assert (best.name, best.ua.mean, best.ua.n) == ("speaker_lookup", pytest.approx(68.75), 2)
    assert (other.name, other.ua.mean, other.cell) == ("majority", pytest.approx(50), None)


def test_a_trivial_model_that_was_run_is_taken_from_its_runs(study: Any, heard: Any) -> None:
    study.run("model=vae", said=heard(0.6))
    study.run("model=majority", said=heard(0.45))
    (best,) = only(study).trivials
    assert best.cell
    assert (best.name, best.ua.mean) == ("majority", pytest.approx(45))


def test_the_lookup_of_several_folds_is_that_of_all_utterances_together(study: Any) -> None:
    """Folds whose test part is one emotion each: the mean of their UAs would be 20."""
    for fold in range(5):
        right, name = (10, "angry") if fold == 0 else (0, "neutral")
        counts = {"speaker_lookup_counts": {name: (right, 10)}}
        study.run("split=speaker", f"fold={fold}", audit=audit(0.9) | counts)
    found = {own.name: own.scores for own in only(study).trivials}
    assert found["speaker_lookup"]["ua"].mean == pytest.approx(50)
    assert found["speaker_lookup"]["wa"].mean == pytest.approx(20)


def test_the_lookup_of_several_folds_is_weighted_by_their_utterances(study: Any) -> None:
    uas, sizes = [0.2, 0.4, 0.6, 0.8, 1.0], [10, 20, 30, 40, 100]
    for fold, (ua, size) in enumerate(zip(uas, sizes, strict=True)):
        counts = {"test": {"utterances": size}}
        study.run("split=speaker", f"fold={fold}", audit=audit(ua), counts=counts)
    found = {own.name: own.ua.mean for own in only(study).trivials}
    assert found["speaker_lookup"] == pytest.approx(100 * np.average(uas, weights=sizes))


def test_runs_older_than_the_audit_know_the_majority_alone(study: Any) -> None:
    study.run("model=vae", seed=0, audit=audit(0.9))
    study.run("model=vae", seed=1)
    assert [trivial.name for trivial in only(study).trivials] == ["majority"]


def test_a_paired_difference_above_zero_beats_the_trivial_model(study: Any, heard: Any) -> None:
    study.run("model=majority", said=heard(0.5, order=1))
    study.run("model=vae", said=heard(0.9, order=2))
    study.run("model=ae", said=heard(0.54, order=3))
    subset = only(study)
    assert subset.beats_trivial(cell(subset, "VAE"))
    assert cell(subset, "AE").ua.mean > subset.trivials[0].ua.mean
    assert not subset.beats_trivial(cell(subset, "AE"))


def test_pairing_finds_what_two_intervals_do_not(study: Any, heard: Any) -> None:
    # the better is right wherever the other is: their difference is sure, their levels are not
    study.run("model=majority", said=heard(0.55, order=1))
    study.run("model=vae", said=heard(0.62, order=1))
    subset = only(study)
    own = cell(subset, "VAE")
    assert own.interval
    assert own.interval.low < subset.trivials[0].ua.mean
    assert subset.beats_trivial(own)


def test_without_runs_to_pair_with_the_models_own_interval_decides(study: Any, heard: Any) -> None:
    study.run("model=vae", said=heard(0.9), audit=audit(0.5))
    study.run("model=ae", said=heard(0.55), audit=audit(0.5))
    subset = only(study)
    assert [subset.beats_trivial(cell(subset, name)) for name in ("VAE", "AE")] == [True, False]


def test_without_predictions_the_means_decide(study: Any) -> None:
    study.run("model=vae", ua=0.51)
    study.run("model=ae", ua=0.50)
    subset = only(study)
    assert [subset.beats_trivial(cell(subset, name)) for name in ("VAE", "AE")] == [True, False]


@pytest.mark.parametrize("ran", [True, False])
def test_less_than_one_guess_for_all_beats_nothing(study: Any, heard: Any, ran: bool) -> None:
    if ran:  # a majority that differs between folds: all wrong
        study.run("model=majority", said=heard(0.05, order=1))
    study.run("model=vae", said=heard(0.4, order=1), audit=audit(0.05))
    study.run("model=ae", said=heard(0.9, order=1), audit=audit(0.05))
    subset = only(study)
    assert [subset.beats_trivial(cell(subset, name)) for name in ("VAE", "AE")] == [False, True]


def test_every_pair_is_tested_but_those_that_leak(study: Any, heard: Any) -> None:
    for order, model in enumerate(("ae", "vae", "pca")):
        study.run(f"model={model}", said=heard(0.6, order=order))
    study.run("model=cvae", "label_policy=oracle", said=heard(0.9), leaks=True)
    assert {frozenset((c.first, c.second)) for c in only(study).tested} == {
        frozenset(pair) for pair in (("AE", "VAE"), ("AE", "pca"), ("VAE", "pca"))
    }


def test_models_without_a_seed_in_common_are_not_paired(study: Any, heard: Any) -> None:
    for model, seed in (("ae", 0), ("vae", 0), ("cvae", 1)):
        study.run(f"model={model}", seed=seed, said=heard(0.6, seed=seed))
    assert [(c.first, c.second) for c in only(study).tested] == [("AE", "VAE")]


def test_models_of_other_utterances_stop_the_tests_and_nothing_else(study: Any, heard: Any) -> None:
    study.run("model=ae", said=heard(0.6))
    study.run("model=vae", said=heard(0.7, speakers=range(11)))
    subset = only(study)
    assert subset.tested == ()
    assert "were not tested on the same" in subset.untested
    assert subset.beats_trivial(cell(subset, "VAE"))


def test_without_predictions_there_is_no_test_and_nothing_wrong(study: Any) -> None:
    study.run("model=ae")
    study.run("model=vae")
    assert only(study).tests == ((), "")


def test_a_pair_is_found_either_way_round(study: Any, heard: Any) -> None:
    study.run("model=ae", said=heard(0.5, order=1))
    study.run("model=vae", said=heard(0.8, order=2))
    subset = only(study)
    ae, vae = cell(subset, "AE"), cell(subset, "VAE")
    there, back = subset.against(vae, ae), subset.against(ae, vae)
    assert there
    assert back
    assert there.difference == pytest.approx(0.3)
    assert (back.difference, back.low, back.high) == (-there.difference, -there.high, -there.low)
    assert (back.first, back.second) == ("AE", "VAE")
    assert turned(back) == there


def test_other_audio_under_one_name_is_a_subset_of_its_own(study: Any, heard: Any) -> None:
    study.run(seed=0, material="one", said=heard(0.6))
    study.run(seed=1, material="two", said=heard(0.6))
    (table,) = tables(study.runs)
    names = [subset.name for subset in subsets(table)]
    assert names == ["complete, material=one", "complete, material=two"]
