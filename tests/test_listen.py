"""A finished run made audible: a page, and a WAV and a picture of each clip."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_vae.inputs import Input
from ser_vae.listen import ClipMaker, find_test_utterances, main, scale_loudness
from ser_vae.recogniser import Recogniser, Recording
from ser_vae.run_folder import RunFolder

SMALL = (
    *("model.hidden=[24]", "model.latent=6", "data.hop_s=0.05", "label_policies=headline"),
    *("training.pretrain.epochs=2", "training.classify.epochs=1"),
)
EMOTIONS = ("calm", "cross", "gay")


@pytest.fixture(scope="module")
def folder(finished_run) -> Path:
    return finished_run("model=cvae", *SMALL)[1]


@pytest.fixture(scope="module")
def page(folder, tmp_path_factory) -> Path:
    """What the command writes of one utterance."""
    out = tmp_path_factory.mktemp("listen") / "page"
    assert main([str(folder), "--utterance", "calm03.wav", "--out", str(out)]) == 0
    return out


def error_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return the message of a command that exits with 1."""
    assert main([str(argument) for argument in arguments]) == 1
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text


def test_every_clip_is_a_wav_a_picture_and_a_player_of_the_page(page):
    html = (page / "index.html").read_text()
    names = re.findall(r'<audio [^>]*src="([^"]+)"', html)
    clips = ["recording", "input", "reconstruction", r"z\d-minus", r"z\d-plus"]
    expected = [f"calm-calm03-wav-{clip}.wav" for clip in (*clips, "as-cross", "as-gay")]
    expected += [f"Samples-from-the-prior-{emotion}.wav" for emotion in EMOTIONS]
    assert len(names) == len(expected)
    for name, pattern in zip(names, expected, strict=True):
        assert re.fullmatch(pattern, name)
        sound = soundfile.info(page / name)
        assert (sound.samplerate, sound.channels, sound.subtype) == (16_000, 1, "PCM_16")
        picture = (page / name).with_suffix(".png")
        assert f'src="{picture.name}" alt="' in html
        assert picture.stat().st_size > 1000
    assert len(list(page.iterdir())) == 2 * len(names) + 1
    assert "http" not in html
    assert "<script" not in html
    assert "synthetic" not in html.lower()


def test_all_clips_have_the_scale_loudness(page):
    for path in page.glob("*.wav"):
        samples, _ = soundfile.read(path)
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.1, rel=0.01), path.name
    peaks = np.zeros(1000, dtype=np.float32)
    peaks[0] = 5.0  # at the common loudness it would be beyond full scale
    assert np.abs(scale_loudness(peaks)).max() == pytest.approx(0.98)


def test_without_a_choice_one_test_utterance_of_each_emotion_is_decoded(folder):
    items = find_test_utterances(RunFolder(folder), [])
    assert tuple(item.truth for item in items) == EMOTIONS
    sections = list(ClipMaker.of(Recogniser.load(folder), items).sections(2, seed=0))
    assert [title for title, _, _ in sections[:-1]] == [item.name for item in items]
    for _, _, clips in sections[:-1]:
        assert len(clips) == 3 + 2 * 2 + 2
        assert all(sum(clip.probabilities.values()) == pytest.approx(1) for clip in clips)
        assert all(tuple(clip.probabilities) == EMOTIONS for clip in clips)
        assert clips[0].probabilities == clips[1].probabilities
    assert [clip.probabilities for clip in sections[-1][2]] == [{}, {}, {}]


def test_the_input_is_classified_as_the_recording_is(folder):
    recogniser, (item, *_) = Recogniser.load(folder), find_test_utterances(RunFolder(folder), [])
    (_, _, clips), _ = ClipMaker.of(recogniser, [item]).sections(0, seed=0)
    expected = recogniser.predict(item.recording.source).probabilities
    assert clips[0].probabilities == pytest.approx(expected, abs=1e-6)
    known = len(clips[1].frames)  # the recording's end does not fill a segment
    np.testing.assert_allclose(clips[1].frames, clips[0].frames[:known], atol=1e-4)


def test_a_recording_of_a_single_segment_is_decoded_but_not_moved(folder, noises, tmp_path):
    samples, rate = soundfile.read(noises / "calm03.wav")
    soundfile.write(tmp_path / "a.wav", samples[: int(0.13 * rate)], rate)
    maker = ClipMaker.of(Recogniser.load(folder), [Input("a", Recording(tmp_path / "a.wav"))])
    (_, _, clips), *_ = maker.sections(2, seed=0)
    assert not any(clip.name.startswith("z") for clip in clips)
    assert all(np.isfinite(clip.frames).all() for clip in clips)


def test_samples_of_the_prior_differ_by_seed_and_by_label(folder, noises):
    maker = ClipMaker.of(
        Recogniser.load(folder), [Input("gay04.wav", Recording(noises / "gay04.wav"))]
    )
    first, other_label, _ = maker.prior_clips(seed=0)
    again, *_ = maker.prior_clips(seed=0)
    other_seed, *_ = maker.prior_clips(seed=1)
    assert first.frames.shape == (200, 80)
    np.testing.assert_array_equal(first.frames, again.frames)
    by_label = np.abs(first.frames - other_label.frames).mean()
    assert 0 < by_label < np.abs(first.frames - other_seed.frames).mean()


def test_a_model_without_a_decoder_is_refused(finished_run, noises, capsys):
    model = finished_run("model=majority")[1]
    assert "nothing to hear.\nGive a run of model=ae" in error_of(
        capsys, model, noises / "gay04.wav"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{folder}", "--utterance", "calm99.wav"), "calm99.wav: not in the test set of 18"),
        (("{folder}/model",), "no test utterances are known.\nGive recordings"),
    ],
)
def test_a_mistake_is_named(arguments, message, folder, capsys):
    assert message in error_of(capsys, *(each.format(folder=folder) for each in arguments))
