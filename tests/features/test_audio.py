"""Reading audio: the samples, and which files are refused."""

import io
import math
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from ser_vae import SerVaeError
from ser_vae.features import audio as module
from ser_vae.features.audio import FORMATS, AudioError, blocks, inspect, read

RATE_HZ = 16_000
NOISE = np.random.default_rng(0).normal(0, 0.1, (RATE_HZ, 1))


def tone(hz: float, rate_hz: int = RATE_HZ, duration_s: float = 0.5) -> npt.NDArray[np.float64]:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return 0.5 * np.sin(2 * np.pi * hz * time_s)


def write(path: Path, samples: npt.NDArray[np.float64], rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, samples, rate_hz, subtype="FLOAT" if path.suffix == ".wav" else None)
    return path


def encoded(container: str, subtype: str, samples: npt.NDArray[np.float64]) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE_HZ, subtype, format=container)
    return buffer.getvalue()


def refusal(path: Path) -> str:
    """Return the reason that `read` gives, having seen that `inspect` gives the same."""
    with pytest.raises(AudioError) as caught:
        read(path, RATE_HZ)
    assert str(path) in str(caught.value)
    assert inspect(path).problem == caught.value.reason
    return caught.value.reason


def test_a_file_at_the_requested_rate_is_read_unchanged(tmp_path):
    written = tone(440)
    samples = read(write(tmp_path / "a.wav", written), RATE_HZ)
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, written.astype(np.float32))
    integers = np.array([-32768, 0, 16384], np.int16)
    soundfile.write(tmp_path / "a.flac", integers, RATE_HZ)
    np.testing.assert_array_equal(read(tmp_path / "a.flac", RATE_HZ), [-1, 0, 0.5])


def test_arrays_are_read_as_files_are():
    (block,) = blocks(np.array([0, 128, 192], np.uint8), RATE_HZ, rate_hz=RATE_HZ)
    np.testing.assert_array_equal(block, [-1, 0, 0.5])
    (clip,) = blocks(tone(440), RATE_HZ, rate_hz=RATE_HZ, clip=(0.1, 0.3))
    np.testing.assert_array_equal(clip, tone(440)[1_600:4_800].astype(np.float32))


@pytest.mark.parametrize(
    ("samples", "options", "reason"),
    [
        (np.zeros((1, 99)), {}, r"float64, shape \(1, 99\); expected \(N,\) or \(N, channels\)"),
        (np.ones(99, np.int64), {}, "int64, shape .*integers of up to 32 bits"),
        (tone(440), {"rate_hz": 0}, "expected their rate in Hz"),
        (tone(440), {"clip": (0.3, 0.1)}, "expected start and end in s, start before end"),
        (tone(440), {"clip": (0.1, 9)}, "they end after 0.5 s"),
    ],
)
def test_arrays_that_are_no_samples_are_refused(samples, options, reason):
    with pytest.raises(AudioError, match=reason):
        list(blocks(samples, RATE_HZ, **{"rate_hz": RATE_HZ, **options}))


def test_floats_far_beyond_full_scale_are_warned_of(caplog):
    list(blocks(tone(440) * 32768, RATE_HZ, rate_hz=RATE_HZ))
    assert "samples up to 16384; expected ±1" in caplog.text


def test_stereo_becomes_the_mean_of_its_channels(tmp_path):
    left, right = tone(440), tone(700)
    path = write(tmp_path / "a.wav", np.stack([left, right], axis=1))
    np.testing.assert_allclose(read(path, RATE_HZ), (left + right) / 2, atol=1e-6)
    assert inspect(path).channels == 2


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_a_tone_keeps_pitch_level_and_duration_through_resampling(tmp_path, rate_hz):
    samples = read(write(tmp_path / "a.wav", tone(440, rate_hz), rate_hz), RATE_HZ)
    assert len(samples) == math.ceil(0.5 * RATE_HZ)
    inner = slice(400, -400)  # the filter rings at the ends
    np.testing.assert_allclose(samples[inner], tone(440)[inner], atol=2e-3)


