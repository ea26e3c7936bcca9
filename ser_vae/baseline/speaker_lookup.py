"""The most frequent emotion of each speaker: what knowing only the speaker achieves."""

import numpy as np

from ser_vae.baseline.estimator import FloatArray, Training, UtteranceData
from ser_vae.baseline.majority import Majority, class_frequencies


class SpeakerLookup(Majority):
    """Predicts the class frequencies of the speaker's training utterances.

    A speaker without any gets the frequencies of the whole training set. The most probable emotion
    is that of `data.audit.lookup_counts`.
    """

    learned = ("frequencies", "by_speaker")  # (K,) of all speakers, and of each by name

    def fit(self, data: UtteranceData, training: Training) -> None:
        """Count the emotions of each speaker of the training set."""
        super().fit(data, training)
        train, speakers = training.in_train, np.array(data.speakers)
        self.by_speaker = {
            str(name): class_frequencies(
                training.label[train & (speakers == name)], training.emotions
            )
            for name in np.unique(speakers[train])
        }

    def predict_proba(self, data: UtteranceData) -> FloatArray:
        """Return the frequencies of each utterance's speaker: (U, K)."""
        return np.stack([self.by_speaker.get(name, self.frequencies) for name in data.speakers])
