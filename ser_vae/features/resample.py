"""Another sample rate for a waveform, or for blocks of it as they arrive."""

import math
from functools import lru_cache
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
import torch

from ser_vae import SerVaeError

try:
    from torchaudio.transforms import Resample
except (ImportError, OSError, RuntimeError) as error:  # what a library of another build raises
    raise SerVaeError(
        f"torch {version('torch')} and torchaudio {version('torchaudio')} are not built for one "
        f"another: {error}.\nInstall a pair: pip install --constraint constraints.txt ser_vae"
    ) from error

Waveform = npt.NDArray[np.float32]


@lru_cache(maxsize=16)
def resampler(rate: int, new_rate: int) -> Resample:
    """Return the resampler of a pair of rates, whose kernel is computed once."""
    return Resample(rate, new_rate)


class BlockResampler:
    """Resamples blocks to what `torchaudio` makes of them joined.

    In steps of the smallest times that hold whole numbers of samples at both rates. The filter
    reaches `width` samples beyond a step on both sides: `context` earlier steps are kept, and a
    step waits for the samples after it.
    """

    def __init__(self, rate: int, new_rate: int) -> None:
        common = math.gcd(rate, new_rate)
        self.old, self.new = rate // common, new_rate // common  # samples in a step
        self.resample = resampler(rate, new_rate)
        self.context = -(-self.resample.width // self.old)
        self.samples = np.zeros(0, np.float32)
        self.done = 0  # steps at the start of `samples` that have been returned

    def push(self, samples: Waveform, wanted: int = 1) -> Waveform:
        """Add samples; return those of the steps that are complete, if these are `wanted` samples.

        Waiting costs less than to resample many small blocks.
        """
        self.samples = np.concatenate([self.samples, samples])
        complete = (len(self.samples) - self.resample.width) // self.old
        if (complete - self.done) * self.new < wanted:
            return self.samples[:0]
        resampled = self._resampled()[: (complete - self.done) * self.new]
        self.done = min(complete, self.context)
        self.samples = self.samples[(complete - self.done) * self.old :].copy()
        return resampled

    def finish(self, samples: Waveform | None = None) -> Waveform:
        """Add samples; return those of the last steps, as if silence followed."""
        if samples is not None:
            self.samples = np.concatenate([self.samples, samples])
        return self._resampled()

    def _resampled(self) -> Waveform:
        """Resample what has not been returned, and some samples that need those to come."""
        resampled: Waveform = self.resample(torch.from_numpy(self.samples)).numpy()
        return resampled[self.done * self.new :]