def test_inspect_describes_a_file_whatever_its_name(tmp_path):
    path = write(tmp_path / "a.flac", tone(440, 22_050), 22_050)
    description = inspect(path.rename(tmp_path / "a.raw"))
    assert (description.sample_rate_hz, description.channels) == (22_050, 1)
    assert description.problem is None
    assert description.duration_s == pytest.approx(0.5)


@pytest.mark.parametrize(("name", "reason"), [("absent", "No such file"), (".", "Is a directory")])
def test_a_path_that_is_not_a_file_is_refused(tmp_path, name, reason):
    assert reason in refusal(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"\x00\x05\x16\x07" + bytes(78), b"not audio" * 99])
def test_content_that_is_not_audio_is_refused(tmp_path, content):
    path = tmp_path / "._a.wav"
    path.write_bytes(content)
    assert "cannot be decoded" in refusal(path)
    assert inspect(path).duration_s == 0


def write_wav_announcing(path: Path, size: int) -> Path:
    """Write a second of noise, and a header that announces `size` bytes of it."""
    content = bytearray(encoded("WAV", "PCM_16", NOISE))
    place = content.index(b"data") + 4
    content[place : place + 4] = size.to_bytes(4, "little")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("size", [2**31 - 1, 2**32 - 1, 16_000 * 2 + 100])
def test_a_wav_of_a_stream_or_with_a_slightly_wrong_length_is_read(tmp_path, size):
    """The header of a stream announces the largest possible size."""
    assert len(read(write_wav_announcing(tmp_path / "a.wav", size), RATE_HZ)) == RATE_HZ


@pytest.mark.parametrize("size", [0, 16_000])
def test_a_wav_that_holds_more_than_its_header_announces_is_refused(tmp_path, size):
    reason = refusal(write_wav_announcing(tmp_path / "a.wav", size))
    assert re.match("its header announces 16,000 bytes of audio, but 32,000|empty: ", reason)


