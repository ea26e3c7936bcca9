"""The command: its files, its output and its exit code."""

import re

import pytest
from report.conftest import Study, guess, health
from run_files import table

from ser_vae.report.__main__ import main
from ser_vae.report.contents import render_template
from ser_vae.report.render import build_document

FILES = {"report.md", "report.tex", "report.csv", "comparisons.csv", "runs.csv"}
SIGNS = r"\end{document} & % $ # _ { } ~ ^ < > | [ ]"


def test_the_output_ends_with_the_answer_and_the_files_hold_the_scores(table_1, capsys):
    folder = table_1().folder
    assert main([str(folder)]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines()[:-1])) <= 80
    order = ["Models and baselines", "Table I", "CVAE beats AE", "Written to"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert {path.name for path in folder.iterdir() if path.is_file()} == FILES
    rows = table(folder / "report.csv")
    assert len(rows) == 5 * 3 * 5  # metrics, test sets, and three models with two baselines
    ua, wa, f1, nll, _ = (r for r in rows if (r["data"], r["model"]) == ("scripted", "vae"))
    assert [ua[key] for key in ("metric", "mean", "unit", "seeds", "n")] == [
        *("ua", "65.0000", "percent", "0 1", "2")
    ]
    assert [ua[key] for key in ("paper", "kind", "best_trivial", "interval_over")] == [
        *("53.2100", "paper", "majority", "speakers")
    ]
    assert (nll["metric"], nll["unit"], nll["mean"]) == ("nll", "nats", "0.8750")
    assert wa["paper"] == "53.2100"
    assert not wa["low"] + f1["paper"]


def test_synthetic_speech_is_mentioned_once_in_every_document(study, capsys):
    caveat = "synthetic speech: this measures the software, not emotion recognition"
    for model in ("ae", "cvae"):
        study.run(f"model={model}", corpus="demo", caveats=[caveat], health=health())
    main([str(study.folder)])
    printed = " ".join(capsys.readouterr().out.split())
    texts = [printed, *((study.folder / name).read_text() for name in ("report.md", "report.tex"))]
    assert [text.lower().count("synthetic speech") for text in texts] == [1, 1, 1]


def test_comparisons_csv_has_a_row_per_pair(study):
    policies = {"null": guess(0.5), "oracle": guess(0.9, order=1)}
    study.run("model=cvae", accuracy=0.9, policies=policies)
    study.run("model=ae")
    main([str(study.folder)])
    pair, policy = table(study.folder / "comparisons.csv")
    assert (pair["of"], pair["first"], pair["second"]) == ("models", "CVAE", "AE")
    assert float(pair["difference_points"]) == pytest.approx(40)
    assert (pair["distinguishable"], pair["corrected_for"], pair["control"]) == (
        *("True", "1", "False"),
    )
    assert (policy["of"], policy["control"]) == ("label policies of CVAE", "True")


def test_runs_csv_has_a_row_per_folder(study):
    study.run("model=ae", "training.pretrain.epochs=2", health=health(collapsed=True))
    study.run("model=vae", state="failed")
    main([str(study.folder)])
    ae, vae = table(study.folder / "runs.csv")
    assert (ae["state"], ae["ua"], ae["audit"], ae["collapsed"]) == (
        *("finished", "0.5", "SHARED", "True"),
    )
    assert "training.pretrain.epochs=2" in ae["settings"]
    assert (vae["state"], vae["reason"], vae["ua"]) == ("failed", "OSError: disk <full>", "")


def test_markdown_tables_are_whole_whatever_a_corpus_is_called(study):
    study.run("model=ae", corpus="a|b*c_d")
    text = render_template("report.md", build_document(study.results))
    assert "## a\\|b\\*c\\_d, random split" in text
    tables = re.findall(r"(?:^\|.*\|$\n)+", text, re.MULTILINE)
    assert len(tables) >= 4
    for lines in (made.splitlines() for made in tables):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1
        assert set(lines[1]) <= set("|-: ")


def test_latex_escapes_what_it_would_read_as_commands(study):
    folder = study.run("model=ae")
    text = (folder / "metrics.json").read_text()
    (folder / "metrics.json").write_text(text.replace('"urdu"', f'"{SIGNS}"'.replace("\\", "\\\\")))
    made = render_template("report.tex", build_document(study.results))
    assert r"\textbackslash{}end\{document\} \& \% \$ \# \_ \{ \} \textasciitilde{}" in made
    assert made.count(r"\begin{table}") == made.count(r"\end{table}") >= 4
    assert r"\end{document}" not in made
    for line in made.splitlines():
        assert line.count("{") - line.count(r"\{") == line.count("}") - line.count(r"\}")


def test_a_folder_that_cannot_be_written_to_is_an_error(study, capsys):
    study.run("model=ae")
    (study.folder / "report.md").mkdir()
    assert main([str(study.folder)]) == 1
    assert "report.md" in capsys.readouterr().err


# --- --status -----------------------------------------------------------------------------------


def status(study: Study, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main([str(study.folder), *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_rows_and_columns_add_a_table(study, capsys):
    study.run("model=vae")
    assert main([str(study.folder), "--columns", "classifier"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "UA by corpus, split, data and classifier" in printed
    assert main([str(study.folder), "--rows", "model"]) == 0
    assert "UA by model" in capsys.readouterr().out
    assert main([str(study.folder), "--columns", "data"]) == 0
    assert "UA by corpus, split and data" in " ".join(capsys.readouterr().out.split())
    assert "| urdu | random | 50.0 |" in (study.folder / "report.md").read_text()


def test_status_counts_runs_and_names_those_that_are_not_finished(study, capsys):
    study.run("model=ae")
    study.run("model=vae", state="failed")
    study.run("model=cvae", state="unfinished")
    unfinished, failed, counts = status(study, capsys, "--status")
    assert unfinished.startswith("unfinished: random/cvae-")
    assert failed.startswith("failed: random/vae-")
    assert failed.endswith("OSError: disk <full>")
    assert counts == "1 finished, 1 failed, 1 unfinished"
    assert not (study.folder / "report.md").exists()


def test_status_names_what_is_missing_of_an_experiment(study, capsys):
    for data in ("improvised", "scripted", "complete"):
        for model in ("ae", "vae"):
            study.run(f"model={model}", f"data={data}", corpus="urdu")
    *missing, counts = status(
        *(study, capsys, "--expect", "+experiment=table1", "corpus=urdu", "seed=0")
    )
    options = "features=logmel classifier=lstm training=default"
    assert missing == [
        f"missing: split=random model=cvae data={data} corpus=urdu {options} seed=0 "
        for data in ("improvised", "scripted", "complete")
    ]
    assert counts == "6 finished, 3 missing"


def test_status_expects_runs_of_options_of_ones_own(study, capsys, tmp_path):
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "mine.yaml").write_text("defaults: [vae]\n")
    expected = ("--expect", "model=mine", "seed=0,1", "corpus=urdu")
    study.run("model=vae")
    *missing, counts = status(study, capsys, *expected, "--config-dir", str(tmp_path / "conf"))
    assert [line.split()[2] for line in missing] == ["model=mine", "model=mine"]
    assert counts == "1 finished, 2 missing"
    assert main([str(study.folder), *expected]) == 1
    assert "model=mine: no such option" in capsys.readouterr().err


@pytest.mark.parametrize(("folds", "summary"), [(3, "3 finished"), (2, "2 finished, 1 missing")])
def test_status_expects_all_folds(study, capsys, folds, summary):
    for fold in range(folds):
        study.run("model=ae", "split=speaker", f"fold={fold}")
    expected = ("model=ae", "split=speaker", "fold=all", "corpus=urdu")
    assert status(study, capsys, "--expect", *expected)[-1] == summary


# --- --figures ----------------------------------------------------------------------------------


def test_figures_are_written_with_a_caption_each(study):
    from report.conftest import fill  # noqa: PLC0415

    predicted = guess(0.6)
    options = {"health": health(), "corpus": "demo"}
    fill(study.run("model=cvae", guesses=predicted, **options), predicted, conditional=True)
    study.run("model=majority", corpus="demo")
    assert main([str(study.folder), "--figures"]) == 0
    folder = study.folder / "figures"
    names = {path.stem for path in folder.glob("*.png")}
    assert names == {path.stem for path in folder.glob("*.pdf")}
    kinds = ("latents", "kl", "reconstructions", "swapped", "traversals", "prior")
    assert names == {
        "table-one-demo-random",
        *("models-demo-random-complete", "confusion-demo-random-complete"),
        *(f"{kind}-demo-random-CVAE-complete-seed-0" for kind in kinds),
    }
    captions = (folder / "captions.md").read_text()
    assert {name for name in names if f"**{name}.** " in captions} == names
