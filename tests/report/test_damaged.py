"""A finished run whose files are gone, cut off or not its own: named, and the others are told."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from run_files import folders, noise_settings, table

from ser_vae.report.__main__ import main
from ser_vae.report.collect import collect
from ser_vae.run import configure, run

READ = ("config.yaml", "metrics.json", "predictions.csv", "policies/random.csv")
SHARES = (0.0, 0.1, 0.5, 0.9, 0.999)  # of a file that are left
DRAWN = ("latents.npz", "illustrations.npz")
CURVES = ("pretrain.csv", "classify.csv")
UNREAD = ("audit.json", "split.csv")  # metrics.json says what the audit found

Pair = tuple[Path, Path]
Report = Callable[..., str]


@pytest.fixture(scope="module")
def finished(noises: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of a CVAE, which has everything that a run leaves, and a majority's."""
    runs = tmp_path_factory.mktemp("finished")
    short = ("training.pretrain.epochs=1", "training.classify.epochs=1", "label_policy=null")
    for model in ("cvae", "majority"):
        run(configure(*noise_settings(noises, cache, runs), *short, f"model={model}"))
    return runs


@pytest.fixture
def pair(finished: Path, tmp_path: Path) -> Pair:
    """A copy of them, and the CVAE's folder in it, to be damaged."""
    runs = tmp_path / "runs"
    shutil.copytree(finished / "random", runs / "random")
    (damaged,) = (folder for folder in folders(runs) if folder.name.startswith("cvae"))
    return runs, damaged


@pytest.fixture
def report(pair: Pair, capsys: pytest.CaptureFixture[str]) -> Report:
    """All that the command says, and the page that it writes; it has the majority's score."""
    runs, _ = pair

    def go(*options: str) -> str:
        assert main([str(runs), *options]) == 0
        said = capsys.readouterr()
        assert "33.33 (n=1)" in said.out
        states = {row["model"]: row["state"] for row in table(runs / "runs.csv")}
        assert states["majority"] == "finished"
        page = (runs / "report.html").read_text(encoding="utf-8") if "--html" in options else ""
        return said.out + said.err + page

    return go


def line_with(said: str, *words: str) -> str:
    """What is said, on one line; it has these words."""
    joined = " ".join(said.split())
    assert all(word in joined for word in words), (words, said)
    return joined


@pytest.mark.parametrize("file", READ)
def test_a_file_that_is_gone_is_named_with_its_run(pair: Pair, report: Report, file: str) -> None:
    (pair[1] / file).unlink()
    said = line_with(report(), f"random/{pair[1].name}")
    assert ("Unfinished" if file == "metrics.json" else file) in said  # that is written last


def check_only(damaged: Path, runs: Path, file: str) -> None:
    """The damaged run is no run, by its file; the other is read."""
    found, unreadable = collect(runs)
    assert [own.model for own in found] == ["majority"]
    (reason,) = unreadable.values()
    assert list(unreadable) == [f"random/{damaged.name}"]
    assert reason.startswith(f"{Path(file).name} is not as a run writes it")


@pytest.mark.parametrize("file", READ)
def test_a_file_that_is_cut_off_is_named_with_its_run(pair: Pair, file: str) -> None:
    runs, damaged = pair
    whole = (damaged / file).read_bytes()
    for share in SHARES:
        (damaged / file).write_bytes(whole[: int(share * len(whole))])
        if (file, share) != ("config.yaml", 0.999):  # the logger's settings alone are gone
            check_only(damaged, runs, file)


@pytest.mark.parametrize("file", ["predictions.csv", "policies/random.csv"])
def test_predictions_that_end_between_two_lines_are_named(pair: Pair, file: str) -> None:
    runs, damaged = pair
    lines = (damaged / file).read_text().splitlines(keepends=True)
    (damaged / file).write_text("".join(lines[:-1]))
    check_only(damaged, runs, file)


def test_files_that_no_report_reads_change_nothing(pair: Pair, report: Report) -> None:
    before = report()
    for file in UNREAD:
        (pair[1] / file).unlink()
    assert report() == before


@pytest.mark.slow
def test_what_can_not_be_drawn_is_named_in_the_page_and_beside_the_figures(
    pair: Pair, report: Report
) -> None:
    for file in DRAWN + CURVES:
        whole = (pair[1] / file).read_bytes()
        (pair[1] / file).write_bytes(whole[: len(whole) // 2])
    said = " ".join(report("--html", "--figures").split())
    for file in DRAWN:
        assert said.count(f"{pair[1] / file} is not as a run writes it") == 2, file
    assert (
        f"CVAE, seed 0: {pair[1] / CURVES[0]}: expected numbers, found a table that is not whole"
        in said
    )


def test_a_configuration_that_is_no_text_is_named(pair: Pair, report: Report) -> None:
    (pair[1] / "config.yaml").write_bytes(b"seed: \xff\xfe\n")
    line_with(report(), f"random/{pair[1].name}: config.yaml is not as a run writes it")


def test_metrics_of_a_later_form_are_read_or_named(pair: Pair, report: Report) -> None:
    metrics = pair[1] / "metrics.json"
    found = json.loads(metrics.read_text())
    metrics.write_text(json.dumps({**found, "format": 99, "a_new_key": {"of": ["any", "kind"]}}))
    assert "Not read as a run" not in report()
    found["health"] = {"version": 99}
    metrics.write_text(json.dumps(found))
    line_with(report(), f"random/{pair[1].name}: metrics.json is not as a run writes it")


def test_folders_of_something_else_and_loops_hide_nothing(pair: Pair, report: Report) -> None:
    runs, whole = pair
    (runs / "photos" / "2024").mkdir(parents=True)
    (runs / "photos" / "2024" / "config.yaml").write_text("camera: 1\n")
    (runs / "photos" / "2024" / "predictions.csv").write_bytes(bytes(range(256)))
    (runs / "photos" / "loop").symlink_to(runs)
    (runs / "nowhere").symlink_to(runs / "gone")
    os.mkfifo(runs / "photos" / "pipe")
    said = line_with(report(), "Not read as a run: photos/2024: config.yaml")
    assert said.count("Not read as a run") == 1
    assert [own.folder for own in collect(runs)[0]] == [
        f"random/{folder.name}" for folder in folders(runs) if folder.parent == whole.parent
    ]
