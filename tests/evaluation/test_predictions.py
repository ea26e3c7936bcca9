"""`predictions.csv`: an exact round trip, and errors for damaged files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.evaluation.predictions import collect_predictions, emotions_of, read
from ser_vae.run_folder import RunFolder

EMOTIONS = ("neutral", "happy", "sad")
NAMES = st.text(st.characters(exclude_categories=["C"]), max_size=8)


def example(probability: np.ndarray, names: tuple[str, ...] | None = None) -> pd.DataFrame:
    names = names or tuple(f"u{n}" for n in range(len(probability)))
    about = {"utterance": names, "speaker": names[::-1], "dialogue": ""}
    truth, guess = (
        np.array(EMOTIONS)[k] for k in (np.arange(len(names)) % 3, probability.argmax(1))
    )
    of_emotions = {f"p_{name}": probability[:, k] for k, name in enumerate(EMOTIONS)}
    return pd.DataFrame({**about, "truth": truth, "guess": guess, **of_emotions})


def write(folder: Path, predicted: pd.DataFrame) -> Path:
    run = RunFolder(folder)
    run.write_table(run.predictions, predicted)
    return run.predictions


@settings(max_examples=60, deadline=None)
@given(arrays(float, (4, 3), elements=st.floats(0, 1)), st.tuples(NAMES, NAMES, NAMES, NAMES))
def test_a_round_trip_is_exact(tmp_path_factory, probability, names):
    """Rounding could make two probabilities tie and change the guess."""
    expected = example(probability, names)
    result = read(write(tmp_path_factory.mktemp("run"), expected))
    pd.testing.assert_frame_equal(result, expected, check_dtype=False, check_exact=True)
    assert tuple(emotions_of(result)) == EMOTIONS


def test_the_file_has_named_emotions_and_a_probability_per_emotion(tmp_path):
    assert write(tmp_path, example(np.array([[0.25, 0.5, 0.25]]))).read_text() == (
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
    assert result.drop(columns="speaker").to_numpy().tolist() == [
        ["a", "d", "happy", "happy", 0, 1, 0],
        ["b", "e", "sad", "neutral", 1, 0, 0],
        ["c", "", "sad", "sad", 0, 0, 1],
    ]
    assert [*result["speaker"]] == ["speaker of a", "speaker of b", "speaker of c"]


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
