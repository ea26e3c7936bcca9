"""A run of the utterance-level VAE: its files, and what of the test set it never sees."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
import torch
from run_files import UTTERANCE_VAE, folders, given_split, table

BRIEF = ("model=utterance_vae", *UTTERANCE_VAE)


def reversed_test_set(root: Path) -> None:
    """Reverse and shorten the noises of the test set."""
    for row in table(root / "list.csv"):
        if row["split"] == "test":
            samples, rate = soundfile.read(root / row["path"])
            soundfile.write(root / row["path"], samples[::-1][: len(samples) * 2 // 3], rate)


def weights(folder: Path) -> Iterator[torch.Tensor]:
    yield from torch.load(folder / "classifier.ckpt", weights_only=True).values()


def test_weights_and_curves_are_written_and_reused_after_an_interruption(run_noises, tmp_path):
    metrics = run_noises(*BRIEF, "model.members=2")
    (folder,) = folders(tmp_path / "runs")
    assert metrics["random/test/ua"] > 0.9
    assert metrics["health"] is None
    assert len(table(folder / "classify.csv")) == 12
    assert not list(tmp_path.rglob("last.ckpt"))
    predicted, trained = (folder / "predictions.csv").read_bytes(), folder / "classifier.ckpt"
    written = trained.stat().st_mtime_ns
    (folder / "metrics.json").unlink()
    run_noises(*BRIEF, "model.members=2")
    assert (folder / "predictions.csv").read_bytes() == predicted
    assert trained.stat().st_mtime_ns == written


@pytest.mark.parametrize(("normalise", "reaches"), [("train", False), ("speaker", True)])
def test_test_speech_reaches_training_by_the_speakers_statistics_alone(
    finished_run, noises, tmp_path, normalise, reaches
):
    """Where speakers are on both sides, as here; their audio, then, and the run says so."""
    trained = []
    for other in (False, True):
        root = given_split(noises, tmp_path / f"other{other}")
        if other:
            reversed_test_set(root)
        settings = ("split=given", f"corpus.root={root}", f"normalise={normalise}")
        metrics, folder = finished_run(*BRIEF, *settings)
        trained.append(folder)
    pairs = zip(*map(weights, trained), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs) is not reaches
    assert any("transductive" in caveat for caveat in metrics["caveats"]) is reaches
