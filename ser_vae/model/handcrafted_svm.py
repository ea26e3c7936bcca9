"""eGeMAPS functionals and those of the frames, joined, to a support vector machine.

What a learnt representation has to beat: all that an expert would measure, and the spectrum that
the networks see.
"""

from typing import Any

import numpy as np

from ser_vae.data.statistics import Statistics, Values
from ser_vae.model.egemaps_svm import EGeMAPSSVM, whole_of
from ser_vae.model.logmel_svm import over_frames


class HandcraftedSVM(EGeMAPSSVM):
    """eGeMAPS, and the set `functionals` over the frames (whatever `features` are), to an SVM."""

    def __init__(self, *, functionals: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.functionals = functionals

    def probabilities(self, statistics: Statistics) -> Values:
        """(U of test, K)."""
        frames = over_frames(self.functionals, statistics)
        return self.svm.probabilities(np.hstack([whole_of(statistics), frames]), statistics)
