"""Tables on a terminal; without colours where the output is none."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table as Drawing

from ser_vae.report import layout, words
from ser_vae.report.table import Table

WIDTH = 100  # characters: at most


def show(tables: Sequence[Table], unreadable: Mapping[str, str], console: Console) -> None:
    for number, table in enumerate(tables, start=1):
        console.print(f"Table {number}. " + "\n".join(words.caption(table)), end="\n\n")
        console.print(drawing(table))
        console.print()
        complain(words.notes(table), console)
    complain(words.unreadable(unreadable), console)
    console.print(words.LEGEND)


def complain(sentences: Sequence[str], console: Console) -> None:
    if sentences:
        console.print("\n".join(sentences), style="yellow", end="\n\n")


def drawing(table: Table) -> Drawing:
    drawn = Drawing(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for index, heading in enumerate(layout.header(table)):
        drawn.add_column(heading, justify="left" if index < 2 else "right")
    last = None
    for row, cells in layout.lines(table):
        if last is not None and row is not last:
            drawn.add_section()
        drawn.add_row(*cells, style="red" if row.leaks else "")
        last = row
    return drawn
