"""What stands in the tables, and what is said beside them."""

from collections.abc import Callable

import pytest
from report.conftest import Study, guess, health

from ser_vae.report import notes
from ser_vae.report.render import describe
from ser_vae.report.tables import MOST_PAIRS, Table, make_table, p_text, signed, tables_of


def table(study: Study, title: str) -> Table:
    results = study.results
    return make_table(results, title, range(len(results.places)))


def cells(made: Table, column: str) -> list[str]:
    return [row[made.columns.index(column)] for row in made.rows]


def test_table_one_has_the_papers_rows_columns_and_values(table_1: Callable[..., Study]) -> None:
    made = table(table_1(), "Table I")
    assert made.columns == ["data", "in %", "AE", "VAE", "CVAE", "best trivial"]
    assert cells(made, "data")[::4] == ["improvised", "scripted", "complete"]
    assert cells(made, "in %")[:4] == ["UA", "95 %", "WA", "paper"]
    assert made.rows[3][2:] == ("59.3", "62.7", "64.9", "–")
    assert made.rows[0][2:] == ("50.0 ± 0.0", "65.0 ± 0.0", "80.0 ± 0.0", "50.0")
    assert not made.loud


def test_table_one_has_a_block_for_a_variant_and_no_paper_beside_it(study: Study) -> None:
    study.run("model=vae", "data=improvised")
    study.run("model=vae", "data=improvised", "model.beta=4")
    made = table(study, "Table I")
    assert [name for name in cells(made, "data") if name] == [
        "improvised",
        "improvised, model.beta=4",
    ]
    assert cells(made, "in %") == ["UA", "95 %", "WA", "paper", "UA", "95 %", "WA"]


def test_a_study_without_the_papers_models_has_no_table_one(study: Study) -> None:
    study.run("model=logmel_svm")
    results = study.results
    assert "Table I" not in [made.title for made in tables_of(results, "urdu, random split")]


def test_models_stand_by_kind_best_first_with_marks(study: Study) -> None:
    study.run("model=logmel_svm", accuracy=0.7)
    study.run("model=ae", accuracy=0.9)
    study.run("model=vae", accuracy=0.95, health=health(collapsed=True))
    study.run("model=pca", accuracy=0.5)
    constant = guess(0.5)
    constant.probability[:] = 0.6, 0.4
    study.run("model=logmel_lstm", guesses=constant)
    made = table(study, "Models and baselines")
    assert cells(made, "model") == [
        *("majority (not run)", "speaker_lookup (not run)"),
        *("logmel_svm", "logmel_lstm †‡", "pca †", "VAE §", "AE"),
    ]
    assert made.loud == {3, 5}


def test_a_leak_is_no_result(study: Study) -> None:
    study.run("model=cvae", accuracy=1.0, leaks=True)
    made = table(study, "Models and baselines")
    assert cells(made, "model")[-1] == "CVAE: LEAKS, no result"
    assert made.loud == {len(made.rows) - 1}


def test_the_untrained_control_is_no_alarm(study: Study) -> None:
    study.run("model=untrained", accuracy=0.6, health=health(collapsed=True))
    assert not table(study, "Models and baselines").loud


def test_of_many_pairs_those_of_the_best_model_are_listed(study: Study) -> None:
    for number in range(6):
        study.run("model=vae", f"model.beta={number + 2}", guesses=guess(0.5 + 0.08 * number))
    made = table(study, "Pairs of models")
    assert len(study.results.pairs) == 15 > MOST_PAIRS
    assert len(made.rows) == 5
    assert {*cells(made, "first")} == {"VAE, model.beta=7"}


def test_pairs_leave_trivial_baselines_out(study: Study) -> None:
    for model in ("majority", "ae", "vae"):
        study.run(f"model={model}", accuracy=0.5 + 0.2 * (model == "vae"))
    (line,) = table(study, "Pairs of models").rows
    assert line[1:4] == ("VAE", "AE", "+20.0")


def test_controls_among_label_policies_are_loud(study: Study) -> None:
    policies = {"null": guess(0.5), "random": guess(0.5, order=1), "elbo": guess(0.6, order=2)}
    study.run("model=cvae", policies=policies)
    made = table(study, "Label policies")
    assert cells(made, "policy") == ["null", "random (control)", "elbo"]
    assert cells(made, "− null")[0] == "–"
    assert made.loud == {1}


def test_measures_are_means_over_runs_beside_those_of_the_input(study: Study) -> None:
    for seed in (0, 1):
        probe = {what: {"score": 0.5 + 0.1 * seed, "chance": 0.5} for what in ("emotion", "sex")}
        probes = {"latents": {**probe, "speaker": None}, "logmel": {**probe, "speaker": None}}
        own = health() | {"kl": 20.0 + 2 * seed}
        study.run("model=vae", seed=seed, health=own, probes=probes)
    made = table(study, "Representations")
    assert cells(made, "model") == ["log-mel, no model", "VAE"]
    assert cells(made, "KL") == ["–", "21.0 ± 1.4"]
    assert cells(made, "emotion") == ["55.0 ± 7.1"] * 2
    assert "speaker" not in made.columns  # nobody measured it


