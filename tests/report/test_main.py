"""The command, and the files that it leaves."""

import csv
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ser_vae.report.__main__ import main

CELL = re.compile(r"(?P<mean>[\d.]+)(?: ± (?P<sd>[\d.]+))? \(n=(?P<n>\d+)\)")
FILES = ("report.md", "report.tex", "report.csv", "comparisons.csv", "runs.csv")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def grids(markdown: str) -> list[list[list[str]]]:
    """Each table of a Markdown text as lines of cells, its rule left out."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", markdown, re.MULTILINE)
    split = [[re.split(r"(?<!\\)\|", line)[1:-1] for line in b.splitlines()] for b in blocks]
    return [[[cell.strip() for cell in line] for line in (b[0], *b[2:])] for b in split]


def table_one(folder: Path) -> list[list[str]]:
    """The lines of the only Table I, its header first."""
    (found,) = (grid for grid in grids((folder / "report.md").read_text()) if grid[0][1] == "in %")
    return found


def numbers_in_markdown(folder: Path) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """(data, model, metric) -> mean, sd, n, paper's cell, of Table I."""
    (_, _, *models, _), *lines = table_one(folder)
    found = {}
    for start in range(0, len(lines), 4):
        ua, _, wa, paper = lines[start : start + 4]
        for line in (ua, wa):
            for model, cell, cited in zip(models, line[2:-1], paper[2:-1], strict=True):
                match = CELL.fullmatch(cell)
                assert match
                own = (match["mean"], match["sd"] or "", match["n"], cited)
                found[ua[0], model.lower(), line[1].lower()] = own
    return found


def numbers_in_csv(path: Path) -> dict[tuple[str, str, str], tuple[str, ...]]:
    return {
        (row["data"], row["model"], row["metric"]): (
            row["mean"],
            row["sd"],
            row["n"],
            row["paper"],
        )
        for row in rows_of(path)
        if row["metric"] in ("ua", "wa")
    }


def test_markdown_and_csv_hold_the_same_numbers(table_1: Callable[..., Any]) -> None:
    study = table_1(corpus="demo")
    study.run("data=improvised", "model=ae", corpus="demo", seed=2, ua=0.5, wa=0.9)
    assert main([str(study.folder)]) == 0
    markdown = numbers_in_markdown(study.folder)
    for place, (mean, sd, n, cited) in numbers_in_csv(study.folder / "report.csv").items():
        assert (n, cited) == markdown[place][2:]
        assert [float(mean), float(sd)] == pytest.approx(
            [*map(float, markdown[place][:2])], abs=6e-3
        )
    assert len(markdown) == 3 * 3 * 2
    # 0.4, 0.4123, 0.5: mean .43743; squares .00140, .00063, .00391 over 2 make .00297
    assert markdown["improvised", "ae", "ua"] == ("43.74", "5.45", "3", "59.26")
    assert markdown["complete", "cvae", "wa"][3] == "58.08"


def test_one_seed_shows_no_deviation(study: Any, capsys: pytest.CaptureFixture[str]) -> None:
    study.run(ua=0.51234)
    main([str(study.folder)])
    (row,) = [r for r in rows_of(study.folder / "report.csv") if r["n"] == "1"][:1]
    assert (row["mean"], row["sd"]) == ("51.2340", "")
    for text in (capsys.readouterr().out, (study.folder / "report.md").read_text()):
        assert "51.23 (n=1)" in text
        assert "± 0.00" not in text


def test_a_missing_cell_is_a_dash_and_a_row_of_the_csv(study: Any) -> None:
    study.run("model=vae")
    main([str(study.folder)])
    _, first, *_ = table_one(study.folder)
    assert first == ["complete", "UA", "–", "50.00 (n=1)", "–", "50.00"]
    rows = rows_of(study.folder / "report.csv")
    found = {(r["model"], r["n"]) for r in rows if r["metric"] == "ua"}
    assert found == {("ae", "0"), ("cvae", "0"), ("vae", "1")}


def test_a_leak_is_marked_in_its_row_and_not_beside_the_paper(study: Any) -> None:
    options = ("model=cvae", "data=improvised")
    study.run(*options, "label_policy=oracle", leaks=True)
    main([str(study.folder)])
    _, *lines = table_one(study.folder)
    assert lines[0][0] == "improvised, label_policy=oracle: LEAKS, no result"
    assert [line[1] for line in lines] == ["UA", "95 %", "WA"]
    found = [row for row in rows_of(study.folder / "report.csv") if row["n"] != "0"]
    assert {(row["leaks"], row["beats_trivial"]) for row in found} == {("True", "")}


