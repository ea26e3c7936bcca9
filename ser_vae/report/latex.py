r"""`report.tex`: the tables, to be \input into a document that has \usepackage{booktabs}."""

from collections.abc import Iterator, Sequence

from ser_vae.report.section import Chapter, Line, Report, Section

# What LaTeX would read as a command, and the signs that its oldest fonts lack.
SIGNS = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "[": "{[}",  # at the start of a row it would be an argument of the row before
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"${sign}$" for sign in "<>|"},
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    "†": r"$^\dagger$",
    "≥": r"$\geq$",
    "–": "--",
    "…": r"\ldots{}",
}

LONG = 40  # characters of a cell, at most, that are set in one line


def latex(report: Report) -> str:
    """Tables that are for looking up alone are left to Markdown and CSV."""
    blocks = [
        "% python -m ser_vae.report wrote this. Tables need \\usepackage{booktabs}.",
        *map(escaped, report.words),
        drawn(report.first),
    ]
    for chapter in report.chapters:
        blocks += drawn_chapter(chapter)
    blocks += map(escaped, report.notes)
    return "\n\n".join(blocks) + "\n"


def drawn_chapter(chapter: Chapter) -> Iterator[str]:
    yield f"\\subsection*{{{escaped(chapter.title)}}}"
    yield from map(escaped, (*chapter.words, *chapter.notes))
    yield from (drawn(section) for section in chapter.sections if not section.folded)
    yield r"\clearpage"  # so that floats don't pile up


def drawn(section: Section) -> str:
    columns = "".join(column(section, index) for index in range(len(section.header)))
    caption = " ".join((f"{section.title}.", *section.caption))
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"\centering\footnotesize\setlength{\tabcolsep}{4pt}",
            f"\\caption{{{escaped(caption)}}}",
            f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
            r"\toprule",
            row(section.header),
            r"\midrule",
            *rows(section.lines),
            r"\bottomrule",
            r"\end{tabular}",
            *(f"\\par\\smallskip\\raggedright {escaped(note)}" for note in section.notes),
            r"\end{table}",
        ]
    )


def column(section: Section, index: int) -> str:
    """Numbers to the right; words that would not fit on a page in a paragraph."""
    if index >= section.text:
        return "r"
    longest = max((len(line.cells[index]) for line in section.lines), default=0)
    return "l" if longest <= LONG else r"p{.3\linewidth}"


def rows(lines: Sequence[Line]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if line.rule and number:
            yield r"\midrule"
        yield row(line.cells)


def row(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"


def escaped(text: str) -> str:
    """Text that is set as it stands."""
    return "".join(SIGNS.get(character, character) for character in text)
