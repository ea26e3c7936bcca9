"""Leave one session out."""

from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.split.session import folds


def utterances(sessions: int) -> list[Utterance]:
    return [
        Utterance(f"{s:02}{n}", Path("unread.wav"), "sad", f"{s:02}{n % 2}", session=f"Ses{s:02}")
        for s in range(sessions)
        for n in range(4)
    ]


@pytest.mark.parametrize("sessions", [2, 5, 30])
def test_each_session_is_a_fold_however_many_there_are(sessions):
    found = folds(utterances(sessions), seed=0, validation=0.0)
    assert found == [
        {u.id: "test" if u.session == f"Ses{s:02}" else "train" for u in utterances(sessions)}
        for s in range(sessions)
    ]


def test_validation_takes_a_whole_session_of_the_training_part():
    chosen = utterances(5)
    for parts in folds(chosen, seed=0, validation=0.25):
        inside = {u.session for u in chosen if parts[u.id] == "validation"}
        assert len(inside) == 1
        assert all(parts[u.id] == "validation" for u in chosen if u.session in inside)


def test_a_corpus_without_sessions_is_an_error_that_says_what_to_do():
    chosen = [Utterance(name, Path("unread.wav"), "sad", name) for name in "ab"]
    with pytest.raises(SerVaeError, match=r"split=session.*2 of 2(?s:.*)a `session` column"):
        folds(chosen, seed=0, validation=0.0)
