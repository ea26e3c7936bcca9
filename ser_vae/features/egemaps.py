"""Waveform → the extended Geneva minimalistic acoustic parameters, by openSMILE.

eGeMAPS v02, after Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice
Research and Affective Computing", IEEE Transactions on Affective Computing 7(2), 2016: loudness,
spectrum, pitch, voice quality and formants. openSMILE is an extra, imported when it is first used;
audEERING's licence is for research, not for products.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Literal, get_args

import numpy as np

from ser_vae import SerVaeError
from ser_vae.features.audio import Samples
from ser_vae.features.frames import spoken
from ser_vae.features.logmel import TooShortError

Level = Literal["functionals", "lld"]

PITCH_WINDOW = 0.060  # s, in openSMILE's configuration
FULL_SCALE = 1 - 2**-15  # openSMILE is given 16 bits, and a sample of 1 would wrap around to -1


@dataclass(frozen=True)
class EGeMAPS:
    """The parameters of an utterance, or the descriptors that they sum up, each 10 ms.

    Calling it takes a waveform (N,) in ±1 at `sample_rate` to float32: (1, 88) at the level
    `functionals`, statistics over the whole utterance, some over its voiced or unvoiced stretches
    alone; (T, 25) at the level `lld`, where what needs a pitch is 0 in unvoiced rows. A waveform
    that goes beyond ±1, as after resampling, is scaled down to it. openSMILE works on 16 bits,
    from several threads at once if need be, and always gives the same values.

    Attributes:
        sample_rate: Hz.
        level: `functionals` or `lld`.
        window, frame_shift, trim_db: what `features.frames.spoken` cuts of the ends, as for
            log-mel frames; s, s and dB.

    Raises:
        SerVaeError: openSMILE is not installed, or there is no such level.
    """

    sample_rate: int
    level: Level
    window: float
    frame_shift: float
    trim_db: float | None

    def __post_init__(self) -> None:
        if self.level not in get_args(Level):
            raise SerVaeError(
                f"egemaps: level {self.level!r}, expected one of {', '.join(get_args(Level))}"
            )
        if find_spec("opensmile") is None:
            raise SerVaeError(
                "eGeMAPS is computed by openSMILE, which is not installed.\n"
                "pip install 'ser_vae[opensmile]'"
            )

    def __call__(self, waveform: Samples) -> Samples:
        """Take (N,) samples to (1, 88) or (T, 25); `TooShortError` below 60 ms between the ends."""
        framing = round(self.window * self.sample_rate), round(self.frame_shift * self.sample_rate)
        speech = spoken(waveform, *framing, self.trim_db)
        if len(speech) < PITCH_WINDOW * self.sample_rate:
            raise TooShortError(
                f"too short: {len(speech) / self.sample_rate:.3f} s, expected at least the "
                f"{PITCH_WINDOW} s in which eGeMAPS looks for a pitch"
            )
        loudest = float(np.abs(speech).max())
        scaled = speech * np.float32(FULL_SCALE / max(FULL_SCALE, loudest))
        values = self._smile.process_signal(scaled, self.sample_rate).to_numpy(np.float32)
        in_rows: Samples = np.ascontiguousarray(values)
        return in_rows

    @property
    def names(self) -> list[str]:
        """Of each column, as openSMILE calls it."""
        return list(self._smile.feature_names)

    @cached_property
    def _smile(self) -> Any:
        import opensmile  # noqa: PLC0415  (an extra)

        levels = {
            "functionals": opensmile.FeatureLevel.Functionals,
            "lld": opensmile.FeatureLevel.LowLevelDescriptors,
        }
        return opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, levels[self.level])
