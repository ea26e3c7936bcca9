"""Tables on a terminal; without colours where the output is none."""

from collections.abc import Sequence
from itertools import count

from rich import box
from rich.console import Console
from rich.table import Table as Drawing

from ser_vae.report.section import Chapter, Report, Section

WIDTH = 100  # characters: at most


def show(report: Report, console: Console) -> None:
    numbers = count(1)
    show_section(report.first, next(numbers), console)
    for chapter in report.chapters:
        show_chapter(chapter, numbers, console)
    say(report.notes, console, "yellow")
    say(report.words, console)


def show_chapter(chapter: Chapter, numbers: "count[int]", console: Console) -> None:
    console.rule(chapter.title, characters="═", align="left", style="bold")
    say(chapter.words, console)
    say(chapter.notes, console, "yellow")
    for section in chapter.sections:
        show_section(section, next(numbers), console)


def show_section(section: Section, number: int, console: Console) -> None:
    if section.folded:
        return
    console.print(f"Table {number}. {section.title}", style="bold")
    say(section.caption, console)
    console.print(drawing(section))
    console.print()
    say(section.notes, console)


def say(sentences: Sequence[str], console: Console, style: str = "") -> None:
    if sentences:
        console.print("\n".join(sentences), style=style, end="\n\n")


def drawing(section: Section) -> Drawing:
    drawn = Drawing(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for index, heading in enumerate(section.header):
        drawn.add_column(heading, justify="left" if index < section.text else "right")
    for number, line in enumerate(section.lines):
        if line.rule and number:
            drawn.add_section()
        drawn.add_row(*line.cells, style="red" if line.kind == "alarm" else "")
    return drawn
