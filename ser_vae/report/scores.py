"""Compute the numbers of the report: a frame of scores, and the tested pairs.

Scores are in %, as means and sample standard deviations over seeds; nll is in nats per utterance.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ser_vae.data.audit import score_lookup
from ser_vae.evaluation.compare import compare, groups_for
from ser_vae.evaluation.intervals import mean_ua_interval
from ser_vae.evaluation.metrics import accuracies, evaluate
from ser_vae.evaluation.predictions import CONTROLS
from ser_vae.report.comparable import KIND_ORDER, TRIVIAL, Row, TestSet, group_runs
from ser_vae.report.contents import TABLE_I
from ser_vae.report.runs import MAIN, METRICS, Record, RunFrames
from ser_vae.terminal import track

REFERENCE = "null"  # the policy that the others are compared with: no label is given
MODELS = "models"  # in pairs.of: rows of a test set, not label policies of one row
PERCENT = 100.0


@dataclass(frozen=True)
class Results:
    """Everything that the tables, the figures and the page show.

    Attributes:
        frames: the runs.
        test_sets: their rows, grouped. A test set's number is its position here.
        repeated: ignored run -> later run of the same row, seed and fold.
        scores: in the order of a table, one row per `Row`, per label policy of it, and per trivial
            baseline that was not run: row (None if not run), name, variant, model, kind, policy
            (MAIN: that of the row), leaks, seeds, n, every metric and its `_sd`, low, high,
            interval_over, beats_trivial, collapsed and one_class (numbers of runs and of seeds);
            and about its test set: test_set (number), data (name), study, corpus, protocol,
            synthetic, best_trivial and best_trivial_ua (of the better trivial baseline), and
            paper_accuracy (NaN where the paper has none).
        pairs: one record per tested pair: of (MODELS, the better row first, or the label policies
            of a row), what `compare` returns with difference, low and high in points, and control;
            and about its test set as in `scores`.
    """

    frames: RunFrames
    test_sets: Sequence[TestSet]
    repeated: Mapping[str, str]
    scores: pd.DataFrame
    pairs: Sequence[Record]

    def scores_of(self, test_set: int) -> pd.DataFrame:
        """Return the scores of the rows of a test set, without other label policies."""
        return self.scores[(self.scores["test_set"] == test_set) & (self.scores["policy"] == MAIN)]

    def pairs_of(self, test_set: int, of: str = MODELS) -> list[Record]:
        """Return the tested pairs of the rows of a test set, or of one row's label policies."""
        return [pair for pair in self.pairs if (pair["test_set"], pair["of"]) == (test_set, of)]

    def ranking(self, study: str) -> pd.DataFrame:
        """Return the scores of a study's rows that use audio and do not leak, best first."""
        rows = self.scores.query("policy == '' and kind != 'trivial' and not leaks")
        return rows[rows["study"] == study].sort_values("ua", ascending=False, kind="stable")


def compute_results(frames: RunFrames) -> Results:
    """Group the runs, score every row, and test all pairs of a test set."""
    test_sets, repeated = group_runs(frames)
    scores: list[Record] = []
    pairs: list[Record] = []
    for number, test_set in enumerate(track(test_sets, "scores", len(test_sets), transient=True)):
        records = [score_row(row, MAIN) for row in test_set.rows] + trivial_baselines(test_set)
        records.sort(key=lambda score: (-score["ua"], len(score["variant"])))
        rows = [score["row"] for score in records if score["row"] and not score["leaks"]]
        by_name = {row.name: row.predictions[MAIN] for row in rows}
        tested = compare_pairs(by_name, combinations(by_name, 2), MODELS)
        tested_on = next(iter(test_set.rows[0].predictions[MAIN].values()))
        chance = PERCENT / tested_on["truth"].nunique()
        trivial = next(score for score in records if score["kind"] == "trivial")
        for score in records:
            score["beats_trivial"] = beats_trivial(score, trivial, tested, chance)
        records.sort(key=lambda score: (score["leaks"], KIND_ORDER.index(score["kind"])))
        for row in rows:
            by_policy = {p: predictions for p, predictions in row.predictions.items() if p != MAIN}
            records += [score_row(row, policy) for policy in by_policy]
            against = ((policy, REFERENCE) for policy in by_policy if policy != REFERENCE)
            tested += compare_pairs(by_policy, against, f"label policies of {row.name}")
        shared = {"test_set": number, "study": test_set.study, "data": test_set.name}
        shared |= {key: test_set.run[key] for key in ("corpus", "protocol", "synthetic")}
        shared |= {"best_trivial": trivial["name"], "best_trivial_ua": trivial["ua"]}
        paper = TABLE_I.get(test_set.run["data"], {}) if test_set.paper_layout else {}
        for score in records:
            value = None if score["variant"] or score["policy"] else paper.get(score["model"])
            scores.append({"beats_trivial": None, **score, **shared, "paper_accuracy": value})
        pairs += [pair | shared for pair in tested]
    return Results(frames, test_sets, repeated, pd.DataFrame(scores), pairs)


