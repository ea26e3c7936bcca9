"""A front end of another shape goes through a run, its model and the report."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from run_files import folders, table

from ser_vae.recogniser import Recogniser
from ser_vae.report.__main__ import main as report
from ser_vae.run import configure, run

MODULE = '''
"""Frames of 20 ms: 24 columns, no inverse."""
from dataclasses import dataclass
import numpy as np

@dataclass(frozen=True)
class Energies:
    sample_rate: int
    columns: int

    @property
    def frame_shift_s(self):
        return 0.02

    @property
    def names(self):
        return [f"energy {k}" for k in range(self.columns)]

    def __call__(self, waveform):
        shift = round(self.sample_rate * self.frame_shift_s)
        frames = waveform[: len(waveform) // shift * shift].reshape(-1, shift)
        bands = np.array_split(np.abs(np.fft.rfft(frames)), self.columns, axis=1)
        return np.stack([np.log(b.mean(axis=1) + 1e-6) for b in bands], axis=1).astype(np.float32)
'''


@pytest.fixture
def other_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    (tmp_path / "energies.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("energies", None)
    return {"_target_": "energies.Energies", "sample_rate": 16_000, "columns": 24}


@pytest.mark.filterwarnings("ignore::ImportWarning")  # of UMAP, without TensorFlow
@pytest.mark.parametrize("model", ["vae", "logmel_svm"])
def test_frames_of_20_ms_with_24_columns(
    model: str,
    other_features: dict[str, object],
    noise_command: list[str],
    noises: Path,
    tmp_path: Path,
) -> None:
    config = {**configure(*noise_command, f"model={model}"), "features": other_features}
    metrics = run(config)
    (folder,) = folders(tmp_path / "runs")
    assert metrics["random/test/ua"] > 1 / 3
    assert not (folder / "illustrations.npz").exists()
    document = json.loads((folder / "model" / "recogniser.json").read_text())
    assert document["segmentation"] == {"length": 5, "hop": 5, "remainder": "drop"}
    recogniser = Recogniser.load(folder, trust=["energies.Energies"])
    row = table(folder / "predictions.csv")[0]
    prediction = recogniser.predict(noises / row["utterance"])
    written = [float(row[f"p_{emotion}"]) for emotion in prediction.probabilities]
    np.testing.assert_allclose(list(prediction.probabilities.values()), written, atol=1e-6)
    assert report([str(tmp_path / "runs"), "--html"]) == 0
    assert (tmp_path / "runs" / "report.html").stat().st_size > 1000


def test_an_interrupted_run_resumes(
    other_features: dict[str, object],
    noise_command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brief = ("training.pretrain.epochs=1", "training.classify.epochs=2")
    config = {**configure(*noise_command, *brief), "features": other_features}
    whole = run({**config, "runs": str(tmp_path / "whole")})

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):  # noqa: PT012
        patch.setattr("ser_vae.pipeline.evaluate", fail)
        run(config)
    assert run(config)["random/test/ua"] == whole["random/test/ua"]
