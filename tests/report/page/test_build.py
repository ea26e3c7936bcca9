"""What stands in the page, without a browser."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from report.page.conftest import NASTY

from ser_vae.evaluation import projection
from ser_vae.report.__main__ import main
from ser_vae.report.collect import collect
from ser_vae.report.contents import contents
from ser_vae.report.folds import join_folds
from ser_vae.report.page import build
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables


class Tables(HTMLParser):
    """The cells of every table of a page, and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.tables[-1][-1][-1] += data


@pytest.fixture(scope="module")
def html(drawn: Path) -> str:
    return drawn.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def charts(html: str) -> Any:
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def test_every_table_of_the_markdown_stands_in_the_page_with_its_number(
    html: str, drawn: Path
) -> None:
    markdown = drawn.with_name("report.md").read_text()
    titles = re.findall(r"\*\*(Table \d+\. .*?)\*\*", markdown)
    assert len(titles) >= 5
    for title in titles:
        plain = re.sub(r"\\(.)", r"\1", title).replace("'", "&#39;")
        assert re.search(rf"<h[23] id=\"t\d+\">{re.escape(plain)}</h", html)


def test_the_page_has_the_numbers_of_the_markdown(html: str, drawn: Path) -> None:
    rows = [row for table in Tables(html).tables for row in table]
    for line in drawn.with_name("report.md").read_text().splitlines():
        if line.startswith("| VAE"):
            cells = [re.sub(r"\\(.)", r"\1", cell).strip() for cell in line.split("|")[1:-1]]
            assert cells in rows


def test_nothing_in_the_page_comes_from_elsewhere(html: str) -> None:
    for tag, given in Tables(html).tags:
        for name in ("src", "href"):
            value = given.get(name) or ""
            assert not re.match(r"(https?:)?//", value), (tag, value)
    (policy,) = [g["content"] for t, g in Tables(html).tags if t == "meta" and "http-equiv" in g]
    assert policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy


def test_an_utterance_named_like_a_script_is_text(html: str) -> None:
    assert NASTY not in html
    assert "&lt;script&gt;alert(&#39;heard&#39;)&lt;/script&gt;" in html
    assert "disk &lt;full&gt;" in html


def test_every_run_is_a_row_with_its_state_reason_and_folder(html: str, drawn: Path) -> None:
    _, *rows = Tables(html).tables[-1]
    assert len(rows) == 8
    states = [
        next(cell for cell in row if cell[:6] in ("finish", "failed", "unfini")) for row in rows
    ]
    assert sorted(states) == ["failedOSError: disk <full>", *["finished"] * 6, "unfinished"]
    links = [g["href"] for t, g in Tables(html).tags if t == "a" and "random/" in (g["href"] or "")]
    assert len(links) == 8
    assert all((drawn.parent / str(link)).is_dir() for link in links)


def test_a_synthetic_corpus_has_a_banner(html: str) -> None:
    assert '<p class="banner" role="note"><strong>Synthetic speech.</strong>' in html


def test_a_curve_is_what_the_run_wrote_to_five_digits(charts: Any) -> None:
    found = {(own["cell"], own["run"]): own["y"] for own in charts[0]["curves"]}
    assert found["VAE", "seed 1"]["pretrain/train/loss"] == [3.0, 2.0, 1.2346]
    assert found["AE", "seed 1, failed"] == {"pretrain/train/loss": [9.0]}


def test_confusions_are_added_over_seeds_and_shares_are_of_the_truth(html: str) -> None:
    """By hand: .6 of 120 are right, 60 of each emotion, in each of two seeds."""
    grids = [table for table in Tables(html).tables if table[0][0] == "true"]
    assert len(grids) == 3 + 1
    for grid in grids:
        for row in grid[1:]:
            counts = [int(cell.split("%")[1]) for cell in row[1:]]
            assert [cell.split(" %")[0] for cell in row[1:]] == [
                f"{100 * count / sum(counts):.0f}" for count in counts
            ]
    assert sum(int(c.split("%")[1]) for row in grids[0][1:] for c in row[1:]) == 240


def test_dimensions_are_sorted_and_keep_their_numbers(charts: Any) -> None:
    (first, _) = charts[0]["kl"]["cells"]
    assert (first["dimension"], first["kl"]) == ([1, 2, 3, 0], [2.0, 1.0, 0.5, 0.005])


