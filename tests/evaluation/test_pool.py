"""The folds of a protocol as one test part."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from ser_vae.evaluation.metrics import evaluate
from ser_vae.evaluation.pool import over_folds, pooled
from ser_vae.evaluation.predictions import Predictions

EMOTIONS = ("calm", "gay", "sad")


def fold(number: int, size: int, emotions: tuple[str, ...] = EMOTIONS) -> Predictions:
    rng = np.random.default_rng(number)
    names = tuple(f"f{number}u{n}" for n in range(size))
    speakers = tuple(f"of {name}" for name in names)
    dialogues = tuple(f"around {name}" for name in names)
    truth = rng.permutation(np.arange(size) % len(emotions))
    return Predictions(
        emotions, names, speakers, dialogues, truth, rng.random((size, len(emotions)))
    )


FOLDS = [fold(0, 4), fold(1, 30), fold(2, 9)]


def test_each_utterance_keeps_all_that_is_its_own():
    found = pooled(FOLDS)
    assert found.emotions == EMOTIONS
    of = {n: (f, row) for f in FOLDS for row, n in enumerate(f.utterance)}
    assert sorted(found.utterance) == sorted(of)
    for row, name in enumerate(found.utterance):
        own, there = of[name]
        assert (found.speaker[row], found.dialogue[row]) == (f"of {name}", f"around {name}")
        assert found.truth[row] == own.truth[there]
        np.testing.assert_array_equal(found.probability[row], own.probability[there])


def test_the_scores_are_those_of_all_utterances_and_no_mean_of_folds():
    truth = np.concatenate([each.truth for each in FOLDS])
    guess = np.concatenate([each.guess for each in FOLDS])
    found = over_folds(FOLDS, "speaker")
    ua = recall_score(truth, guess, average="macro")
    assert found["speaker/test/wa"] == pytest.approx(accuracy_score(truth, guess))
    assert found["speaker/test/ua"] == pytest.approx(ua)
    assert ua != pytest.approx(np.mean(found["speaker/test/ua_of_folds"]))


def test_the_score_of_each_fold_stands_beside_in_their_order():
    assert over_folds(FOLDS, "script")["script/test/ua_of_folds"] == [
        pytest.approx(recall_score(each.truth, each.guess, average="macro")) for each in FOLDS
    ]


def test_the_protocol_is_in_every_key():
    found = over_folds(FOLDS, "session")
    assert all(key.startswith("session/test/") for key in found)
    assert found.keys() == {
        *evaluate(FOLDS[0], "session"),
        "session/test/ua_intervals",
        "session/test/ua_of_folds",
    }


@pytest.mark.parametrize(
    "other",
    [fold(0, 5), fold(3, 5, ("calm", "gay")), fold(3, 5, ("sad", "gay", "calm"))],
    ids=["an utterance twice", "fewer emotions", "emotions in another order"],
)
def test_folds_that_do_not_belong_together_are_an_error(other):
    with pytest.raises(ValueError, match="folds of one experiment"):
        pooled([*FOLDS, other])
