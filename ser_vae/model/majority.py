"""The commonest emotion: what every other score has to be above."""

import numpy as np
import numpy.typing as npt

from ser_vae.data.statistics import Statistics, Values


class Majority:
    """Says of every utterance how common each emotion is in the training part."""

    level = "utterance"
    conditional = False
    extractor = None

    def __init__(self, *, input_size: int, num_classes: int) -> None:
        """Take what every representation is told; there is nothing to set."""

    def probabilities(self, statistics: Statistics) -> Values:
        """(U of test, K), all rows alike."""
        row = frequencies(statistics.label, statistics.emotions)
        return np.tile(row, (int(statistics.in_test.sum()), 1))


def frequencies(label: npt.NDArray[np.int64], emotions: tuple[str, ...]) -> Values:
    """The share of each of K emotions in labels (U,): (K,).

    Of equally common ones the first in the alphabet is raised by the smallest number there is, so
    that the most probable is the one of `data.audit.speaker_lookup`.
    """
    share: Values = np.bincount(label, minlength=len(emotions)) / len(label)
    commonest = min(range(len(emotions)), key=lambda k: (-share[k], emotions[k]))
    share[commonest] = np.nextafter(share[commonest], np.inf)
    return share
