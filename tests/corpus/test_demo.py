import itertools
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from ser_vae import SerVaeError
from ser_vae.corpus import demo
from ser_vae.corpus.completeness import count_utterances
from ser_vae.corpus.utterance import Corpus

EMOTIONS = {"neutral": ["neu"], "happy": ["hap", "exc"], "sad": ["sad"], "angry": ["ang"]}
MAKE_ALL = "from pathlib import Path; import sys; from ser_vae.corpus import demo; "
MAKE_ALL += "demo.make(Path(sys.argv[1]), demo.plan())"
MAKE_TWO = MAKE_ALL.replace("demo.plan()", "dict(list(demo.plan().items())[:2])")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return demo.read(tmp_path_factory.mktemp("cache"), EMOTIONS)


def first(count: int) -> dict[str, list[demo.Turn]]:
    return dict(itertools.islice(demo.plan().items(), count))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def of_style(corpus: Corpus, style: str) -> np.ndarray:
    return np.array([style in ("complete", u.style) for u in corpus.utterances])


def test_the_corpus_holds_what_is_expected(corpus):
    expected = corpus.expected
    assert count_utterances(corpus) == expected["classes"]
    everything = corpus.utterances + corpus.others
    seconds = sum(soundfile.info(u.path).duration for u in everything)
    assert expected["others"] == len(corpus.others)
    assert expected["hours"] == pytest.approx(seconds / 3600, abs=0.005)
    assert expected["speakers"] == len({u.speaker for u in everything})
    assert corpus.warnings == ()


def test_the_corpus_is_marked_as_synthetic(corpus):
    assert corpus.name == "demo"
    assert corpus.synthetic
    assert corpus.emotions == tuple(EMOTIONS)


def test_five_sessions_have_a_woman_and_a_man_each(corpus):
    speakers = {(u.session, u.sex, u.speaker) for u in corpus.utterances}
    assert speakers == {(f"Ses0{n}", s, f"Ses0{n}{s}") for n in range(1, 6) for s in "FM"}


def test_all_sessions_share_the_scripts_and_improvised_sentences_never_repeat():
    plan = demo.plan()
    texts = {name: tuple(turn.text for turn in turns) for name, turns in plan.items()}
    improvised = [line for name, text in texts.items() if "impro" in name for line in text]
    scripted = {name.partition("_")[2]: set() for name in texts if "script" in name}
    for name, text in texts.items():
        if "script" in name:
            scripted[name.partition("_")[2]].add(text)
    assert len(improvised) == 360 == len(set(improvised))
    assert [len(versions) for versions in scripted.values()] == [1, 1]
    assert not set(improvised) & {line for (text,) in scripted.values() for line in text}


@pytest.mark.parametrize("style", ["improvised", "scripted", "complete"])
def test_the_speaker_does_not_reveal_the_emotion(corpus, style):
    chosen = of_style(corpus, style)
    emotions = np.array([u.emotion for u in corpus.utterances])[chosen]
    speakers = np.array([u.speaker for u in corpus.utterances])[chosen]
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


def test_the_audio_is_16_khz_mono_of_16_bits_short_and_never_clipped(corpus):
    for utterance in corpus.utterances + corpus.others:
        info = soundfile.info(utterance.path)
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert 0.9 < info.duration < 3.5
        assert info.duration == pytest.approx(utterance.end_s - utterance.start_s, abs=1e-3)
        samples, _ = soundfile.read(utterance.path)
        assert 0.02 < np.abs(samples).max() < 0.999


def test_turns_of_a_dialogue_follow_one_another(corpus):
    everything = sorted(corpus.utterances + corpus.others, key=lambda u: (u.dialogue, u.start_s))
    for earlier, later in itertools.pairwise(everything):
        if earlier.dialogue == later.dialogue:
            assert later.start_s - earlier.end_s == pytest.approx(demo.PAUSE_S, abs=1e-3)
            assert later.speaker != earlier.speaker


def test_a_dialogue_made_alone_has_the_same_bytes_as_in_the_whole_corpus(corpus, tmp_path):
    last = dict(list(demo.plan().items())[-1:])
    demo.make(tmp_path / "alone", last)
    alone = contents(tmp_path / "alone")
    whole = corpus.utterances[0].path.parents[4]
    assert len(alone) == 18 + 1
    assert alone == {name: (whole / name).read_bytes() for name in alone}


def test_an_existing_folder_is_not_made_again(corpus, monkeypatch):
    monkeypatch.setattr(demo, "make", None)  # would raise a TypeError if it were called
    cache = corpus.utterances[0].path.parents[5]
    assert demo.read(str(cache), EMOTIONS) == corpus


def test_another_synthesiser_has_another_folder(monkeypatch):
    name = demo.recipe()
    assert demo.recipe() == name
    monkeypatch.setattr(demo.espeak, "library_version", lambda: "another")
    assert demo.recipe() != name


def test_a_corpus_whose_synthesis_was_killed_is_made_again(tmp_path):
    folder, part = tmp_path / "demo", tmp_path / "demo.part"
    with subprocess.Popen(
        [sys.executable, "-c", MAKE_ALL, str(folder)], stderr=subprocess.DEVNULL
    ) as maker:
        wait_for(lambda: any(part.glob("*/sentences/wav/*/*.wav")), maker)
        maker.send_signal(signal.SIGKILL)
    assert maker.returncode == -signal.SIGKILL
    assert not folder.exists()
    (part / "left over").touch()
    demo.make(folder, first(1))
    assert len(contents(folder)) == 18 + 1
    assert not part.exists()


def test_two_processes_at_once_make_one_complete_corpus(tmp_path):
    command = [sys.executable, "-c", MAKE_TWO, str(tmp_path / "demo")]
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE) as one,
        subprocess.Popen(command, stderr=subprocess.PIPE) as two,
    ):
        errors = one.communicate()[1], two.communicate()[1]
    assert (one.returncode, two.returncode) == (0, 0), errors
    assert len(contents(tmp_path / "demo")) == 2 * (18 + 1)


def test_a_failure_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "VOICES", {"Ses01": ("en-us+f1", "no such voice")})
    with pytest.raises(SerVaeError, match="no such voice"):
        demo.make(tmp_path / "demo", first(1))
    assert not (tmp_path / "demo").exists()


def wait_for(condition, process: subprocess.Popen, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert process.poll() is None, "the process ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
