"""What is said is never in two parts."""

from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.split.script import folds

SETTINGS = {"seed": 0, "leave_one_out_up_to": 10, "folds": 5, "validation": 0.0}


def utterances(scripts: int) -> list[Utterance]:
    return [
        Utterance(f"{s:02}{n}", Path("unread.wav"), "sad", f"actor{n}", script=f"statement {s:02}")
        for s in range(scripts)
        for n in range(6)
    ]


def test_two_statements_are_two_folds_with_every_speaker_on_both_sides():
    chosen = utterances(2)
    first, second = folds(chosen, **SETTINGS)
    assert first == {u.id: "test" if u.script == "statement 00" else "train" for u in chosen}
    assert all(second[name] != part for name, part in first.items())


def test_no_script_of_many_is_in_two_parts():
    chosen = utterances(13)
    found = folds(chosen, **SETTINGS)
    assert len(found) == 5
    for parts in found:
        assert len({(u.script, parts[u.id]) for u in chosen}) == 13


def test_an_utterance_without_a_script_is_named():
    chosen = [*utterances(2), Utterance("z", Path("unread.wav"), "sad", "actor0")]
    with pytest.raises(SerVaeError, match=r"the script of 1 of 13 utterances, first z\."):
        folds(chosen, **SETTINGS)
