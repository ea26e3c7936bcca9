"""What is said around the tables: what one must know to read them, what is wrong or lacking."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.report import paper
from ser_vae.report.cell import Cell, Interval, heading, score
from ser_vae.report.figures import span, spread
from ser_vae.report.findings import Audit
from ser_vae.report.record import Result, Run
from ser_vae.report.subset import Subset
from ser_vae.report.table import Row, Table

MOST_NAMES = 3  # of run folders in a sentence

LEGEND = (
    "Scores are of the test part, in %, mean ± standard deviation of the sample over n seeds. "
    "UA: unweighted accuracy, the mean of the emotions' recalls. "
    "WA: weighted accuracy, the share of utterances that are right. F1: macro-F1. "
    "NLL: negative log-likelihood, in nats an utterance. "
    "ECE: expected calibration error, 15 bins; of several folds the mean.",
    "majority: every test utterance is given the training part's commonest emotion. "
    "speaker_lookup: the one that its speaker has most often there.",
    "95 %: bootstrap interval of the mean UA over seeds. It says how far other speakers or "
    "utterances could move it; the seeds are taken as they are.",
    "Two models are distinguishable where both tests say so: McNemar's exact test of who is right, "
    "and a paired bootstrap of UA; each p corrected for the number of pairs (Holm) and below .05.",
)

UNTRAINED = "untrained"  # a control that is meant to say little
MANY = 2  # settings in a title, at most


def title(table: Table) -> str:
    changed = table.deviations
    named = changed if len(changed) <= MANY else (f"{len(changed)} settings of its own",)
    return ", ".join([f"{table.corpus}, protocol {table.protocol}", *named])


def chapter(table: Table) -> tuple[str, ...]:
    """What holds for all tables of a corpus, a protocol and its settings."""
    results = [result for row in table.rows for result in row.results]
    if not results:
        return "No finished run.", settings(table)
    emotions = sorted({", ".join(result.emotions) for result in results})
    return (
        *synthetic(results),
        f"{seeds(table.seeds).capitalize()}. Emotions: {'; or '.join(emotions)}.",
        settings(table),
        *caveats(table),
    )


def settings(table: Table) -> str:
    differing = ", ".join(table.deviations) or "none"
    return (
        f"Settings that differ from the defaults: {differing}. label_policy=null, unless a row "
        "says otherwise."
    )


def synthetic(results: Iterable[Result]) -> tuple[str, ...]:
    spoken = any(result.synthetic for result in results)
    return (f"{SYNTHETIC.upper()}.",) if spoken else ()


def test_part(subset: Subset) -> tuple[str, str]:
    """How large a subset's test part is, and what it shares with the training part."""
    results = list(subset.splits.values())
    return (
        f"Test part of {subset.name}: {span(r.test_utterances for r in results)} utterances; of "
        f"its {span(r.test_speakers for r in results)} speakers, "
        f"{span(r.test_speakers_in_train for r in results)} are also in train.",
        f"Audit of {subset.name}: {audit(results)}",
    )


def audit(results: Iterable[Result]) -> str:
    """Of `results`, one a seed."""
    found = [own.audit for result in results for own in result.findings if own.audit]
    if not found:
        return "none, as these runs are older than it; force=true makes it."
    turns = [own.adjacent_turns for own in found if own.adjacent_turns is not None]
    lookup = spread(score(own.lookup["ua"] for own in found))
    return (
        f"{verdict(found)}; speaker lookup UA {lookup}; adjacent turns of a speaker on both sides: "
        f"{span(turns) if turns else 'not known'}; duplicates on both sides: "
        f"{span(own.duplicates for own in found)}."
    )


def verdict(found: Sequence[Audit]) -> str:
    """The verdicts of several splits, and the sentence of the first of each."""
    counted = Counter(own.verdict for own in found)
    said = {own.verdict: own.sentence for own in reversed(found)}
    whole = len(found) == 1 or len({own.sentence for own in found}) == 1
    return ", ".join(
        f"{word} ({'' if whole else f'{count} of {len(found)} splits, such as: '}{said[word]})"
        for word, count in counted.most_common()
    )


