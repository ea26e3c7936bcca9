"""Waveform -> logarithmic mel spectrum, the paper's speech frame (IV-B), and back.

The inverse, for listening, is approximate. `LogMel` discards two things, which it estimates: how
the power of a mel band is distributed over the bins of the Fourier transform, and all phases. Even
an exact log-mel spectrogram therefore sounds hollow: compare a model's output with the inverted
input, never with the original recording.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad
from torchaudio.functional import griffinlim

from ser_vae import SerVaeError
from ser_vae.features import TooShortError
from ser_vae.features.audio import Samples
from ser_vae.features.frames import power_spectrum, trim_quiet_ends


@dataclass(frozen=True)
class LogMel:
    """Log-mel frames: Hamming window -> Fourier transform -> power -> mel bands -> natural log.

    T = 1 + (N - window) // frame_shift after trimming: nothing is padded, so frame t starts at
    sample t * frame_shift. The transform is in double precision: in single precision, rounding
    errors of a loud band change the empty ones by 5e-4 after the log, here by 1e-6.

    Attributes:
        sample_rate: Hz.
        window: s, rounded to samples.
        frame_shift: s, rounded to samples.
        fft_size: samples; the window is zero-padded to this size.
        mel_bands: F.
        mel_scale: "htk" or "slaney".
        f_min: Hz, lower edge of the first band.
        f_max: Hz, upper edge of the last band.
        floor: added to the power of a band before the log.
        trim_db: leading and trailing frames more than this below the loudest are cut; None keeps
            all.

    Raises:
        SerVaeError: settings that contradict each other.
    """

    sample_rate: int
    window: float
    frame_shift: float
    fft_size: int
    mel_bands: int
    mel_scale: Literal["htk", "slaney"]
    f_min: float
    f_max: float
    floor: float
    trim_db: float | None

    def __post_init__(self) -> None:
        if min(self.window_length, self.shift_length) < 1:
            raise SerVaeError(
                f"features: window {self.window} s, frame_shift {self.frame_shift} s: expected at "
                f"least one sample at {self.sample_rate} Hz."
            )
        if self.window_length > self.fft_size:
            raise SerVaeError(
                f"features.fft_size={self.fft_size} is below the window of {self.window_length} "
                f"samples, which it would cut.\nGive {self.window_length} or more, such as "
                f"{2 ** math.ceil(math.log2(self.window_length))}."
            )
        if not (self.filters > 0).any(0).all():
            raise SerVaeError(
                f"features: an fft_size of {self.fft_size} leaves some of {self.mel_bands} mel "
                f"bands from {self.f_min} to {self.f_max} Hz empty.\nUse a larger fft_size, fewer "
                f"bands, or an f_max of at most half the sample rate, {self.sample_rate / 2}."
            )

    def __call__(self, waveform: Samples) -> Samples:
        """Compute the frames: (N,) -> (T, F); `TooShortError` below one window."""
        if len(waveform) < self.window_length:
            raise TooShortError(
                f"too short: {len(waveform) / self.sample_rate:.3f} s, expected at least one "
                f"window of {self.window} s"
            )
        framing = self.window_length, self.shift_length
        speech = trim_quiet_ends(waveform, *framing, self.trim_db)
        mel = power_spectrum(speech, *framing, self.fft_size) @ self.filters  # (T, F)
        log_mel: Samples = mel.add_(self.floor).log_().numpy()
        return log_mel

    def invert(self, log_mel: Samples, seed: int) -> Samples:
        """Estimate a waveform: (T, mel_bands) -> (N,), see `invert_log_mel`."""
        return invert_log_mel(
            log_mel,
            self.filters,
            floor=self.floor,
            window=self.window_length,
            shift=self.shift_length,
            fft_size=self.fft_size,
            seed=seed,
        )

    @property
    def frame_shift_s(self) -> float:
        """Seconds between the starts of two frames."""
        return self.frame_shift

    @property
    def names(self) -> Sequence[str]:
        """Name of each column: "mel 0" is the lowest band."""
        return [f"mel {band}" for band in range(self.mel_bands)]

    @property
    def spectrogram_bands(self) -> int:
        """Number of leading columns that are the spectrogram."""
        return self.mel_bands

    @property
    def window_length(self) -> int:
        """Length of a window in samples."""
        return round(self.window * self.sample_rate)

    @property
    def shift_length(self) -> int:
        """Frame shift in samples."""
        return round(self.frame_shift * self.sample_rate)

    @cached_property
    def filters(self) -> Tensor:
        """Mel filters (bins, F): triangles of height 1, each between its neighbours' peaks."""
        bins = torch.linspace(0, self.sample_rate / 2, self.fft_size // 2 + 1, dtype=torch.float64)
        to_mel, to_hz = MEL_SCALES[self.mel_scale]
        low, high = to_mel(torch.tensor([self.f_min, self.f_max], dtype=torch.float64)).tolist()
        edges = to_hz(torch.linspace(low, high, self.mel_bands + 2, dtype=torch.float64))
        left, peak, right = edges[:-2], edges[1:-1], edges[2:]
        rising = (bins[:, None] - left) / (peak - left)
        falling = (right - bins[:, None]) / (right - peak)
        return torch.minimum(rising, falling).clamp(min=0).float()


def _hz_to_htk(hz: Tensor) -> Tensor:
    return 2595 * torch.log10(1 + hz / 700)


def _htk_to_hz(mel: Tensor) -> Tensor:
    return 700 * (10 ** (mel / 2595) - 1)


# Slaney's Auditory Toolbox (1998): linear to 1 kHz, 15 mels, then 27 mels per factor of 6.4
def _hz_to_slaney(hz: Tensor) -> Tensor:
    return torch.where(hz < 1000, hz * 0.015, 15 + 27 * torch.log(hz / 1000) / math.log(6.4))


def _slaney_to_hz(mel: Tensor) -> Tensor:
    return torch.where(mel < 15, mel / 0.015, 1000 * 6.4 ** ((mel - 15) / 27))


MEL_SCALES = {"htk": (_hz_to_htk, _htk_to_hz), "slaney": (_hz_to_slaney, _slaney_to_hz)}


POWER_STEPS = 20  # after them, mel power is met to 0.001 of a natural log on speech
PHASE_STEPS = 60
MOMENTUM = 0.99  # of fast Griffin-Lim (Perraudin et al., WASPAA 2013)
MIN_POWER = 1e-12  # keeps quotients finite


def invert_log_mel(
    log_mel: Samples,
    filters: Tensor,
    *,
    floor: float,
    window: int,
    shift: int,
    fft_size: int,
    seed: int,
) -> Samples:
    """Estimate a waveform: (T, F) frames -> (N,) samples with N = (T - 1) shift + window.

    The log-mel spectrogram of the result differs from `log_mel` by about 0.1 of a natural log on
    speech, on average. Frames generated by a model may give samples beyond ±1: scale before writing
    a file.

    Args:
        log_mel: natural log of mel power plus `floor`.
        filters: (fft_size / 2 + 1, F) weights of the mel bands.
        floor: constant that was added to the power before the log.
        window: samples.
        shift: samples.
        fft_size: samples.
        seed: draws the initial phases.
    """
    mel = (torch.from_numpy(log_mel).double().exp() - floor).clamp(min=0)
    power = _spread_over_bins(mel, filters.double())
    waveform: Samples = _reconstruct_phases(power, window, shift, fft_size, seed).numpy()
    return waveform


def _spread_over_bins(mel: Tensor, filters: Tensor) -> Tensor:
    """Distribute mel power over Fourier bins, without negative power: (T, F) -> (T, bins).

    Least squares give bins of negative power, and clipping those (as torchaudio's InverseMelScale
    does) adds power. Non-negative least squares (librosa) put a band into few bins, which change
    from frame to frame and fit no phases: 0.2 to 0.4 off. Starting from the clipped smooth
    solution, multiplicative updates (Lee & Seung, 2001) reach the mel power and stay smooth.
    """
    weights = filters.T / filters.sum(dim=1).clamp(min=MIN_POWER)  # (F, bins)
    power: Tensor = (mel @ torch.linalg.pinv(filters)).clamp(min=MIN_POWER)
    for _ in range(POWER_STEPS):
        power = power * ((mel / (power @ filters).clamp(min=MIN_POWER)) @ weights)
    return power


def _reconstruct_phases(power: Tensor, window: int, shift: int, fft_size: int, seed: int) -> Tensor:
    """Find phases on which overlapping frames agree: (T, bins) -> (N,), Griffin & Lim, 1984.

    torchaudio centres frames on multiples of the shift, `LogMel` starts them there: silent frames
    at both ends make room for the first and the last window.
    """
    padding = math.ceil(window / 2 / shift)
    with torch.random.fork_rng(devices=[]):  # torchaudio draws from the global generator
        torch.default_generator.manual_seed(seed)
        waveform: Tensor = griffinlim(
            pad(power.T.float(), (padding, padding)),
            window=torch.hamming_window(window),
            n_fft=fft_size,
            hop_length=shift,
            win_length=window,
            power=2.0,
            n_iter=PHASE_STEPS,
            momentum=MOMENTUM,
            length=None,
            rand_init=True,
        )
    first = padding * shift - window // 2
    return waveform[first : first + (len(power) - 1) * shift + window]
