"""The tables, and the sentences beside them."""

from typing import Any

import pytest
from report.conftest import Study, guess, health

from ser_vae import SerVaeError
from ser_vae.report import render
from ser_vae.report.tables import Table, format_p, format_points, make_table, pivot_table


def table(study: Study, title: str) -> Table:
    results = study.results
    return make_table(results, title, range(len(results.test_sets)))


def cells(made: Table, column: str) -> list[str]:
    return [row[made.columns.index(column)] for row in made.rows]


def test_table_one_has_the_papers_rows_columns_and_values(table_1):
    made = table(table_1(), "Table I")
    assert made.columns == ["data", "in %", "AE", "VAE", "CVAE", "best trivial"]
    assert cells(made, "data")[::4] == ["improvised", "scripted", "complete"]
    assert cells(made, "in %")[:4] == ["UA", "95 %", "WA", "paper"]
    assert made.rows[3][2:] == ("59.3", "62.7", "64.9", "–")
    assert made.rows[0][2:] == ("50.0 ± 0.0", "65.0 ± 0.0", "80.0 ± 0.0", "50.0")
    assert not made.alarms


def test_table_one_has_a_block_for_a_variant_and_no_paper_beside_it(study):
    for options in ((), ("model.beta=10",), ("model.beta=4",)):
        study.run("model=vae", "data=improvised", *options)
    made = table(study, "Table I")
    names = ["improvised", "improvised, model.beta=4", "improvised, model.beta=10"]
    assert [name for name in cells(made, "data") if name] == names
    assert cells(made, "in %") == ["UA", "95 %", "WA", "paper", *["UA", "95 %", "WA"] * 2]


def test_across_corpora_each_has_a_column_and_counts_the_same(study):
    for fold, (corpus, of_seeds) in enumerate({"a": (0.5, 0.7), "b": (0.8, 0.8)}.items()):
        for seed, accuracy in enumerate(of_seeds):
            guesses = guess(accuracy, seed=10 * fold + seed, speakers=range(1 + fold))
            measured: dict[str, Any] = {
                "guesses": guesses,
                "audit": {"across": {"tested_on": [corpus]}},
            }
            study.run("model=ae", "split=corpus", f"fold={fold}", seed=seed, **measured)
    made = table(study, "Across corpora")
    assert made.columns[2:] == ["a", "b", "mean"]
    assert made.rows[0][2:] == ("60.0 ± 14.1", "80.0 ± 0.0", "70.0 ± 7.1")


def test_one_corpus_has_no_table_across_corpora(study):
    study.run("model=ae")
    assert not table(study, "Across corpora").rows


def test_models_stand_by_kind_best_first_with_marks(study):
    study.run("model=logmel_svm", accuracy=0.7)
    study.run("model=ae", accuracy=0.9)
    study.run("model=vae", accuracy=0.95, health=health(collapsed=True))
    study.run("model=pca", accuracy=0.5)
    study.run("model=logmel_lstm", guesses=guess(0.5).assign(guess="neutral"))
    made = table(study, "Models and baselines")
    assert cells(made, "model") == [
        *("majority (not run)", "speaker_lookup (not run)"),
        *("logmel_svm", "logmel_lstm †‡", "pca †", "VAE §", "AE"),
    ]
    assert made.alarms == {3, 5}


def test_of_many_pairs_those_of_the_best_model_are_listed(study):
    for number in range(6):
        study.run("model=vae", f"model.beta={number + 2}", guesses=guess(0.5 + 0.08 * number))
    made = table(study, "Pairs of models")
    assert len(study.results.pairs) == 15
    assert len(made.rows) == 5
    assert {*cells(made, "first")} == {"VAE, model.beta=7"}


def test_pairs_leave_trivial_baselines_out(study):
    for model in ("majority", "ae", "vae"):
        study.run(f"model={model}", accuracy=0.5 + 0.2 * (model == "vae"))
    (line,) = table(study, "Pairs of models").rows
    assert line[1:4] == ("VAE", "AE", "+20.0")


