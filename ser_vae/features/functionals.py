"""Frames of an utterance -> a vector of fixed size: statistics over time."""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Functional = Callable[[Values], Values]  # (T, F) -> (F,), T from 1


def functionals(name: str, sequence: npt.NDArray[np.floating]) -> Values:
    """Compute the functionals of SETS[name]: (T, F) -> (n F,), all F of the first one first."""
    frames = np.asarray(sequence, np.float64)
    return np.concatenate([functional(frames) for functional in SETS[name].values()])


def _steps(frames: Values) -> Values:
    """Compute differences between adjacent frames, (T - 1, F); 0 for a single frame."""
    return np.diff(frames, axis=0) if len(frames) > 1 else np.zeros_like(frames)


def _slope(frames: Values) -> Values:
    """Compute the rise of the least-squares line over the utterance; 0 for a single frame."""
    if len(frames) == 1:
        return np.zeros(frames.shape[1])
    time = np.linspace(-0.5, 0.5, len(frames))
    return time @ frames / (time @ time)


def _mean_of_third(frames: Values, number: int) -> Values:
    """Compute the mean over the first (0), middle (1) or last (2) third.

    A third that would end within a frame includes that frame, so that none is empty.
    """
    count = len(frames)
    return frames[number * count // 3 : -(-(number + 1) * count // 3)].mean(axis=0)


MEAN_AND_STD: dict[str, Functional] = {
    "mean": lambda frames: frames.mean(axis=0),
    "standard deviation": lambda frames: frames.std(axis=0),
}
PERCENTILES = (5, 25, 50, 75, 95)  # linearly interpolated between frames
THIRDS: dict[str, Functional] = {
    **MEAN_AND_STD,
    **{f"percentile {q}": partial(np.percentile, q=q, axis=0) for q in PERCENTILES},
    "mean absolute step": lambda frames: np.abs(_steps(frames)).mean(axis=0),
    "standard deviation of steps": lambda frames: _steps(frames).std(axis=0),
    "slope": _slope,
    "mean of the first third": partial(_mean_of_third, number=0),
    "mean of the middle third": partial(_mean_of_third, number=1),
    "mean of the last third": partial(_mean_of_third, number=2),
}
SETS = {"mean_and_deviation": MEAN_AND_STD, "thirds": THIRDS}
