"""The speaker lookup: the rule of the audit, as an estimator."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from utterances import EMOTIONS, RUNTIME, make_utterances

from ser_vae.baseline.speaker_lookup import SpeakerLookup
from ser_vae.corpus.utterance import Utterance
from ser_vae.data.audit import lookup_counts, score_lookup
from ser_vae.evaluation.metrics import accuracies

LABELS_AND_SPEAKERS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from("abcd")), min_size=1, max_size=20
)


def test_a_new_speaker_gets_the_frequencies_of_all_speakers():
    label, speakers = [0, 0, 1, 2, 2, 1, 1, 1], "aaabbabc"
    utterances = make_utterances(label, ["train"] * 5 + ["test"] * 3, speakers)
    probability = utterances.test_probabilities(SpeakerLookup(**RUNTIME))
    np.testing.assert_allclose(probability, [[2 / 3, 1 / 3, 0], [0, 0, 1], [0.4, 0.2, 0.4]])


@given(LABELS_AND_SPEAKERS, LABELS_AND_SPEAKERS)
def test_it_scores_like_the_lookup_of_the_audit_with_ties_and_new_speakers(train, test):
    label, speakers = zip(*train, *test, strict=True)
    utterances = make_utterances(label, ["train"] * len(train) + ["test"] * len(test), speakers)
    probability = utterances.test_probabilities(SpeakerLookup(**RUNTIME))
    confusion = np.zeros((3, 3), np.int64)
    for (truth, _), guess in zip(test, probability.argmax(axis=1), strict=True):
        confusion[truth, guess] += 1
    read = [
        [Utterance(f"u{n}", Path("unread.wav"), EMOTIONS[k], s) for n, (k, s) in enumerate(side)]
        for side in (train, test)
    ]
    scores = accuracies(confusion)
    assert {"wa": scores["wa"], "ua": scores["ua"]} == pytest.approx(
        score_lookup([lookup_counts(*read)])
    )
