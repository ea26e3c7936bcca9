"""Label policies are scored from their own files, the controls marked, null the measure."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from ser_vae.evaluation.compare import compare
from ser_vae.report.folds import join_folds
from ser_vae.report.policies import policies
from ser_vae.report.section import Section
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables
from ser_vae.report.told import against_honest, policies_of

SHARES = {"null": 0.6, "dropout": 0.65, "elbo": 0.1, "random": 0.5, "oracle": 0.95}


def sections(study: Any) -> list[Section]:
    (table,) = tables(join_folds(study.runs))
    (subset,) = subsets(table)
    return policies(subset)


def told(study: Any) -> Any:
    (table,) = tables(join_folds(study.runs))
    (subset,) = subsets(table)
    return {own.policy: own for own in policies_of(subset.cells[0])}


@pytest.fixture
def cvae(study: Any, heard: Any) -> Any:
    """Add a seed of a CVAE, or a fold of it."""

    def add(seed: int = 0, *options: str, speakers: range = range(12), **shares: float) -> None:
        said = {
            name: heard(share, seed=seed, speakers=speakers, order=order)
            for order, (name, share) in enumerate({**SHARES, **shares}.items())
        }
        run = ("model=cvae", "corpus=urdu", *options)
        study.run(*run, seed=seed, said=said["null"], policies=said)

    return add


def test_a_policy_is_a_row_in_the_runs_order_with_controls_marked(study: Any, cvae: Any) -> None:
    cvae(0)
    cvae(1, dropout=0.75)
    (section,) = sections(study)
    names = [line.cells[0] for line in section.lines]
    assert names == ["null", "dropout", "elbo", "random (CONTROL)", "oracle (CONTROL)"]
    assert [line.kind for line in section.lines] == ["plain"] * 3 + ["alarm"] * 2
    assert section.lines[1].cells[1] == "70.00 ± 7.07 (n=2)"  # 65 and 75: 10 / sqrt 2


def test_the_difference_is_paired_with_null(study: Any, heard: Any, cvae: Any) -> None:
    cvae(0)
    (section,) = sections(study)
    null, elbo = heard(0.6, order=0), heard(0.1, order=2)
    (expected,) = compare({"elbo": {0: elbo}, "null": {0: null}}, [("elbo", "null")])
    low, high = (f"{100 * end:.1f}".replace("-", "−") for end in (expected.low, expected.high))
    assert section.lines[2].cells[-1] == f"−50.0 ({low} to {high})"
    assert section.lines[0].cells[-1] == "–"


def test_controls_are_never_said_to_be_better(study: Any, cvae: Any) -> None:
    cvae(0)
    (section,) = sections(study)
    assert section.notes[0] == "Distinguishable from null: above it none; below it elbo."


def test_folds_are_scored_together_and_their_spread_is_shown(
    study: Any, heard: Any, cvae: Any
) -> None:
    parts = [range(fold, 12, 5) for fold in range(5)]
    for fold, speakers in enumerate(parts):
        options = ("split=speaker", f"fold={fold}")
        cvae(0, *options, speakers=speakers, dropout=(0.2, 0.4, 0.6, 0.8, 0.9)[fold])
    shares = (0.2, 0.4, 0.6, 0.8, 0.9)
    said = [heard(x, speakers=own, order=1) for x, own in zip(shares, parts, strict=True)]
    truth, guess = (np.concatenate([getattr(p, name) for p in said]) for name in ("truth", "guess"))
    found = told(study)["dropout"]
    assert found.scores["ua"].mean == pytest.approx(100 * balanced_accuracy_score(truth, guess))
    each = [100 * balanced_accuracy_score(p.truth, p.guess) for p in said]
    (section,) = sections(study)
    assert section.header[-1] == "UA of folds"
    assert section.lines[1].cells[-1] == f"{min(each):.1f} to {max(each):.1f}"


def test_calibration_is_that_of_the_metrics(study: Any, cvae: Any) -> None:
    cvae(0)
    scores = told(study)["elbo"].scores
    assert (scores["nll"].mean, scores["ece"].mean) == (0.875, 6.25)


def test_a_seed_that_lacks_a_policy_in_a_fold_is_left_out(study: Any, cvae: Any) -> None:
    for seed in (0, 1):
        for fold in range(5):
            cvae(seed, "split=speaker", f"fold={fold}", speakers=range(fold, 12, 5))
    lost = next(path for path in study.all if "fold3-seed1" in path.name)
    (lost / "policies" / "elbo.csv").unlink()
    found = told(study)
    assert (list(found["elbo"].folds), list(found["null"].folds)) == ([0], [0, 1])


def test_without_null_there_is_nothing_to_compare_with(study: Any, heard: Any) -> None:
    study.run("model=cvae", said=heard(0.5), policies={"elbo": heard(0.6, order=1)})
    assert against_honest(list(told(study).values())) == {}
    (section,) = sections(study)
    assert [line.cells[-1] for line in section.lines] == ["–"]
    assert section.notes == ()


def test_models_without_policies_and_runs_that_leak_have_no_section(
    study: Any, heard: Any, cvae: Any
) -> None:
    study.run("model=vae", said=heard(0.5))
    assert sections(study) == []
    said = {"null": heard(0.5)}
    options = ("model=cvae", "label_policy=oracle")
    study.run(*options, said=heard(0.9), policies=said, leaks=True)
    assert sections(study) == []
    cvae(0)
    assert len(sections(study)) == 1