def test_the_papers_line_names_its_corpus_beside_another(table_1: Callable[..., Any]) -> None:
    study = table_1(corpus="mine")
    main([str(study.folder)])
    _, *lines = table_one(study.folder)
    assert [line[1] for line in lines] == ["UA", "95 %", "WA", "paper, IEMOCAP"] * 3


def test_every_run_is_a_row_of_runs_csv(study: Any) -> None:
    study.run("normalise=none", seed=0, ua=1 / 3, caveats=["one", "two"])
    (study.run(seed=1, state="unfinished") / "error.txt").write_text("OSError: full\n")
    main([str(study.folder)])
    finished, failed = rows_of(study.folder / "runs.csv")
    assert float(finished["ua"]) == 1 / 3
    assert (finished["settings"], finished["caveats"]) == ("normalise=none", "one; two")
    assert (failed["state"], failed["reason"], failed["ua"]) == ("failed", "OSError: full", "")


def test_the_same_runs_make_the_same_files(table_1: Callable[..., Any]) -> None:
    folder = table_1(corpus="demo").folder
    main([str(folder)])
    first = [(folder / name).read_bytes() for name in FILES]
    main([str(folder)])
    assert [(folder / name).read_bytes() for name in FILES] == first


def test_what_is_no_run_is_named_in_print_and_in_markdown(
    study: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    study.run()
    (study.folder / "mine").mkdir()
    (study.folder / "mine" / "metrics.json").write_text("{}")
    main([str(study.folder)])
    for text in (capsys.readouterr().out, (study.folder / "report.md").read_text()):
        assert "Not read as a run: mine: config.yaml: No such file or directory" in text


def test_an_empty_folder_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "expected a folder that runs were written to" in captured.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_ends_with_1(tmp_path: Path) -> None:
    assert main([str(tmp_path / "nowhere")]) == 1


def test_files_that_can_not_be_written_are_an_error_after_the_tables(
    study: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    study.run(ua=0.61)
    (study.folder / "report.md").mkdir()
    assert main([str(study.folder)]) == 1
    captured = capsys.readouterr()
    assert "61.00 (n=1)" in captured.out
    assert "report.md can't be written" in captured.err


def cpu_of_children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_command_prints_plain_text_in_100_columns_fast_and_without_torch(
    table_1: Callable[..., Any],
) -> None:
    folder = table_1(corpus="demo", synthetic=True).folder
    code = (
        "import sys; from ser_vae.report.__main__ import main; main();"
        "print([m for m in ('torch', 'lightning', 'hydra') if m in sys.modules])"
    )
    before = cpu_of_children_s()
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert cpu_of_children_s() - before < 6  # 1.6 s; not by the clock: the machine may be busy
    *printed, modules = done.stdout.splitlines()
    assert modules == "[]"
    assert "\x1b" not in done.stdout
    assert max(len(line) for line in printed if not line.startswith("written")) <= 100
    assert any("59.26" in line for line in printed)


def test_the_caption_of_every_table_is_loud_about_synthetic_speech(
    table_1: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = table_1(corpus="demo", synthetic=True).folder
    main([str(folder)])
    for text in (capsys.readouterr().out, (folder / "report.md").read_text()):
        assert text.count("SYNTHETIC SPEECH") == text.count("Table ") - text.count("paper's Table")
    for name in ("report.csv", "runs.csv"):
        found = [row for row in rows_of(folder / name) if row.get("n") != "0"]
        assert {row["synthetic"] for row in found} == {"True"}


def test_the_report_of_a_real_run_is_that_run(
    run_noises: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    metrics = run_noises("model=ae", "seed=3")
    assert main([str(tmp_path / "runs")]) == 0
    (row,) = rows_of(tmp_path / "runs" / "runs.csv")
    assert (row["state"], row["corpus"], row["seed"]) == ("finished", metrics["corpus"], "3")
    assert float(row["wa"]) == metrics["random/test/wa"]
    assert float(row["majority_ua"]) == metrics["majority"]["random/test/ua"]
    text = (tmp_path / "runs" / "report.md").read_text()
    assert f"{100 * metrics['random/test/ua']:.2f} (n=1)" in text
    assert f"Audit of complete: {metrics['audit']['verdict']} (" in text
    low, high = metrics["random/test/ua_intervals"]["utterances"]  # of four speakers
    assert f"{100 * low:.1f} to {100 * high:.1f}" in text
    assert "ser_vae.report" in (tmp_path / "runs" / "report.tex").read_text()
