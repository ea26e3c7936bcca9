"""Folds of one run are one score, and are none while a fold is missing."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from ser_vae.report.folds import join_folds
from ser_vae.report.table import tables

CONFUSIONS = [
    [[9, 1], [2, 8]],
    [[5, 0], [4, 6]],
    [[3, 3], [0, 4]],
    [[1, 0], [0, 0]],
    [[0, 2], [1, 7]],
]


def add(study, folds, **settings):
    for fold in folds:
        study.run(
            "split=speaker",
            f"fold={fold}",
            "model=vae",
            **{"speaker/test/confusion": CONFUSIONS[fold]},
            **settings,
        )


def test_all_folds_are_one_run_scored_on_all_utterances(study):
    add(study, range(5))
    (run,) = join_folds(study.runs)
    total = np.sum(CONFUSIONS, axis=0)
    truth, guess = (
        np.repeat([[0, 0], [1, 1]], total.ravel()),
        np.repeat([0, 1, 0, 1], total.ravel()),
    )
    assert run.result.score["ua"] == pytest.approx(balanced_accuracy_score(truth, guess))
    assert run.result.score["wa"] == pytest.approx(np.mean(truth == guess))
    assert run.result.test_utterances == 5 * 120
    assert "5 folds, scored together" in run.result.caveats[-1]


def test_a_missing_fold_makes_them_unfinished_and_is_named(study):
    add(study, [0, 1, 3, 4])
    (run,) = join_folds(study.runs)
    assert run.result is None
    assert "of 5 folds there is no 2: fold=all" in run.folder


def test_seeds_are_averaged_over_their_joined_folds(study):
    add(study, range(5), seed=0)
    add(study, range(5), seed=1)
    (table,) = tables(join_folds(study.runs))
    assert (table.corpus, table.protocol, table.seeds) == ("urdu", "speaker", [0, 1])
    assert [len(cell.runs) for row in table.rows for cell in row.cells.values()] == [2]


def test_runs_without_folds_stay_as_they_are(study):
    study.run("model=vae")
    assert join_folds(study.runs) == study.runs
