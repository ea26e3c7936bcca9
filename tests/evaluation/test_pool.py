"""Scores over all folds of a protocol."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, recall_score

from ser_vae.corpus.utterance import Utterance
from ser_vae.evaluation.predictions import collect_predictions
from ser_vae.evaluation.summary import over_folds, pooled

EMOTIONS = ("calm", "gay", "sad")


def fold(number: int, size: int, emotions: tuple[str, ...] = EMOTIONS) -> pd.DataFrame:
    rng, names = np.random.default_rng(number), [f"f{number}u{n}" for n in range(size)]
    utterances = [
        Utterance(name, Path("unread.wav"), "sad", f"of {name}", dialogue=f"around {name}")
        for name in names
    ]
    truth = rng.permutation(np.arange(size) % len(emotions))
    return collect_predictions(utterances, truth, emotions, rng.random((size, len(emotions))))


FOLDS = [fold(0, 4), fold(1, 30), fold(2, 9)]


def test_each_utterance_keeps_its_speaker_dialogue_truth_and_probability():
    result = pooled(FOLDS).set_index("utterance")
    assert len(result) == sum(map(len, FOLDS))
    for each in FOLDS:
        expected = each.set_index("utterance")
        pd.testing.assert_frame_equal(result.loc[expected.index], expected)


def test_the_scores_are_over_all_utterances_not_a_mean_over_folds():
    truth = np.concatenate([each["truth"] for each in FOLDS])
    guess = np.concatenate([each["guess"] for each in FOLDS])
    result = over_folds(FOLDS, "speaker")
    ua = recall_score(truth, guess, average="macro")
    assert result["speaker/test/wa"] == pytest.approx(accuracy_score(truth, guess))
    assert result["speaker/test/ua"] == pytest.approx(ua)
    of_folds = [recall_score(each["truth"], each["guess"], average="macro") for each in FOLDS]
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
