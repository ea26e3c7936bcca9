"""What all runs in a folder say, and how far it can be believed: `python -m ser_vae.report runs`.

Prints it, and writes into FOLDER: report.md and report.tex (for a document with booktabs), the same
tables; report.csv, a row for each score of a model; comparisons.csv, a row for each pair of models;
runs.csv, a row a run. With --html also report.html, a page to explore; with --figures also
figures/, for a paper. A score is the mean over seeds; runs that differ in anything else are never
averaged. Ends with 1 where FOLDER has no run, or can't be written to.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ser_vae import SerVaeError
from ser_vae.files import write_text
from ser_vae.report.collect import collect
from ser_vae.report.contents import contents
from ser_vae.report.csv import cells_csv, comparisons_csv, runs_csv
from ser_vae.report.folds import join_folds
from ser_vae.report.latex import latex
from ser_vae.report.markdown import markdown
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables
from ser_vae.report.terminal import WIDTH, show


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ser_vae.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folder",
        nargs="?",
        default="runs",
        type=Path,
        metavar="FOLDER",
        help="runs are looked for in it and everywhere below (default: runs)",
    )
    parser.add_argument(
        "--figures",
        action="store_true",
        help="also draw them for a paper: FOLDER/figures/*.pdf and *.png, with captions.md",
    )
    parser.add_argument(
        "--html",
        action="store_true",
        help="also write FOLDER/report.html, to explore them in a browser, without a network",
    )
    given = parser.parse_args(arguments)
    try:
        report(given.folder, figures=given.figures, html=given.html)
    except SerVaeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def report(folder: Path, *, figures: bool, html: bool) -> None:
    """Print what the runs below `folder` say, and write it there.

    Raises:
        SerVaeError: there is no run, or the folder can't be written to.
    """
    runs, unreadable = collect(folder)
    studies = [(table, subsets(table)) for table in tables(join_folds(runs))]
    every = [subset for _, own in studies for subset in own]
    made = contents(studies, unreadable)
    console = Console(markup=False, emoji=False, highlight=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    show(made, console)
    texts = {
        "report.md": markdown(made),
        "report.tex": latex(made),
        "report.csv": cells_csv(every, [table for table, _ in studies]),
        "comparisons.csv": comparisons_csv(every),
        "runs.csv": runs_csv(runs),
    }
    for name, text in texts.items():
        write(folder / name, text)
    print(f"written: {', '.join(str(folder / name) for name in texts)}")
    if figures:
        from ser_vae.report.figure_files import write_figures  # noqa: PLC0415  (matplotlib is slow)

        print(*write_figures(folder, studies, runs), sep="\n")
    if html:
        from ser_vae.report.page.build import page  # noqa: PLC0415  (so are plotly and jinja2)

        write(folder / "report.html", page(made, studies, runs, folder))
        print(f"written: {folder / 'report.html'}")


def write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise SerVaeError(f"{path} can't be written: {error.strerror}.") from error


if __name__ == "__main__":
    sys.exit(main())
