"""Waveform → log-mel frames, and beside each the descriptors that eGeMAPS sums up."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ser_vae import SerVaeError
from ser_vae.features.audio import Samples
from ser_vae.features.egemaps import PITCH_WINDOW, EGeMAPS
from ser_vae.features.logmel import LogMel

# What openSMILE's configuration says of the other descriptors, in s.
SHIFT = 0.010
SPECTRAL_WINDOW = 0.020

PITCH = "F0semitoneFrom27.5Hz_sma3nz"
NEEDS_PITCH = ("F0", "jitter", "shimmer", "HNR")  # in the names of what comes of the long window


@dataclass(frozen=True)
class LogMelLLD(LogMel):
    """Log-mel frames, 25 low-level descriptors, and whether the frame is voiced.

    Calling it takes a waveform (N,) to (T, F + 26) float32, with T and the first F columns those
    of `LogMel`. Then come the descriptors in openSMILE's order, and 1 where there is a pitch or 0.

    openSMILE's row t begins where frame t does, but is shorter, 20 ms, or longer, 60 ms, where a
    pitch is looked for. A frame is given the row whose window has the nearest centre: its own, or
    that of 2 rows before; so both are within 3 ms for a frame of 25 ms. (Jitter and shimmer look at
    the periods before that window. They keep to their pitch's row.) Where openSMILE has no such
    row, as for the last 30 ms, a frame is given its nearest.

    Without a pitch, it, jitter, shimmer, the harmonics' differences and their ratio to noise are 0,
    and the formants' amplitudes about -200 dB. Standardised over all frames, each of these columns
    has one value wherever there is no pitch (on RAVDESS -1.0 for the pitch, -0.4 for jitter), and
    most of the pitch's and the amplitudes' deviation is between voiced and unvoiced: among voiced
    frames 0.4 and 0.3 are left. The last column is there to tell the two apart.

    Raises:
        SerVaeError: openSMILE is not installed, or frames are not 10 ms apart, as its own are.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.frame_shift != SHIFT:
            raise SerVaeError(
                f"features: frame_shift {self.frame_shift}, expected {SHIFT}: openSMILE's "
                "descriptors are so far apart"
            )
        _ = self._descriptors  # a missing openSMILE is met before any audio is read

    def __call__(self, waveform: Samples) -> Samples:
        """Take (N,) samples to (T, F + 26) frames; `TooShortError` below 60 ms of speech."""
        log_mel = super().__call__(waveform)
        rows = self._aligned(self._descriptors(waveform), len(log_mel))
        voiced = rows[:, [self._descriptors.names.index(PITCH)]] > 0
        return np.hstack([log_mel, rows, voiced.astype(np.float32)])

    def _aligned(self, rows: Samples, frames: int) -> Samples:
        """Give each frame the descriptors of its centre: (any, 25) → (frames, 25)."""
        own = np.arange(frames)[:, None] + self._offsets  # (frames, 25)
        aligned: Samples = np.take_along_axis(rows, own.clip(0, len(rows) - 1), axis=0)
        return aligned

    @property
    def _offsets(self) -> list[int]:
        """For each descriptor, how many rows behind a frame's own the row of its centre is."""
        windows = [
            PITCH_WINDOW if any(part in name for part in NEEDS_PITCH) else SPECTRAL_WINDOW
            for name in self._descriptors.names
        ]
        return [round((self.window - window) / 2 / SHIFT) for window in windows]

    @cached_property
    def _descriptors(self) -> EGeMAPS:
        return EGeMAPS(
            sample_rate=self.sample_rate,
            level="lld",
            window=self.window,
            frame_shift=self.frame_shift,
            trim_db=self.trim_db,
        )
