"""`report.tex` holds nothing that LaTeX with booktabs alone would stop at."""

import re
from typing import Any

import pytest

from ser_vae.report.contents import contents
from ser_vae.report.folds import join_folds
from ser_vae.report.latex import drawn, escaped, latex
from ser_vae.report.section import Line, Section
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables

# LaTeX's own commands, and booktabs' rules.
KNOWN = {
    *("begin", "end", "caption", "centering", "footnotesize", "setlength", "tabcolsep"),
    *("toprule", "midrule", "bottomrule", "par", "smallskip", "raggedright", "clearpage"),
    *("subsection", "textbackslash", "textasciitilde", "textasciicircum", "ldots"),
    *("pm", "times", "dagger", "geq", "linewidth", "_", "%", "&", "#", "$", "{", "}", "\\"),
}


def complaints(text: str) -> list[str]:
    """What a LaTeX compiler would stop at, as far as such a document can go wrong."""
    found, depth, open_environments = [], 0, []
    text = re.sub(r"(?<!\\)%.*", "", text)
    tokens = re.findall(r"\\[A-Za-z]+\*?|\\.|[^\\]", text, re.DOTALL)
    found += [t for t in tokens if t[0] == "\\" and t[1:].rstrip("*") not in KNOWN]
    for token in tokens:
        depth += (token == "{") - (token == "}")
        if depth < 0:
            return [*found, "a brace too many"]
    found += ["a brace is open"] if depth else []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            open_environments.append(name)
        elif not open_environments or open_environments.pop() != name:
            found.append(f"{name} ends unopened")
    found += open_environments
    outside = "".join("" if t in ("\\$", "\\#", "\\_", "\\^") else t for t in tokens)
    outside = re.sub(r"\$[^$\n]*\$", "", outside)
    found += [f"bare {sign}" for sign in "$#_^~" if sign in outside]
    found += [f"not ASCII: {c}" for c in text if ord(c) > 127]
    return found + columns_wrong(text)


def columns_wrong(text: str) -> list[str]:
    found = []
    for spec, body in re.findall(
        r"\\begin\{tabular\}\{@\{\}([^\n]*)@\{\}\}\n(.*?)\\end\{tabular\}", text, re.DOTALL
    ):
        wanted = len(re.sub(r"p\{.*?linewidth\}", "p", spec))
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        found += [row for row in rows if len(re.findall(r"(?<!\\)&", row)) != wanted - 1]
        found += [] if rows else ["no rows"]
    return found


def report(study: Any) -> str:
    studies = [(table, subsets(table)) for table in tables(join_folds(study.runs))]
    return latex(contents(studies, {"a_b": "100 % wrong & {odd}"}))


def everything(study: Any, heard: Any, sick: Any) -> None:
    for order, model in enumerate(("ae", "vae", "majority", "pca", "untrained", "logmel_lstm")):
        study.run(f"model={model}", said=heard(0.5, order=order), health=sick(collapsed=order == 1))
    said = {name: heard(0.6, order=n) for n, name in enumerate(("null", "elbo+lstm", "oracle"))}
    study.run("model=cvae", "features.trim_db=40", said=said["null"], policies=said)
    study.run("model=cvae", "model.beta=0.1", said=said["null"], caveats=["50 % & #1: ~x_y^2\\"])


def test_the_whole_report_compiles(study: Any, heard: Any, sick: Any) -> None:
    everything(study, heard, sick)
    text = report(study)
    assert complaints(text) == []
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") > 6


def test_the_check_finds_what_would_not_compile() -> None:
    for wrong in (r"\unknown", "{", "}", "a_b", "50$", r"\begin{table}", "±", "x^2", "#1"):
        assert complaints(wrong) != []
    row = "\\begin{tabular}{@{}lr@{}}\n%s \\\\\n\\end{tabular}"
    assert [complaints(row % cells) for cells in ("a & b", r"a \& b & c")] == [[], []]
    assert complaints(row % "a & b & c") != []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50 % & a_b", r"50 \% \& a\_b"),
        ("93.1 ± 2.0", r"93.1 $\pm$ 2.0"),
        ("−0.5 to 1", "$-$0.5 to 1"),
        ("a\\b{c}", r"a\textbackslash{}b\{c\}"),
        ("VAE †", r"VAE $^\dagger$"),
        ("[1, 2]", "{[}1, 2]"),
    ],
)
def test_text_is_set_as_it_stands(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_tables_for_looking_up_are_left_to_the_others(study: Any, heard: Any, sick: Any) -> None:
    everything(study, heard, sick)
    text = report(study)
    assert "Differences between models" in text
    assert r"\caption{Pairs of models: urdu, protocol random, complete." not in text


def test_synthetic_speech_and_the_protocol_stand_in_every_caption(study: Any, heard: Any) -> None:
    for model in ("ae", "vae"):
        study.run(f"model={model}", synthetic=True, said=heard(0.5))
    captions = re.findall(r"\\caption\{(.*)\}\n", report(study))
    assert len(captions) == 4
    assert all("SYNTHETIC SPEECH" in caption for caption in captions)
    assert all("protocol random" in caption for caption in captions[1:])


def test_a_long_name_is_set_in_a_paragraph() -> None:
    line = Line(("a name that is far too long to be set in one line of a page", "1"))
    section = Section("Title", (), ("model", "UA"), 1, (line,))
    assert r"{@{}p{.3\linewidth}r@{}}" in drawn(section)
