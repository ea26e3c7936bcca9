"""Runs of a stranger: names that are programs to somebody, and configurations that would be one."""

import csv
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ser_vae.evaluation import latents, projection
from ser_vae.evaluation.latents import Latents
from ser_vae.report import settings
from ser_vae.report.__main__ import main
from ser_vae.report.collect import collect

SCRIPT = "</script><script>alert('heard')</script><!--"
FORMULA = '=HYPERLINK("http://example.org","sad")'


class Page(HTMLParser):
    """The scripts of a page, and the links in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.links: list[str] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


@pytest.fixture
def hostile(study: Any, heard: Any) -> Any:
    """One run finished and one failed, whatever can be named named as badly as can be."""
    said = heard(0.6, emotions=(SCRIPT, FORMULA))
    rows = len(said.utterance)
    names = tuple(f"{SCRIPT}{n}" for n in range(rows))
    odd = type(said)(said.emotions, names, names, names, said.truth, said.probability)
    folder = study.run(
        said=odd, emotions=[FORMULA, SCRIPT], material=f"+{SCRIPT}", caveats=[f"@{SCRIPT}"]
    )
    latents.write(
        folder / "latents.npz",
        Latents(
            utterance=names,
            speaker=names,
            emotion=(SCRIPT,) * rows,
            sex=(FORMULA,) * rows,
            audio=("javascript:alert(1)",) * rows,
            mean=np.random.default_rng(0).standard_normal((rows, 3)).astype(np.float32),
        ),
    )
    failed = study.run(seed=1, state="failed")
    (failed / "error.txt").write_text(f"{FORMULA}{SCRIPT}\n")
    return study


def test_a_name_is_no_script_of_the_page(hostile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "umap_installed", lambda: False)
    assert main([str(hostile.folder), "--html"]) == 0
    page = Page((hostile.folder / "report.html").read_text(encoding="utf-8"))
    assert len(page.scripts) == 6
    assert [s for s in page.scripts if s.lstrip().startswith("alert")] == []
    (data,) = [json.loads(s) for s in page.scripts if "alert" in s and "utterance" in s[:9999]]
    utterances = data[0]["utterances"]
    assert utterances["emotion"][0] == SCRIPT
    assert all(link.endswith("javascript%3Aalert%281%29") for link in utterances["audio"])
    assert not [link for link in page.links if link.startswith("javascript")]


def test_a_name_is_no_formula_of_a_spreadsheet(hostile: Any) -> None:
    main([str(hostile.folder)])
    done, failed = csv.DictReader((hostile.folder / "runs.csv").read_text().splitlines())
    assert failed["reason"] == f"'{FORMULA}{SCRIPT}"
    assert done["emotions"] == f"'{FORMULA}; {SCRIPT}"
    assert (done["material"], done["caveats"]) == (f"'+{SCRIPT}", f"'@{SCRIPT}")
    for name in ("runs.csv", "report.csv", "comparisons.csv"):
        for row in csv.reader((hostile.folder / name).read_text().splitlines()):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t"))]


def test_a_number_below_nothing_stays_one(study: Any, heard: Any) -> None:
    study.run("model=ae", said=heard(0.5))
    study.run("model=vae", said=heard(0.5, order=1))
    main([str(study.folder)])
    (row,) = csv.DictReader((study.folder / "comparisons.csv").read_text().splitlines())
    assert float(row["low_points"]) < 0


def named(study: Any) -> str:
    """Why the one folder that is no run of those below can't be read."""
    (reason,) = collect(study.folder)[1].values()
    return reason


@pytest.mark.parametrize(
    "line",
    [
        "seed: !!python/object/apply:os.mkdir [made]",
        "model: &a {below: *a}",
        "model: &a [1]\ndata: [*a, *a]",
        "model: " + "[" * 60 + "]" * 60,
        "seed: .inf",
        "fold: {}\nseed: []",
        "seed: 2001-99-99",
    ],
)
def test_a_configuration_that_no_run_writes_is_named(
    study: Any, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study.run()
    with (study.run(seed=1) / "config.yaml").open("a") as file:
        file.write(f"\n{line}\n")
    assert named(study).startswith("config.yaml is not as a run writes it")
    assert not (tmp_path / "made").exists()


def test_a_fold_that_is_a_pattern_is_no_pattern(study: Any) -> None:
    study.run()
    config = study.run(seed=1) / "config.yaml"
    config.write_text(config.read_text() + "\nfold: (\n")
    assert "belongs to a folder named" in named(study)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"folds": Infinity}', "NaN", "\ud800"])
def test_metrics_that_no_run_writes_are_named(study: Any, text: str) -> None:
    study.run()
    (study.run(seed=1) / "metrics.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert named(study).startswith("metrics.json is not as a run writes it")


def test_a_count_without_end_is_named(study: Any) -> None:
    study.run()
    study.run(seed=1, test_speakers=float("inf"))
    assert named(study).startswith("metrics.json is not as a run writes it: OverflowError")


def test_nothing_of_the_environment_is_read_out(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "top-secret")
    config = study.run() / "config.yaml"
    config.write_text(config.read_text() + "\nnormalise: ${oc.env:A_KEY}\n")
    main([str(study.folder)])
    assert "${oc.env:A_KEY}" in (study.folder / "runs.csv").read_text()
    for file in study.folder.glob("report.*"):
        assert "top-secret" not in file.read_text()


@pytest.mark.parametrize("named", ["../../secret", "../conf/../../secret"])
def test_an_option_names_no_file_outside_conf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    conf = tmp_path / "conf"
    monkeypatch.setattr(settings, "conf_dir", lambda: conf)
    settings._file.cache_clear()
    (conf / "model").mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text("a: 1")
    (conf / "model" / "inside.yaml").write_text("a: 1")
    try:
        assert settings._composed("model", "inside") == {"a": 1}
        assert settings._composed("model", named) == {}
        assert settings._composed(str(tmp_path), "secret") == {}
    finally:
        settings._file.cache_clear()


def test_the_yaml_of_a_run_is_one_that_is_read(study: Any) -> None:
    text = (study.run("model=utterance_vae") / "config.yaml").read_text()
    assert yaml.safe_load(text) == settings.read_config(next(study.folder.rglob("config.yaml")))
