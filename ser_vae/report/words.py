"""What is said around a table: its caption above, what is wrong or lacking below."""

from collections.abc import Iterable, Mapping, Sequence

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.report import paper
from ser_vae.report.record import Result, Run
from ser_vae.report.table import Table

LEGEND = (
    "Scores of the test part in %, mean ± standard deviation of the sample over n seeds. "
    "UA: unweighted accuracy, the mean of the emotions' recalls. "
    "WA: weighted accuracy, the share of utterances that are right. "
    "majority: every test utterance is given the training part's commonest emotion."
)


def caption(table: Table) -> list[str]:
    """Sentences that one must have read to read the table."""
    named = f"{table.corpus}, protocol {table.protocol}"
    emotions = sorted({", ".join(r.emotions) for row in table.rows for r in row.results})
    if not emotions:
        return [f"{named}: no finished run.", settings(table)]
    return [
        f"{named}, {seeds(table.seeds)}: UA and WA in %, mean ± standard deviation over n "
        f"seeds. Emotions: {'; or '.join(emotions)}.",
        *synthetic(table),
        *test_parts(table),
        settings(table),
        *paper_line(table),
        *caveats(table),
    ]


def settings(table: Table) -> str:
    differing = ", ".join(table.deviations) or "none"
    return (
        f"Settings that differ from the defaults: {differing}. label_policy=null, unless a row "
        "says otherwise."
    )


def synthetic(table: Table) -> list[str]:
    if not any(result.synthetic for row in table.rows for result in row.results):
        return []
    beside = " THE COMPARISON WITH THE PAPER MEANS NOTHING BEYOND THE LAYOUT."
    return [f"{SYNTHETIC.upper()}.{beside if table.compared else ''}"]


def test_parts(table: Table) -> list[str]:
    """Of each subset: how large its test part is, and how much of that training has heard."""
    results: dict[str, list[Result]] = {}
    for row in table.rows:
        results.setdefault(row.data, []).extend(row.results)
    return [
        f"Test part of {data}: {span(r.test_utterances for r in found)} utterances; of its "
        f"{span(r.test_speakers for r in found)} speakers, "
        f"{span(r.test_speakers_in_train for r in found)} are also in train."
        for data, found in results.items()
        if found
    ]


def paper_line(table: Table) -> list[str]:
    if not table.compared:
        return []
    where = "" if table.corpus == paper.CORPUS else f", not on {table.corpus}"
    return [
        f"paper: accuracy on IEMOCAP{where}, one random 70/30 split ({paper.SOURCE}); the paper "
        "does not say whether weighted or unweighted."
    ]


def caveats(table: Table) -> list[str]:
    """Each once, with the rows that it holds for unless those are all."""
    rows = [row for row in table.rows if row.results]
    held: dict[str, list[str]] = {}
    for row in rows:
        for text in sorted({text for result in row.results for text in result.caveats}):
            held.setdefault(text, []).append(row.name)
    held.pop(SYNTHETIC, None)  # said in capitals
    return [
        f"Caveat: {text}." if len(names) == len(rows) else f"Caveat ({'; '.join(names)}): {text}."
        for text, names in held.items()
    ]


def notes(table: Table) -> list[str]:
    """What a reader would otherwise take for complete or comparable."""
    return [
        *missing(table),
        *other_seeds(table),
        *map(left_over, table.left_over),
        *(
            f"Left out: {run.folder}, of the same cell and seed as {counted.folder}."
            for run, counted in table.duplicates
        ),
        *(
            f"{row.name}: other audio or labels than in the rows beside it, under the same corpus "
            "name and settings; kept apart."
            for row in table.rows
            if row.material
        ),
    ]


def missing(table: Table) -> list[str]:
    gaps = [
        f"{', '.join([data, *variant])} × {models(lacking)}"
        for (data, variant), lacking in table.missing.items()
    ]
    return [f"No finished run: {'; '.join(gaps)}."] if gaps else []


def other_seeds(table: Table) -> list[str]:
    found = [
        f"{row.name} × {models([model])} has {seeds(own)}"
        for row in table.rows
        for model, runs in row.cells.items()
        if (own := [run.seed for run in runs]) != table.seeds
    ]
    return [f"Not over {seeds(table.seeds)}: {'; '.join(found)}."] if found else []


def left_over(run: Run) -> str:
    if run.state == "failed":
        return f"Failed: {run.folder}: {run.reason}"
    return f"Unfinished (interrupted, or still at work): {run.folder}"


def unreadable(folders: Mapping[str, str]) -> list[str]:
    return [f"Not read as a run: {folder}: {reason}" for folder, reason in folders.items()]


def models(names: Sequence[str]) -> str:
    """As the columns are headed: the paper's in capitals."""
    return ", ".join(name.upper() if name in paper.MODELS else name for name in names)


def seeds(numbers: Sequence[int]) -> str:
    return f"{'seed' if len(numbers) == 1 else 'seeds'} {', '.join(map(str, numbers))}"


def span(values: Iterable[int]) -> str:
    found = set(values)
    low, high = min(found), max(found)
    return f"{low}" if low == high else f"{low} to {high}"
