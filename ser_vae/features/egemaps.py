"""Waveform -> the extended Geneva minimalistic acoustic parameter set, by openSMILE.

eGeMAPS v02, after Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice
Research and Affective Computing", IEEE Transactions on Affective Computing 7(2), 2016: loudness,
spectrum, pitch, voice quality and formants. openSMILE is an optional dependency, imported on first
use; audEERING's licence permits research, not products.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from ser_vae.features import TooShortError
from ser_vae.features.audio import Samples
from ser_vae.features.frames import trim_quiet_ends

LLD_SHIFT_S = 0.010  # as in openSMILE's configuration
PITCH_WINDOW_S = 0.060  # as in openSMILE's configuration
FULL_SCALE = 1 - 2**-15  # openSMILE converts to 16 bits, where a sample of 1 wraps around to -1


@dataclass(frozen=True)
class EGeMAPS:
    """The parameters of an utterance, or the low-level descriptors that they summarise.

    Level `functionals` gives (1, 88): statistics over the utterance, some over its voiced or
    unvoiced stretches only. Level `lld` gives (T, 25), a row per 10 ms; descriptors that need a
    pitch are 0 in unvoiced rows. A waveform beyond ±1, as resampling can produce, is scaled down.
    Results are deterministic, also when called from several threads.

    Attributes:
        sample_rate: Hz.
        level: "functionals" or "lld".
        window, frame_shift, trim_db: how quiet ends are trimmed, see `frames.trim_quiet_ends`;
            s, s and dB.
    """

    sample_rate: int
    level: Literal["functionals", "lld"]
    window: float
    frame_shift: float
    trim_db: float | None

    def __call__(self, waveform: Samples) -> Samples:
        """Compute (N,) -> (1, 88) or (T, 25); `TooShortError` below 60 ms after trimming."""
        framing = round(self.window * self.sample_rate), round(self.frame_shift * self.sample_rate)
        speech = trim_quiet_ends(waveform, *framing, self.trim_db)
        if len(speech) < PITCH_WINDOW_S * self.sample_rate:
            raise TooShortError(len(speech) / self.sample_rate, PITCH_WINDOW_S)
        peak = float(np.abs(speech).max())
        scaled = speech * np.float32(FULL_SCALE / max(FULL_SCALE, peak))
        values = self._smile.process_signal(scaled, self.sample_rate).to_numpy(np.float32)
        return np.ascontiguousarray(values)

    @property
    def frame_shift_s(self) -> float:
        """Seconds between two rows; infinite for functionals, one row per utterance."""
        return LLD_SHIFT_S if self.level == "lld" else math.inf

    @property
    def names(self) -> Sequence[str]:
        """Name of each column, as openSMILE calls it."""
        return list(self._smile.feature_names)

    @cached_property
    def _smile(self) -> Any:
        import opensmile  # noqa: PLC0415  (optional dependency)

        levels = {
            "functionals": opensmile.FeatureLevel.Functionals,
            "lld": opensmile.FeatureLevel.LowLevelDescriptors,
        }
        return opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, levels[self.level])
