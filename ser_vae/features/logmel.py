"""Waveform → logarithmic mel spectrum, the paper's speech frame (IV-B)."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.features.audio import Samples
from ser_vae.features.frames import power, spoken


class TooShortError(SerVaeError):
    """A waveform of less than one window."""


@dataclass(frozen=True)
class LogMel:
    """Log-mel frames: Hamming window → Fourier transform → power → mel bands → natural log.

    Calling it takes a waveform (N,) in ±1 at `sample_rate` to (T, F) float32, where
    T = 1 + (N - window) // frame_shift, less what `trim_db` cuts: nothing is padded, so frame t
    covers the samples from t frame shifts on. The transform is in double precision, as in single
    the rounding of a loud band shows in the empty ones: by 5e-4 after the log, here by 1e-6.

    Attributes:
        sample_rate: Hz.
        window: s, rounded to samples.
        frame_shift: s, rounded to samples.
        fft_size: samples; the window is filled up with zeros.
        mel_bands: F.
        mel_scale: "htk" or "slaney".
        f_min: Hz, where the first band begins.
        f_max: Hz, where the last band ends.
        floor: added to the power of a band before the log.
        trim_db: how far under the loudest frame the first and last kept may lie; None keeps all.
    """

    sample_rate: int
    window: float
    frame_shift: float
    fft_size: int
    mel_bands: int
    mel_scale: str
    f_min: float
    f_max: float
    floor: float
    trim_db: float | None

    def __post_init__(self) -> None:
        for name in ("sample_rate", "window", "frame_shift", "mel_bands"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not value > 0:
                raise SerVaeError(f"features.{name}={value}: expected a number above 0.")
        if min(self.window_length, self.shift_length) < 1:
            raise SerVaeError(
                f"features: window {self.window} s, frame_shift {self.frame_shift} s: expected a "
                f"sample or more, at {self.sample_rate} Hz."
            )
        if self.window_length > self.fft_size:
            raise SerVaeError(
                f"features.fft_size={self.fft_size} is below the window of {self.window_length} "
                f"samples, which it would cut.\nGive {self.window_length} or more, such as "
                f"{2 ** math.ceil(math.log2(self.window_length))}."
            )
        if self.floor <= 0:
            raise SerVaeError(f"features: floor {self.floor}, expected above 0: ln(0) is infinite")
        if self.trim_db is not None and self.trim_db < 0:
            raise SerVaeError(f"features: trim_db {self.trim_db}, expected 0 or more, or null")
        if not (self.filters > 0).any(0).all():
            raise SerVaeError(
                f"features: an fft_size of {self.fft_size} leaves some of {self.mel_bands} mel "
                f"bands from {self.f_min} to {self.f_max} Hz empty: enlarge it, take fewer bands, "
                f"or end at half the sample rate, {self.sample_rate / 2}"
            )

    def __call__(self, waveform: Samples) -> Samples:
        """Take (N,) samples to (T, F) frames; `TooShortError` below one window."""
        if len(waveform) < self.window_length:
            raise TooShortError(
                f"too short: {len(waveform) / self.sample_rate:.3f} s, expected at least one "
                f"window of {self.window} s"
            )
        framing = self.window_length, self.shift_length
        speech = spoken(waveform, *framing, self.trim_db)
        mel = power(speech, *framing, self.fft_size) @ self.filters  # (T, F)
        log_mel: Samples = mel.add_(self.floor).log_().numpy()
        return log_mel

    @property
    def window_length(self) -> int:
        """In samples."""
        return round(self.window * self.sample_rate)

    @property
    def shift_length(self) -> int:
        """In samples."""
        return round(self.frame_shift * self.sample_rate)

    @cached_property
    def filters(self) -> Tensor:
        """Triangles of height 1, each from its left neighbour's peak to its right's: (bins, F)."""
        bins = torch.linspace(0, self.sample_rate / 2, self.fft_size // 2 + 1, dtype=torch.float64)
        edges = _equally_spaced(self.mel_scale, self.f_min, self.f_max, self.mel_bands + 2)
        left, peak, right = edges[:-2], edges[1:-1], edges[2:]
        rising = (bins[:, None] - left) / (peak - left)
        falling = (right - bins[:, None]) / (right - peak)
        return torch.minimum(rising, falling).clamp(min=0).float()


def _equally_spaced(scale: str, low_hz: float, high_hz: float, count: int) -> Tensor:
    """Place `count` frequencies at equal distances on a mel scale; in Hz."""
    if scale not in _SCALES:
        raise SerVaeError(f"features: mel_scale {scale!r}, expected one of {', '.join(_SCALES)}")
    to_mel, to_hz = _SCALES[scale]
    low, high = to_mel(torch.tensor([low_hz, high_hz], dtype=torch.float64)).tolist()
    return to_hz(torch.linspace(low, high, count, dtype=torch.float64))


def _hz_to_htk(hz: Tensor) -> Tensor:
    return 2595 * torch.log10(1 + hz / 700)


def _htk_to_hz(mel: Tensor) -> Tensor:
    return 700 * (10 ** (mel / 2595) - 1)


# Slaney's Auditory Toolbox (1998): linear to 1 kHz, 15 mels, then 27 mels to each factor of 6.4
def _hz_to_slaney(hz: Tensor) -> Tensor:
    return torch.where(hz < 1000, hz * 0.015, 15 + 27 * torch.log(hz / 1000) / math.log(6.4))


def _slaney_to_hz(mel: Tensor) -> Tensor:
    return torch.where(mel < 15, mel / 0.015, 1000 * 6.4 ** ((mel - 15) / 27))


_SCALES = {"htk": (_hz_to_htk, _htk_to_hz), "slaney": (_hz_to_slaney, _slaney_to_hz)}