def score_row(row: Row, policy: str) -> Record:
    """Return the scores of a row under one label policy, with the interval of its UA."""
    by_seed = row.predictions[policy]
    groups = groups_for(list(by_seed.values()))
    low, high = mean_ua_interval(list(by_seed.values()), groups) or (np.nan, np.nan)
    seeds = {s: score_seed(row.runs_of_seed(s), pooled, policy) for s, pooled in by_seed.items()}
    fixed = row.kind == "imported" and row.runs[0]["every_seed"]  # hence its sd means nothing
    return {
        **{"row": row, "name": row.name, "variant": row.variant, "model": row.settings["model"]},
        **{"kind": row.kind, "policy": policy, "leaks": row.leaks or policy == "oracle"},
        **summarise(seeds),
        **({f"{metric}_sd": np.nan for metric in METRICS} if fixed else {}),
        **{"low": PERCENT * low, "high": PERCENT * high, "interval_over": groups},
        "collapsed": sum(run.get("health.collapsed") is True for run in row.runs),
        "one_class": sum(pooled["guess"].nunique() == 1 for pooled in by_seed.values()),
    }


def score_seed(folds: Sequence[Record], pooled: pd.DataFrame, policy: str) -> Record:
    """Return the metrics of one seed; those of several folds are of all utterances together."""
    if len(folds) == 1:
        prefix = f"policies.{policy}." if policy else ""
        return {metric: folds[0].get(prefix + metric, np.nan) for metric in METRICS}
    together = evaluate(pooled, "all")
    known = [metric for metric in METRICS if policy or not np.isnan(folds[0][metric])]
    return {metric: together[f"all/test/{metric}"] for metric in known}


def summarise(seeds: Mapping[int, Mapping[str, Any]]) -> Record:
    """Return mean and sample standard deviation over seeds of every metric, in % or nats."""
    frame = pd.DataFrame(list(seeds.values()), columns=list(METRICS)) * PERCENT
    frame["nll"] /= PERCENT
    moments = {**frame.mean(), **frame.std().add_suffix("_sd")}
    return {"seeds": sorted(seeds), "n": len(seeds), **moments}


def compare_pairs(
    by_name: Mapping[str, Mapping[int, pd.DataFrame]], pairs: Iterable[tuple[str, str]], of: str
) -> list[Record]:
    """Test every pair that has a seed in common; Holm's correction covers all of them."""
    pairs = [(a, b) for a, b in pairs if by_name[a].keys() & by_name.get(b, {}).keys()]
    records = compare(by_name, pairs)
    for pair in records:
        pair |= {key: PERCENT * pair[key] for key in ("difference", "low", "high")}
        pair |= {"of": of, "control": of != MODELS and pair["first"] in CONTROLS}
    return records


def trivial_baselines(test_set: TestSet) -> list[Record]:
    """Return the scores of the trivial baselines that were not run; every run stores them."""
    by_seed = {s: row.runs_of_seed(s) for row in test_set.rows for s in row.predictions[MAIN]}
    formulas = {"majority": majority_scores, "speaker_lookup": lookup_scores}
    were_run = [row.settings["model"] for row in test_set.rows if not row.variant]
    scores: list[Record] = [
        {"row": None, "name": name, "model": name, "kind": "trivial", "variant": (), "policy": MAIN}
        | {"leaks": False, "low": np.nan, "high": np.nan, "collapsed": 0, "one_class": 0}
        | summarise({seed: formulas[name](folds) for seed, folds in by_seed.items()})
        for name in TRIVIAL
        if name not in were_run
    ]
    return [score for score in scores if not np.isnan(score["ua"])]


def majority_scores(folds: Sequence[Record]) -> Record:
    """Score the most frequent emotion of the training set; for several folds UA, WA and F1."""
    if len(folds) == 1:
        return {metric: folds[0].get(f"majority.{metric}", np.nan) for metric in METRICS}
    return {**accuracies(np.sum([fold["majority.confusion"] for fold in folds], axis=0))}


def lookup_scores(folds: Sequence[Record]) -> Record:
    """Score every speaker's most frequent emotion in training, all folds together."""
    keys = [key for key in folds[0] if key.startswith("audit.speaker_lookup_counts.")]
    counts = [{key: fold[key] for key in keys if isinstance(fold[key], list)} for fold in folds]
    return score_lookup(counts) if any(counts) else {}


def beats_trivial(score: Record, trivial: Record, pairs: Sequence[Record], chance: float) -> bool:
    """Return whether the UA of a row is significantly above the best trivial baseline.

    The interval of their paired difference decides; if the baseline was not run, the interval of
    the row's UA. The best baseline may score below chance, as a majority that differs between folds
    does; then the row must exceed chance: 1 / K for K classes in the test set, the UA of the best
    constant prediction.
    """
    for pair in pairs if trivial["ua"] >= chance else ():
        if (pair["first"], pair["second"]) == (score["name"], trivial["name"]):
            return bool(pair["low"] > 0)
    lowest = score["ua"] if np.isnan(score["low"]) else score["low"]
    return bool(not score["leaks"] and lowest > max(trivial["ua"], chance))
