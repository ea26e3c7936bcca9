"""Waveform → windowed frames and their power, and the quiet ends that are cut."""

from functools import lru_cache

import torch
from torch import Tensor

from ser_vae.features.audio import Samples

BLOCK = 256  # frames transformed at once: what they need, 2 MB, stays in a core's cache


def windowed(waveform: Samples, length: int, shift: int) -> Tensor:
    """Frames under a periodic Hamming window: (N,) → (T, length), in double precision.

    T = 1 + (N - length) // shift: nothing is padded.
    """
    return torch.from_numpy(waveform).double().unfold(0, length, shift) * _hamming(length)


def power(waveform: Samples, length: int, shift: int, fft_size: int) -> Tensor:
    """Power of each bin of the windowed frames: (N,) → (T, fft_size / 2 + 1), float32.

    Each is filled up with zeros to `fft_size`, and transformed in double precision.
    """
    frames = torch.from_numpy(waveform).unfold(0, length, shift)  # (T, length)
    found = torch.empty(len(frames), fft_size // 2 + 1)
    filled = torch.zeros(min(BLOCK, len(frames)), fft_size, dtype=torch.float64)
    for block, into in zip(torch.split(frames, BLOCK), torch.split(found, BLOCK), strict=True):
        torch.mul(block, _hamming(length), out=filled[: len(block), :length])
        spectrum = torch.view_as_real(torch.fft.rfft(filled[: len(block)]))
        spectrum.mul_(spectrum)
        torch.add(spectrum[..., 0], spectrum[..., 1], out=into)
    return found


def spoken(waveform: Samples, length: int, shift: int, trim_db: float | None) -> Samples:
    """Cut the quiet ends: (N,) → the samples from the first to the last loud frame.

    A frame is loud if it comes within `trim_db` of the loudest. None cuts nothing, and less than a
    frame is left as it is.
    """
    if trim_db is None or len(waveform) < length:
        return waveform
    energy = windowed(waveform, length, shift).square().sum(1)  # (T,)
    loud = torch.nonzero(energy >= energy.max() * 10 ** (-trim_db / 10))
    return waveform[int(loud[0]) * shift : int(loud[-1]) * shift + length]


@lru_cache(maxsize=16)
def _hamming(length: int) -> Tensor:
    return torch.hamming_window(length, periodic=True, dtype=torch.float64)
