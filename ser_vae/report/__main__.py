r"""Report on all runs in a folder: `python -m ser_vae.report runs`.

Prints the scores, the paper's Table I and a conclusion, and writes into FOLDER: report.md and
report.tex (to be \input into a document), all tables; report.csv, one row per score;
comparisons.csv, one row per pair of models; runs.csv, one row per run. With --html also
report.html, one file to explore and to send; with --figures also figures/, for a paper. Scores are
means over seeds; models are compared if they were tested on the same utterances. Exits with 1 if
FOLDER has no run or cannot be written to.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from ser_vae import SerVaeError
from ser_vae.files import write_text
from ser_vae.report.contents import CONTENTS, render_template
from ser_vae.report.imported import import_predictions
from ser_vae.report.render import build_csv_files, build_document, print_document
from ser_vae.report.runs import RunFrames, load_runs
from ser_vae.report.scores import compute_results
from ser_vae.report.tables import pivot_table
from ser_vae.terminal import run_command, stdout

COLOURS = {"finished": "green", "failed": "red", "unfinished": "yellow", "missing": "yellow"}
# These identify a run, together with its fold.
GROUPS = ("split", "model", "data", "corpus", "features", "classifier", "training", "seed")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ser_vae.report", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add, texts = parser.add_argument, CONTENTS["help"]
    add("folder", nargs="?", default=Path("runs"), type=Path, help=texts["folder"])
    for name in ("html", "umap", "audio", "figures", "status"):
        add(f"--{name}", action="store_true", help=texts[name])
    for name, metavar in {"rows": "SETTING", "columns": "SETTING", "expect": "KEY=VALUE"}.items():
        add(f"--{name}", nargs="+", metavar=metavar, help=texts[name])
    add("--config-dir", "-cd", metavar="DIR", help=texts["config_dir"])
    for name in ("import", "name"):
        add(f"--{name}", action="append", default=[], dest=f"{name}s", help=texts[name])
    return run_command(parser, report, arguments)


def report(options: argparse.Namespace) -> None:
    """Print the state of the runs, or their scores, which are then also written to files."""
    if not len(options.imports) == len(options.names) == len({*options.names}):
        raise SerVaeError("each --import FILE needs its own --name NAME.")
    frames = load_runs(options.folder)
    if options.status or options.expect:
        from ser_vae.compose import expand  # noqa: PLC0415  (Hydra is slow)

        expected = expand(options.expect, options.config_dir) if options.expect else ()
        return print_status(frames.runs, expected)
    if "finished" not in {*frames.runs["state"]}:
        print_status(frames.runs, ())
        raise SerVaeError(f"{options.folder}: no run is finished.")
    for file, name in zip(options.imports, options.names, strict=True):
        frames = import_predictions(frames, Path(file), name)
    return write_report(frames, options)


def write_report(frames: RunFrames, options: argparse.Namespace) -> None:
    """Write all files, and print the tables, the answer, and which file to open next."""
    results, folder, files, console = compute_results(frames), frames.folder, {}, stdout()
    document = build_document(results)
    if options.html:
        from ser_vae.report.page import render_page  # noqa: PLC0415  (plotly is slow)

        page = render_page(results, document, umap=options.umap, audio=options.audio)
        files["report.html"] = page
    if options.rows or options.columns:
        columns = options.columns or ["model"]
        usual = [axis for axis in ("corpus", "split", "data") if axis not in columns]
        tables = [pivot_table(results, options.rows or usual, columns)]
        document["chapters"].insert(0, {"title": "All runs", "answer": [], "tables": tables})
    files |= {name: render_template(name, document) for name in ("report.md", "report.tex")}
    files |= build_csv_files(results)
    for name, text in files.items():
        write_text(folder / name, text)
    print_document(document, console)
    if options.figures:
        from ser_vae.report.figures import write_figures  # noqa: PLC0415  (matplotlib is slow)

        console.print(write_figures(results, folder / "figures"), soft_wrap=True)
    console.print(f"Written to {folder}: {', '.join(files)}", soft_wrap=True)
    if options.html:
        console.print(f"open {folder / 'report.html'}", style="bold green", soft_wrap=True)


def print_status(runs: pd.DataFrame, expected: Iterable[Mapping[str, str]]) -> None:
    """Print how many runs are in each state, and the names of those that are not finished."""
    rows = list(runs[["state", "folder", "reason"]].itertuples(index=False, name=None))
    finished: dict[tuple[str, ...], set[str]] = defaultdict(set)  # run -> its folds
    for run in runs[runs["state"] == "finished"].to_dict("records"):
        about = run["settings"] | {"seed": str(run["seed"])}
        folds = finished[tuple(about.get(name, "") for name in GROUPS)]
        folds.add("null" if pd.isna(run["fold"]) else str(int(run["fold"])))
        folds |= {"all"} if len(folds) == run["folds"] else set()
    for job in expected:
        if job["fold"] not in finished[tuple(job[name] for name in GROUPS)]:
            fold = [] if job["fold"] == "null" else ["fold"]
            name = " ".join(f"{each}={job[each]}" for each in (*GROUPS, *fold))
            rows.append(("missing", name, ""))
    console = stdout()
    for state, name, reason in rows:
        if state != "finished":
            console.print(f"{state}: {name} {reason}", style=COLOURS[state], soft_wrap=True)
    counts = Counter(state for state, *_ in rows)
    console.print(", ".join(f"{counts[state]} {state}" for state in COLOURS if counts[state]))


if __name__ == "__main__":
    sys.exit(main())