def test_the_map_of_all_models_has_every_utterance_of_each(charts: Any) -> None:
    maps = {own["name"]: own for own in charts[0]["maps"]}
    assert set(maps) == {"VAE", "CVAE", "all models"}
    together = maps["all models"]
    assert [together["model"].count(name) for name in ("VAE", "CVAE")] == [24, 24]
    assert set(together["methods"]) == {"PCA", "UMAP"}


def test_sound_is_linked_from_the_page_and_not_in_it(charts: Any, html: str, drawn: Path) -> None:
    utterances = charts[0]["utterances"]
    link = utterances["audio"][utterances["utterance"].index(NASTY)]
    assert link.endswith("/corpus/a%20b.wav")
    assert (drawn.parent / link.replace("%20", " ")).resolve() == Path("/corpus/a b.wav")
    assert "data:audio" not in html


def test_a_run_without_latents_is_named_and_the_others_are_drawn(html: str) -> None:
    assert "AE: latents.npz is not there." in html
    assert "AE: illustrations.npz is not there." in html


def test_pictures_say_in_words_what_is_to_be_seen(html: str) -> None:
    images = [given for tag, given in Tables(html).tags if tag == "img"]
    assert len(images) == 3 + 4  # a VAE has no label to swap
    for given in images:
        assert str(given["src"]).startswith("data:image/png;base64,iVBOR")
        assert len(str(given["alt"])) > 40


def test_the_plain_report_writes_no_page(study: Any) -> None:
    study.run()
    main([str(study.folder)])
    assert not (study.folder / "report.html").exists()


def test_runs_without_a_result_make_a_page_that_says_so(study: Any) -> None:
    study.run(state="unfinished")
    assert main([str(study.folder), "--html"]) == 0
    html = (study.folder / "report.html").read_text(encoding="utf-8")
    assert "No finished run." in html
    assert len(Tables(html).tables[-1]) == 1 + 1


def test_a_file_that_is_no_archive_is_named_in_the_page(study: Any, heard: Any) -> None:
    (study.run(said=heard(0.5)) / "latents.npz").write_bytes(b"half")
    main([str(study.folder), "--html"])
    html = (study.folder / "report.html").read_text(encoding="utf-8")
    assert "latents.npz is not as a run writes it" in html


def test_the_same_runs_make_the_same_page(study: Any, heard: Any) -> None:
    study.run(said=heard(0.5))
    main([str(study.folder), "--html"])
    first = (study.folder / "report.html").read_bytes()
    main([str(study.folder), "--html"])
    assert (study.folder / "report.html").read_bytes() == first
    assert len(first) < 10_000_000


def test_curves_that_are_no_numbers_are_named_and_holes_are_left_out(study: Any) -> None:
    curves = study.run() / "pretrain.csv"
    curves.write_text("epoch,step,pretrain/train/loss\n0,1,nan\n1,2,\n2,3,4.5\n")
    assert main([str(study.folder), "--html"]) == 0
    html = (study.folder / "report.html").read_text(encoding="utf-8")
    assert '"pretrain/train/loss":[null,null,4.5]' in html
    curves.write_text("epoch,step,pretrain/train/loss\n0,1,much\n")
    assert main([str(study.folder), "--html"]) == 0
    html = (study.folder / "report.html").read_text(encoding="utf-8")
    assert "VAE, seed 0: " in html
    assert f"{curves}: expected numbers, found &#39;much&#39;" in html


def test_pictures_that_do_not_fit_are_left_out_and_said_so(
    fabricated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "PICTURES", 0)
    monkeypatch.setattr(projection, "umap_installed", lambda: False)
    runs, unreadable = collect(fabricated.folder)
    studies = [(table, subsets(table)) for table in tables(join_folds(runs))]
    html = build.page(contents(studies, unreadable), studies, runs, fabricated.folder)
    assert "the page would become too large" in html
    assert "img" not in {tag for tag, _ in Tables(html).tags}
    assert "pip install 'ser_vae[umap]'" in html


def test_no_bar_is_drawn_where_there_is_no_terminal(
    study: Any, heard: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    study.run(said=heard(0.5))
    main([str(study.folder), "--html"])
    assert capsys.readouterr().err == ""
