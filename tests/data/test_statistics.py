"""What a recogniser of whole utterances is told, and above all what it is not."""

from dataclasses import fields, replace

import numpy as np
import pytest
from known_utterances import four_speakers, known_of, material_of

from ser_vae.corpus.folder import UNKNOWN_SPEAKER
from ser_vae.data.material import Material

VALUES = np.random.default_rng(1).normal(3, 5, (48, 4))


def with_other_test_labels(material: Material) -> Material:
    test = material.mask("test")
    label = material.label.clone()
    label[test] = (label[test] + 1) % 3
    return replace(material, label=label)


@pytest.mark.parametrize("normalise", ["train", "speaker", "none"])
def test_no_label_of_the_test_part_is_in_it(normalise):
    material = four_speakers()
    own, other = (
        known_of(each, normalise=normalise, whole=VALUES)
        for each in (material, with_other_test_labels(material))
    )
    for field in fields(own):
        np.testing.assert_equal(getattr(own, field.name), getattr(other, field.name))
    changed = replace(material, label=(material.label + 1) % 3)
    assert not np.array_equal(known_of(changed).label, own.label)  # those of training are in it


def test_labels_are_those_of_the_training_part_in_its_order():
    parts = ["test", "train", "validation", "train", "test", "unlabelled"]
    material = material_of([0, 2, 1, 1, 2, 0], parts, ["s"] * 6)
    known = known_of(material)
    assert known.label.tolist() == [2, 1]
    assert known.in_train.tolist() == [False, True, False, True, False, False]
    assert known.in_test.tolist() == [True, False, False, False, True, False]


def test_frames_are_the_materials():
    material = four_speakers()
    for found, frames in zip(
        known_of(material).frames, material.segments.frames_of_each(), strict=True
    ):
        np.testing.assert_array_equal(found, frames.numpy())


def test_values_are_standardised_by_the_training_part():
    known = known_of(four_speakers(), whole=VALUES)
    train = VALUES[known.in_train]
    expected = (VALUES - train.mean(axis=0)) / train.std(axis=0)
    np.testing.assert_allclose(known.whole, expected, atol=1e-6)
    np.testing.assert_allclose(known.standardised(VALUES), expected, atol=1e-6)


def test_under_speaker_each_speakers_utterances_are_standardised_test_speakers_too():
    known = known_of(four_speakers(), normalise="speaker", whole=VALUES)
    speakers = np.array(known.speakers)
    for speaker in ("s0", "s3"):
        own = VALUES[speakers == speaker]
        expected = (own - own.mean(axis=0)) / own.std(axis=0)
        np.testing.assert_allclose(known.whole[speakers == speaker], expected, atol=1e-6)


def test_under_none_values_stay_as_they_are():
    known = known_of(four_speakers(), normalise="none", whole=VALUES)
    np.testing.assert_array_equal(known.whole, VALUES)


def test_standardising_leaves_what_is_given_as_it_is():
    given = VALUES.copy()
    known_of(four_speakers(), whole=given).standardised(given)
    np.testing.assert_array_equal(given, VALUES)


@pytest.mark.parametrize(
    ("train", "test", "expected"),
    [
        (["a", "a", "b"], ["c"], ["a", "a", "b"]),
        (["a", "a", "b"], ["b"], None),  # the test part shares a speaker
        (["a", "a", "a"], ["c"], None),  # there is one
        (["a", UNKNOWN_SPEAKER, "b"], ["c"], None),  # may be a, b or c
    ],
)
def test_speakers_are_held_out_where_the_test_part_does_so(train, test, expected):
    parts = ["train"] * len(train) + ["test"] * len(test)
    material = material_of([0] * len(parts), parts, [*train, *test])
    found = known_of(material).held_out_speakers()
    assert (None if found is None else found.tolist()) == expected


def test_it_holds_no_more_than_masks_of_the_test_part():
    """Whoever adds a field has to say here that it tells nothing of a test label."""
    known = known_of(four_speakers())
    assert {field.name for field in fields(known)} == {
        "frames", "whole", "label", "in_train", "in_test", "speakers", "emotions", "normalise",
        "seed",
    }  # fmt: skip
    assert len(known.label) == known.in_train.sum()