WHOLE = [
    *((container, "PCM_16") for container in FORMATS if container not in ("MP3", "OGG")),
    *(("WAV", "IMA_ADPCM"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")),
]


@pytest.mark.parametrize("kept", [0.1, 0.999])
@pytest.mark.parametrize(("container", "subtype"), WHOLE)
def test_a_file_without_its_end_is_refused_in_any_format(tmp_path, container, subtype, kept):
    path = tmp_path / "a"
    content = encoded(container, subtype, NOISE.repeat(2, axis=0))
    path.write_bytes(content)
    assert inspect(path).problem is None
    assert inspect(path).duration_s == pytest.approx(2, abs=0.05)
    kept_bytes = int(kept * len(content))
    if kept == 0.999 and container not in ("FLAC", "OGG", "MP3"):
        kept_bytes -= round(0.02 * 2 * RATE_HZ)  # a writer's mistake of 10 ms is tolerated
    path.write_bytes(content[:kept_bytes])
    assert re.match("truncated: |cannot be decoded: ", refusal(path))


def test_an_mp3_that_would_be_read_in_part_is_refused(tmp_path):
    """Without the first frame, which counts them, libsndfile guesses from the bit rate."""
    content = encoded("MP3", "MPEG_LAYER_III", NOISE * np.linspace(1, 0.001, len(NOISE))[:, None])
    path = tmp_path / "a.mp3"
    path.write_bytes(content[content.index(content[:2], 4) :])
    assert "its bit rate varies and it does not state its length" in refusal(path)


ID3 = b"ID3\3\0\0\0\0\1\0" + bytes(128)


@pytest.mark.parametrize(
    ("container", "subtype", "tag"), [("MP3", "MPEG_LAYER_III", ID3), ("OGG", "VORBIS", b"")]
)
def test_joined_files_read_in_part_are_refused(tmp_path, container, subtype, tag):
    path, content = tmp_path / "a", encoded(container, subtype, NOISE)
    path.write_bytes(tag + content)
    assert len(read(path, RATE_HZ)) == RATE_HZ
    path.write_bytes(content + tag + content)
    assert "would be read" in refusal(path)


def test_a_format_that_cannot_be_checked_is_refused_by_name(tmp_path):
    (tmp_path / "a").write_bytes(encoded("VOC", "PCM_16", NOISE))
    assert refusal(tmp_path / "a").startswith("format VOC, expected WAV, ")


def with_sample(value: float) -> npt.NDArray[np.float64]:
    samples = tone(440)
    samples[1_234] = value
    return samples


DITHER = np.random.default_rng(0).integers(-1, 2, 8_000) / 2**15
REFUSED = [
    ("empty", np.zeros(0)),
    *(("silent", samples) for samples in (np.full(8_000, 0.25), DITHER)),
    ("silent", np.stack([tone(440), -tone(440)], axis=1)),  # the channels cancel
    *(("NaN, infinite", with_sample(value)) for value in (math.nan, -math.inf)),
    ("1e+30", with_sample(1e30)),
]


@pytest.mark.parametrize(("reason", "samples"), REFUSED)
def test_samples_without_speech_are_refused(tmp_path, reason, samples):
    assert reason in refusal(write(tmp_path / "a.wav", samples))


@pytest.mark.parametrize("rate_hz", [3_999, 500_000])
def test_an_implausible_rate_is_refused(tmp_path, rate_hz):
    assert "sample rate" in refusal(write(tmp_path / "a.wav", tone(440), rate_hz))


def test_a_rate_such_as_that_of_tess_is_rounded_for_resampling(tmp_path):
    path = write(tmp_path / "a.wav", np.resize(tone(440), 24_414), 24_414)
    assert len(read(path, RATE_HZ)) == pytest.approx(RATE_HZ, abs=8)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_a_clip_is_the_samples_between_its_times(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", np.concatenate([tone(300), tone(1200)]))
    whole = read(path, RATE_HZ)
    clip = read(path, RATE_HZ, (0.25, 0.75))
    assert len(clip) == RATE_HZ // 2
    np.testing.assert_allclose(clip, whole[RATE_HZ // 4 : 3 * RATE_HZ // 4], atol=1e-3)
    assert inspect(path, (0.25, 0.75)).duration_s == 0.5


def test_a_clip_that_ends_after_its_file_is_refused_but_for_rounding(tmp_path):
    path = write(tmp_path / "a.wav", tone(300))
    assert len(read(path, RATE_HZ, (0.1, 0.505))) == 0.4 * RATE_HZ
    for clip in ((0.1, 0.6), (3.0, 4.0)):
        with pytest.raises(AudioError, match="truncated: "):
            read(path, RATE_HZ, clip)
    for clip in ((0.2, 0.1), (-1.0, 0.1), (0.1, math.nan)):
        with pytest.raises(AudioError, match="start before end"):
            read(path, RATE_HZ, clip)


@pytest.mark.parametrize("suffix", [".wav", ".ogg", ".mp3"])
def test_a_clip_of_a_file_that_lacks_a_part_is_refused(tmp_path, suffix):
    """What is missing in front of a clip would shift it, and give its label to other speech."""
    path = write(tmp_path / f"a{suffix}", np.tile(NOISE[:, 0] / 4, 4))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3] + content[len(content) // 2 :])
    with pytest.raises(AudioError):
        read(path, RATE_HZ, (2.0, 2.5))


def test_an_inspection_measures_level_peak_and_samples(tmp_path):
    path = write(tmp_path / "a.wav", tone(300))
    description = inspect(path)
    assert description.level_db == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.01)
    assert description.peak == pytest.approx(0.5)
    stereo = write(tmp_path / "b.wav", np.stack([tone(300)] * 2, axis=1))
    assert inspect(stereo).samples_digest == description.samples_digest
    other = write(tmp_path / "c.wav", tone(301))
    assert inspect(other).samples_digest != description.samples_digest


def test_torch_and_torchaudio_of_different_builds_are_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchaudio.transforms", None)  # its import fails
    with pytest.raises(SerVaeError, match=r"torch .* and torchaudio .* are not built for one"):
        runpy.run_path(module.__file__)
