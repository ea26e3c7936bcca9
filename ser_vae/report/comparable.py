"""Decide which runs make one row, and which rows can be compared.

A row is one way to recognise emotion: every setting except seed and fold. Its scores are means over
seeds; the folds of a protocol are scored together, as one test set. Rows are tested against each
other if they were tested on the same utterances under the same protocol, whatever their settings.
Settings that differ are part of a row's name.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ser_vae import SerVaeError
from ser_vae.evaluation.compare import describe_test_set
from ser_vae.evaluation.predictions import COLUMNS, PROBABILITY
from ser_vae.report.contents import CORPUS, MODELS, SUBSETS, heading
from ser_vae.report.runs import MAIN, Record, RunFrames

TRIVIAL = ("majority", "speaker_lookup")  # they use no audio
OF_UTTERANCES = ("pooled_linear", "pooled_svm", "logmel_svm", "egemaps_svm", "handcrafted_svm")
BASELINES = (*OF_UTTERANCES, "logmel_lstm", "pca", "untrained")
KINDS = {"trivial": TRIVIAL, "baseline": BASELINES, "paper": MODELS}
KIND_ORDER = (*KINDS, "other", "imported")  # in a table
KIND_OF = {model: kind for kind, models in KINDS.items() for model in models}

NETWORK_SETTINGS = ("training", "trainer", "label_")
AUDIO_SETTINGS = ("features", "normalise", "model.")
TEST_SET_SETTINGS = ("split", "corpus", "bad_audio")  # they decide which utterances are tested


@dataclass(eq=False)
class Row:
    """Runs that differ only in seed and fold.

    Attributes:
        study: corpus and protocol.
        folds: "" if all folds of the protocol were run; "fold 0 of 5" otherwise.
        settings: those that the model uses, `model` and `data` among them.
        runs: one per seed and fold.
        predictions: label policy (MAIN: the policy of the row) -> seed -> predictions of all folds.
        variant: `key=value` of the settings that distinguish it from other rows.
    """

    study: str
    folds: str
    settings: dict[str, str]
    runs: list[Record] = field(default_factory=list)
    predictions: dict[str, dict[int, pd.DataFrame]] = field(default_factory=dict)
    variant: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return ", ".join([heading(self.settings["model"]), *self.variant])

    @property
    def kind(self) -> str:
        imported = self.runs[0]["state"] == "imported"
        return "imported" if imported else KIND_OF.get(self.settings["model"], "other")

    @property
    def leaks(self) -> bool:
        return any(run["leaks"] for run in self.runs)

    def runs_of_seed(self, seed: int) -> list[Record]:
        return [run for run in self.runs if run["seed"] == seed]


@dataclass(eq=False)
class TestSet:
    """Rows that were tested on the same utterances, seed by seed.

    Attributes:
        study: corpus and protocol.
        run: any of its runs, for what all have in common, such as the corpus.
        utterances: seed -> what `describe_test_set` returns.
        name: the subset of the corpus, and the folds if only some were run.
        paper_layout: whether the study has the rows of the paper's Table I.
    """

    study: str
    run: Record
    rows: list[Row] = field(default_factory=list)
    utterances: dict[int, object] = field(default_factory=dict)
    name: str = ""
    paper_layout: bool = False


def group_runs(frames: RunFrames) -> tuple[list[TestSet], dict[str, str]]:
    """Assign every finished run to a row, and every row to a test set.

    Returns:
        The test sets in the order of a table, and ignored run -> the later run that replaces it.
    """
    with_scores = frames.runs["state"].isin(["finished", "imported"])
    rows, repeated = make_rows(frames.runs[with_scores].to_dict("records"))
    tables = dict(iter(frames.predictions.groupby(["run", "policy"], sort=False)))
    for row in rows:
        pool_folds(row, tables)
    test_sets = group_by_test_set(rows)
    if alone := [t.rows[0] for t in test_sets if t.rows[0].kind == "imported"]:
        raise SerVaeError(
            f"{alone[0].name}: the file has {alone[0].folds} of {alone[0].study}, but no run was "
            "tested on exactly these utterances.\nPredict the utterances of all folds."
        )
    for key in sorted({key for row in rows for key in row.settings} - {"model"}):
        mark_differences(test_sets, key)
    name_test_sets(test_sets)
    test_sets.sort(key=lambda t: (t.study, (*SUBSETS, t.run["data"]).index(t.run["data"]), t.name))
    return test_sets, repeated


def make_rows(runs: Sequence[Record]) -> tuple[list[Row], dict[str, str]]:
    """Group runs into rows; of two runs of the same row, seed and fold, keep the latest."""
    kept: dict[tuple[Hashable, int, int | None], Record] = {}
    folds, repeated = defaultdict(list), {}
    for run in sorted(runs, key=lambda run: (-run["written"], run["folder"])):
        run["fold"] = None if pd.isna(run["fold"]) else int(run["fold"])
        run["used"] = used_settings(run)
        about = (run["corpus"], run["protocol"], tuple(run["emotions"]))
        run["key"] = (*about, *sorted(run["used"].items()))
        latest = kept.setdefault((run["key"], run["seed"], run["fold"]), run)
        if latest is run:
            folds[run["key"], run["seed"]].append(str(run["fold"]))
        else:
            repeated[run["folder"]] = latest["folder"]
    rows: dict[Hashable, Row] = {}
    order = ("state", "seed", "fold", "folder")  # so that what is imported comes last
    for run in sorted(kept.values(), key=lambda run: [run[key] or 0 for key in order]):
        finished, count = folds[run["key"], run["seed"]], int(run["folds"])
        complete = run["fold"] is None or len(finished) == count
        note = "" if complete else f"fold {', '.join(sorted(finished))} of {count}"
        study = f"{run['corpus']}, {run['protocol']} split"
        rows.setdefault((run["key"], note), Row(study, note, run["used"])).runs.append(run)
    return list(rows.values()), repeated


def used_settings(run: Record) -> dict[str, str]:
    """Return the settings that the model of a run uses, judging by the curves in its folder.

    `label_policies` lists what else is reported; it changes no score.
    """
    untrained = [s for s in ("pretrain", "classify") if f"{s}.csv" not in run["files"]]
    unused = NETWORK_SETTINGS if len(untrained) == 2 else tuple(f"training.{s}." for s in untrained)
    unused += ("label_policies",) if run["policies"] else ("label_", "training.label_dropout")
    unused += AUDIO_SETTINGS if run["model"] in TRIVIAL else ()
    unused += ("classifier",) if run["model"] in (*TRIVIAL, *OF_UTTERANCES) else ()
    unused += ("data.",) if run["model"] in (*TRIVIAL, "egemaps_svm") else ()
    unused += ("features",) if run["model"] == "egemaps_svm" else ()
    used = {k: v for k, v in run["settings"].items() if not k.startswith(unused)}
    listed = {"corpus.digest": str(run.get("corpus_digest"))}  # corpora may have the same name
    return used | listed | {"model": run["model"], "data": run["data"]}


def pool_folds(row: Row, tables: Mapping[Any, pd.DataFrame]) -> None:
    """Fill a row's predictions: all folds together, without policies that a fold lacks."""
    for seed in dict.fromkeys(run["seed"] for run in row.runs):
        folds = row.runs_of_seed(seed)
        for policy in (MAIN, *folds[0]["policies"]):
            frames = [tables.get((run["folder"], policy)) for run in folds]
            if all(frame is not None for frame in frames):
                columns = [*COLUMNS, *(PROBABILITY + name for name in folds[0]["emotions"])]
                row.predictions.setdefault(policy, {})[seed] = pd.concat(frames)[columns]


