"""Functionals over time, each against an independent computation."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from ser_vae.features.functionals import THIRDS, functionals

F = 3


def sequence(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(2, 3, (frames, F)).astype(np.float32)


def by_name(frames: np.ndarray) -> dict[str, np.ndarray]:
    """Return the values (F,) of each functional in the set `thirds`."""
    rows = functionals("thirds", frames).reshape(len(THIRDS), -1)
    return dict(zip(THIRDS, rows, strict=True))


def by_hand(column: list[float]) -> dict[str, float]:
    """Compute every functional of nine frames number by number."""
    ordered, mean = sorted(column), sum(column) / 9
    steps = [b - a for a, b in pairwise(column)]
    mean_step = sum(steps) / 8

    def percentile(proportion: float) -> float:
        place = proportion * 8
        low = int(place)
        return ordered[low] + (place - low) * (ordered[min(low + 1, 8)] - ordered[low])

    return {
        "mean": mean,
        "standard deviation": (sum((v - mean) ** 2 for v in column) / 9) ** 0.5,
        **{f"percentile {p}": percentile(p / 100) for p in (5, 25, 50, 75, 95)},
        "mean absolute step": sum(map(abs, steps)) / 8,
        "standard deviation of steps": (sum((s - mean_step) ** 2 for s in steps) / 8) ** 0.5,
        "slope": 8 * stats.linregress(range(9), column).slope,
        "mean of the first third": sum(column[:3]) / 3,
        "mean of the middle third": sum(column[3:6]) / 3,
        "mean of the last third": sum(column[6:]) / 3,
    }


def test_every_functional_is_that_computed_by_hand():
    x = sequence(9)
    values = by_name(x)
    for number in range(F):
        expected = by_hand(x[:, number].astype(float).tolist())
        assert expected.keys() == values.keys()
        for name, value in expected.items():
            assert values[name][number] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("frames", [2, 9, 400])
def test_the_slope_is_the_rise_over_the_utterance_whatever_its_length(frames):
    line = np.linspace(0, 7, frames)[:, None] * [1, -1, 0]
    assert by_name(line)["slope"] == pytest.approx([7, -7, 0])


@pytest.mark.parametrize(
    ("frames", "thirds"),
    [
        ([5.0], [5, 5, 5]),
        ([1.0, 5.0], [1, 3, 5]),
        ([1.0, 2.0, 6.0], [1, 2, 6]),
        ([1.0, 2.0, 3.0, 10.0], [1.5, 2.5, 6.5]),
    ],
)
def test_one_to_four_frames_have_thirds(frames, thirds):
    values = by_name(np.array(frames)[:, None])
    places = ("first", "middle", "last")
    assert [values[f"mean of the {place} third"] for place in places] == thirds


def test_a_single_frame_has_no_steps_slope_or_spread():
    values = by_name(np.array([[3.0]]))
    spreads = {name for name, value in values.items() if value == 0}
    steps = {"mean absolute step", "standard deviation of steps", "slope"}
    assert spreads == {"standard deviation", *steps}
    assert all(values[name] == 3 for name in values.keys() - spreads)