def test_controls_among_label_policies_are_alarms(study):
    policies = {"null": guess(0.5), "random": guess(0.5, order=1), "elbo": guess(0.6, order=2)}
    study.run("model=cvae", policies=policies)
    made = table(study, "Label policies")
    assert cells(made, "policy") == ["null", "random (control)", "elbo"]
    assert cells(made, "UA − null")[0] == "–"
    assert made.alarms == {1}


def test_measures_are_means_over_runs_beside_those_of_the_input(study):
    for seed in (0, 1):
        measured_of = ("emotion", "sex", "corpus")
        probe = {what: {"score": 0.5 + 0.1 * seed, "chance": 0.5} for what in measured_of}
        probes = {"latents": {**probe, "speaker": None}, "logmel": {**probe, "speaker": None}}
        measured = health() | {"kl": 20.0 + 2 * seed}
        study.run("model=vae", seed=seed, health=measured, probes=probes)
    made = table(study, "Representations")
    assert cells(made, "model") == ["log-mel, no model", "VAE"]
    assert cells(made, "KL") == ["–", "21.0 ± 1.4"]
    assert cells(made, "emotion") == cells(made, "corpus") == ["55.0 ± 7.1"] * 2
    assert "speaker" not in made.columns  # nobody measured it


def test_test_sets_list_what_they_share_with_training(study):
    study.run("model=vae")
    assert table(study, "Test sets").rows == [("complete", "120", "12", "8", "4", "0", "SHARED")]


@pytest.mark.parametrize(
    ("p", "text"), [(0.0002, "<.001"), (0.0123, ".012"), (0.2345, ".23"), (0.996, "1"), (1.0, "1")]
)
def test_p_values_have_three_digits_where_they_matter(p, text):
    assert format_p(p) == text


@pytest.mark.parametrize(
    ("points", "text"), [(1.25, "+1.2"), (-3.0, "−3.0"), (-0.04, "0.0"), (0.0, "0.0")]
)
def test_points_have_a_sign_and_zero_has_none(points, text):
    assert format_points(points) == text


# --- sentences ----------------------------------------------------------------------------------


def answer(study: Study) -> list[str]:
    results = study.results
    return render.answer_sentences(results, render.order_studies(results)[0])


def test_the_answer_names_who_beats_whom_the_largest_difference_first(study):
    for number, model in enumerate(("ae", "vae", "cvae")):
        study.run(f"model={model}", guesses=guess((0.5, 0.55, 0.95)[number], order=number))
    first, *_ = answer(study)
    assert first.startswith("CVAE beats AE on complete by 45.0 points of UA (95 % ")
    assert "; CVAE beats VAE on complete by 40.0 points" in first
    assert first.endswith("; 1 pair does not differ significantly.")


def test_the_answer_is_about_the_papers_models_and_names_a_better_baseline(study):
    for model, accuracy in {"ae": 0.6, "vae": 0.6, "logmel_svm": 0.95}.items():
        study.run(f"model={model}", accuracy=accuracy)
    first, *others = answer(study)
    assert "logmel_svm" not in first
    assert "A model that is not in the paper is best: logmel_svm on complete." in others


def test_remarks_say_each_thing_once(study):
    caveat = "normalise=speaker: transductive"
    for seed, steps in enumerate(("1,040", "980")):
        caveats = [caveat, f"not converged after {steps} steps (limit 3%)"]
        study.run("model=vae", "training.pretrain.epochs=2", seed=seed, caveats=caveats)
    study.run("model=ae", "training.pretrain.epochs=2", seed=1)
    study.run("model=ae", state="failed")
    (study.run("model=pca") / "predictions.csv").unlink()
    remarks = render.find_remarks(study.results)
    assert remarks[:4] == [
        "All runs were made with training.pretrain.epochs=2.",
        f"{caveat} (vae).",
        "not converged after 980 to 1,040 steps (limit 3%) (vae).",
        "Seeds are missing: AE on complete has only 1.",
    ]
    assert remarks[4].startswith("Failed: random/ae-complete-urdu-seed0-")
    assert remarks[4].endswith(": OSError: disk <full>")
    assert remarks[5].startswith("Damaged: random/pca-")
    assert len(remarks) == 6


