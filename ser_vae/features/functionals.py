"""Frames of an utterance → as many numbers for each utterance: statistics over time."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError

Values = npt.NDArray[np.float64]
Functional = Callable[[Values], Values]  # (T, F) → (F,), T from 1


def functionals(name: str, sequence: npt.NDArray[np.floating]) -> Values:
    """The functionals of the set `name`: (T, F) → (n F,), all F of the first, then of the second.

    Raises:
        SerVaeError: there is no set of that name.
    """
    frames = np.asarray(sequence, np.float64)
    return np.concatenate([functional(frames) for functional in _set(name).values()])


def names(name: str, columns: Sequence[str]) -> list[str]:
    """A name for each value of `functionals`, such as `slope of mel 3`, from those of F columns."""
    return [f"{functional} of {column}" for functional in _set(name) for column in columns]


def _set(name: str) -> dict[str, Functional]:
    if name not in SETS:
        raise SerVaeError(f"functionals: expected one of {', '.join(SETS)}, got {name!r}")
    return SETS[name]


def _mean(frames: Values) -> Values:
    mean: Values = frames.mean(axis=0)
    return mean


def _deviation(frames: Values) -> Values:
    deviation: Values = frames.std(axis=0)
    return deviation


def _percentile(percent: int) -> Functional:
    """Linearly interpolated between frames."""
    return lambda frames: np.percentile(frames, percent, axis=0)


def _steps(frames: Values) -> Values:
    """From each frame to the next, (T - 1, F); a single frame takes one step of 0."""
    return np.diff(frames, axis=0) if len(frames) > 1 else np.zeros_like(frames)


def _mean_step(frames: Values) -> Values:
    return _mean(np.abs(_steps(frames)))


def _deviation_of_steps(frames: Values) -> Values:
    return _deviation(_steps(frames))


def _slope(frames: Values) -> Values:
    """Of the least squares line, as its rise over the utterance; 0 for a single frame."""
    if len(frames) == 1:
        return np.zeros(frames.shape[1])
    time = np.linspace(-0.5, 0.5, len(frames))
    slope: Values = time @ frames / (time @ time)
    return slope


def _third(number: int) -> Functional:
    """The mean of the first (0), middle (1) or last (2) third.

    Thirds that would end within a frame have it whole, so that each has one frame at least.
    """

    def mean_of_third(frames: Values) -> Values:
        count = len(frames)
        return _mean(frames[number * count // 3 : -(-(number + 1) * count // 3)])

    return mean_of_third


MEAN_AND_DEVIATION: dict[str, Functional] = {"mean": _mean, "deviation": _deviation}
THIRDS: dict[str, Functional] = {
    **MEAN_AND_DEVIATION,
    **{f"percentile {percent}": _percentile(percent) for percent in (5, 25, 50, 75, 95)},
    "mean absolute step": _mean_step,
    "deviation of steps": _deviation_of_steps,
    "slope": _slope,
    "mean of the first third": _third(0),
    "mean of the middle third": _third(1),
    "mean of the last third": _third(2),
}
SETS = {"mean_and_deviation": MEAN_AND_DEVIATION, "thirds": THIRDS}