def group_by_test_set(rows: Sequence[Row]) -> list[TestSet]:
    """Group rows into test sets; rows without a common seed share one if their subset is equal."""
    test_sets: list[TestSet] = []
    for row in rows:
        utterances = {s: describe_test_set(p) for s, p in row.predictions[MAIN].items()}
        same = (t for t in test_sets if is_tested_on(row, utterances, t))
        test_set = next(same, TestSet(row.study, row.runs[0]))
        test_sets += [] if test_set.rows else [test_set]
        test_set.rows.append(row)
        test_set.utterances |= utterances
    return test_sets


def is_tested_on(row: Row, utterances: dict[int, Any], test_set: TestSet) -> bool:
    common = utterances.keys() & test_set.utterances.keys()
    equal = [utterances[seed] == test_set.utterances[seed] for seed in common]
    subsets = {(other.settings["data"], other.folds) for other in test_set.rows}
    same_subset = (row.settings["data"], row.folds) in subsets
    return row.study == test_set.study and all(equal) and (bool(equal) or same_subset)


def mark_differences(test_sets: Sequence[TestSet], key: str) -> None:
    """Add `key=value` to the variant of rows whose value differs from the usual one of their peers.

    Peers belong to one study. Settings of an option, such as model.beta, are compared among the
    rows that use the option; `data` within a test set; TEST_SET_SETTINGS within a subset.
    """
    group, peers = key.partition(".")[0], defaultdict[Hashable, list[Row]](list)
    for number, test_set in enumerate(test_sets):
        for row in (row for row in test_set.rows if key in row.settings):
            option = row.settings.get(group) if key != group else None
            subset = (row.settings["data"], row.folds) if group in TEST_SET_SETTINGS else None
            peers[row.study, option, subset, number if group == "data" else None].append(row)
    for rows in peers.values():
        usual = usual_value(rows, key)
        for row in (row for row in rows if row.settings[key] != usual):
            row.variant += (f"{key}={row.settings[key]}",)


def usual_value(rows: Sequence[Row], key: str) -> str | None:
    """Return the value that a name need not mention: the default, else that of more than half.

    The default is the single value of the rows whose commands did not set the key.
    """
    commands = [(row.settings[key], " ".join(row.runs[0]["overrides"])) for row in rows]
    defaults = {value for value, command in commands if command and f"{key}=" not in command}
    value, count = Counter(row.settings[key] for row in rows).most_common(1)[0]
    if len(defaults) == 1:
        return defaults.pop()
    return value if 2 * count > len(rows) else None


def name_test_sets(test_sets: Sequence[TestSet]) -> None:
    """Name every test set by its subset; number those that a study has more than once."""
    rows = [row for test_set in test_sets for row in test_set.rows]
    with_subsets = {row.study for row in rows if row.settings["data"] in SUBSETS[:2]}
    count = Counter[tuple[str, str]]()
    for test_set in test_sets:
        test_set.paper_layout = test_set.study in with_subsets or test_set.run["corpus"] == CORPUS
        test_set.name = ", ".join(filter(None, (test_set.run["data"], test_set.rows[0].folds)))
        count[test_set.study, test_set.name] += 1
        if (number := count[test_set.study, test_set.name]) > 1:
            test_set.name += f" ({number})"
