"""Log-mel frames -> waveform, to be listened to: the inverse of `LogMel`, as far as there is one.

Two things that `LogMel` leaves out are guessed: how a mel band's power is spread over the bins of
the Fourier transform, and all phases. So a copy of speech sounds hollow, even where its log-mel is
exact: judge what a model does against the inverted input, never against the original audio.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad
from torchaudio.functional import griffinlim

from ser_vae.features.audio import Samples
from ser_vae.features.logmel import LogMel

SPREADING_STEPS = 20  # after them, mel power is met to 0.001 of a natural log on speech
PHASE_STEPS = 60
MOMENTUM = 0.99  # of the fast algorithm (Perraudin et al., WASPAA 2013)
LEAST = 1e-12  # power; keeps quotients finite


def to_waveform(log_mel: Samples, extractor: LogMel, seed: int) -> Samples:
    """Invert (T, F) frames to (N,) samples, N = (T - 1) shifts + a window.

    What `extractor` makes of the result is near `log_mel`: on speech to 0.1 of a natural log in the
    mean. Full scale is ±1, as where the frames came from, but frames that a model made up may be
    louder: scale before writing a file. `seed` draws the first phases.
    """
    mel = (torch.from_numpy(log_mel).double().exp() - extractor.floor).clamp(min=0)
    waveform = _with_phases(_spread(mel, extractor.filters.double()), extractor, seed)
    found: Samples = waveform.numpy()
    return found


def _spread(mel: Tensor, filters: Tensor) -> Tensor:
    """Spread mel power over bins: (T, F), (bins, F) -> (T, bins), none of it below 0.

    Least squares give bins of negative power (torchaudio's InverseMelScale cuts them off and adds
    power so; non-negative least squares, as librosa's, put a band into few bins, and each into
    others than its neighbours in time, which no phases agree with: 0.2 to 0.4 off). From the
    smooth solution, cut off, multiplicative updates (Lee & Seung, 2001) reach the mel power and
    keep it smooth.
    """
    weights = filters.T / filters.sum(dim=1).clamp(min=LEAST)  # (F, bins); 0 where none reaches
    power: Tensor = (mel @ torch.linalg.pinv(filters)).clamp(min=LEAST)
    for _ in range(SPREADING_STEPS):
        power = power * ((mel / (power @ filters).clamp(min=LEAST)) @ weights)
    return power


def _with_phases(power: Tensor, extractor: LogMel, seed: int) -> Tensor:
    """Find phases under which overlapping frames agree: (T, bins) -> (N,), Griffin & Lim, 1984.

    torchaudio's frames are centred on multiples of the shift, ours begin there: silent frames
    before and behind make room for the first and the last window.
    """
    window, shift = extractor.window_length, extractor.shift_length
    around = math.ceil(window / 2 / shift)
    with torch.random.fork_rng(devices=[]):  # torchaudio draws from the generator of all
        torch.default_generator.manual_seed(seed)
        waveform = griffinlim(
            pad(power.T.float(), (around, around)),
            window=torch.hamming_window(window),
            n_fft=extractor.fft_size,
            hop_length=shift,
            win_length=window,
            power=2.0,
            n_iter=PHASE_STEPS,
            momentum=MOMENTUM,
            length=None,
            rand_init=True,
        )
    first = around * shift - window // 2
    own: Tensor = waveform[first : first + (len(power) - 1) * shift + window]
    return own
