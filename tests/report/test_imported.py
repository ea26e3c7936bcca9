"""Predictions of another system beside the runs: scores, tests, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from report.conftest import Study, guess
from report.test_comparable import fold
from sklearn.metrics import balanced_accuracy_score, log_loss

from ser_vae import SerVaeError
from ser_vae.evaluation import predictions
from ser_vae.evaluation.compare import compare
from ser_vae.report.__main__ import main
from ser_vae.report.imported import import_predictions
from ser_vae.report.runs import load_runs
from ser_vae.report.scores import Results, compute_results


def write(
    path: Path, predicted: pd.DataFrame, *, keep: str = "utterance|guess", **new: Any
) -> Path:
    """Write predictions as another system would; `keep` matches the columns that it has."""
    frame = predicted.filter(regex=f"^({keep})").sample(frac=1, random_state=0)
    frame.assign(**new).to_csv(path, index=False)
    return path


def imported(study: Study, path: Path, name: str = "theirs") -> Results:
    return compute_results(import_predictions(load_runs(study.folder), path, name))


def score(results: Results, name: str = "theirs (imported)") -> dict[str, Any]:
    (scored,) = results.scores[results.scores["name"] == name].to_dict("records")
    return scored


def test_an_imported_system_is_scored_and_tested_like_a_run(study, tmp_path):
    ours, theirs = guess(0.6), guess(0.9, order=1)
    study.run("model=vae", guesses=ours)
    results = imported(study, write(tmp_path / "x.csv", theirs))
    assert len(results.test_sets) == 1
    scored = score(results)
    assert scored["ua"] == pytest.approx(
        100 * balanced_accuracy_score(theirs["truth"], theirs["guess"])
    )
    assert (scored["kind"], scored["interval_over"]) == ("imported", "speakers")
    assert pd.isna([scored["nll"], scored["ece"]]).all()
    (pair,) = results.pairs
    (expected,) = compare({"a": {0: theirs}, "b": {0: ours}}, [("a", "b")])
    assert (pair["first"], pair["second"]) == ("theirs (imported)", "VAE")
    assert pair["difference"] == pytest.approx(100 * expected["difference"])
    assert pair["mcnemar_p"] == expected["mcnemar_p"]
    assert pair["bootstrap_p"] == pytest.approx(expected["bootstrap_p"])


def test_probabilities_in_any_order_give_the_nll(study, tmp_path):
    theirs = guess(0.9)
    probabilities = theirs[["p_neutral", "p_angry"]].round().clip(0.2, 0.8)
    theirs[[*probabilities]] = probabilities
    study.run("model=vae")
    path = write(tmp_path / "x.csv", theirs, keep="utterance|guess|p_|truth|speaker")
    pd.read_csv(path).iloc[:, ::-1].to_csv(path, index=False)
    expected = log_loss(theirs["truth"], theirs[["p_angry", "p_neutral"]])
    assert score(imported(study, path))["nll"] == pytest.approx(expected)


def test_one_file_is_compared_under_every_seed_and_has_no_standard_deviation(study, tmp_path):
    for seed in (0, 1):
        study.run("model=vae", seed=seed, guesses=guess(0.5 + 0.1 * seed, order=seed))
    results = imported(study, write(tmp_path / "x.csv", guess(0.9)))
    assert (score(results)["seeds"], results.pairs[0]["seeds"]) == ([0, 1], (0, 1))
    assert pd.isna(score(results)["ua_sd"])
    assert results.pairs[0]["difference"] == pytest.approx(90 - 55)


def test_a_column_of_seeds_pairs_rows_with_the_runs_of_their_seed(study, tmp_path):
    by_seed = {seed: guess(0.6 + 0.2 * seed, order=seed) for seed in (0, 1)}
    for seed in by_seed:
        study.run("model=vae", seed=seed, guesses=guess(0.5))
    files = [write(tmp_path / f"{s}.csv", p, seed=s) for s, p in by_seed.items()]
    pd.concat(map(pd.read_csv, files)).to_csv(tmp_path / "x.csv", index=False)
    scored = score(imported(study, tmp_path / "x.csv"))
    assert scored["ua"] == pytest.approx(70)
    assert scored["ua_sd"] == pytest.approx(np.std([60, 80], ddof=1))


def test_folds_are_pooled_and_a_lone_fold_has_nothing_to_be_compared_with(study, tmp_path):
    theirs = predictions.pooled([fold(number, 0.5 + 0.1 * number) for number in range(3)])
    for number in range(3):
        study.run("model=ae", "split=speaker", f"fold={number}", guesses=fold(number))
    results = imported(study, write(tmp_path / "x.csv", theirs))
    expected = 100 * balanced_accuracy_score(theirs["truth"], theirs["guess"])
    assert score(results)["ua"] == pytest.approx(expected)
    assert pd.isna(score(results)["nll"])
    with pytest.raises(SerVaeError, match=r"theirs \(imported\): the file has fold 0 of 3"):
        imported(study, write(tmp_path / "x.csv", fold(0)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(index=[0, 7]), r"are missing: seed0_s00_0, seed0_s00_7\.$"),
        (lambda f: pd.concat([f, f.head(1).assign(utterance="u")]), "no run was tested on: u"),
        (lambda f: pd.concat([f, f.head(1)]), "more than one row: seed0_s00_0"),
        (lambda f: f.assign(guess=f["guess"].where(f.index != 3, "glee")), "not an emotion.*glee"),
        (lambda f: f.assign(truth=f["guess"]), "the truth differs .* and 55 more"),
        (lambda f: f.assign(speaker="s01"), "the speaker differs .*: seed0_s00_0"),
        (lambda f: f.assign(seed=4), "no run has the seed: 4"),
        (lambda f: f.drop(columns="p_angry"), "columns are missing or unknown: p_angry"),
        (lambda f: f.assign(p_glee=0.0), "columns are missing or unknown: p_glee"),
        (lambda f: f.assign(p_angry=0.9), "do not add up to 1"),
        (lambda f: f.assign(p_angry="x"), "cannot be read"),
        (lambda f: f.assign(p_angry=f["p_neutral"], p_neutral=f["p_angry"]), "not the most prob"),
        (lambda f: f.drop(columns="guess"), "columns are missing: guess"),
    ],
)
def test_what_does_not_fit_the_runs_is_named(study, tmp_path, change, message):
    study.run("model=vae")
    path = tmp_path / "x.csv"
    change(guess(0.5)).to_csv(path, index=False)
    with pytest.raises(SerVaeError, match=message):
        import_predictions(load_runs(study.folder), path, "theirs")


def test_an_utterance_of_another_seed_is_named(study, tmp_path):
    rows = []
    for seed in (0, 1):
        study.run("model=vae", seed=seed)
        rows.append(guess(0.5, seed=seed).assign(seed=seed))
    pd.concat([*rows, rows[0].head(1).assign(seed=1)]).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(SerVaeError, match="no run of this seed was tested on: seed0_s00_0"):
        imported(study, tmp_path / "x.csv")


def test_the_command_marks_several_imports_and_writes_every_file(study, tmp_path, capsys):
    study.run("model=vae", corpus="demo")
    pairs = [("VAE", 0.9), ("b|c", 0.4)]  # a name of ours, and one that Markdown must escape
    options: list[str] = []
    for name, accuracy in pairs:
        path = write(tmp_path / f"{accuracy}.csv", guess(accuracy))
        options += ["--import", str(path), "--name", name]
    assert main([str(study.folder), "--html", "--figures", *options]) == 0
    remark = "Imported: VAE (imported), the predictions of another system in 0.9.csv."
    assert remark in " ".join(capsys.readouterr().out.split())
    text = (study.folder / "report.md").read_text()
    assert "| VAE (imported) | 90.0 |" in text
    assert "b\\|c (imported)" in text
    runs = pd.read_csv(study.folder / "runs.csv").set_index("model")["state"]
    assert runs.to_dict() == {
        "vae": "finished",
        "VAE (imported)": "imported",
        "b|c (imported)": "imported",
    }
    page = (study.folder / "report.html").read_text()
    assert "VAE (imported) on complete" in page
    assert ">nan<" not in page
    assert main([str(study.folder), *options, *options]) == 1
