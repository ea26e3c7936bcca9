"""A run on frames that were computed elsewhere, and predictions from such frames."""

from pathlib import Path

import numpy as np
import pytest
from run_files import table
from stored_features import LOG_MEL

from ser_vae import SerVaeError
from ser_vae.encode import main as encode
from ser_vae.features import audio
from ser_vae.predict import main as predict
from ser_vae.recogniser import Recogniser


@pytest.fixture
def frames(noises, tmp_path) -> Path:
    """Every other log-mel frame of each noise."""
    root = tmp_path / "frames"
    root.mkdir()
    for path in noises.glob("*.wav"):
        np.save(root / f"{path.stem}.npy", LOG_MEL(audio.read(path, 16_000))[::2])
    return root


def test_a_model_predicts_from_frames_as_its_run(frames, finished_run, noises, tmp_path, capsys):
    command = f"features.root={frames}", "features.frame_shift_s=0.02", "model=vae"
    metrics, folder = finished_run("features=imported", *command)
    assert metrics["random/test/ua"] > 1 / 2
    rows = table(folder / "predictions.csv")
    files = [frames / Path(row["utterance"]).with_suffix(".npy") for row in rows]
    out = tmp_path / "out.csv"
    assert predict([str(folder), *map(str, files), "--out", str(out)]) == 0
    for row, predicted in zip(rows, table(out), strict=True):
        for name in (key for key in row if key.startswith("p_")):
            assert float(predicted[name]) == pytest.approx(float(row[name]), abs=1e-6)
    assert encode([str(folder), "--corpus", "--mean", "--out", str(out)]) == 0
    assert len(table(out)) == 60
    np.save(frames / "wrong.npy", np.zeros((40, 79), np.float32))
    (frames / "ignored.wav").touch()
    assert predict([str(folder), str(frames), "--out", str(out)]) == 1
    *predicted, wrong = table(out)
    assert [Path(row["file"]) for row in predicted] == sorted(frames.glob("*[0-9].npy"))
    assert wrong["error"].endswith("wrong.npy: frames: 79 columns, expected 80")
    recogniser = Recogniser.load(folder)
    with pytest.raises(SerVaeError, match="takes frames that were computed elsewhere"):
        recogniser.predict(np.zeros(16_000), 16_000)
    with pytest.raises(SerVaeError, match=r"frames: expected numbers"):
        recogniser.predict(noises / rows[0]["utterance"])
    assert predict([str(folder), str(noises)]) == 1
    assert "no input in this folder; this model takes .npy" in capsys.readouterr().err


def test_missing_and_damaged_frames_are_named_and_can_be_left_out(frames, run_noises):
    (frames / "calm00.npy").unlink()
    np.save(frames / "calm01.npy", np.full((40, 80), np.nan))
    command = "features=imported", f"features.root={frames}", "features.frame_shift_s=0.02"
    with pytest.raises(SerVaeError, match="2 of 60 utterances can't be used") as caught:
        run_noises(*command, "model=majority")
    assert "calm00.npy: frames cannot be read" in str(caught.value)
    assert "NaN or infinite values, as float32, in 40 of 40 frames" in str(caught.value)
    metrics = run_noises(*command, "model=majority", "bad_audio=drop")
    assert sorted(metrics["left_out"]) == ["calm00.wav", "calm01.wav"]
