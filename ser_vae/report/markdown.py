"""`report.md`: the tables as GitHub draws them."""

import re
from collections.abc import Mapping, Sequence

from ser_vae.report import layout, words
from ser_vae.report.table import Table


def markdown(tables: Sequence[Table], unreadable: Mapping[str, str]) -> str:
    blocks = ["# Results", escaped(words.LEGEND)]
    for number, table in enumerate(tables, start=1):
        caption = "\n".join(map(escaped, words.caption(table)))
        blocks += [f"**Table {number}.** {caption}", grid(table), bullets(words.notes(table))]
    blocks += [bullets(words.unreadable(unreadable))]
    return "\n\n".join(block for block in blocks if block) + "\n"


def grid(table: Table) -> str:
    header = layout.header(table)
    rule = ["---", "---", *("---:" for _ in header[2:])]
    return "\n".join(map(line, [header, rule, *(cells for _, cells in layout.lines(table))]))


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)


def escaped(text: str) -> str:
    r"""Text that is drawn as it stands: `_target_` is no emphasis, `|` no column, `<` no tag."""
    return re.sub(r"([\\`*|<\[\]]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", text)
