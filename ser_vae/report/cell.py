"""A model's finished runs as one figure: the average over seeds, and over nothing else."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ser_vae.evaluation.compare import groups_for
from ser_vae.evaluation.intervals import Groups, mean_ua_interval
from ser_vae.evaluation.predictions import Predictions, pooled
from ser_vae.report import paper
from ser_vae.report.findings import Findings
from ser_vae.report.record import Result, Run

Variant = tuple[str, ...]  # `key=value` of the settings that set a row apart; empty: the defaults

PERCENT = 100.0
FACTOR = {"nll": 1.0}  # a score as it is shown: in nats; every other one in %


@dataclass(frozen=True)
class Score:
    """Over n seeds; in %, or nats."""

    mean: float
    sd: float | None  # of the sample, n - 1; None for a single seed
    n: int


@dataclass(frozen=True)
class Interval:
    """At 95 %, of a mean over seeds, in %; `groups` are what was drawn."""

    low: float
    high: float
    groups: Groups


@dataclass(frozen=True)
class Cell:
    """One model under one variant on one subset; its runs are finished, one a seed, by seed."""

    data: str
    model: str
    variant: Variant
    runs: tuple[Run, ...]

    @property
    def name(self) -> str:
        return ", ".join([heading(self.model), *self.variant])

    @property
    def results(self) -> list[Result]:
        return [run.result for run in self.runs if run.result]

    @property
    def findings(self) -> list[Findings]:
        """Of each seed, and of each fold where there are several."""
        return [found for result in self.results for found in result.findings]

    @property
    def leaks(self) -> bool:
        return any(result.leaks for result in self.results)

    @cached_property
    def scores(self) -> Mapping[str, Score]:
        """Of all that every one of its runs measured."""
        return scores_over_seeds([result.score for result in self.results])

    @property
    def ua(self) -> Score:
        return self.scores["ua"]

    @cached_property
    def predictions(self) -> Mapping[int, Predictions]:
        """Seed -> its test part, all folds together; without the seeds that lack a file."""
        folds = {run.seed: run.result.findings for run in self.runs if run.result}
        return {
            seed: pooled([found.predictions for found in own if found.predictions])
            for seed, own in folds.items()
            if all(found.predictions for found in own)
        }

    @cached_property
    def interval(self) -> Interval | None:
        """Of UA; None where a seed's predictions are missing."""
        if len(self.predictions) < len(self.runs):
            return None
        return interval(list(self.predictions.values()))


def interval(seeds: Sequence[Predictions]) -> Interval | None:
    """Of mean UA: over speakers where they are known, otherwise over utterances."""
    groups = groups_for(seeds)
    found = mean_ua_interval(seeds, groups)
    return found and Interval(PERCENT * found[0], PERCENT * found[1], groups)


def score(values: Iterable[float], factor: float = PERCENT) -> Score:
    shown = [factor * value for value in values]
    sd = statistics.stdev(shown) if len(shown) > 1 else None
    return Score(statistics.mean(shown), sd, len(shown))


def scores_over_seeds(found: Sequence[Mapping[str, float]]) -> dict[str, Score]:
    """Of the metrics that every seed has."""
    return {
        metric: score((seed[metric] for seed in found), FACTOR.get(metric, PERCENT))
        for metric in found[0]
        if all(metric in seed for seed in found)
    }


def heading(model: str) -> str:
    """A model's name in a table: the paper's in capitals."""
    return model.upper() if model in paper.MODELS else model
