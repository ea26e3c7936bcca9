"""The page, without a model."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_vae import SerVaeError
from ser_vae.configuration import build
from ser_vae.features.logmel import LogMel
from ser_vae.listen.page import Writer
from ser_vae.listen.sounds import Sound
from ser_vae.run import configure


def extractor() -> LogMel:
    made: LogMel = build(configure("corpus=demo", "features.trim_db=20")["features"])
    return made


def tone(amplitude: float) -> np.ndarray:
    time = np.arange(8_000) / 16_000
    return (amplitude * np.sin(2 * np.pi * 500 * time)).astype(np.float32)


def writer(folder: Path, *, synthetic: bool = False) -> Writer:
    return Writer(folder, extractor(), synthetic=synthetic, seed=0)


def test_a_group_is_amplified_alike_but_for_what_is_too_loud(tmp_path: Path) -> None:
    made = writer(tmp_path)
    amplitudes = {"input": 0.02, "quiet": 0.01, "loud": 2.0}  # the last is beyond full scale
    sounds = [Sound(name, name, made.extractor(tone(a))) for name, a in amplitudes.items()]
    group = made.group("x", "", sounds, shown=(-8.0, 2.0), recorded=tone(0.02), compared=True)
    gains = {own.said: own.gain_db for own in group.heard}
    assert gains["the recording itself"] == gains["input"] == gains["quiet"] == group.gain_db
    assert gains["loud"] < 0 < group.gain_db
    level = {own.said: soundfile.read(tmp_path / own.wav)[0] for own in group.heard}
    assert all(np.abs(samples).max() <= 0.9 + 2**-15 for samples in level.values())
    recording, given, quiet, _ = (np.std(own[1000:-1000]) for own in level.values())
    assert given / quiet == pytest.approx(2, rel=0.05)
    assert given / recording == pytest.approx(1, rel=0.05)
    assert recording == pytest.approx(np.std(tone(0.02)) * 10 ** (group.gain_db / 20), rel=0.01)
    assert "too loud" in made.index("run", [], [group]).read_text()


def test_silence_is_not_amplified_without_end(tmp_path: Path) -> None:
    made = writer(tmp_path)
    silence = Sound("s", "nothing", np.full((20, 80), np.log(1e-6), np.float32))
    group = made.group("x", "", [silence], shown=(-8.0, 2.0), recorded=None, compared=False)
    assert group.gain_db < 80


def test_distances_are_of_frames_from_the_input_and_of_what_is_heard_from_its_frames(
    tmp_path: Path,
) -> None:
    made = writer(tmp_path)
    noise = 0.1 * np.random.default_rng(0).standard_normal(8_000)  # a tone leaves bands empty
    frames = made.extractor(noise.astype(np.float32))
    sounds = [Sound("input", "given", frames), Sound("other", "other", frames + 0.5)]
    group = made.group("x", "", sounds, shown=(-8.0, 2.0), recorded=tone(0.1), compared=True)
    recording, given, other = group.heard
    assert (recording.error, recording.distance, given.distance) == (None, None, None)
    assert other.distance == pytest.approx(0.5)
    assert given.error is not None
    assert 0.01 < given.error < 0.2


def test_nothing_is_trimmed_from_what_was_decoded(tmp_path: Path) -> None:
    assert writer(tmp_path).extractor.trim_db is None


def test_the_page_of_synthetic_speech_says_so_and_its_pictures_differ(tmp_path: Path) -> None:
    pages = {}
    for synthetic in (False, True):
        folder = tmp_path / str(synthetic)
        made = writer(folder, synthetic=synthetic)
        sound = Sound("s", "a sound", made.extractor(tone(0.1)))
        group = made.group("x", "", [sound], shown=(-8.0, 2.0), recorded=None, compared=False)
        pages[synthetic] = made.index("run", ["model=vae"], [group]).read_text()
    assert "Synthetic speech: this measures the software" in pages[True]
    assert "synthetic" not in pages[False].lower()
    assert (tmp_path / "True/x-s.png").read_bytes() != (tmp_path / "False/x-s.png").read_bytes()


def test_words_of_a_corpus_are_text_and_no_markup(tmp_path: Path) -> None:
    made = writer(tmp_path)
    sound = Sound("s", "<b>&", made.extractor(tone(0.1)))
    group = made.group('"><script>', "", [sound], shown=(-8, 2), recorded=None, compared=False)
    page = made.index("run", [], [group]).read_text()
    assert "<script" not in page
    assert "<b>" not in page


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = writer(tmp_path / "file")
    sound = Sound("s", "a sound", made.extractor(tone(0.1)))
    with pytest.raises(SerVaeError, match="can't be written"):
        made.group("x", "", [sound], shown=(-8.0, 2.0), recorded=None, compared=False)
