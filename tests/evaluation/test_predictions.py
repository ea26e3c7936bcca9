"""`predictions.csv`: an exact round trip, and errors for damaged files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.evaluation.predictions import Predictions, collect_predictions, read, write

EMOTIONS = ("neutral", "happy", "sad")
NAMES = st.text(st.characters(exclude_categories=["C"]), max_size=8)


def example(probability: np.ndarray, names: tuple[str, ...] | None = None) -> Predictions:
    names = names or tuple(f"u{n}" for n in range(len(probability)))
    truth = np.arange(len(names)) % 3
    return Predictions(EMOTIONS, names, names[::-1], ("",) * len(names), truth, probability)


def assert_equal(one: Predictions, other: Predictions) -> None:
    for name in ("emotions", "utterance", "speaker", "dialogue"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("truth", "probability", "guess"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@settings(max_examples=60, deadline=None)
@given(arrays(float, (4, 3), elements=st.floats(0, 1)), st.tuples(NAMES, NAMES, NAMES, NAMES))
def test_a_round_trip_is_exact(tmp_path_factory, probability, names):
    """Rounding could make two probabilities tie and change the guess."""
    path = tmp_path_factory.mktemp("run") / "predictions.csv"
    write(path, example(probability, names))
    assert_equal(read(path), example(probability, names))


def test_the_file_has_named_emotions_and_a_probability_per_emotion(tmp_path):
    write(tmp_path / "predictions.csv", example(np.array([[0.25, 0.5, 0.25]])))
    assert (tmp_path / "predictions.csv").read_text() == (
        "utterance,speaker,dialogue,truth,guess,p_neutral,p_happy,p_sad\n"
        "u0,u0,,neutral,happy,0.25,0.5,0.25\n"
    )


def test_rows_are_sorted_by_id_together_with_their_probabilities():
    utterances = [
        Utterance(name, Path("unread.wav"), emotion, f"speaker of {name}", dialogue=dialogue)
        for name, emotion, dialogue in [("c", "sad", None), ("a", "happy", "d"), ("b", "sad", "e")]
    ]
    result = collect_predictions(
        utterances, np.array([2, 1, 2]), EMOTIONS, np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]])
    )
    assert result.utterance == ("a", "b", "c")
    assert result.speaker == ("speaker of a", "speaker of b", "speaker of c")
    assert result.dialogue == ("d", "e", "")
    assert result.truth.tolist() == [1, 2, 2]
    assert result.guess.tolist() == [1, 0, 2]


HEADER = "utterance,speaker,dialogue,truth,guess,p_neutral,p_sad"


@pytest.mark.parametrize(
    "content",
    [
        "",
        f"{HEADER}\nu,s,d,sad,sad,0.5,0.5",
        f"{HEADER}\n",
        f"{HEADER}\nu,s,d,happy,sad,0.5,0.5\n",
        f"{HEADER}\nu,s,d,sad,sad,0.5,high\n",
        f"{HEADER}\nu,s,d,sad,sad,0.5\n",
        f"{HEADER}\nu,s,d,sad,sad,0.5,0.5,0.5\n",
        f"{HEADER}\nu,s,d,sad,sad,0.5,nan\n",
        "utterance,truth,guess\nu,sad,sad\n",
    ],
)
def test_a_file_of_another_format_is_an_error_that_names_it(tmp_path, content):
    (tmp_path / "predictions.csv").write_text(content)
    with pytest.raises(SerVaeError, match=r"predictions\.csv: expected the columns utterance"):
        read(tmp_path / "predictions.csv")
