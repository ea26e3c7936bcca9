"""Which fold a run is about."""

import pytest

from ser_vae import SerVaeError
from ser_vae.split.fold import fold_of

FOLDS = [{"a": "test", "b": "train"}, {"a": "train", "b": "test"}]


def test_a_fold_is_taken_by_its_number_from_zero():
    assert [fold_of(FOLDS, fold, "speaker") for fold in (0, 1)] == FOLDS


def test_a_protocol_without_folds_needs_no_number():
    assert fold_of(FOLDS[:1], None, "random") == FOLDS[0]


@pytest.mark.parametrize("fold", [None, -1, 2, "0", "first", 0.0, True])
def test_no_folds_number_is_an_error_that_says_which_there_are(fold):
    with pytest.raises(SerVaeError, match=r"has 2 folds here\.\nGive fold=0 to fold=1, or fold=al"):
        fold_of(FOLDS, fold, "speaker")


def test_a_number_where_there_are_no_folds_is_an_error():
    with pytest.raises(SerVaeError, match=r"fold=0: split=random has no folds"):
        fold_of(FOLDS[:1], 0, "random")
