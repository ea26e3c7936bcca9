"""The paper's three subsets."""

from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Corpus, Utterance
from ser_vae.data.subset import select

EMOTIONS = ("neutral", "sad")


def utterance(name: str, emotion: str, style: str | None) -> Utterance:
    return Utterance(name, Path("unread.wav"), emotion, "speaker", style=style)


def corpus(*styles: str | None) -> Corpus:
    utterances = [
        utterance(f"{number}-{emotion}", emotion, style)
        for number, style in enumerate(styles)
        for emotion in EMOTIONS
    ]
    other = (utterance("fru", "frustrated", "improvised"),)
    return Corpus("demo", EMOTIONS, tuple(utterances), other)


def test_improvised_and_scripted_partition_complete():
    whole = corpus("improvised", "scripted", "improvised")
    improvised, scripted = select(whole, "improvised"), select(whole, "scripted")
    assert {u.style for u in improvised} == {"improvised"}
    assert {u.style for u in scripted} == {"scripted"}
    assert sorted(u.id for u in improvised + scripted) == [u.id for u in select(whole, None)]


def test_a_corpus_without_styles_has_only_the_complete_subset():
    whole = corpus(None, None)
    assert select(whole, None) == list(whole.utterances)
    with pytest.raises(SerVaeError, match=r"data=improvised: corpus demo does not distinguish"):
        select(whole, "improvised")


def test_an_emotion_without_an_utterance_is_an_error_that_names_it():
    utterances = (utterance("a", "sad", "scripted"), utterance("b", "neutral", "improvised"))
    with pytest.raises(SerVaeError, match=r"data=scripted: no utterance of neutral among 1\."):
        select(Corpus("demo", EMOTIONS, utterances), "scripted")
