"""Reading audio: what comes out, and what is refused."""

import io
import math
import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ser_vae import SerVaeError
from ser_vae.features import audio as module
from ser_vae.features.audio import SILENT, AudioError, inspect, read

RATE_HZ = 16_000


def tone(hz: float, rate_hz: int = RATE_HZ, duration_s: float = 0.5) -> npt.NDArray[np.float64]:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return 0.5 * np.sin(2 * np.pi * hz * time_s)


def write(path: Path, samples: npt.NDArray[np.float64], rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, samples, rate_hz, subtype="FLOAT" if path.suffix == ".wav" else None)
    return path


def encoded(container: str, subtype: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(300, duration_s=0.05), RATE_HZ, subtype, format=container)
    return buffer.getvalue()


def refusal(path: Path) -> str:
    """Return the reason that `read` gives, having seen that `inspect` gives the same."""
    with pytest.raises(AudioError) as caught:
        read(path, RATE_HZ)
    assert isinstance(caught.value, SerVaeError)
    assert str(path) in str(caught.value)
    assert inspect(path).problem == caught.value.reason
    return caught.value.reason


def test_a_file_at_the_wanted_rate_comes_back_as_written(tmp_path):
    written = tone(440)
    samples = read(write(tmp_path / "a.wav", written), RATE_HZ)
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, written.astype(np.float32))


def test_integer_samples_are_scaled_to_one(tmp_path):
    integers = np.array([-32768, 0, 16384], np.int16)
    soundfile.write(tmp_path / "a.flac", integers, RATE_HZ)
    np.testing.assert_array_equal(read(tmp_path / "a.flac", RATE_HZ), [-1, 0, 0.5])


def test_stereo_becomes_the_mean_of_its_channels(tmp_path):
    left, right = tone(440), tone(700)
    path = write(tmp_path / "a.wav", np.stack([left, right], axis=1))
    np.testing.assert_allclose(read(path, RATE_HZ), (left + right) / 2, atol=1e-6)
    assert inspect(path).channels == 2


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_a_tone_keeps_pitch_level_and_duration_through_resampling(tmp_path, rate_hz):
    samples = read(write(tmp_path / "a.wav", tone(440, rate_hz), rate_hz), RATE_HZ)
    assert len(samples) == math.ceil(0.5 * RATE_HZ)
    inner = slice(400, -400)  # the filter rings at the ends
    np.testing.assert_allclose(samples[inner], tone(440)[inner], atol=2e-3)


def test_what_lies_above_the_new_nyquist_is_removed_and_not_folded_back(tmp_path):
    samples = read(write(tmp_path / "a.wav", tone(10_000, 48_000), 48_000), RATE_HZ)
    assert np.abs(samples[400:-400]).max() < 0.01


def test_the_content_decides_on_the_format_and_not_the_name(tmp_path):
    flac = write(tmp_path / "a.flac", tone(440))
    flac.rename(tmp_path / "a.raw")
    assert inspect(tmp_path / "a.raw").problem is None


def test_a_sound_file_is_described(tmp_path):
    found = inspect(write(tmp_path / "a.flac", tone(440, 22_050), 22_050))
    assert (found.sample_rate_hz, found.channels, found.problem) == (22_050, 1, None)
    assert found.duration_s == pytest.approx(0.5)


def test_a_missing_file_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "absent.wav")


def test_a_folder_is_refused(tmp_path):
    assert "Is a directory" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00\x05\x16\x07" + bytes(78), b"not audio" * 99])
def test_what_is_no_audio_is_refused(tmp_path, content):
    path = tmp_path / "._a.wav"
    path.write_bytes(content)
    assert "cannot be decoded" in refusal(path)
    assert inspect(path).duration_s == 0


