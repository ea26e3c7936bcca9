import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from ser_vae import SerVaeError
from ser_vae.corpus import demo, espeak
from ser_vae.corpus.utterance import Corpus

EMOTIONS = {"neutral": ["neu"], "happy": ["hap", "exc"], "sad": ["sad"], "angry": ["ang"]}


@pytest.fixture(scope="module")
def corpus(cache) -> Corpus:
    """The dialogues in which the woman wears the markers: half of the corpus."""
    whole = demo.read(cache, EMOTIONS)
    utterances, others = (
        tuple(u for u in each if u.dialogue[5] == "F") for each in (whole.utterances, whole.others)
    )
    return replace(whole, utterances=utterances, others=others)


def first(count: int) -> dict[str, list[demo.Turn]]:
    return dict(itertools.islice(demo.read_dialogues().items(), count))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_corpus_is_synthetic_complete_and_short(corpus):
    assert (corpus.name, corpus.synthetic, corpus.emotions) == ("demo", True, tuple(EMOTIONS))
    everything = corpus.utterances + corpus.others
    assert (len(everything), corpus.warnings) == (len({u.id for u in everything}), ())
    for utterance in everything[::20]:
        info = soundfile.info(utterance.path)
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert info.duration == pytest.approx(utterance.end_s - utterance.start_s, abs=1e-3)
        assert 0.02 < np.abs(soundfile.read(utterance.path)[0]).max() < 0.999


def test_five_sessions_have_a_woman_and_a_man_each(corpus):
    speakers = {(u.session, u.sex, u.speaker) for u in corpus.utterances}
    assert speakers == {(f"Ses0{n}", s, f"Ses0{n}{s}") for n in range(1, 6) for s in "FM"}


@pytest.mark.parametrize("style", ["impro", "script", ""])
def test_the_speaker_does_not_reveal_the_emotion(style):
    class_of = {code: emotion for emotion, codes in EMOTIONS.items() for code in codes}
    turns = [turn for turns in demo.read_dialogues().values() for turn in turns if style in turn.id]
    turns = [turn for turn in turns if turn.emotion in class_of]
    emotions = np.array([class_of[turn.emotion] for turn in turns])
    speakers = np.array([turn.id[:5] + turn.id[-4] for turn in turns])
    scores = []
    splits = StratifiedShuffleSplit(20, test_size=0.3, random_state=0)
    for train, test in splits.split(emotions, emotions):
        lookup = {
            speaker: Counter(emotions[train][speakers[train] == speaker]).most_common(1)[0][0]
            for speaker in set(speakers)
        }
        guesses = np.array([lookup[speaker] for speaker in speakers[test]])
        scores.append(np.mean(guesses == emotions[test]))
    majority = max(Counter(emotions).values()) / len(emotions)
    assert np.mean(scores) == pytest.approx(majority, abs=0.08)


def test_the_voice_reveals_the_emotion_but_not_always(corpus):
    features = np.array([band_statistics(u.path) for u in corpus.utterances])
    emotions = np.array([u.emotion for u in corpus.utterances])
    scores = []
    splits = StratifiedShuffleSplit(5, test_size=0.3, random_state=0)
    for train, test in splits.split(features, emotions):
        svm = make_pipeline(StandardScaler(), LinearSVC(C=0.01)).fit(
            features[train], emotions[train]
        )
        scores.append(svm.score(features[test], emotions[test]))
    assert 0.55 < np.mean(scores) < 0.85


def band_statistics(path: Path) -> np.ndarray:
    """Return mean and standard deviation over time of the log power in 32 bands of 250 Hz."""
    samples, _ = soundfile.read(path)
    frames = np.lib.stride_tricks.sliding_window_view(samples, 512)[::256] * np.hamming(512)
    power = np.abs(np.fft.rfft(frames)[:, 1:]) ** 2
    bands = np.log(power.reshape(len(power), 32, 8).mean(axis=2) + 1e-6)
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])


def test_turns_of_a_dialogue_follow_one_another(corpus):
    everything = sorted(corpus.utterances + corpus.others, key=lambda u: (u.dialogue, u.start_s))
    for earlier, later in itertools.pairwise(everything):
        if earlier.dialogue == later.dialogue:
            assert later.start_s - earlier.end_s == pytest.approx(demo.PAUSE_S, abs=1e-3)
            assert later.speaker != earlier.speaker


def test_a_dialogue_made_alone_has_the_same_bytes_as_in_the_whole_corpus(corpus, tmp_path):
    last = dict(list(demo.read_dialogues().items())[-2:-1])
    demo.make(tmp_path / "alone", last)
    alone = contents(tmp_path / "alone")
    whole = corpus.utterances[0].path.parents[4]
    assert len(alone) == 18 + 1
    assert alone == {name: (whole / name).read_bytes() for name in alone}


def test_what_a_killed_process_left_is_discarded_and_a_whole_folder_is_kept(tmp_path, monkeypatch):
    folder, part = tmp_path / "demo", tmp_path / "demo.part"
    part.mkdir()
    (part / "left over").touch()
    demo.make(folder, first(1))
    assert len(contents(folder)) == 18 + 1
    assert not part.exists()
    monkeypatch.setattr(demo, "make_dialogue", None)
    demo.make(folder, first(1))


def test_another_synthesiser_has_another_folder(monkeypatch):
    name = demo.audio_digest()
    assert demo.audio_digest() == name
    monkeypatch.setattr(demo.espeak, "library_version", lambda: "another")
    assert demo.audio_digest() != name


def test_a_failure_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "VOICES", {"Ses01": ("en-us+f1", "no such voice")})
    with pytest.raises(SerVaeError, match="no such voice"):
        demo.make(tmp_path / "demo", first(1))
    assert not (tmp_path / "demo").exists()


# --- how an emotion is acted ---------------------------------------------------------------------


def tone(hz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


@pytest.mark.parametrize(
    ("hz", "gain_db"), [(60, -18), (125, -18), (500, -6), (1000, 0), (4000, 12)]
)
def test_a_tilt_changes_the_level_by_its_db_per_octave(hz, gain_db):
    wave = tone(hz, demo.SAMPLE_RATE_HZ)
    change = np.std(demo.tilt(wave, 6)) / np.std(wave)
    assert 20 * np.log10(change) == pytest.approx(gain_db, abs=0.01)


def test_resampling_keeps_a_tone_below_8_khz_and_removes_one_above():
    too_high = np.rint(10_000 * tone(9000, espeak.SAMPLE_RATE_HZ)).astype(np.int16)
    assert np.abs(demo.resample(too_high)).max() < 5
    speech = np.rint(10_000 * tone(1000, espeak.SAMPLE_RATE_HZ)).astype(np.int16)
    np.testing.assert_allclose(
        demo.resample(speech), 10_000 * tone(1000, demo.SAMPLE_RATE_HZ), atol=2
    )


@pytest.mark.parametrize("level_db", [-6, 0, 6])
def test_the_level_of_a_recording_does_not_depend_on_the_synthesiser(level_db):
    cues = demo.Cues(rate=0, pitch=0, range=0, level_db=level_db, tilt_db=0)
    for loudness in (500, 20_000):
        speech = np.rint(loudness * tone(440, espeak.SAMPLE_RATE_HZ)).astype("<i2").tobytes()
        recorded = demo.render(speech, cues, np.random.default_rng(0)) / 32_768
        level = 20 * np.log10(np.std(recorded))
        assert level == pytest.approx(demo.LEVEL_DB + level_db, abs=0.5)
