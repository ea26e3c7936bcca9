"""A cell is a mean over seeds, and its interval is that of that mean."""

from typing import Any

import numpy as np
import pytest

from ser_vae.evaluation.intervals import mean_ua_interval
from ser_vae.report.cell import Cell, heading, score, scores_over_seeds
from ser_vae.report.folds import join_folds
from ser_vae.report.table import tables


def only(study: Any) -> Cell:
    (table,) = tables(join_folds(study.runs))
    ((cell,),) = (row.cells.values() for row in table.rows)
    return cell


def test_a_score_is_in_percent_with_the_samples_deviation() -> None:
    found = score([0.5, 0.6, 0.7])
    assert (found.mean, found.n) == (pytest.approx(60), 3)
    assert found.sd == pytest.approx(np.std([50, 60, 70], ddof=1))
    assert score([0.5]).sd is None


def test_a_likelihood_is_in_nats_and_what_a_seed_lacks_has_no_score() -> None:
    found = scores_over_seeds([{"ua": 0.5, "nll": 1.25, "ece": 0.1}, {"ua": 0.7, "nll": 0.75}])
    assert {name: own.mean for name, own in found.items()} == {"ua": 60, "nll": 1.0}


def test_the_interval_is_that_of_the_mean_over_seeds(study: Any, heard: Any) -> None:
    said = [heard(0.6, seed=0), heard(0.7, seed=1)]
    for seed, own in enumerate(said):
        study.run(seed=seed, said=own)
    cell, expected = only(study), mean_ua_interval(said, "speakers")
    assert expected is not None
    assert cell.interval is not None
    assert (cell.interval.low, cell.interval.high) == pytest.approx(
        tuple(100 * end for end in expected)
    )
    assert cell.ua.mean == pytest.approx(65)
    assert cell.interval.low < 65 < cell.interval.high
    assert cell.interval.groups == "speakers"


def test_with_one_speaker_utterances_are_drawn(study: Any, heard: Any) -> None:
    study.run(said=heard(0.6, speakers=range(1)))
    interval = only(study).interval
    assert interval is not None
    assert interval.groups == "utterances"


def test_without_the_predictions_of_a_seed_there_is_no_interval(study: Any, heard: Any) -> None:
    study.run(seed=0, said=heard(0.6))
    study.run(seed=1)
    assert only(study).interval is None
    assert list(only(study).predictions) == [0]


def test_the_folds_of_a_seed_are_one_test_part(study: Any, heard: Any) -> None:
    for fold in range(5):
        said = heard(0.6, speakers=range(fold, 12, 5))
        study.run("split=speaker", f"fold={fold}", said=said)
    cell = only(study)
    assert sorted(cell.predictions[0].utterance) == sorted(heard(0.6).utterance)
    assert cell.interval is not None
    assert cell.interval.groups == "speakers"  # of all folds; a fold has two or three
    assert len(cell.findings) == 5


def test_the_papers_models_are_headed_in_capitals() -> None:
    assert [heading(name) for name in ("cvae", "pca")] == ["CVAE", "pca"]
