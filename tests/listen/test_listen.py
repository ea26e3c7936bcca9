"""A run of seconds, rebuilt and made audible."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ser_vae.configuration import build
from ser_vae.evaluation import illustrations
from ser_vae.features import audio
from ser_vae.listen import sounds
from ser_vae.listen.__main__ import main
from ser_vae.listen.rebuild import Rebuilt, rebuild
from ser_vae.run import configure, run
from ser_vae.run_folder import RunFolder

SMALL = (
    "model=cvae",
    "model.hidden=[24]",
    "model.latent=6",
    "label_policies=headline",
    "training.pretrain.epochs=2",
    "training.classify.epochs=1",
    "data.hop=5",
)


@pytest.fixture(scope="module")
def folder(noises: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; its corpus is a copy of the noises."""
    root = tmp_path_factory.mktemp("listen")
    shutil.copytree(noises, root / "corpus")
    settings = ("corpus=folder", f"corpus.root={root / 'corpus'}", "corpus.csv=list.csv")
    place = (f"cache={cache}", f"runs={root / 'runs'}", "threads=1", "progress=false")
    run(configure(*SMALL, *settings, *place, "logger=none", "trainer=cpu"))
    (config,) = (root / "runs").glob("random/*/config.yaml")
    return config.parent


@pytest.fixture(scope="module")
def rebuilt(folder: Path) -> Rebuilt:
    return rebuild(RunFolder(folder), root=None, cache=None)


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    """A copy of the run's folder, to be damaged."""
    return Path(shutil.copytree(folder, tmp_path / folder.name))


def test_a_rebuilt_run_decodes_what_the_run_decoded(folder: Path, rebuilt: Rebuilt) -> None:
    stored = illustrations.read(RunFolder(folder).illustrations)
    pictures = rebuilt.pictures
    for name, given, decoded in zip(
        stored.utterance, stored.input, stored.reconstruction, strict=True
    ):
        (index,) = sounds.places(pictures.material, [name])
        told = sounds.label_of(pictures, index)
        np.testing.assert_allclose(pictures.input(index), given, atol=0.01)  # half precision
        np.testing.assert_allclose(pictures.decoded(index, told, told), decoded, atol=0.01)


def test_the_input_is_the_utterances_own_log_mel(rebuilt: Rebuilt) -> None:
    """Standardised, cut into overlapping segments, rejoined: and what the store holds again."""
    extractor = build(rebuilt.config["features"])
    utterance = rebuilt.pictures.material.utterances[3]
    frames = extractor(audio.read(utterance.path, 16_000))
    given = rebuilt.pictures.input(3)
    np.testing.assert_allclose(given, frames[: len(given)], atol=1e-4)


def test_every_sound_is_a_wav_a_picture_and_a_player_of_the_page(
    folder: Path, tmp_path: Path
) -> None:
    assert main([str(folder), "--utterance", "calm03.wav", "--out", str(tmp_path / "heard")]) == 0
    page = (tmp_path / "heard" / "index.html").read_text()
    names = re.findall(r'<audio [^>]*src="([^"]+)"', page)
    whats = ["recording", "input", "reconstruction", "z\\d-minus", "z\\d-plus"]
    expected = [f"calm-calm03-wav-{what}.wav" for what in (*whats, "as-cross", "as-gay")]
    expected += [f"Samples-from-the-prior-{emotion}.wav" for emotion in ("calm", "cross", "gay")]
    assert len(names) == len(expected)
    for name, pattern in zip(names, expected, strict=True):
        assert re.fullmatch(pattern, name)
        sound = soundfile.info(tmp_path / "heard" / name)
        assert (sound.samplerate, sound.channels, sound.subtype) == (16_000, 1, "PCM_16")
        picture = (tmp_path / "heard" / name).with_suffix(".png").name
        assert f'src="{picture}" alt="' in page
        assert (tmp_path / "heard" / picture).stat().st_size > 1000
    assert len(list((tmp_path / "heard").iterdir())) == 2 * len(names) + 1
    assert "http" not in page
    assert "<script" not in page
    assert "synthetic" not in page.lower()


