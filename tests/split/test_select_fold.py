"""The selection of a fold, and what its training set must hold."""

from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.split import check_fold, select_fold

FOLDS = [{"a": "test", "b": "train"}, {"a": "train", "b": "test"}]


def test_folds_are_numbered_from_zero_and_a_single_one_has_no_number():
    assert [select_fold(FOLDS, fold, "speaker") for fold in (0, 1)] == FOLDS
    assert select_fold(FOLDS[:1], None, "random") == FOLDS[0]
    with pytest.raises(SerVaeError, match=r"fold=0: split=random has no folds"):
        select_fold(FOLDS[:1], 0, "random")


def test_a_training_set_without_an_emotion_is_refused_by_name():
    utterances = [Utterance(id_, Path(), emotion, "s") for id_, emotion in ("ax", "by", "cy")]
    fold = {"a": "train", "b": "validation", "c": "test"}
    with pytest.raises(SerVaeError, match="split=given: a training set has no utterance of y: all"):
        check_fold(fold, utterances, "given")
    check_fold(fold | {"b": "train"}, utterances, "given")
    with pytest.raises(SerVaeError, match="split=given: none of 3 utterances is in the test set"):
        check_fold(dict.fromkeys("abc", "train"), utterances, "given")
