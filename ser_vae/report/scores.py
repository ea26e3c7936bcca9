"""Compute the report's numbers: a frame of scores, and the tested pairs.

Scores are in %, means and sample standard deviations over seeds; nll is in nats per utterance.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ser_vae.evaluation.compare import ALPHA, compare, groups_for
from ser_vae.evaluation.confusion import accuracies
from ser_vae.evaluation.intervals import mean_ua_interval
from ser_vae.evaluation.predictions import Predictions
from ser_vae.report.comparable import KINDS, TRIVIAL, Place, Row, group_runs
from ser_vae.report.paper import TABLE_I
from ser_vae.report.runs import HEADLINE, METRICS, Record, RunFrames

CONTROLS = ("random", "oracle")  # label policies that show what a label does; never a result
HONEST = "null"  # the policy that the others are compared with: no label is given
MODELS = "models"  # in pairs.of: rows of a place, not label policies of one row
PERCENT = 100.0


@dataclass(frozen=True)
class Results:
    """Everything that tables, figures and the page show.

    Attributes:
        frames: the runs as read.
        places: their rows, grouped; a place's number is its position.
        repeated: run left out -> run of the same row, seed and fold.
        scores: one row per `Row`, per label policy of it, and per trivial baseline that was not
            run: place, row (None if not run), name, variant, model, kind, policy (HEADLINE: the
            row's own), leaks, seeds, n, every metric and its `_sd`, low, high, interval_over,
            beats_trivial, collapsed and one_class (numbers of runs and seeds); and of its place:
            study, corpus, protocol, on (its name), best_trivial and best_trivial_ua (the better
            baseline), synthetic, cited (the paper's accuracy). In a table's order.
        pairs: one record per tested pair: place, of (MODELS, the better row first, or label
            policies of a row), the fields of `Comparison` with difference, low and high in points,
            corrected_for, significant, control; and of its place as in `scores`.
    """

    frames: RunFrames
    places: Sequence[Place]
    repeated: Mapping[str, str]
    scores: pd.DataFrame
    pairs: Sequence[Record]

    def scores_of(self, place: int) -> pd.DataFrame:
        """Return the scores of a place's rows, without those of label policies."""
        return self.scores[(self.scores["place"] == place) & (self.scores["policy"] == HEADLINE)]

    def pairs_of(self, place: int, of: str = MODELS) -> list[Record]:
        """Return the tested pairs of a place's rows, or of one row's label policies."""
        return [pair for pair in self.pairs if (pair["place"], pair["of"]) == (place, of)]

    def heard(self, study: str) -> pd.DataFrame:
        """Return the scores of a study's rows that use audio and don't leak, the best first."""
        rows = self.scores.query("policy == '' and kind != 'trivial' and not leaks")
        return rows[rows["study"] == study].sort_values("ua", ascending=False, kind="stable")


def compute(frames: RunFrames) -> Results:
    """Group the runs, score every row, and test every pair of a place."""
    places, repeated = group_runs(frames)
    scores: list[Record] = []
    pairs: list[Record] = []
    for number, place in enumerate(places):
        own = [score_row(row, HEADLINE) for row in place.rows] + trivial_baselines(place)
        own.sort(key=lambda score: (-score["ua"], len(score["variant"])))
        rows = [score["row"] for score in own if score["row"] and not score["leaks"]]
        units = {row.name: row.units[HEADLINE] for row in rows}
        tested = test_pairs(units, combinations(units, 2), MODELS)
        trivial = next(score for score in own if score["kind"] == "trivial")
        for score in own:
            score["beats_trivial"] = not score["leaks"] and beats(score, trivial, tested, place)
        own.sort(key=lambda score: (score["leaks"], [*KINDS, "other"].index(score["kind"])))
        for row in rows:
            units = {policy: row.units[policy] for policy in row.units if policy}
            own += [score_row(row, policy) for policy in units]
            against = [(p, HONEST) for p in units if p != HONEST and HONEST in units]
            tested += test_pairs(units, against, f"label policies of {row.name}")
        shared = {"place": number, "study": place.study, "on": place.name}
        shared |= {key: place.run[key] for key in ("corpus", "protocol", "synthetic")}
        best = {"best_trivial": trivial["name"], "best_trivial_ua": trivial["ua"]}
        cited = TABLE_I.get(place.run["data"], {}) if place.layout else {}
        for score in own:
            value = None if score["variant"] or score["policy"] else cited.get(score["model"])
            scores.append({"beats_trivial": False, **score, **shared, **best, "cited": value})
        pairs += [pair | shared for pair in tested]
    return Results(frames, places, repeated, pd.DataFrame(scores), pairs)


def score_row(row: Row, policy: str) -> Record:
    """Return the scores of a row under one label policy, with the interval of its UA."""
    units = row.units[policy]
    groups = groups_for(list(units.values()))
    ends = mean_ua_interval(list(units.values()), groups) or (np.nan, np.nan)
    return {
        **{"row": row, "name": row.name, "variant": row.variant, "model": row.settings["model"]},
        **{"kind": row.kind, "policy": policy, "leaks": row.leaks or policy == "oracle"},
        **summarise({s: seed_scores(row.folds_of(s), unit, policy) for s, unit in units.items()}),
        **{"low": PERCENT * ends[0], "high": PERCENT * ends[1], "interval_over": groups},
        "collapsed": sum(run.get("health.collapsed") is True for run in row.runs),
        "one_class": sum(len({*unit.guess}) == 1 for unit in units.values()),
    }


def seed_scores(folds: Sequence[Record], unit: Predictions, policy: str) -> Record:
    """Return the metrics of one seed; those of several folds are of all utterances together."""
    if len(folds) == 1:
        prefix = f"policies.{policy}." if policy else ""
        return {metric: folds[0].get(prefix + metric, np.nan) for metric in METRICS}
    from ser_vae.evaluation.metrics import evaluate  # noqa: PLC0415  (imports torch)

    together = evaluate(unit, "all")
    return {metric: together[f"all/test/{metric}"] for metric in METRICS}


def summarise(seeds: Mapping[int, Mapping[str, Any]]) -> Record:
    """Return mean and sample standard deviation over seeds of every metric, in % or nats."""
    frame = pd.DataFrame(list(seeds.values()), columns=list(METRICS)) * PERCENT
    frame["nll"] /= PERCENT
    moments = {**frame.mean(), **frame.std().add_suffix("_sd")}
    return {"seeds": sorted(seeds), "n": len(seeds), **moments}


def test_pairs(
    units: Mapping[str, Mapping[int, Predictions]], pairs: Iterable[tuple[str, str]], of: str
) -> list[Record]:
    """Test every pair that shares a seed; Holm's correction is over all of them."""
    pairs = [(a, b) for a, b in pairs if units[a].keys() & units[b].keys()]
    found = []
    for record in map(asdict, compare(units, pairs)):
        points = {key: PERCENT * record[key] for key in ("difference", "low", "high")}
        p = max(record["mcnemar_corrected"], record["bootstrap_corrected"])
        points |= {"of": of, "significant": p < ALPHA, "corrected_for": len(pairs)}
        control = of != MODELS and record["first"] in CONTROLS
        found.append({**record, **points, "control": control})
    return found


def trivial_baselines(place: Place) -> list[Record]:
    """Return the scores of the baselines without audio that were not run, as other runs state."""
    splits = {seed: row.folds_of(seed) for row in place.rows for seed in row.units[HEADLINE]}
    stated = {"majority": majority_scores, "speaker_lookup": lookup_scores}
    ran = [row.settings["model"] for row in place.rows if not row.variant]
    scores: list[Record] = [
        {"row": None, "name": name, "model": name, "kind": "trivial", "variant": (), "policy": ""}
        | {"leaks": False, "low": np.nan, "high": np.nan, "collapsed": 0, "one_class": 0}
        | summarise({seed: stated[name](folds) for seed, folds in splits.items()})
        for name in TRIVIAL
        if name not in ran
    ]
    return [score for score in scores if not np.isnan(score["ua"])]


def majority_scores(folds: Sequence[Record]) -> Record:
    """Return the scores of the training set's commonest emotion; of several folds, accuracies."""
    if len(folds) == 1:
        return {metric: folds[0].get(f"majority.{metric}", np.nan) for metric in METRICS}
    return {**accuracies(np.sum([fold["majority.confusion"] for fold in folds], axis=0))}


def lookup_scores(folds: Sequence[Record]) -> Record:
    """Return the scores of every speaker's commonest emotion in training, all folds together."""
    keys = [key for key in folds[0] if key.startswith("audit.speaker_lookup_counts.")]
    counts = [[fold[key] for fold in folds if isinstance(fold[key], list)] for key in keys]
    right, tested = np.array([np.sum(each, axis=0) for each in counts if each] or [[0, 0]]).T
    return {"ua": np.mean(right / tested), "wa": right.sum() / tested.sum()} if any(tested) else {}


def beats(score: Record, trivial: Record, pairs: Sequence[Record], place: Place) -> bool:
    """Return whether a row's UA is above the best trivial baseline's by more than chance.

    The interval of their paired difference decides; where the baseline was not run, the interval
    of the row's own UA. If even the best baseline scores below 1 / K, as a majority that differs
    between folds may, the row has to be above that, which any constant guess reaches.
    """
    chance = PERCENT / len(place.run["emotions"])
    for pair in pairs if trivial["ua"] >= chance else ():
        if (pair["first"], pair["second"]) == (score["name"], trivial["name"]):
            return bool(pair["low"] > 0)
    lowest = score["ua"] if np.isnan(score["low"]) else score["low"]
    return bool(lowest > max(trivial["ua"], chance))
