"""No speaker in two parts."""

from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.folder import UNKNOWN_SPEAKER
from ser_vae.corpus.utterance import Utterance
from ser_vae.split.speaker import folds

SETTINGS = {"seed": 0, "leave_one_out_up_to": 10, "folds": 5, "validation": 0.0}


def utterances(speakers: int) -> list[Utterance]:
    return [
        Utterance(f"{s:02}{n}", Path("unread.wav"), ("calm", "sad")[n % 2], f"s{s:02}")
        for s in range(speakers)
        for n in range(4)
    ]


@pytest.mark.parametrize(("speakers", "count"), [(4, 4), (10, 10), (24, 5)])
def test_few_speakers_are_left_out_one_by_one_and_many_are_drawn(speakers, count):
    chosen = utterances(speakers)
    found = folds(chosen, **SETTINGS)
    assert len(found) == count
    for parts in found:
        sides = [{u.speaker for u in chosen if parts[u.id] == p} for p in ("train", "test")]
        assert not sides[0] & sides[1]
        assert len(sides[0]) + len(sides[1]) == speakers


def test_a_speaker_is_left_out_even_from_a_session_of_two():
    chosen = [
        Utterance(f"{s}{n}", Path("unread.wav"), "sad", f"Ses0{s // 2}{'FM'[s % 2]}")
        for s in range(10)
        for n in range(3)
    ]
    tested = [
        {u.speaker for u in chosen if parts[u.id] == "test"} for parts in folds(chosen, **SETTINGS)
    ]
    assert tested == [{f"Ses0{s // 2}{'FM'[s % 2]}"} for s in range(10)]


def test_utterances_of_nobody_known_are_an_error():
    """As one speaker they would be a fold; one a file they would leak voices."""
    unknown = Utterance("x", Path("unread.wav"), "sad", UNKNOWN_SPEAKER)
    with pytest.raises(SerVaeError, match=r"the speaker of 1 of 13 utterances, first x\."):
        folds([*utterances(3), unknown], **SETTINGS)
