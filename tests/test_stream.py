"""A stream gives what the recogniser gives for the audio so far, however it is cut into blocks."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from deployed import RATE, noise, offline, recogniser
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae import SerVaeError
from ser_vae.recogniser import Recogniser
from ser_vae.stream import TimedPrediction

KINDS = {
    "ae": ["model=ae"],
    "vae": ["model=vae"],
    "vae, mean pooling": ["model=vae", "classifier.pooling=mean"],
    "vae, overlapping segments": ["model=vae", "data.hop_s=0.05"],
    "vae, gaps between segments": ["model=vae", "data.hop_s=0.15"],
    "vae, padded": ["model=vae", "data.remainder=pad", "data.hop_s=0.07"],
    "vae, gaps between frames": ["model=vae", "features.frame_shift=0.03"],
    "pca": ["model=pca", "model.latent=8", "normalise=none"],
    "logmel_lstm": ["model=logmel_lstm"],
    **{
        f"cvae, {policy}": ["model=cvae", f"label_policy={policy}"]
        for policy in ("'null'", "dropout", "marginal", "predicted")
    },
}


@cache
def model(kind: str) -> Recogniser:
    return recogniser([noise()], *KINDS[kind])


@cache
def whole(kind: str) -> np.ndarray:
    """The prediction of the whole recording: (1, K)."""
    return offline(model(kind), [noise()])


@cache
def trajectory(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """When each complete segment ends, in s (S,), and the prediction from there: (S, K)."""
    known = model(kind)
    shift, window = known.extractor.shift_length, known.extractor.window_length
    frames = np.arange(known.segmentation.length, 200, known.segmentation.hop)
    ends = (frames - 1) * shift + window
    ends = ends[ends <= len(noise())]
    return ends / RATE, offline(known, [noise()[:end] for end in ends])


def table(predictions: list[TimedPrediction]) -> np.ndarray:
    return np.array([list(p.probabilities.values()) for p in predictions])


def blocks(samples: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    return np.split(samples, sorted(cut % len(samples) for cut in cuts))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_any_cut_into_blocks_gives_the_offline_predictions(kind, cuts):
    stream, (times, expected) = model(kind).stream(), trajectory(kind)
    for _ in range(2):  # finish() starts over
        predictions = [p for block in blocks(noise(), cuts) for p in stream.push(block, RATE)]
        np.testing.assert_allclose([p.time_s for p in predictions], times, rtol=0, atol=1e-9)
        np.testing.assert_allclose(table(predictions), expected, rtol=0, atol=1e-5)
        predictions += stream.finish()
        np.testing.assert_allclose(table(predictions)[-1:], whole(kind), rtol=0, atol=1e-5)
        assert predictions[-1].time_s <= len(noise()) / RATE


def test_the_trajectories_move():
    """Otherwise the property above would hold for a stream that repeats itself."""
    assert all(np.ptp(trajectory(kind)[1], axis=0).max() > 0.01 for kind in KINDS)
    first, padded = trajectory("vae, padded")[1], whole("vae, padded")
    assert np.abs(first[-1] - padded).max() > 1e-4


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
@settings(max_examples=5)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_audio_of_another_rate_gives_the_prediction_of_the_file(rate, tmp_path_factory, cuts):
    path: Path = tmp_path_factory.mktemp("rate") / "noise.wav"
    soundfile.write(path, noise(rate), rate, subtype="FLOAT")
    stream = model("vae, padded").stream()
    predictions = [p for block in blocks(noise(rate), cuts) for p in stream.push(block, rate)]
    predictions += stream.finish()
    expected = model("vae, padded").predict(path)
    assert predictions[-1].probabilities == pytest.approx(expected.probabilities, abs=1e-5)
    assert predictions[-1].emotion == expected.emotion
    assert len(predictions) == len(trajectory("vae, padded")[0]) + 1


def test_the_first_prediction_needs_at_most_125_ms():
    assert len(model("vae").stream().push(noise()[: RATE // 8], RATE)) == 1
    assert len(model("vae").stream().push(noise(48_000)[: 48_000 // 8], 48_000)) == 1


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_a_stream_needs_the_same_memory_after_any_time(rate):
    stream = model("vae, mean pooling").stream()
    held: set[int] = set()
    for _ in range(30):
        stream.push(noise(rate)[: rate // 10], rate)
        held |= {len(stream.samples.kept)}
        held |= {len(stream.resampler.samples) if stream.resampler else 0}
    assert max(held) < rate / 4


def test_what_cannot_be_streamed_is_refused_with_the_reason():
    known = recogniser([noise()], "model=ae", "normalise=speaker")
    with pytest.raises(SerVaeError, match=r"(?m)cannot be streamed.*normalise=speaker"):
        known.stream()


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(800, np.int16), RATE, "divide 16-bit integers by 32768"),
        (np.zeros((800, 2), np.float32), RATE, "Average the channels"),
        (np.full(800, np.nan, np.float32), RATE, "finite"),
        (np.zeros(800, np.float32), 2_000, "expected 4,000 to 384,000 Hz"),
        (np.zeros(800, np.float32), 8_000, r"Call finish\(\)"),
    ],
)
def test_a_block_that_is_no_audio_is_refused_with_the_remedy(samples, rate, message):
    stream = model("ae").stream()
    if rate == 8_000:
        stream.push(noise()[:100], RATE)
    with pytest.raises(SerVaeError, match=message):
        stream.push(samples, rate)
