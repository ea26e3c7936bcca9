"""Who speaks and nothing else: the emotion that a speaker has most often in training."""

import numpy as np

from ser_vae.data.statistics import Statistics, Values
from ser_vae.model.majority import frequencies


class SpeakerLookup:
    """Says of an utterance how common each emotion is in its speaker's part of the training part.

    The rule of `data.audit.speaker_lookup`, with frequencies in place of a guess: of a speaker who
    is not in the training part, those of all of it.
    """

    level = "utterance"
    conditional = False
    extractor = None

    def __init__(self, *, input_size: int, num_classes: int) -> None:
        """Take what every representation is told; there is nothing to set."""

    def probabilities(self, statistics: Statistics) -> Values:
        """(U of test, K)."""
        speakers = np.array(statistics.speakers)
        known = speakers[statistics.in_train]
        overall = frequencies(statistics.label, statistics.emotions)
        of_speaker = {
            str(speaker): frequencies(statistics.label[known == speaker], statistics.emotions)
            for speaker in set(known)
        }
        return np.stack([of_speaker.get(name, overall) for name in speakers[statistics.in_test]])
