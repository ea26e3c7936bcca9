"""Functionals over time, each against a loop or a library that computes it otherwise."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ser_vae import SerVaeError
from ser_vae.features.functionals import functionals, names

F = 3


def sequence(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(2, 3, (frames, F)).astype(np.float32)


def named(frames: np.ndarray, columns: tuple[str, ...] = ("a", "b", "c")) -> dict[str, float]:
    """The values of the set `thirds` by their names."""
    return dict(zip(names("thirds", columns), functionals("thirds", frames), strict=True))


@given(frames=st.integers(1, 40), seed=st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_mean_and_deviation_are_those_of_scipy(frames, seed):
    x = sequence(frames, seed)
    expected = [*(stats.tmean(column) for column in x.T.astype(float)), *(x.T.astype(float).std(1))]
    np.testing.assert_allclose(functionals("mean_and_deviation", x), expected, rtol=1e-6, atol=1e-9)


def by_hand(column: list[float]) -> dict[str, float]:
    """Every value of `thirds`, number by number, of nine frames."""
    ordered, mean = sorted(column), sum(column) / 9
    steps = [b - a for a, b in pairwise(column)]
    mean_step = sum(steps) / 8

    def percentile(share: float) -> float:
        place = share * 8
        low = int(place)
        return ordered[low] + (place - low) * (ordered[min(low + 1, 8)] - ordered[low])

    return {
        "mean": mean,
        "deviation": (sum((v - mean) ** 2 for v in column) / 9) ** 0.5,
        **{f"percentile {p}": percentile(p / 100) for p in (5, 25, 50, 75, 95)},
        "mean absolute step": sum(map(abs, steps)) / 8,
        "deviation of steps": (sum((s - mean_step) ** 2 for s in steps) / 8) ** 0.5,
        "slope": 8 * stats.linregress(range(9), column).slope,
        "mean of the first third": sum(column[:3]) / 3,
        "mean of the middle third": sum(column[3:6]) / 3,
        "mean of the last third": sum(column[6:]) / 3,
    }


def test_every_value_of_the_thirds_by_hand_and_under_its_name():
    x = sequence(9)
    expected = {}
    for number, column in enumerate("abc"):
        own = by_hand(x[:, number].astype(float).tolist())
        expected |= {f"{name} of {column}": value for name, value in own.items()}
    found = named(x)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


def test_a_line_rises_by_its_slope_and_falls_by_as_much():
    line = np.linspace(0, 7, 50)[:, None] * [1, -1, 0]
    found = named(line)
    assert [found[f"slope of {c}"] for c in "abc"] == pytest.approx([7, -7, 0])


def test_a_slope_does_not_depend_on_how_long_the_utterance_is():
    slopes = [named(np.linspace(-1, 1, n)[:, None].repeat(3, 1))["slope of a"] for n in (2, 9, 400)]
    assert slopes == pytest.approx([2, 2, 2])


@pytest.mark.parametrize(
    ("frames", "thirds"),
    [
        ([5.0], [5, 5, 5]),
        ([1.0, 5.0], [1, 3, 5]),
        ([1.0, 2.0, 6.0], [1, 2, 6]),
        ([1.0, 2.0, 3.0, 10.0], [1.5, 2.5, 6.5]),
    ],
)
def test_one_to_four_frames_have_thirds_too(frames, thirds):
    found = named(np.array(frames)[:, None], ("a",))
    places = ("first", "middle", "last")
    assert [found[f"mean of the {place} third of a"] for place in places] == thirds


def test_a_single_frame_has_no_steps_no_slope_and_no_deviation():
    found = named(np.array([[3.0]]), ("a",))
    nothing = ("deviation", "mean absolute step", "deviation of steps", "slope")
    assert [found[f"{name} of a"] for name in nothing] == [0, 0, 0, 0]
    assert {found[f"percentile {p} of a"] for p in (5, 25, 50, 75, 95)} == {3.0}


@pytest.mark.parametrize("name", ["mean_and_deviation", "thirds"])
@given(
    frames=st.integers(1, 30),
    scale=st.floats(0.1, 10),
    shift=st.floats(-10, 10),
)
@settings(max_examples=20, deadline=None)
def test_standardised_frames_have_the_standardised_functionals(name, frames, scale, shift):
    """Each is a level, which shifts and scales, or a width, which scales: so the order is free."""
    x = sequence(frames).astype(float)
    level = functionals(name, np.full((1, F), shift))
    expected = scale * functionals(name, x) + level
    np.testing.assert_allclose(functionals(name, scale * x + shift), expected, atol=1e-6)


def test_there_are_as_many_names_as_values():
    for name in ("mean_and_deviation", "thirds"):
        assert len(names(name, "abc")) == len(functionals(name, sequence(7)))
        assert len(set(names(name, "abc"))) == len(names(name, "abc"))


def test_a_set_that_there_is_not_is_refused():
    with pytest.raises(SerVaeError, match="mean_and_deviation, thirds, got 'moments'"):
        functionals("moments", sequence(5))