def test_the_leak_of_the_label_is_of_models_that_are_given_one(study: Study) -> None:
    share = {"share": 0.25, "low": 0.2, "high": 0.3, "chance": 0.25}
    panel = {
        "follows_random_label": share,
        "random_label_in_z": share | {"share": 0.75},
        "permuted_labels": {"null_ua": 0.25, "oracle_ua": 0.5, "chance": 0.25},
    }
    study.run("model=cvae", leak_panel=panel)
    study.run("model=vae")
    (line,) = table(study, "Leak of the label").rows
    assert line == (
        *("complete", "CVAE", "25.0", "20.0", "30.0", "75.0", "20.0", "30.0", "25.0", "50.0"),
    )


def test_test_sets_say_what_they_share_with_training(study: Study) -> None:
    study.run("model=vae")
    assert table(study, "Test sets").rows == [("complete", "120", "12", "8", "4", "0", "SHARED")]


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0002, "<.001"), (0.0123, ".012"), (0.2345, ".23"), (0.996, "1"), (1.0, "1")],
)
def test_p_values_have_three_digits_where_they_matter(p: float, text: str) -> None:
    assert p_text(p) == text


@pytest.mark.parametrize(
    ("points", "text"), [(1.25, "+1.2"), (-3.0, "−3.0"), (-0.04, "0.0"), (0.0, "0.0")]
)
def test_points_have_a_sign_and_zero_has_none(points: float, text: str) -> None:
    assert signed(points) == text


# --- sentences ----------------------------------------------------------------------------------


def answer(study: Study) -> list[str]:
    results = study.results
    return notes.answer(results, notes.studies_of(results)[0])


def test_the_answer_names_who_beats_whom_the_largest_difference_first(study: Study) -> None:
    for number, model in enumerate(("ae", "vae", "cvae")):
        study.run(f"model={model}", guesses=guess((0.5, 0.55, 0.95)[number], order=number))
    first, *_ = answer(study)
    assert first.startswith("CVAE beats AE on complete by 45.0 points of UA (95 % ")
    assert "; CVAE beats VAE on complete by 40.0 points" in first
    assert first.endswith("; 1 pair does not differ significantly.")


def test_the_answer_says_that_no_model_is_significantly_better(study: Study) -> None:
    for number, model in enumerate(("ae", "vae")):
        study.run(f"model={model}", guesses=guess(0.6 + 0.02 * number, order=number))
    first, *_ = answer(study)
    assert first.startswith(
        "Neither of AE and VAE is significantly better than another; the largest"
    )
    assert "VAE − AE on complete, 2.5 points" in first


def test_the_answer_is_about_the_papers_models_and_names_a_better_baseline(study: Study) -> None:
    for model, accuracy in {"ae": 0.6, "vae": 0.6, "logmel_svm": 0.95}.items():
        study.run(f"model={model}", accuracy=accuracy)
    first, *others = answer(study)
    assert "logmel_svm" not in first
    assert "The best model is not one of the paper's: logmel_svm on complete." in others


def test_the_answer_warns_of_what_not_to_rely_on(study: Study) -> None:
    study.run("model=vae", accuracy=0.5, health=health(collapsed=True))
    first, *others = answer(study)
    assert first == "VAE on complete reaches 50.0 % UA, and is compared with no model."
    assert others == [
        "Not significantly better than the best trivial baseline: VAE on complete.",
        "Collapsed or hardly trained: VAE on complete.",
    ]


def test_every_model_may_be_better_than_the_baseline(study: Study) -> None:
    study.run("model=vae", accuracy=0.9)
    assert answer(study)[1] == (
        "Every model is significantly better than the best trivial baseline."
    )


def test_a_study_of_trivial_baselines_has_no_answer(study: Study) -> None:
    study.run("model=majority")
    assert answer(study) == ["No model that uses audio was tested."]


def test_remarks_say_each_thing_once(study: Study) -> None:
    caveat = "normalise=speaker: transductive"
    for seed in (0, 1):
        study.run("model=vae", "training.pretrain.epochs=2", seed=seed, caveats=[caveat])
    study.run("model=ae", "training.pretrain.epochs=2", seed=1)
    study.run("model=ae", state="failed")
    (study.run("model=pca") / "predictions.csv").unlink()
    remarks = notes.remarks(study.results)
    assert remarks[:3] == [
        "All runs were made with training.pretrain.epochs=2.",
        f"{caveat} (vae).",
        "Not over all seeds: AE on complete has 1.",
    ]
    assert remarks[3].startswith("Failed: random/ae-complete-urdu-seed0-")
    assert remarks[3].endswith(": OSError: disk <full>")
    assert remarks[4].startswith("Damaged: random/pca-")
    assert len(remarks) == 5


def test_synthetic_speech_is_said_once(study: Study) -> None:
    said = "synthetic speech: this measures the software, not emotion recognition"
    study.run("model=vae", corpus="demo", caveats=[said])
    document = describe(study.results)
    assert document["synthetic"] == f"{said.capitalize()}."
    assert not document["remarks"]


def test_the_papers_corpus_comes_first(study: Study) -> None:
    study.run("model=ae", corpus="aaa")
    study.run("model=ae", corpus="aaa", seed=1)
    study.run("model=vae", corpus="iemocap")
    assert notes.studies_of(study.results) == ["iemocap, random split", "aaa, random split"]
