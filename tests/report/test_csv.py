"""What programs read: every score, every pair, every run, with what it is worth beside it."""

import csv
import io
from typing import Any

import pytest

from ser_vae.report.csv import cells_csv, comparisons_csv, runs_csv
from ser_vae.report.folds import join_folds
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def studies(study: Any) -> tuple[Any, Any]:
    made = tables(join_folds(study.runs))
    return [subset for table in made for subset in subsets(table)], made


def test_every_score_of_a_model_is_a_row_with_its_unit(study: Any, heard: Any) -> None:
    for seed, share in enumerate((0.6, 0.8)):
        study.run(seed=seed, said=heard(share, seed=seed))
    rows = [row for row in read(cells_csv(*studies(study))) if row["n"] != "0"]
    found = {row["metric"]: (row["unit"], float(row["mean"]), row["n"]) for row in rows}
    assert found["ua"] == ("percent", pytest.approx(70), "2")
    assert found["nll"] == ("nats", 0.875, "2")
    assert found["ece"] == ("percent", 6.25, "2")
    assert list(found) == ["ua", "wa", "macro_f1", "nll", "ece"]


def test_the_interval_stands_beside_ua_alone(study: Any, heard: Any) -> None:
    study.run(said=heard(0.6))
    rows = {row["metric"]: row for row in read(cells_csv(*studies(study)))[:5]}
    assert float(rows["ua"]["low"]) < 60 < float(rows["ua"]["high"])
    assert rows["ua"]["interval_over"] == "speakers"
    assert (rows["wa"]["low"], rows["wa"]["interval_over"]) == ("", "")


def test_the_best_trivial_model_stands_in_every_row(study: Any, heard: Any) -> None:
    study.run("model=majority", said=heard(0.5, order=1))
    study.run("model=vae", said=heard(0.9, order=2))
    study.run("model=pca", said=heard(0.5, order=3))
    rows = [row for row in read(cells_csv(*studies(study))) if row["metric"] == "ua"]
    found = {row["model"]: (row["kind"], row["beats_trivial"]) for row in rows if row["n"] != "0"}
    assert found == {
        "majority": ("trivial", "False"),
        "pca": ("baseline", "False"),
        "vae": ("paper", "True"),
    }
    best = {(row["best_trivial"], row["best_trivial_ua"]) for row in rows if row["n"] != "0"}
    assert best == {("majority", "50.00")}


def test_label_policies_are_rows_and_the_true_label_leaks(study: Any, heard: Any) -> None:
    said = {"null": heard(0.5), "oracle": heard(0.9, order=1)}
    study.run("model=cvae", said=said["null"], policies=said)
    rows = [row for row in read(cells_csv(*studies(study))) if row["metric"] == "ua"]
    found = [(row["policy"], row["mean"], row["leaks"]) for row in rows if row["n"] != "0"]
    assert found == [
        ("", "50.0000", "False"),
        ("null", "50.0000", "False"),
        ("oracle", "90.0000", "True"),
    ]


def test_every_pair_is_a_row_of_the_comparisons(study: Any, heard: Any) -> None:
    for order, (model, share) in enumerate({"ae": 0.5, "vae": 0.9, "pca": 0.6}.items()):
        study.run(f"model={model}", said=heard(share, order=order))
    rows = read(comparisons_csv(studies(study)[0]))
    assert {row["of"] for row in rows} == {"models"}
    assert {row["corrected_for"] for row in rows} == {"3"}
    (vae_ae,) = (row for row in rows if (row["first"], row["second"]) == ("VAE", "AE"))
    assert float(vae_ae["difference_points"]) == pytest.approx(40)
    assert float(vae_ae["low_points"]) < 40 < float(vae_ae["high_points"])
    assert (vae_ae["distinguishable"], vae_ae["seeds"]) == ("True", "0")
    assert float(vae_ae["mcnemar_p"]) <= float(vae_ae["mcnemar_corrected"]) < 0.001


def test_label_policies_are_compared_with_null(study: Any, heard: Any) -> None:
    said = {"null": heard(0.5), "elbo": heard(0.6, order=1), "oracle": heard(0.9, order=2)}
    study.run("model=cvae", said=said["null"], policies=said)
    rows = read(comparisons_csv(studies(study)[0]))
    found = [(row["of"], row["first"], row["second"], row["corrected_for"]) for row in rows]
    assert found == [("label policies of CVAE", name, "null", "2") for name in ("elbo", "oracle")]
    assert [row["control"] for row in rows] == ["False", "True"]


def test_a_fold_is_a_row_of_the_runs_with_its_own_audit(study: Any, heard: Any, sick: Any) -> None:
    audit = {
        "verdict": "INDEPENDENT",
        "sentence": "none is shared",
        "adjacent_turns": None,
        "duplicates": 0,
        "speaker_lookup": {"ua": 0.25, "wa": 0.3},
    }
    for fold in (0, 1):
        options = ("split=speaker", f"fold={fold}")
        study.run(*options, said=heard(0.5), audit=audit, health=sick(collapsed=bool(fold)))
    rows = read(runs_csv(study.runs))
    assert [(row["audit"], row["speaker_lookup_ua"]) for row in rows] == [
        ("INDEPENDENT", "0.25")
    ] * 2
    assert [row["collapsed"] for row in rows] == ["False", "True"]
    assert [row["nll"] for row in rows] == ["0.875"] * 2
    assert [row["fold"] for row in rows] == ["0", "1"]


def test_a_run_older_than_all_of_it_has_empty_cells(study: Any) -> None:
    study.run()
    (row,) = read(runs_csv(study.runs))
    assert (row["nll"], row["audit"], row["collapsed"]) == ("", "", "")
    assert read(comparisons_csv(studies(study)[0])) == []
