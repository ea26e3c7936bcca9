"""The most frequent emotion of each speaker: what knowing only the speaker achieves."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ser_vae.baseline.estimator import FloatArray, Training, UtteranceData
from ser_vae.baseline.majority import Majority, class_frequencies


class SpeakerLookup(Majority):
    """Predicts the class frequencies of the speaker's training utterances.

    A speaker without any gets the frequencies of the whole training set. The most probable emotion
    is that of `data.audit.speaker_lookup`.
    """

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

    def state(self) -> dict[str, Any]:
        """Return the frequencies (K,) of all speakers and of each."""
        return {**super().state(), "by_speaker": self.by_speaker}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        super().load_state(state)
        self.by_speaker = state["by_speaker"]
