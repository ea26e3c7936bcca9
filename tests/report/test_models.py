"""A row a model, with all that makes its score worth something or nothing."""

from typing import Any

import pytest

from ser_vae.report.models import MARK, models
from ser_vae.report.section import Section
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables


def only(study: Any) -> Section:
    (table,) = tables(study.runs)
    (subset,) = subsets(table)
    return models(subset)


def test_a_row_has_ua_with_interval_wa_f1_likelihood_and_calibration(
    study: Any, heard: Any
) -> None:
    for seed, share in enumerate((0.6, 0.8)):
        study.run(seed=seed, said=heard(share, seed=seed))
    line = only(study).lines[-1]
    name, ua, interval, wa, _, nll, ece = line.cells
    assert (name, ua) == ("VAE", "70.00 ± 14.14 (n=2)")  # 60 and 80: sd is 20 / sqrt 2
    low, high = map(float, interval.split(" to "))
    assert low < 70 < high
    assert (wa, nll, ece) == ("70.00", "0.88", "6.25")


def test_every_row_that_beats_nothing_is_marked_and_the_caption_says_why(
    study: Any, heard: Any
) -> None:
    study.run("model=majority", said=heard(0.5, order=9))
    shares = {"ae": 0.52, "vae": 0.9, "pca": 0.3, "untrained": 0.5}
    for order, (model, share) in enumerate(shares.items()):
        study.run(f"model={model}", said=heard(share, order=order))
    section = only(study)
    names = [line.cells[0] for line in section.lines]
    assert names == ["majority", f"untrained {MARK}", f"pca {MARK}", "VAE", f"AE {MARK}"]
    assert f"{MARK}: not shown to beat majority (50.00)" in section.caption[-1]
    assert "paired difference in UA is not wholly above 0" in section.caption[-1]


def test_a_trivial_model_that_was_not_run_is_a_row_and_said_so(study: Any) -> None:
    study.run(ua=0.9)
    section = only(study)
    name, ua, _, wa, f1, nll, _ = section.lines[0].cells
    assert (name, ua) == ("majority (not run)", "50.00 (n=1)")
    assert (wa, f1, nll) == ("62.50", "10.00", "–")  # as metrics.json of the tests states them
    assert "without predictions, the mean is not above it" in section.caption[-1]


def test_a_leak_is_loud_and_has_no_mark(study: Any, heard: Any) -> None:
    study.run("model=cvae", "label_policy=oracle", said=heard(0.4), leaks=True)
    line = only(study).lines[-1]
    assert line.cells[0] == "CVAE, label_policy=oracle: LEAKS, no result"
    assert line.kind == "alarm"


def test_kinds_are_set_apart_by_rules(study: Any) -> None:
    for model in ("ae", "vae", "pca", "untrained"):
        study.run(f"model={model}")
    rules = {line.cells[0].split(" ")[0]: line.rule for line in only(study).lines}
    assert [name for name, rule in rules.items() if rule] == ["pca", "AE"]


def test_a_collapsed_model_is_named_below(study: Any, sick: Any) -> None:
    study.run("model=vae", seed=0, health=sick(collapsed=True))
    study.run("model=vae", seed=1, health=sick(collapsed=False))
    study.run("model=untrained", health=sick(collapsed=True))
    assert only(study).notes == (
        "ALARM: COLLAPSED OR HARDLY TRAINED: VAE, complete (1 of 2 runs). Read its scores as a "
        "bug's.",
    )


@pytest.mark.parametrize("spoken", [True, False])
def test_synthetic_speech_is_said_in_each_table(study: Any, spoken: bool) -> None:
    study.run(synthetic=spoken)
    assert only(study).caption[0].startswith("SYNTHETIC SPEECH") == spoken
