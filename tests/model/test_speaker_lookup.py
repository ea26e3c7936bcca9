"""The speaker lookup: the rule of the audit, as a recogniser."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_utterances import EMOTIONS, known_of, material_of

from ser_vae.data.audit import speaker_lookup
from ser_vae.evaluation.confusion import accuracies
from ser_vae.model.speaker_lookup import SpeakerLookup

SAID = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abcd")), min_size=1, max_size=20)


def model() -> SpeakerLookup:
    return SpeakerLookup(input_size=800, num_classes=3)


def test_a_speaker_has_the_shares_of_his_own_and_a_new_one_those_of_all():
    label, speakers = [0, 0, 1, 2, 2, 1, 1, 1], list("aaabb") + list("abc")
    material = material_of(label, ["train"] * 5 + ["test"] * 3, speakers)
    found = model().probabilities(known_of(material))
    np.testing.assert_allclose(found, [[2 / 3, 1 / 3, 0], [0, 0, 1], [0.4, 0.2, 0.4]])


@given(SAID, SAID)
def test_it_scores_what_the_audit_says_ties_and_new_speakers_too(train, test):
    parts = ["train"] * len(train) + ["test"] * len(test)
    label, speakers = zip(*train, *test, strict=True)
    material = material_of(label, parts, speakers)
    guess = model().probabilities(known_of(material)).argmax(axis=1)
    confusion = np.zeros((3, 3), np.int64)
    for (truth, _), own in zip(test, guess, strict=True):
        confusion[truth, own] += 1
    expected = speaker_lookup(material.utterances_of("train"), material.utterances_of("test"))
    found = accuracies(confusion)
    assert {"wa": found["wa"], "ua": found["ua"]} == pytest.approx(expected)


@given(SAID)
def test_probabilities_sum_to_one(train):
    label, speakers = zip(*train, (0, "a"), (0, "e"), strict=True)
    parts = ["train"] * len(train) + ["test"] * 2
    found = model().probabilities(known_of(material_of(label, parts, speakers)))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert len(found[0]) == len(EMOTIONS)
