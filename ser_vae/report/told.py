"""What was said under one label policy, as one figure a seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ser_vae.evaluation.compare import Comparison, compare
from ser_vae.evaluation.confusion import accuracies
from ser_vae.evaluation.predictions import Predictions, pooled
from ser_vae.report.cell import PERCENT, Cell, Interval, Score, interval, scores_over_seeds
from ser_vae.report.findings import Policy
from ser_vae.report.folds import calibration
from ser_vae.report.line import CONTROLS
from ser_vae.report.record import METRICS

HONEST = "null"  # what the others are compared with: no label is told


@dataclass(frozen=True)
class Told:
    """A policy of one cell: seed -> what was said under it, fold by fold."""

    policy: str
    folds: Mapping[int, tuple[Policy, ...]]

    @property
    def leaks(self) -> bool:
        return any(own.leaks for folds in self.folds.values() for own in folds)

    @property
    def control(self) -> bool:
        return self.leaks or self.policy in CONTROLS

    @cached_property
    def predictions(self) -> dict[int, Predictions]:
        """Seed -> its test part, all folds together."""
        return {
            seed: pooled([own.predictions for own in folds]) for seed, folds in self.folds.items()
        }

    @cached_property
    def interval(self) -> Interval | None:
        return interval(list(self.predictions.values()))

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Over seeds, of all folds together."""
        return scores_over_seeds([self.scores_of(seed) for seed in self.folds])

    def scores_of(self, seed: int) -> dict[str, float]:
        found, folds = scored(self.predictions[seed]), self.folds[seed]
        sizes = [len(own.predictions.truth) for own in folds]
        return found | calibration([own.calibration for own in folds], sizes)

    @property
    def ua_of_folds(self) -> list[float]:
        """In %, of every fold of every seed."""
        return [
            PERCENT * scored(own.predictions)["ua"]
            for folds in self.folds.values()
            for own in folds
        ]


def policies_of(cell: Cell) -> list[Told]:
    """In the order in which a run states them; a seed that lacks one in a fold is left out."""
    seeds = {run.seed: run.result.findings for run in cell.runs if run.result}
    names = {name: None for folds in seeds.values() for own in folds for name in own.policies}
    told = [
        Told(
            name,
            {
                seed: tuple(own.policies[name] for own in folds)
                for seed, folds in seeds.items()
                if all(name in own.policies for own in folds)
            },
        )
        for name in names
    ]
    return [own for own in told if own.folds]


def against_honest(told: list[Told]) -> dict[str, Comparison]:
    """Policy -> it minus the honest one, where they have a seed in common."""
    seeds = {own.policy: own.predictions for own in told}
    pairs = [
        (name, HONEST)
        for name in seeds
        if name != HONEST and seeds[name].keys() & seeds.get(HONEST, {}).keys()
    ]
    return {found.first: found for found in compare(seeds, pairs)}


def scored(found: Predictions) -> dict[str, float]:
    k = len(found.emotions)
    confusion = np.zeros((k, k), np.int64)
    np.add.at(confusion, (found.truth, found.guess), 1)
    scores = accuracies(confusion)
    return {name: scores[name] for name in METRICS}