@pytest.mark.parametrize("kept", [0.25, 0.5, 0.97])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_wav_that_ends_before_its_header_says_is_refused(tmp_path, kept, subtype, channels):
    """As of a download or a copy that was broken off."""
    path = tmp_path / "a.wav"
    noise = np.random.default_rng(0).normal(0, 0.1, (16_000, channels))
    soundfile.write(path, noise, 16_000, subtype)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(AudioError, match=r"truncated: [\d,]+ of 1[56],\d+ samples can be read"):
        read(path, 16_000)


@pytest.mark.parametrize("size", [2**31 - 1, 2**32 - 1, 16_000 * 2 + 100])
def test_a_wav_whose_writer_did_not_know_its_length_is_read(tmp_path, size):
    """A stream's header promises all there could be; and a few samples fewer are a slip."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 16_000), 16_000, "PCM_16")
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = size.to_bytes(4, "little")
    path.write_bytes(content)
    assert len(read(path, 16_000)) == 16_000


def test_a_truncated_flac_is_refused(tmp_path):
    path = write(tmp_path / "a.flac", tone(440))
    path.write_bytes(path.read_bytes()[:-2_000])
    assert "decode" in refusal(path)


def test_a_file_without_samples_is_refused(tmp_path):
    assert "empty" in refusal(write(tmp_path / "a.wav", np.zeros(0)))


@pytest.mark.parametrize("offset", [0.0, 0.25])
def test_equal_samples_are_silence_whatever_their_value(tmp_path, offset):
    assert "silent" in refusal(write(tmp_path / "a.wav", np.full(8_000, offset)))


def test_dither_is_silence_and_a_whisper_is_not(tmp_path):
    dither = np.random.default_rng(0).integers(-1, 2, 8_000) / 2**15
    assert "silent" in refusal(write(tmp_path / "dither.wav", dither))
    whisper = tone(440) * 2 * SILENT * 1.01  # `tone` has a peak of a half
    assert inspect(write(tmp_path / "whisper.wav", whisper)).problem is None


def test_channels_that_cancel_are_silence(tmp_path):
    samples = np.stack([tone(440), -tone(440)], axis=1)
    assert "silent" in refusal(write(tmp_path / "a.wav", samples))


def test_a_file_that_unpacks_to_more_than_anybody_says_is_not_unpacked(tmp_path, monkeypatch):
    """A hundred times as much as the bound, from a file that is smaller than it."""
    path = write(tmp_path / "a.flac", np.full(20_000_000, 0.25))
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(module, "MOST", 200_000)
    tracemalloc.start()
    try:
        assert "more than 200,000 samples" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_one_sample_that_is_no_number_is_enough(tmp_path, value):
    samples = tone(440)
    samples[1_234] = value
    assert "NaN or infinite" in refusal(write(tmp_path / "a.wav", samples))


def test_a_peak_beyond_any_integer_is_refused(tmp_path):
    samples = tone(440)
    samples[77] = 1e30
    assert "1e+30" in refusal(write(tmp_path / "a.wav", samples))


def test_float_samples_in_16_bit_units_are_read(tmp_path):
    assert read(write(tmp_path / "a.wav", tone(440) * 32_768), RATE_HZ).max() > 16_000


@pytest.mark.parametrize("rate_hz", [1, 3_999, 44_101, 500_000])
def test_a_rate_that_nobody_records_at_is_refused(tmp_path, rate_hz):
    assert "sample rate" in refusal(write(tmp_path / "a.wav", tone(440), rate_hz))


@pytest.mark.parametrize(
    ("container", "subtype"), [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16")]
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_bytes_give_finite_samples_or_the_documented_error(
    tmp_path, container, subtype, data
):
    damaged = bytearray(encoded(container, subtype))
    place = st.one_of(st.integers(0, 63), st.integers(0, len(damaged) - 1))  # the header, often
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(place)] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    kept = data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))
    path.write_bytes(damaged[:kept])

    if inspect(path).problem:
        refusal(path)
    else:
        samples = read(path, RATE_HZ)
        assert samples.ndim == 1
        assert np.isfinite(samples).all()