def test_the_same_command_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    found = []
    for name in ("first", "again"):
        wanted = ["--utterance", "gay00.wav", "--dimensions", "0", "--out", str(tmp_path / name)]
        assert main([str(folder), *wanted]) == 0
        found.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert found[0] == found[1]


def test_one_of_each_emotion_of_the_test_part_is_heard_by_default(rebuilt: Rebuilt) -> None:
    material = rebuilt.pictures.material
    chosen = sounds.places(material, [])
    assert [material.utterances[index].emotion for index in chosen] == ["calm", "cross", "gay"]
    assert {material.parts[index] for index in chosen} == {"test"}


def test_a_dimension_moves_both_ways_about_the_reconstruction(rebuilt: Rebuilt) -> None:
    """Without its own dimension, the latent of each side is that of the reconstruction."""
    (strongest,) = sounds.strongest(rebuilt.pictures, 1)
    found = sounds.of_utterance(rebuilt.pictures, 0, [(strongest[0], 0.0)])
    same = {sound.name: sound.frames for sound in found}
    for name in (f"z{strongest[0]}-minus", f"z{strongest[0]}-plus"):
        np.testing.assert_allclose(same[name], same["reconstruction"], atol=1e-4)
    low, high = (s.frames for s in sounds.of_utterance(rebuilt.pictures, 0, [strongest])[2:4])
    assert np.abs(low - high).mean() > 10 * np.abs(same["reconstruction"] - same[name]).mean()


def test_samples_of_the_prior_differ_by_their_label_alone(rebuilt: Rebuilt) -> None:
    first, other, _ = sounds.prior(rebuilt.pictures, seed=0)
    again, *_ = sounds.prior(rebuilt.pictures, seed=0)
    assert first.frames.shape == (200, 80)
    np.testing.assert_array_equal(first.frames, again.frames)
    between = np.abs(first.frames - other.frames).mean()
    drawn_anew = np.abs(first.frames - next(sounds.prior(rebuilt.pictures, seed=1)).frames).mean()
    assert 0 < between < drawn_anew


def test_an_utterance_without_a_label_is_told_all_alike(rebuilt: Rebuilt) -> None:
    pictures = rebuilt.pictures
    label = pictures.material.label[0].clone()
    pictures.material.label[0] = -1
    try:
        assert torch.equal(sounds.label_of(pictures, 0), torch.full((3,), 1 / 3))
    finally:
        pictures.material.label[0] = label


def failed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The complaint of a command that ends with 1."""
    assert main([str(argument) for argument in arguments]) == 1
    return capsys.readouterr().err


def test_an_unknown_utterance_is_answered_with_those_like_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = failed(capsys, folder, "--utterance", "calm3.wav")
    assert "60" in said
    assert "calm03.wav" in said


def test_a_folder_that_is_no_runs_says_what_is_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no run folder" in failed(capsys, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_run_is_to_be_finished_first(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "metrics.json").unlink()
    assert "not finished" in failed(capsys, copied)


@pytest.mark.parametrize("target", ["pca.PCA", "majority.Majority", "untrained.Untrained"])
def test_a_model_that_learnt_no_decoder_is_refused_at_once(
    copied: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    config = (copied / "config.yaml").read_text()
    (copied / "config.yaml").write_text(config.replace("cvae.CVAE", target))
    assert "nothing to hear" in failed(capsys, copied)


def test_a_corpus_that_is_gone_can_be_given_anew(
    copied: Path, noises: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = (copied / "config.yaml").read_text()
    (copied / "config.yaml").write_text(re.sub(r"root: .*", f"root: {tmp_path / 'gone'}", config))
    assert "--root" in failed(capsys, copied)
    found = rebuild(RunFolder(copied), root=noises, cache=None)
    assert len(found.pictures.material.utterances) == 60


def test_a_corpus_that_changed_is_refused(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    split = (copied / "split.csv").read_text()
    (copied / "split.csv").write_text(split.replace("train", "test", 1))
    assert "not as it was: 2 utterances" in failed(capsys, copied)


def test_weights_that_are_gone_are_named(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / "pretrained.ckpt").unlink()
    assert "pretrained.ckpt" in failed(capsys, copied)


def test_fewer_than_no_dimensions_is_a_mistake(folder: Path) -> None:
    with pytest.raises(SystemExit):
        main([str(folder), "--dimensions", "-1"])