def resampled(intervals: Iterable[Interval | None]) -> tuple[str, ...]:
    """What was drawn for the intervals."""
    drawn = sorted({found.groups for found in intervals if found})
    if not drawn:
        return ("95 %: none, there are no predictions to draw from.",)
    few = "" if "speakers" in drawn else ", there being fewer than two known speakers"
    return (f"95 %: over {' or '.join(drawn)}{few}.",)


def papers_cells(table: Table) -> tuple[str, ...]:
    if not table.compared:
        return ()
    where = "" if table.corpus == paper.CORPUS else f", not on {table.corpus}"
    cited = (
        f"paper: accuracy on IEMOCAP{where}, 70 % to train and 30 % to test ({paper.SOURCE}); the "
        "paper does not say how it was drawn, how often, and whether weighted or unweighted."
    )
    spoken = any(result.synthetic for row in table.rows for result in row.results)
    nothing = "THE COMPARISON WITH THE PAPER MEANS NOTHING BEYOND THE LAYOUT."
    return (cited, nothing) if spoken else (cited,)


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


def collapsed(cells: Iterable[Cell]) -> tuple[str, ...]:
    """The alarm, loud wherever a score of such a model stands."""
    found = []
    for cell in cells:
        if cell.model == UNTRAINED:
            continue
        health = [own.health for own in cell.findings if own.health]
        if sick := sum(own.collapsed for own in health):
            found.append(f"{cell.name}, {cell.data} ({sick} of {len(health)} runs)")
    return (
        (f"ALARM: COLLAPSED OR HARDLY TRAINED: {'; '.join(found)}. Read its scores as a bug's.",)
        if found
        else ()
    )


def notes(table: Table) -> tuple[str, ...]:
    """What a reader would otherwise take for complete or comparable."""
    return (
        *missing(table),
        *other_seeds(table),
        *map(left_over, table.left_over),
        *(
            f"Left out: {run.folder}, of the same cell and seed as {counted.folder}."
            for run, counted in table.duplicates
        ),
        *map(apart, (row for row in table.rows if row.material)),
        *lost(table),
    )


def apart(row: Row) -> str:
    return (
        f"{row.name}: other audio or labels than in the rows beside it, under the same corpus "
        "name and settings; kept apart."
    )


def missing(table: Table) -> list[str]:
    gaps = [
        f"{', '.join([data, *variant])} × {models(lacking)}"
        for (data, variant), lacking in table.missing.items()
    ]
    return [f"No finished run: {'; '.join(gaps)}."] if gaps else []


def other_seeds(table: Table) -> list[str]:
    found = [
        f"{row.name} × {heading(model)} has {seeds(own)}"
        for row in table.rows
        for model, cell in row.cells.items()
        if (own := [run.seed for run in cell.runs]) != table.seeds
    ]
    return [f"Not over {seeds(table.seeds)}: {'; '.join(found)}."] if found else []


def left_over(run: Run) -> str:
    if run.state == "failed":
        return f"Failed: {run.folder}: {run.reason}"
    return f"Unfinished (interrupted, or still at work): {run.folder}"


def lost(table: Table) -> list[str]:
    """Files that are gone from finished runs' folders, and what can't be said without them."""
    folders: dict[str, list[str]] = defaultdict(list)
    for row in table.rows:
        for own in (own for result in row.results for own in result.findings):
            for file in own.lost:
                folders[file].append(own.folder)
    return [
        f"{file} is missing in {len(found)} run folders ({few(sorted(found))}): "
        "no interval and no test of these runs."
        for file, found in folders.items()
    ]


def few(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    rest = len(names) - MOST_NAMES
    return ", ".join([*names[:MOST_NAMES], *([f"and {rest} more"] if rest > 0 else [])])


def unreadable(folders: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"Not read as a run: {folder}: {reason}" for folder, reason in folders.items())


def models(names: Sequence[str]) -> str:
    return ", ".join(map(heading, names))


def seeds(numbers: Sequence[int]) -> str:
    return f"{'seed' if len(numbers) == 1 else 'seeds'} {', '.join(map(str, numbers))}"
