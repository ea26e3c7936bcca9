"""What makes a row, and which rows are tested against each other."""

import os
import time

import pandas as pd
import pytest
from report.conftest import Study, guess


def names(study: Study) -> list[list[str]]:
    """The names of the rows of every test_set, sorted."""
    return [sorted(row.name for row in test_set.rows) for test_set in study.results.test_sets]


@pytest.mark.parametrize(
    "override",
    [
        *("training.pretrain.epochs=2", "features.trim_db=40", "classifier=functionals"),
        *("normalise=speaker", "model.beta=4", "split.validation=0.2"),
    ],
)
def test_a_setting_that_differs_is_in_the_name_and_separates_no_rows(study, override):
    study.run("model=vae")
    study.run("model=vae", override, accuracy=0.6)
    study.run("model=ae")
    (test_set,) = study.results.test_sets
    assert {row.name for row in test_set.rows} == {"AE", "VAE", f"VAE, {override}"}
    assert len(study.results.pairs) == 3


def test_the_default_is_not_named_however_few_rows_have_it(study):
    study.run("model=vae")
    for beta in (2, 4):
        study.run("model=vae", f"model.beta={beta}")
    assert names(study) == [["VAE", "VAE, model.beta=2", "VAE, model.beta=4"]]


def test_without_a_default_the_value_of_most_rows_needs_no_mention(study):
    for model in ("ae", "vae"):
        study.run(f"model={model}", "training.pretrain.epochs=2")
    study.run("model=cvae", "training.pretrain.epochs=3")
    assert names(study) == [["AE", "CVAE, training.pretrain.epochs=3", "VAE"]]


@pytest.mark.parametrize(
    ("model", "override", "rows"),
    [
        ("logmel_svm", "training.pretrain.epochs=2", 1),
        ("logmel_svm", "classifier=functionals", 1),
        ("logmel_svm", "label_policies=headline", 1),
        ("majority", "features.trim_db=40", 1),
        ("logmel_lstm", "training.pretrain.epochs=2", 1),
        ("vae", "label_policy=random", 1),
        ("logmel_svm", "features.trim_db=40", 2),
        ("logmel_lstm", "training.classify.epochs=2", 2),
    ],
)
def test_a_setting_makes_a_row_only_of_a_model_that_uses_it(study, model, override, rows):
    study.run(f"model={model}")
    study.run(f"model={model}", override, seed=2 - rows)  # one row has a run per seed
    (found,) = names(study)
    assert [name.lower() for name in found] == [model, f"{model}, {override}"][:rows]


def test_the_label_policy_of_a_run_makes_a_row_of_a_cvae(study):
    policies = {"null": guess(0.5), "elbo": guess(0.6)}
    study.run("model=cvae", policies=policies)
    study.run("model=cvae", "label_policy=elbo", policies=policies)
    assert names(study) == [["CVAE", "CVAE, label_policy=elbo"]]


def fold(number: int, accuracy: float = 0.6) -> pd.DataFrame:
    return guess(accuracy, speakers=range(4 * number, 4 * number + 4))


def test_a_lone_fold_that_finished_is_a_row_of_its_own(study):
    for number in range(3):
        study.run("model=ae", "split=speaker", f"fold={number}", guesses=fold(number))
    for model in ("ae", "vae"):
        study.run(f"model={model}", "split=speaker", "fold=0", seed=1, guesses=fold(0))
    assert [(p.name, [row.name for row in p.rows]) for p in study.results.test_sets] == [
        ("complete", ["AE"]),
        ("complete, fold 0 of 3", ["AE", "VAE"]),
    ]


def test_other_utterances_are_another_test_set(study):
    study.run("model=ae")
    study.run("model=vae", guesses=guess(0.5, speakers=range(11)))
    assert [test_set.name for test_set in study.results.test_sets] == ["complete", "complete (2)"]
    assert not study.results.pairs


def test_corpora_of_the_same_name_make_two_rows(study):
    study.run("model=ae", corpus_digest="1")
    study.run("model=ae", seed=1, corpus_digest="2")
    names = [row.name for test_set in study.results.test_sets for row in test_set.rows]
    assert names == ["AE, corpus.digest=1", "AE, corpus.digest=2"]


def test_subsets_and_protocols_are_test_sets_in_the_papers_order(study):
    for number, options in enumerate(
        [
            ("data=complete",),
            ("data=improvised",),
            ("split=session", "fold=null"),
            ("data=scripted",),
        ]
    ):
        study.run("model=ae", *options, guesses=guess(0.5, seed=number))
    assert [(test_set.study, test_set.name) for test_set in study.results.test_sets] == [
        ("urdu, random split", "improvised"),
        ("urdu, random split", "scripted"),
        ("urdu, random split", "complete"),
        ("urdu, session split", "complete"),
    ]


def test_the_same_test_set_is_one_whatever_was_trained_on(study):
    study.run("model=ae", "data=improvised")
    study.run("model=ae", accuracy=0.6)
    (test_set,) = study.results.test_sets
    assert [row.name for row in test_set.rows] == ["AE", "AE, data=improvised"]


def test_of_two_runs_of_a_seed_the_later_one_counts(study):
    study.run("model=ae", accuracy=0.5)
    later = study.run("model=ae", accuracy=0.75)
    stamp = time.time() + 5
    os.utime(later / "metrics.json", (stamp, stamp))
    results = study.results
    ((left_out, counted),) = results.repeated.items()
    assert counted.endswith(later.name)
    assert left_out != counted
    assert results.scores_of(0)["ua"].max() == pytest.approx(75)
