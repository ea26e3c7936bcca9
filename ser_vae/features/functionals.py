"""Frames of an utterance -> a vector of fixed size: statistics over time."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError

Values = npt.NDArray[np.float64]
Functional = Callable[[Values], Values]  # (T, F) -> (F,), T from 1


def functionals(name: str, sequence: npt.NDArray[np.floating]) -> Values:
    """Compute a set of functionals: (T, F) -> (n F,), all F of the first, then of the second.

    Raises:
        SerVaeError: there is no set called `name`.
    """
    if name not in SETS:
        raise SerVaeError(f"functionals: expected one of {', '.join(SETS)}, got {name!r}")
    frames = np.asarray(sequence, np.float64)
    return np.concatenate([functional(frames) for functional in SETS[name].values()])


def _mean(frames: Values) -> Values:
    mean: Values = frames.mean(axis=0)
    return mean


def _std(frames: Values) -> Values:
    std: Values = frames.std(axis=0)
    return std


def _percentile(percent: int) -> Functional:
    """Return the functional of a percentile, linearly interpolated between frames."""
    return lambda frames: np.percentile(frames, percent, axis=0)


def _steps(frames: Values) -> Values:
    """Compute differences between adjacent frames, (T - 1, F); 0 for a single frame."""
    return np.diff(frames, axis=0) if len(frames) > 1 else np.zeros_like(frames)


def _mean_absolute_step(frames: Values) -> Values:
    return _mean(np.abs(_steps(frames)))


def _std_of_steps(frames: Values) -> Values:
    return _std(_steps(frames))


def _slope(frames: Values) -> Values:
    """Compute the rise of the least-squares line over the utterance; 0 for a single frame."""
    if len(frames) == 1:
        return np.zeros(frames.shape[1])
    time = np.linspace(-0.5, 0.5, len(frames))
    slope: Values = time @ frames / (time @ time)
    return slope


def _mean_of_third(number: int) -> Functional:
    """Return the functional of the mean over the first (0), middle (1) or last (2) third.

    A third that would end within a frame includes that frame, so that none is empty.
    """

    def mean_of_third(frames: Values) -> Values:
        count = len(frames)
        return _mean(frames[number * count // 3 : -(-(number + 1) * count // 3)])

    return mean_of_third


MEAN_AND_STD: dict[str, Functional] = {"mean": _mean, "standard deviation": _std}
THIRDS: dict[str, Functional] = {
    **MEAN_AND_STD,
    **{f"percentile {percent}": _percentile(percent) for percent in (5, 25, 50, 75, 95)},
    "mean absolute step": _mean_absolute_step,
    "standard deviation of steps": _std_of_steps,
    "slope": _slope,
    "mean of the first third": _mean_of_third(0),
    "mean of the middle third": _mean_of_third(1),
    "mean of the last third": _mean_of_third(2),
}
SETS = {"mean_and_deviation": MEAN_AND_STD, "thirds": THIRDS}
