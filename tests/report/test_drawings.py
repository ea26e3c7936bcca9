"""Markdown, LaTeX and the terminal draw the same tables."""

import re

import pytest
from rich.console import Console

from ser_vae.report.latex import latex
from ser_vae.report.markdown import escaped, markdown
from ser_vae.report.section import Chapter, Line, Report, Section
from ser_vae.report.terminal import show

GLANCE = Section("At a glance", ("Best.",), ("place", "UA"), 1, (Line(("urdu", "61.00")),))
SCORES = Section(
    "Scores",
    ("What they are.",),
    ("model", "UA"),
    1,
    (
        Line(("majority", "25.00")),
        Line(("VAE_1", "62.50"), rule=True),
        Line(("CVAE: LEAKS", "99.00"), "alarm"),
    ),
    ("What they say.",),
)
LONG = Section("All pairs", (), ("first", "second"), 2, (Line(("deep", "down")),), folded=True)
REPORT = Report(
    ("In general.",),
    GLANCE,
    (Chapter("urdu", ("Seeds 0, 1.",), (SCORES, LONG), ("One is missing.",)),),
    ("mine could not be read.",),
)


def terminal(*, colours: bool = False) -> str:
    console = Console(width=60, record=True, force_terminal=colours, markup=False)
    with console.capture() as captured:
        show(REPORT, console)
    return captured.get()


DRAWN = {"markdown": markdown(REPORT), "latex": latex(REPORT), "terminal": terminal()}


@pytest.mark.parametrize("form", DRAWN)
def test_every_sentence_and_every_number_is_drawn(form: str) -> None:
    plain = DRAWN[form].replace("\\", "")
    for text in ("In general.", "Best.", "urdu", "Seeds 0, 1.", "What they are.", "VAE_1", "62.50"):
        assert text in plain
    for text in ("LEAKS", "What they say.", "One is missing.", "mine could not be read."):
        assert text in plain


def test_what_is_folded_is_drawn_where_it_can_be_opened() -> None:
    assert [form for form, text in DRAWN.items() if "deep" in text] == ["markdown"]
    assert "<details><summary><b>Table 3. All pairs</b></summary>\n\n" in DRAWN["markdown"]
    assert "| deep | down |\n\n</details>" in DRAWN["markdown"]


def test_tables_are_numbered_through_chapters() -> None:
    assert re.findall(r"Table (\d)\. (\w+)", DRAWN["terminal"]) == [("1", "At"), ("2", "Scores")]


def test_numbers_stand_to_the_right() -> None:
    assert "| --- | ---: |" in DRAWN["markdown"]
    assert "{@{}lr@{}}" in DRAWN["latex"]


def test_a_rule_sets_groups_apart() -> None:
    assert DRAWN["latex"].count(r"\midrule") == 3  # below two headers, above one group
    lines = [line.rstrip() for line in DRAWN["terminal"].splitlines()]
    assert lines[lines.index("majority     25.00") + 1] == ""


def test_an_alarm_is_red_where_there_are_colours() -> None:
    assert "\x1b[31mCVAE: LEAKS" in terminal(colours=True)
    assert "\x1b" not in DRAWN["terminal"]


def test_markdown_draws_text_as_it_stands() -> None:
    assert escaped("model._target_=a|b") == r"model.\_target\_=a\|b"
    assert escaped("label_policy=[1, 2] <b> *c*") == r"label_policy=\[1, 2\] \<b> \*c\*"
