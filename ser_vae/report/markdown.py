"""`report.md`: the tables as GitHub draws them."""

import re
from collections.abc import Iterator, Sequence
from itertools import count

from ser_vae.report.section import Report, Section


def markdown(report: Report) -> str:
    blocks = ["# Results", *map(escaped, report.words)]
    numbers = count(1)
    blocks += drawn(report.first, next(numbers))
    for chapter in report.chapters:
        blocks += [f"## {escaped(chapter.title)}", "\n".join(map(escaped, chapter.words))]
        blocks += [bullets(chapter.notes)]
        for section in chapter.sections:
            blocks += drawn(section, next(numbers))
    blocks += [bullets(report.notes)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def drawn(section: Section, number: int) -> Iterator[str]:
    title = f"<b>Table {number}. {escaped(section.title)}</b>"
    caption = "\n".join(map(escaped, section.caption))
    if section.folded:
        yield f"<details><summary>{title}</summary>"
        yield from (caption, grid(section), bullets(section.notes), "</details>")
    else:
        yield from (f"**Table {number}. {escaped(section.title)}**", caption)
        yield from (grid(section), bullets(section.notes))


def grid(section: Section) -> str:
    header = section.header
    rule = ["---"] * section.text + ["---:"] * (len(header) - section.text)
    return "\n".join(map(line, [header, rule, *(own.cells for own in section.lines)]))


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)


def escaped(text: str) -> str:
    r"""Text that is drawn as it stands: `_target_` is no emphasis, `|` no column, `<` no tag."""
    return re.sub(r"([\\`*|<\[\]]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", text)
