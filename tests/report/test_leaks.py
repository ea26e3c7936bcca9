"""The panel says what leaks, and does not take the oracle's gain for its measure."""

from typing import Any

import pytest

from ser_vae.report.findings import Share
from ser_vae.report.leaks import above, leaks
from ser_vae.report.section import Section
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables


def share(found: float, low: float, high: float) -> dict[str, float]:
    return {"share": found, "low": low, "high": high, "chance": 0.25, "utterances": 200}


def panel(
    follows: dict[str, float] | None = None,
    in_z: dict[str, float] | None = None,
    oracle: float = 0.3,
) -> dict[str, Any]:
    return {
        "follows_random_label": follows or share(0.24, 0.18, 0.31),
        "random_label_in_z": in_z or share(0.64, 0.57, 0.70),
        "permuted_labels": {"null_ua": 0.26, "oracle_ua": oracle, "chance": 0.25},
        "oracle_minus_null": {"difference": 0.5, "low": 0.4, "high": 0.6},
    }


def only(study: Any) -> Section:
    (table,) = tables(study.runs)
    (section,) = leaks(subsets(table)[0])
    return section


def rows(study: Any) -> dict[str, tuple[str, ...]]:
    return {line.cells[0]: line.cells[1:] for line in only(study).lines}


def test_a_share_is_the_mean_over_runs_with_the_widest_interval_and_chance(study: Any) -> None:
    study.run("model=cvae", seed=0, leak_panel=panel(share(0.20, 0.15, 0.26)))
    study.run("model=cvae", seed=1, leak_panel=panel(share(0.30, 0.24, 0.37)))
    found = rows(study)["the output is the random label that was told"]
    assert found == ("25.0 ± 7.1", "15.0 to 37.0", "25.0")  # 10 / sqrt 2


def test_permuted_labels_stand_beside_chance(study: Any) -> None:
    study.run("model=cvae", leak_panel=panel(oracle=0.296))
    found = rows(study)
    assert found["UA on permuted labels, null"] == ("26.0", "–", "25.0")
    assert found["UA on permuted labels, oracle"] == ("29.6", "–", "25.0")
    assert "speech says nothing, oracle minus null is 3.6 points, " in only(study).notes[1]


@pytest.mark.parametrize(
    ("lows", "said"),
    [
        ((0.02, 0.01), "above 0 by its interval in 2 of 2 runs: that can only be the label"),
        ((0.02, -0.01), "above 0 by its interval in 1 of 2 runs: that can only be the label"),
        ((-0.02, 0.0), "points, no more than noise."),
        ((0.02, None), "of which the runs left no interval"),
    ],
)
def test_a_gain_on_permuted_labels_is_the_label_only_where_it_is_more_than_noise(
    study: Any, lows: tuple[float | None, ...], said: str
) -> None:
    for seed, low in enumerate(lows):
        found = panel(oracle=0.4)
        if low is not None:
            found["permuted_labels"] |= {"difference": 0.14, "low": low, "high": 0.3}
        study.run("model=cvae", seed=seed, leak_panel=found)
    assert said in only(study).notes[1]


def test_an_oracle_at_chance_leaks_nothing_however_far_null_lies_below(study: Any) -> None:
    found = panel(oracle=0.245)
    found["permuted_labels"] |= {"null_ua": 0.158, "difference": 0.087, "low": 0.01, "high": 0.16}
    study.run("model=cvae", leak_panel=found)
    assert "oracle minus null is 8.7 points, no more than noise." in only(study).notes[1]


def test_oracle_minus_null_is_recomputed_from_the_policies(study: Any, heard: Any) -> None:
    said = {"null": heard(0.5, order=1), "oracle": heard(0.9, order=2)}
    study.run("model=cvae", said=said["null"], policies=said, leak_panel=panel())
    found, interval, _ = rows(study)["UA, oracle minus null"]
    low, high = map(float, interval.split(" to "))
    assert found == "+40.0"
    assert low < 40 < high
    assert "the model gains UA" in only(study).notes[-1]


@pytest.mark.parametrize(
    ("oracle", "word"), [(0.9, "gains"), (0.1, "loses"), (0.52, "neither gains nor loses")]
)
def test_the_oracles_gain_is_never_called_the_leak(
    study: Any, heard: Any, oracle: float, word: str
) -> None:
    said = {"null": heard(0.5, order=1), "oracle": heard(oracle, order=2)}
    study.run("model=cvae", said=said["null"], policies=said, leak_panel=panel())
    said_of_it = only(study).notes[-1]
    assert f"the model {word} UA" in said_of_it
    assert "no measure of the leak" in said_of_it


def test_without_the_policies_files_the_oracle_is_a_dash_and_unsaid(study: Any) -> None:
    study.run("model=cvae", leak_panel=panel())
    assert rows(study)["UA, oracle minus null"][:2] == ("–", "–")
    assert "no measure of the leak" not in " ".join(only(study).notes)


def test_the_warning_of_a_label_in_z_stands_where_there_is_one(study: Any) -> None:
    study.run("model=cvae", seed=0, leak_panel=panel(in_z=share(0.25, 0.19, 0.31)))
    assert "can reach a classifier" not in only(study).notes[0]
    study.run("model=cvae", seed=1, leak_panel=panel())
    assert "can reach a classifier" in only(study).notes[0]


def test_chance_is_what_a_runs_own_interval_says() -> None:
    more, less = Share(0.4, 0.3, 0.5, 0.25), Share(0.26, 0.2, 0.32, 0.25)
    assert above([more]) == "more often than chance"
    assert above([less]) == "no more often than chance"
    assert above([more, more]) == "more often than chance in each of 2 runs"
    assert above([less, less]) == "no more often than chance in each of 2 runs"
    assert above([less, more]) == "more often than chance in 1 of 2 runs"


def test_no_panel_no_section(study: Any) -> None:
    study.run("model=vae", leak_panel=None)
    (table,) = tables(study.runs)
    assert leaks(subsets(table)[0]) == []
