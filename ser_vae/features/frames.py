"""Waveform -> windowed frames and their power, and the trimming of quiet ends."""

from functools import lru_cache

import torch
from torch import Tensor

from ser_vae.features.audio import Samples

BLOCK = 256  # frames transformed at once: their 2 MB stay in the cache of a core


def power_spectrum(waveform: Samples, length: int, shift: int, fft_size: int) -> Tensor:
    """Compute the power spectrum of the windowed frames: (N,) -> (T, fft_size / 2 + 1), float32.

    Frames are zero-padded to `fft_size` and transformed in double precision.
    """
    frames = torch.from_numpy(waveform).unfold(0, length, shift)  # (T, length)
    power = torch.empty(len(frames), fft_size // 2 + 1)
    padded = torch.zeros(min(BLOCK, len(frames)), fft_size, dtype=torch.float64)
    for block, out in zip(torch.split(frames, BLOCK), torch.split(power, BLOCK), strict=True):
        torch.mul(block, _hamming(length), out=padded[: len(block), :length])
        spectrum = torch.view_as_real(torch.fft.rfft(padded[: len(block)]))
        spectrum.mul_(spectrum)
        torch.add(spectrum[..., 0], spectrum[..., 1], out=out)
    return power


def trim_quiet_ends(waveform: Samples, length: int, shift: int, trim_db: float | None) -> Samples:
    """Return the samples (N,) from the first to the last loud frame.

    A frame is loud if its energy is within `trim_db` of the loudest. With None, and for a waveform
    shorter than a frame, nothing is cut.
    """
    if trim_db is None or len(waveform) < length:
        return waveform
    frames = torch.from_numpy(waveform).double().unfold(0, length, shift) * _hamming(length)
    energy = frames.square().sum(1)  # (T,)
    loud = torch.nonzero(energy >= energy.max() * 10 ** (-trim_db / 10))
    return waveform[int(loud[0]) * shift : int(loud[-1]) * shift + length]


@lru_cache(maxsize=16)
def _hamming(length: int) -> Tensor:
    return torch.hamming_window(length, periodic=True, dtype=torch.float64)
