"""Several front ends side by side: each frame has the columns of all of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ser_vae import SerVaeError
from ser_vae.features import TooShortError
from ser_vae.features.audio import Samples
from ser_vae.features.extractor import Extractor
from ser_vae.features.imported import Imported
from ser_vae.settings import build

ROUNDING = 1e-6  # frames, by which a quotient of times may be wrong


@dataclass(frozen=True)
class Joined:
    """Frames of several extractors on one time grid, joined.

    Frame t joins, for each member, the frame that starts nearest to t * frame_shift_s (the earlier
    one of two). The joined frames end where the shortest member ends.

    Attributes:
        frame_shift_s: seconds between the starts of two frames.
        members: settings of each extractor, with its `_target_`, by a name for its columns.

    Raises:
        SerVaeError: members differ in sample rate or trimming, or one reads frames from files or
            has one row for the whole utterance.
    """

    frame_shift_s: float
    members: Mapping[str, Mapping[str, Any]]

    def __post_init__(self) -> None:
        extractors = self._extractors.values()
        if len({(each.sample_rate, getattr(each, "trim_db", None)) for each in extractors}) > 1:
            raise SerVaeError(
                "features=joined: members differ in sample_rate or trim_db.\n"
                "Set each alike, such as features.members.logmel.trim_db=40."
            )
        for name, each in self._extractors.items():
            if isinstance(each, Imported) or not math.isfinite(each.frame_shift_s):
                raise SerVaeError(
                    f"features.members.{name}: {type(each).__name__} has no frames of a waveform "
                    "to join.\nUse front ends that compute frames from audio."
                )

    def __call__(self, waveform: Samples) -> Samples:
        """Compute the frames: (N,) -> (T, F); `TooShortError` without a frame of each member."""
        frames = [(each(waveform), each.frame_shift_s) for each in self._extractors.values()]
        duration_s = min(len(rows) * shift_s for rows, shift_s in frames)
        count = math.floor(duration_s / self.frame_shift_s + ROUNDING)
        if not count:
            raise TooShortError(duration_s, self.frame_shift_s)
        start_s = np.arange(count) * self.frame_shift_s
        nearest = (
            rows[np.ceil(start_s / shift_s - 0.5 - ROUNDING).astype(int).clip(0, len(rows) - 1)]
            for rows, shift_s in frames
        )
        return np.hstack(list(nearest))

    @property
    def sample_rate(self) -> int:
        """Sample rate that all members expect, in Hz."""
        return next(iter(self._extractors.values())).sample_rate

    @property
    def names(self) -> Sequence[str]:
        """Name of each column: "logmel: mel 0" is of the member `logmel`."""
        return [
            f"{member}: {name}" for member, each in self._extractors.items() for name in each.names
        ]

    @cached_property
    def _extractors(self) -> dict[str, Extractor]:
        return {name: build(settings) for name, settings in self.members.items()}
