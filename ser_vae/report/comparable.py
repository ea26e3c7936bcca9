"""Decide which runs make one row, and which rows can be compared.

A row is one way to recognise emotion: everything but the seed and the fold. Its scores are means
over seeds; the folds of a protocol are scored as one test set. Rows stand in one place, and are
tested against each other, if they were tested on the same utterances under the same protocol,
whatever their settings; settings that differ are in a row's name.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ser_vae.evaluation.predictions import Predictions
from ser_vae.report.paper import CORPUS, MODELS, SUBSETS, heading
from ser_vae.report.runs import HEADLINE, P, Record, RunFrames

TRIVIAL = ("majority", "speaker_lookup")  # they use no audio
BASELINES = ("logmel_svm", "egemaps_svm", "handcrafted_svm", "logmel_lstm", "pca", "untrained")
KINDS = {"trivial": TRIVIAL, "baseline": BASELINES, "paper": MODELS}  # in a table's order

OF_NETWORKS = ("training", "trainer", "classifier", "label_", "data.")  # settings only they use
OF_AUDIO = ("features", "normalise", "model.")
OF_TEST_SET = ("split", "corpus", "bad_audio")  # settings that decide what is tested


@dataclass(eq=False)
class Row:
    """Runs that differ in nothing but seed and fold.

    Attributes:
        study: corpus and protocol.
        tested: "" if all folds of the protocol were; "fold 0 of 5" otherwise.
        settings: those that the model uses; `model` and `data` are among them.
        runs: one per seed and fold.
        units: label policy (HEADLINE: the row itself) -> seed -> predictions of all folds.
        variant: `key=value` of the settings that set it apart from other rows.
    """

    study: str
    tested: str
    settings: dict[str, str]
    runs: list[Record] = field(default_factory=list)
    units: dict[str, dict[int, Predictions]] = field(default_factory=dict)
    variant: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return ", ".join([heading(self.settings["model"]), *self.variant])

    @property
    def kind(self) -> str:
        model = self.settings["model"]
        return next((kind for kind, models in KINDS.items() if model in models), "other")

    @property
    def leaks(self) -> bool:
        return any(run["leaks"] for run in self.runs)

    def folds_of(self, seed: int) -> list[Record]:
        return [run for run in self.runs if run["seed"] == seed]


@dataclass(eq=False)
class Place:
    """Rows that were tested on the same utterances, seed by seed.

    Attributes:
        study: corpus and protocol.
        tested: seed -> the emotions and the set of utterances, with speaker and emotion.
        name: the subset of the corpus, and which folds.
        layout: whether the study has the rows of the paper's Table I.
    """

    study: str
    rows: list[Row] = field(default_factory=list)
    tested: dict[int, object] = field(default_factory=dict)
    name: str = ""
    layout: bool = False

    @property
    def run(self) -> Record:
        """Any of its runs: what holds for all, such as the corpus."""
        return self.rows[0].runs[0]


def group_runs(frames: RunFrames) -> tuple[list[Place], dict[str, str]]:
    """Assign every finished run to a row, and every row to a place.

    Returns:
        The places in the order of a table, and run left out -> the later one that is counted.
    """
    finished = frames.runs[frames.runs["state"] == "finished"].to_dict("records")
    rows, repeated = make_rows(finished)
    stored = dict(iter(frames.predictions.groupby(["run", "policy"], sort=False)))
    for row in rows:
        pool_folds(row, stored)
    places = assign_places(rows)
    for key in sorted({key for row in rows for key in row.settings} - {"model"}):
        mark_differences(places, key)
    name_places(places)
    places.sort(key=lambda p: (p.study, (*SUBSETS, p.run["data"]).index(p.run["data"]), p.name))
    return places, repeated


def make_rows(runs: Sequence[Record]) -> tuple[list[Row], dict[str, str]]:
    """Put runs into rows; of two runs of the same row, seed and fold, keep the latest."""
    kept: dict[tuple[Hashable, int, int | None], Record] = {}
    repeated = {}
    for run in sorted(runs, key=lambda run: (-run["written"], run["folder"])):
        run["fold"] = None if pd.isna(run["fold"]) else int(run["fold"])
        run["used"] = used_settings(run)
        same: Hashable = (run["corpus"], run["protocol"], *sorted(run["used"].items()))
        first = kept.setdefault((same, run["seed"], run["fold"]), run)
        if first is not run:
            repeated[run["folder"]] = first["folder"]
    folds = defaultdict(list)
    for same, seed, fold in kept:
        folds[same, seed].append(fold)
    rows: dict[Hashable, Row] = {}
    for (same, seed, _), run in sorted(kept.items(), key=in_order):
        tested, count = sorted(folds[same, seed], key=str), int(run["folds"])
        whole = run["fold"] is None or len(tested) == count
        part = "" if whole else f"fold {', '.join(map(str, tested))} of {count}"
        study = f"{run['corpus']}, {run['protocol']} split"
        rows.setdefault((same, part), Row(study, part, run["used"])).runs.append(run)
    return list(rows.values()), repeated


def in_order(item: tuple[Any, Record]) -> tuple[int, int, str]:
    return item[1]["seed"], item[1]["fold"] or 0, item[1]["folder"]


def used_settings(run: Record) -> dict[str, str]:
    """Return the settings that the run's model uses, judged by the curves that it left.

    What else a run reports, under `label_policies`, decides no score.
    """
    untrained = [s for s in ("pretrain", "classify") if f"{s}.csv" not in run["files"]]
    ignored = OF_NETWORKS if len(untrained) == 2 else tuple(f"training.{s}." for s in untrained)
    ignored += ("label_policies",) if run["policies"] else ("label_", "training.label_dropout")
    ignored += OF_AUDIO if run["model"] in TRIVIAL else ()
    ignored += ("features",) if run["model"] == "egemaps_svm" else ()
    used = {k: v for k, v in run["settings"].items() if not k.startswith(ignored)}
    return used | {"model": run["model"], "data": run["data"]}


def pool_folds(row: Row, stored: Mapping[Any, pd.DataFrame]) -> None:
    """Fill the units of a row: all folds together; a policy that a fold lacks is left out."""
    for seed in dict.fromkeys(run["seed"] for run in row.runs):
        folds = row.folds_of(seed)
        for policy in (HEADLINE, *folds[0]["policies"]):
            frames = [stored.get((run["folder"], policy)) for run in folds]
            if all(frame is not None for frame in frames):
                unit = to_predictions(pd.concat(frames), folds[0]["emotions"])
                row.units.setdefault(policy, {})[seed] = unit


def to_predictions(frame: pd.DataFrame, emotions: Sequence[str]) -> Predictions:
    """Return the rows of one run and policy as what `ser_vae.evaluation` computes with."""
    names: Record = {name: tuple(frame[name]) for name in ("utterance", "speaker", "dialogue")}
    truth = pd.Categorical(frame["truth"], categories=list(emotions)).codes.astype("int64")
    probability = frame[[P + emotion for emotion in emotions]].to_numpy(dtype="float64")
    return Predictions(tuple(emotions), truth=truth, probability=probability, **names)


def assign_places(rows: Sequence[Row]) -> list[Place]:
    """Put rows into places; rows without a common seed share one if they are of one subset."""
    places: list[Place] = []
    for row in rows:
        tested = {
            seed: (unit.emotions, {*zip(unit.utterance, unit.speaker, unit.truth, strict=True)})
            for seed, unit in row.units[HEADLINE].items()
        }
        place = next((place for place in places if fits(row, tested, place)), Place(row.study))
        places += [] if place.rows else [place]
        place.rows.append(row)
        place.tested |= tested
    return places


def fits(row: Row, tested: dict[int, Any], place: Place) -> bool:
    same = [tested[seed] == place.tested[seed] for seed in tested.keys() & place.tested.keys()]
    subsets = {(other.settings["data"], other.tested) for other in place.rows}
    alike = (row.settings["data"], row.tested) in subsets
    return row.study == place.study and all(same) and (bool(same) or alike)


def mark_differences(places: Sequence[Place], key: str) -> None:
    """Add `key=value` to the variant of the rows whose value is not the usual one among peers.

    Peers are of one study. Settings of an option, such as model.beta, are compared among the rows
    that chose it; the subset within a place; what else decides a test set within a subset.
    """
    group, peers = key.partition(".")[0], defaultdict[Hashable, list[Row]](list)
    for number, place in enumerate(places):
        for row in (row for row in place.rows if key in row.settings):
            option = row.settings.get(group) if key != group else None
            subset = (row.settings["data"], row.tested) if group in OF_TEST_SET else None
            peers[row.study, option, subset, number if group == "data" else None].append(row)
    for rows in peers.values():
        usual = usual_value(rows, key)
        for row in (row for row in rows if row.settings[key] != usual):
            row.variant += (f"{key}={row.settings[key]}",)


def usual_value(rows: Sequence[Row], key: str) -> str | None:
    """Return the value that needs no mention: the default, or else that of more than half.

    The default is the one value of the rows whose commands did not set the key.
    """

    def sets(override: str) -> bool:
        name = override.partition("=")[0]
        return key == name or ("." in name and key.startswith(f"{name}."))

    commands = [(row, row.runs[0]["overrides"]) for row in rows]
    default = {row.settings[key] for row, words in commands if words and not any(map(sets, words))}
    value, count = Counter(row.settings[key] for row in rows).most_common(1)[0]
    if len(default) == 1:
        return default.pop()
    return value if 2 * count > len(rows) else None


def name_places(places: Sequence[Place]) -> None:
    """Name every place by its subset, with a number where a study has two of the same."""
    of_paper = {
        row.study for place in places for row in place.rows if row.settings["data"] in SUBSETS[:2]
    }
    taken = Counter[tuple[str, str]]()
    for place in places:
        place.layout = place.study in of_paper or place.run["corpus"] == CORPUS
        place.name = ", ".join(filter(None, (place.run["data"], place.rows[0].tested)))
        taken[place.study, place.name] += 1
        if (number := taken[place.study, place.name]) > 1:
            place.name += f" ({number})"
