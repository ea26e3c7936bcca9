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
from typing import Any

import pandas as pd

from ser_vae import SerVaeError
from ser_vae.files import write_text
from ser_vae.report.contents import CONTENTS, render_template
from ser_vae.report.imported import import_predictions
from ser_vae.report.render import build_csv_files, build_document, print_document
from ser_vae.report.runs import RunFrames, load_runs
from ser_vae.report.scores import compute_results
from ser_vae.report.tables import pivot_table
from ser_vae.terminal import stdout

COLOURS = {"finished": "green", "failed": "red", "unfinished": "yellow", "missing": "yellow"}
# These identify a run, together with seed and fold.
GROUPS = ("split", "model", "data", "corpus", "features", "classifier", "training")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ser_vae.report", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    texts = CONTENTS["help"]
    parser.add_argument("folder", nargs="?", default=Path("runs"), type=Path, help=texts["folder"])
    for name in ("html", "umap", "audio", "figures", "status"):
        parser.add_argument(f"--{name}", action="store_true", help=texts[name])
    for name, metavar in {"rows": "SETTING", "columns": "SETTING", "expect": "KEY=VALUE"}.items():
        parser.add_argument(f"--{name}", nargs="+", metavar=metavar, help=texts[name])
    parser.add_argument("--config-dir", "-cd", metavar="DIR", help=texts["config_dir"])
    for name in ("import", "name"):
        repeated: dict[str, Any] = {"action": "append", "default": [], "dest": f"{name}s"}
        parser.add_argument(f"--{name}", help=texts[name], **repeated)
    options = parser.parse_args(arguments)
    if not len(options.imports) == len(options.names) == len({*options.names}):
        parser.error("each --import FILE needs its own --name NAME")
    try:
        frames = load_runs(options.folder)
        if options.status or options.expect:
            from ser_vae.compose import expand  # noqa: PLC0415  (Hydra is slow)

            expected = expand(options.expect, options.config_dir) if options.expect else ()
            print_status(frames.runs, expected)
        else:
            for file, name in zip(options.imports, options.names, strict=True):
                frames = import_predictions(frames, Path(file), name)
            if "finished" not in {*frames.runs["state"]}:
                print_status(frames.runs, ())
                raise SerVaeError(f"{options.folder}: no run is finished.")
            report(frames, options)
    except SerVaeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def report(frames: RunFrames, options: argparse.Namespace) -> None:
    """Write all files, and print the tables, the answer, and which file to open next.

    Raises:
        SerVaeError: a file cannot be written.
    """
    results, folder, files, console = compute_results(frames), frames.folder, {}, stdout()
    document = build_document(results)
    try:
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
    except OSError as error:
        path = error.filename2 or error.filename
        raise SerVaeError(f"{path} cannot be written: {error.strerror}.") from error
    console.print(f"Written to {folder}: {', '.join(files)}", soft_wrap=True)
    if options.html:
        console.print(f"open {folder / 'report.html'}", style="bold green", soft_wrap=True)


def print_status(runs: pd.DataFrame, expected: Iterable[Mapping[str, str]]) -> None:
    """Print how many runs are in each state, and the names of those that are not finished."""
    rows = list(runs[["state", "folder", "reason"]].itertuples(index=False, name=None))
    folds: dict[tuple[str, ...], set[str]] = defaultdict(set)
    count: dict[tuple[str, ...], int] = {}  # all folds of a run
    for run in runs[runs["state"] == "finished"].to_dict("records"):
        fold = "null" if pd.isna(run["fold"]) else str(int(run["fold"]))
        key = (*(run["settings"].get(name, "") for name in GROUPS), str(run["seed"]))
        folds[key].add(fold)
        count[key] = int(run["folds"])
    for job in expected:
        key = tuple(job[name] for name in (*GROUPS, "seed"))
        complete = job["fold"] == "all" and len(folds[key]) == count.get(key)
        if not complete and job["fold"] not in folds[key]:
            rows.append(("missing", " ".join(f"{k}={job[k]}" for k in (*GROUPS, "seed")), ""))
    console = stdout()
    for state, name, reason in rows:
        if state != "finished":
            console.print(f"{state}: {name} {reason}", style=COLOURS[state], soft_wrap=True)
    counts = Counter(state for state, *_ in rows)
    console.print(", ".join(f"{counts[state]} {state}" for state in COLOURS if counts[state]))


if __name__ == "__main__":
    sys.exit(main())
