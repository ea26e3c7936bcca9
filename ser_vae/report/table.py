"""Runs -> tables in the paper's layout, as plain data.

A cell is an average over seeds and nothing else. Runs that differ in corpus, protocol or a setting
stand in different tables; where the setting is the model's, or the label policy, in different rows.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ser_vae.report import paper
from ser_vae.report.cell import Cell, Score, Variant, score
from ser_vae.report.record import Result, Run


@dataclass(frozen=True)
class Row:
    """One subset under one variant.

    Attributes:
        material: tells apart rows that only audio or labels set apart; empty elsewhere.
        cells: by model; no entry for one without a finished run.
    """

    data: str
    variant: Variant
    material: str
    cells: Mapping[str, Cell]

    @property
    def apart(self) -> Variant:
        """All that sets it apart from another row of its subset."""
        return (*self.variant, f"material={self.material}") if self.material else self.variant

    @property
    def name(self) -> str:
        return ", ".join([self.data, *self.apart])

    @property
    def runs(self) -> list[Run]:
        return [run for cell in self.cells.values() for run in cell.runs]

    @property
    def results(self) -> list[Result]:
        return [run.result for run in self.runs if run.result]

    @property
    def leaks(self) -> bool:
        return any(result.leaks for result in self.results)

    def majority(self, metric: str) -> Score:
        """The trivial baseline, over the row's seeds; it does not depend on the model."""
        of_seed = {run.seed: run.result.majority[metric] for run in self.runs if run.result}
        return score(of_seed.values())


@dataclass(frozen=True)
class Table:
    """One corpus under one protocol and one set of settings.

    Attributes:
        deviations: `key=value` of the settings that its runs share and the defaults don't.
        models: the columns, the paper's first.
        compared: the paper's cells stand beside: its corpus, or one that has its subsets.
        missing: (subset, variant) -> models of the grid that have no finished run there.
        left_over: runs without a result.
        duplicates: (left out, counted in its place), two finished runs of one cell and seed.
    """

    corpus: str
    protocol: str
    deviations: tuple[str, ...]
    models: tuple[str, ...]
    rows: tuple[Row, ...]
    compared: bool
    missing: Mapping[tuple[str, Variant], Sequence[str]]
    left_over: tuple[Run, ...]
    duplicates: tuple[tuple[Run, Run], ...]

    @property
    def seeds(self) -> list[int]:
        return sorted({run.seed for row in self.rows for run in row.runs})


def tables(runs: Sequence[Run]) -> list[Table]:
    """Every run in one table; of a corpus and protocol, that nearest to the defaults is first."""
    groups = defaultdict(list)
    for run in runs:
        shared = {key: value for key, value in run.settings.items() if not is_of_row(key)}
        groups[run.corpus, run.protocol, json.dumps(shared, sort_keys=True)].append(run)
    made = [table(group) for group in groups.values()]
    return sorted(made, key=lambda t: (t.corpus, t.protocol, len(t.deviations), t.deviations))


def is_of_row(key: str) -> bool:
    """Whether a setting tells rows apart; every other one tells tables apart."""
    return key.startswith("model.") or key in ("label_policy", "data.style")


def table(runs: Sequence[Run]) -> Table:
    """One table, of runs that agree in every setting that tells tables apart."""
    first, subsets = runs[0], {run.data for run in runs}
    compared = first.corpus == paper.CORPUS or bool(subsets & {"improvised", "scripted"})
    counted, duplicates = once(runs)
    rows = rows_of(counted)
    return Table(
        first.corpus,
        first.protocol,
        tuple(text for key, text in first.deviations.items() if not is_of_row(key)),
        in_order([*paper.MODELS, *(run.model for run in runs)]),
        rows,
        compared,
        missing(rows, runs, subsets.union(paper.SUBSETS if compared else ())),
        tuple(run for run in runs if not run.result),
        duplicates,
    )


def variant(run: Run) -> Variant:
    return tuple(text for key, text in run.deviations.items() if is_of_row(key))


def once(runs: Iterable[Run]) -> tuple[list[Run], tuple[tuple[Run, Run], ...]]:
    """Of finished runs of one cell and seed, such as a copied folder's, count the first alone."""
    counted: dict[tuple[object, ...], Run] = {}
    duplicates = []
    for run in runs:
        material = run.result.material if run.result else run.folder
        same = counted.setdefault((run.data, variant(run), run.model, run.seed, material), run)
        if same is not run:
            duplicates.append((run, same))
    return list(counted.values()), tuple(duplicates)


def rows_of(runs: Sequence[Run]) -> tuple[Row, ...]:
    """The rows, by subset and variant; one that has no result yet is a row of no cells."""
    places: dict[tuple[str, Variant], dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        materials = places[run.data, variant(run)]
        if run.result:
            materials[run.result.material].append(run)
    rows = []
    for (data, of_variant), materials in sorted(
        places.items(), key=lambda p: (rank(p[0][0]), p[0])
    ):
        several = len(materials) > 1
        for material, found in sorted(materials.items()) or [("", [])]:
            cells = cells_of(data, of_variant, found)
            rows.append(Row(data, of_variant, material if several else "", cells))
    return tuple(rows)


def cells_of(data: str, of_variant: Variant, runs: Iterable[Run]) -> dict[str, Cell]:
    found = defaultdict(list)
    for run in sorted(runs, key=lambda run: (rank(run.model), run.model, run.seed)):
        found[run.model].append(run)
    return {model: Cell(data, model, of_variant, tuple(own)) for model, own in found.items()}


def missing(
    rows: Iterable[Row], runs: Iterable[Run], subsets: Iterable[str]
) -> dict[tuple[str, Variant], tuple[str, ...]]:
    """(subset, variant) -> models without a finished run.

    The grid is, on every subset, the paper's models where nothing differs from the defaults, and
    under any other variant the models that were run with it somewhere.
    """
    models = defaultdict(set)
    for run in runs:
        models[variant(run)].add(run.model)
    if () in models:
        models[()].update(paper.MODELS)
    found = {(row.data, row.variant, model) for row in rows for model in row.cells}
    gaps = {
        (data, of_variant): in_order({m for m in expected if (data, of_variant, m) not in found})
        for data in in_order(subsets)
        for of_variant, expected in sorted(models.items())
    }
    return {place: lacking for place, lacking in gaps.items() if lacking}


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), key=lambda name: (rank(name), name)))


def rank(name: str) -> int:
    """Place of a subset or a model in the paper's table; others stand behind."""
    order = (*paper.SUBSETS, *paper.MODELS)
    return order.index(name) if name in order else len(order)