def test_the_papers_corpus_comes_first(study):
    study.run("model=ae", corpus="aaa")
    study.run("model=ae", corpus="aaa", seed=1)
    study.run("model=vae", corpus="iemocap")
    assert render.order_studies(study.results) == ["iemocap, random split", "aaa, random split"]


def test_the_leak_of_the_label_has_its_intervals(study):
    follows = {"share": 0.25, "low": 0.2, "high": 0.3}
    permuted = {"null_ua": 0.25, "oracle_ua": 0.5, "low": 0.1, "high": 0.4}
    panel = {"follows_random_label": follows, "random_label_in_z": follows | {"share": 0.75}}
    study.run("model=cvae", leak_panel=panel | {"permuted_labels": permuted})
    study.run("model=vae")
    (line,) = table(study, "Leak of the label").rows
    intervals = ("25.0 (20.0 to 30.0)", "75.0 (20.0 to 30.0)")
    assert line == ("complete", "CVAE", *intervals, "0", "25.0", "50.0", "0")


def test_label_policies_and_the_leak_panel_name_their_seeds(study):
    follows = {"share": 0.25, "low": 0.2, "high": 0.3}
    for seed in (2, 0, 5):
        policies = {"null": guess(0.5, seed=seed)}
        permuted = {"null_ua": 0.25, "oracle_ua": 0.5} if seed != 2 else None
        if permuted:
            policies |= {"dropout": guess(0.6, seed=seed)}
        panel = {"random_label_in_z": follows, "permuted_labels": permuted}
        study.run("model=cvae", seed=seed, policies=policies, leak_panel=panel)
    leak = table(study, "Leak of the label")
    assert cells(leak, "seeds") == ["0, 2, 5"]
    assert cells(leak, "seeds, shuffled") == ["0, 5"]
    made = table(study, "Label policies")
    assert dict(zip(cells(made, "policy"), cells(made, "seeds"), strict=True)) == {
        "null": "0, 2, 5",
        "dropout": "0, 5",
    }


def test_parameters_are_those_of_the_trained_stages(study):
    for model in ("vae", "logmel_svm"):
        study.run(f"model={model}")
    made = table(study, "Parameters and time")
    assert cells(made, "encoder and decoder") == ["–", "1,234,567"]
    assert cells(made, "classifier") == ["–", "89,000"]


@pytest.mark.parametrize(
    "override",
    ["classifier=functionals", "training.pretrain.epochs=2", "split=script", "data=scripted"],
)
def test_every_setting_of_a_sweep_makes_rows_or_columns(study, override):
    axis, value = override.split("=")
    study.run("model=vae", accuracy=0.6)
    study.run("model=vae", override, accuracy=0.9)
    results = study.results
    rows, columns = (
        pivot_table(results, *axes) for axes in (([axis], ["corpus"]), (["corpus"], [axis]))
    )
    with pytest.raises(SerVaeError, match=f"Did you mean {axis}"):
        pivot_table(results, [f"{axis}s"], ["corpus"])
    assert value in cells(rows, axis)
    assert value in columns.columns
    for made in (rows, columns):
        assert {cell[:2] for row in made.rows for cell in row[1:]} - {"–"} == {"60", "90"}


@pytest.mark.parametrize(
    ("accuracies", "sentences"),
    [
        ({"majority": 0.5}, "No model that uses audio was tested."),
        (
            {"vae": 0.9},
            "VAE on complete reaches 90.0 % UA; no other model was tested on the same utterances. "
            "Every model is significantly better than the best trivial baseline.",
        ),
        (
            {"vae": 0.6, "ae": 0.5},
            "The difference between AE and VAE is not significant: VAE is ahead by 10.0 points of "
            "UA on complete (95 % −4.1 to 24.1). Not significantly better than the best trivial "
            "baseline: VAE on complete and AE on complete.",
        ),
    ],
)
def test_the_answer_says_what_is_not_known(study, accuracies, sentences):
    for number, (model, accuracy) in enumerate(accuracies.items()):
        study.run(f"model={model}", guesses=guess(accuracy, order=number))
    assert " ".join(answer(study)) == sentences
