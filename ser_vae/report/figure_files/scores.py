"""Figures of scores: Table I, all models of a subset, confusions, rate against distortion."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ser_vae.model.collapse import LARGEST_RELATIVE_ERROR, LEAST_KL
from ser_vae.plots.bars import grouped, listed
from ser_vae.plots.confusion import confusion
from ser_vae.plots.rate_distortion import rate_distortion
from ser_vae.report import paper, words
from ser_vae.report.cell import Cell, heading
from ser_vae.report.figure_files.drawing import Drawing, caption, file_name, headed
from ser_vae.report.findings import Health
from ser_vae.report.folds import added
from ser_vae.report.record import Run
from ser_vae.report.subset import Subset, kind
from ser_vae.report.table import Row, Table

UA = "unweighted accuracy (%)"
NAN = float("nan")

Values = npt.NDArray[np.float64]


def drawings(table: Table, subsets: Sequence[Subset], notes: list[str]) -> Iterator[Drawing]:
    """All of one table; what leaks is no result: it is left out, and goes to `notes`."""
    rows = [
        row for row in table.rows if not row.leaks and not row.cells.keys().isdisjoint(paper.MODELS)
    ]
    if rows:
        yield table_one(table, rows, subsets)
    for subset in subsets:
        cells = [cell for cell in subset.cells if not cell.leaks]
        leaking = [cell.name for cell in subset.cells if cell.leaks]
        if leaking:
            notes.append(f"not drawn, as they leak: {', '.join(leaking)} on {subset.place}")
        if cells:
            yield all_models(subset, cells)
        heard = [cell for cell in cells if kind(cell.model) != "trivial"]
        if heard:
            yield confusions(subset, heard)


def table_one(table: Table, rows: Sequence[Row], subsets: Sequence[Subset]) -> Drawing:
    """UA of the paper's models, a group of bars a row of the report's Table I."""
    models = [name for name in paper.MODELS if any(name in row.cells for row in rows)]
    cells = [[row.cells.get(model) for model in models] for row in rows]
    best = [trivial_of(row, subsets) for row in rows]
    found = [cell for row in cells for cell in row if cell]
    synthetic = any(result.synthetic for cell in found for result in cell.results)
    return Drawing(
        named("table-one", table),
        caption(
            f"Mean UA over {words.seeds(table.seeds)}.",
            *words.resampled(cell.interval for cell in found),
            "Dashed: the better of the majority and the speaker lookup.",
            settings=table.deviations,
            synthetic=synthetic,
        ),
        lambda: grouped(
            [row.name.replace(", ", "\n") for row in rows],
            {model: heading(model) for model in models},
            np.array([[cell.ua.mean if cell else NAN for cell in row] for row in cells]),
            np.array([[ends(cell) for cell in row] for row in cells]),
            np.array(best),
            quantity=UA,
            title=headed(table.corpus, f"protocol {table.protocol}", synthetic=synthetic),
        ),
    )


def all_models(subset: Subset, cells: Sequence[Cell]) -> Drawing:
    """UA of every model and baseline of a subset, in the order of the report."""
    best = subset.trivials[0]
    return Drawing(
        named("models", subset.table, subset.name),
        caption(
            f"Mean UA over {words.seeds(subset.table.seeds)}.",
            *words.resampled(cell.interval for cell in cells),
            f"Dashed: {best.name}.",
            settings=subset.table.deviations,
            synthetic=subset.synthetic,
        ),
        lambda: listed(
            [cell.name for cell in cells],
            np.array([cell.ua.mean for cell in cells]),
            np.array([ends(cell) for cell in cells]),
            best.ua.mean,
            baseline=[kind(cell.model) in ("trivial", "baseline") for cell in cells],
            quantity=UA,
            title=headed(subset.place, synthetic=subset.synthetic),
        ),
    )


def confusions(subset: Subset, cells: Sequence[Cell]) -> Drawing:
    """A matrix a model, of all seeds together."""
    matrices = {
        cell.name: np.array(added([result.confusion for result in cell.results])) for cell in cells
    }
    return Drawing(
        named("confusion", subset.table, subset.name),
        caption(
            "In % of the utterances of an emotion, and counted over "
            f"{words.seeds(subset.table.seeds)} together.",
            settings=subset.table.deviations,
            synthetic=subset.synthetic,
        ),
        lambda: confusion(
            matrices,
            cells[0].results[0].emotions,
            title=headed(subset.place, synthetic=subset.synthetic),
        ),
    )


def rate_distortions(runs: Sequence[Run]) -> Iterator[Drawing]:
    """KL against error of every run and fold that has a KL, one figure a corpus and protocol."""
    places: dict[tuple[str, str], list[tuple[Run, Health]]] = defaultdict(list)
    for run in runs:
        for found in run.result.findings if run.result else ():
            if found.health and found.health.kl is not None:
                places[run.corpus, run.protocol].append((run, found.health))
    for place, points in sorted(places.items()):
        yield rate_distortion_of(*place, points)


def rate_distortion_of(corpus: str, protocol: str, points: Sequence[tuple[Run, Health]]) -> Drawing:
    models = [run.model for run, _ in points]
    synthetic = any(run.result.synthetic for run, _ in points if run.result)
    settings = [tuple(run.deviations.values()) for run, _ in points]
    shared = [text for text in settings[0] if all(text in own for own in settings)]
    return Drawing(
        file_name("rate-distortion", corpus, protocol),
        caption(
            "A point a run and fold, all data and settings together, on segments not trained on. A "
            "run without a KL, such as an AE's, is not in it. Shaded: the alarm of a collapse, KL "
            f"below {LEAST_KL:g} nats or relative error above {LARGEST_RELATIVE_ERROR:g}.",
            settings=shared,
            synthetic=synthetic,
        ),
        lambda: rate_distortion(
            np.array([health.kl for _, health in points], dtype=float),
            np.array([health.relative_error for _, health in points]),
            models,
            names={model: heading(model) for model in models},
            least_kl=LEAST_KL,
            largest_error=LARGEST_RELATIVE_ERROR,
            title=headed(corpus, f"protocol {protocol}", synthetic=synthetic),
        ),
    )


def named(what: str, table: Table, *data: str) -> str:
    return file_name(what, table.corpus, table.protocol, *data, settings=table.deviations)


def trivial_of(row: Row, subsets: Sequence[Subset]) -> float:
    """What the best trivial model reaches on a row's subset, in %."""
    own = next(iter(row.cells.values()))
    (subset,) = (s for s in subsets if any(cell is own for cell in s.cells))
    return subset.trivials[0].ua.mean


def ends(cell: Cell | None) -> tuple[float, float]:
    found = cell.interval if cell else None
    return (found.low, found.high) if found else (NAN, NAN)
