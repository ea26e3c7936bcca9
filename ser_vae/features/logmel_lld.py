"""Waveform -> log-mel frames, each with the low-level descriptors that eGeMAPS summarises."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ser_vae.features.audio import Samples
from ser_vae.features.egemaps import LLD_SHIFT_S, PITCH_WINDOW_S, EGeMAPS
from ser_vae.features.logmel import LogMel

SPECTRAL_WINDOW_S = 0.020  # window of the descriptors without pitch in openSMILE's configuration
PITCH = "F0semitoneFrom27.5Hz_sma3nz"
NEEDS_PITCH = ("F0", "jitter", "shimmer", "HNR")  # occur in the names of what uses the long window


@dataclass(frozen=True)
class LogMelLLD(LogMel):
    """Log-mel frames, 25 low-level descriptors, and whether the frame is voiced: F = bands + 26.

    T and the first columns are those of `LogMel`. The descriptors follow in openSMILE's order, then
    1 where there is a pitch, else 0. `frame_shift` has to be openSMILE's 10 ms.

    Row t of openSMILE starts where frame t does, but its window is shorter (20 ms) or, where a
    pitch is needed, longer (60 ms). Each frame takes the row whose window has the nearest centre:
    row t or t - 2, so that centres differ by at most 3 ms for 25 ms frames. (Jitter and shimmer use
    periods before that window and stay with the row of their pitch.) Where openSMILE has no such
    row, as in the last 30 ms, a frame takes the nearest one.

    Without a pitch, pitch, jitter, shimmer, harmonic differences and harmonics-to-noise ratio are
    0, and formant amplitudes about -200 dB. Each of these columns, standardised over all frames,
    has one value in all unvoiced frames (on RAVDESS -1.0 for pitch, -0.4 for jitter), and most of
    the variance of pitch and amplitudes is between voiced and unvoiced frames: their standard
    deviations within voiced frames are 0.4 and 0.3. The last column tells the two apart.
    """

    def __call__(self, waveform: Samples) -> Samples:
        """Compute the frames: (N,) -> (T, F); `TooShortError` below 60 ms of speech."""
        log_mel = super().__call__(waveform)
        rows = self._align(self._descriptors(waveform), len(log_mel))
        voiced = rows[:, [self._descriptors.names.index(PITCH)]] > 0
        return np.hstack([log_mel, rows, voiced.astype(np.float32)])

    @property
    def names(self) -> Sequence[str]:
        """Name of each column: mel bands, descriptors as openSMILE calls them, "voiced"."""
        return [*super().names, *self._descriptors.names, "voiced"]

    def _align(self, rows: Samples, frames: int) -> Samples:
        """Give each frame the descriptors around its centre: (any, 25) -> (frames, 25)."""
        windows = [
            PITCH_WINDOW_S if any(word in name for word in NEEDS_PITCH) else SPECTRAL_WINDOW_S
            for name in self._descriptors.names
        ]
        offsets = [round((self.window - window) / 2 / LLD_SHIFT_S) for window in windows]
        index = np.arange(frames)[:, None] + offsets  # (frames, 25)
        return np.take_along_axis(rows, index.clip(0, len(rows) - 1), axis=0)

    @cached_property
    def _descriptors(self) -> EGeMAPS:
        return EGeMAPS(
            sample_rate=self.sample_rate,
            level="lld",
            window=self.window,
            frame_shift=self.frame_shift,
            trim_db=self.trim_db,
        )
