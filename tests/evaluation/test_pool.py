"""Scores over all folds of a protocol."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from ser_vae.evaluation.predictions import Predictions
from ser_vae.evaluation.summary import over_folds, pooled

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


def test_each_utterance_keeps_its_speaker_dialogue_truth_and_probability():
    result = pooled(FOLDS)
    assert result.emotions == EMOTIONS
    of = {n: (f, row) for f in FOLDS for row, n in enumerate(f.utterance)}
    assert sorted(result.utterance) == sorted(of)
    for row, name in enumerate(result.utterance):
        source, index = of[name]
        assert (result.speaker[row], result.dialogue[row]) == (f"of {name}", f"around {name}")
        assert result.truth[row] == source.truth[index]
        np.testing.assert_array_equal(result.probability[row], source.probability[index])


def test_the_scores_are_over_all_utterances_not_a_mean_over_folds():
    truth = np.concatenate([each.truth for each in FOLDS])
    guess = np.concatenate([each.guess for each in FOLDS])
    result = over_folds(FOLDS, "speaker")
    ua = recall_score(truth, guess, average="macro")
    assert result["speaker/test/wa"] == pytest.approx(accuracy_score(truth, guess))
    assert result["speaker/test/ua"] == pytest.approx(ua)
    of_folds = [recall_score(each.truth, each.guess, average="macro") for each in FOLDS]
    assert result["speaker/test/ua_of_folds"] == pytest.approx(of_folds)
    assert ua != pytest.approx(np.mean(of_folds))


@pytest.mark.parametrize(
    "other",
    [fold(0, 5), fold(3, 5, ("calm", "gay")), fold(3, 5, ("sad", "gay", "calm"))],
    ids=["an utterance twice", "fewer emotions", "emotions in another order"],
)
def test_folds_of_different_experiments_are_an_error(other):
    with pytest.raises(ValueError, match="folds of one experiment"):
        pooled([*FOLDS, other])
