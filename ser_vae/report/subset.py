"""All models on one subset, the trivial ones among them, and each against each."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from ser_vae import SerVaeError
from ser_vae.evaluation.compare import Comparison, compare
from ser_vae.report import paper
from ser_vae.report.cell import Cell, Score, scores_over_seeds
from ser_vae.report.findings import Findings
from ser_vae.report.record import Result
from ser_vae.report.table import Table

TRIVIAL = ("majority", "speaker_lookup")  # they hear nothing
BASELINES = ("logmel_svm", "egemaps_svm", "handcrafted_svm", "logmel_lstm", "pca", "untrained")
KINDS = ("trivial", "baseline", "paper", "other")  # the order in which they stand in a table


@dataclass(frozen=True)
class Trivial:
    """A model that hears nothing: its scores, and its runs if it was run, not only computed."""

    name: str
    scores: Mapping[str, Score]
    cell: Cell | None

    @property
    def ua(self) -> Score:
        return self.scores["ua"]


@dataclass(frozen=True)
class Subset:
    """One subset of a table, of one material.

    Attributes:
        name: the subset's, with the material where there are several.
        cells: by kind, each from the highest UA down; those that leak are last.
    """

    table: Table
    name: str
    cells: tuple[Cell, ...]

    @property
    def place(self) -> str:
        """What heads its tables."""
        return f"{self.table.corpus}, protocol {self.table.protocol}, {self.name}"

    @property
    def results(self) -> list[Result]:
        return [result for cell in self.cells for result in cell.results]

    @property
    def synthetic(self) -> bool:
        return any(result.synthetic for result in self.results)

    @cached_property
    def splits(self) -> dict[int, Result]:
        """Seed -> the result of one of its models: what is alike for all of them."""
        return {run.seed: run.result for cell in self.cells for run in cell.runs if run.result}

    @property
    def tested(self) -> tuple[Comparison, ...]:
        """Every pair that does not leak and shares a seed, in the order of the cells."""
        return self.tests[0]

    @property
    def untested(self) -> str:
        """What is wrong, where the models can't be compared; empty otherwise."""
        return self.tests[1]

    @cached_property
    def tests(self) -> tuple[tuple[Comparison, ...], str]:
        seeds = {cell.name: cell.predictions for cell in self.cells if not cell.leaks}
        pairs = [pair for pair in combinations(seeds, 2) if seeds[pair[0]].keys() & seeds[pair[1]]]
        try:
            return tuple(compare(seeds, pairs)), ""
        except SerVaeError as error:
            return (), str(error).replace("\n", " ")

    def against(self, first: Cell, second: Cell) -> Comparison | None:
        """The first minus the second; None where they could not be tested."""
        names = (first.name, second.name)
        for own in self.tested:
            if (own.first, own.second) == names:
                return own
            if (own.second, own.first) == names:
                return turned(own)
        return None

    @cached_property
    def trivials(self) -> tuple[Trivial, ...]:
        """The better first: as run, or as the metrics of the other models' runs state it."""
        ran = {cell.model: cell for cell in self.cells if cell.model in TRIVIAL}
        splits = list(self.splits.values())
        found = [
            Trivial(name, ran[name].scores if name in ran else stated(name, splits), ran.get(name))
            for name in TRIVIAL
        ]
        known = [trivial for trivial in found if "ua" in trivial.scores]
        return tuple(sorted(known, key=lambda trivial: -trivial.ua.mean))

    def beats_trivial(self, cell: Cell) -> bool:
        """Whether a model's UA lies above the best trivial one's by more than chance.

        The interval of their paired difference says so. Without runs of the trivial model to pair
        with, the interval of its own UA has to lie above; without predictions, the mean. Where even
        the best scores less than 1 / K, as a majority that differs between folds may, it has to lie
        above 1 / K: so much has any one guess for all.
        """
        best, chance = self.trivials[0], 100 / len(cell.results[0].emotions)
        paired = self.against(cell, best.cell) if best.cell else None
        if paired and best.ua.mean >= chance:
            return paired.low > 0
        own = cell.interval.low if cell.interval else cell.ua.mean
        return own > max(best.ua.mean, chance)


def subsets(table: Table) -> list[Subset]:
    """The subsets of a table in the paper's order, one of several materials as several."""
    found: dict[str, dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for row in table.rows:
        for cell in row.cells.values():
            found[row.data][cell.results[0].material].append(cell)
    return [
        Subset(
            table,
            f"{data}, material={material}" if len(materials) > 1 else data,
            tuple(sorted(cells, key=place_of)),
        )
        for data, materials in found.items()
        for material, cells in materials.items()
    ]


def place_of(cell: Cell) -> tuple[bool, int, float, str]:
    return cell.leaks, KINDS.index(kind(cell.model)), -cell.ua.mean, cell.name


def kind(model: str) -> str:
    known = {"trivial": TRIVIAL, "baseline": BASELINES, "paper": paper.MODELS}
    return next((name for name, models in known.items() if model in models), "other")


def stated(name: str, splits: Sequence[Result]) -> dict[str, Score]:
    """The scores of a trivial model that every run's metrics hold, over seeds."""
    found = [
        result.majority if name == "majority" else lookup(result.findings) for result in splits
    ]
    return scores_over_seeds(found)


def lookup(folds: Sequence[Findings]) -> dict[str, float]:
    """Knowing the speaker alone, of all folds together; as a mean over the folds of older runs."""
    audits = [found.audit for found in folds if found.audit]
    if len(audits) < len(folds):
        return {}
    counts = [own.lookup_counts for own in audits if own.lookup_counts]
    if len(counts) == len(folds):
        right, tested = Counter[str](), Counter[str]()
        for own in counts:
            right.update({name: number for name, (number, _) in own.items()})
            tested.update({name: number for name, (_, number) in own.items()})
        recalls = [right[name] / number for name, number in tested.items()]
        return {"ua": sum(recalls) / len(recalls), "wa": right.total() / tested.total()}
    known = [own.lookup for own in audits]
    sizes = [found.utterances for found in folds]
    return {
        metric: float(np.average([own[metric] for own in known], weights=sizes))
        for metric in known[0]
    }


def turned(c: Comparison) -> Comparison:
    """The same pair the other way round."""
    return replace(
        c,
        first=c.second,
        second=c.first,
        difference=-c.difference,
        low=-c.high,
        high=-c.low,
    )
