"""What W&B shows of a run besides numbers: pictures and the table of predictions."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb_files as read_back
from PIL import Image

from ser_vae.evaluation.latents import Latents
from ser_vae.evaluation.predictions import Predictions
from ser_vae.logger import media
from ser_vae.logger.shown import Shown
from ser_vae.run_folder import RunFolder

ALL = {
    media.CONFUSION,
    media.KL,
    media.MAP,
    media.RECONSTRUCTIONS,
    media.SWAPPED,
    media.PREDICTIONS,
}


@pytest.fixture(scope="module")
def run_folder(recorded: Path) -> RunFolder:
    (one,) = read_back.folders(recorded)
    return RunFolder(one)


def shown(**changed: Any) -> Shown:
    settings = {"predictions": 100, "audio": 0, "audio_bytes": 100_000, "artifacts": True}
    return Shown(**{"pictures": True, **settings, **changed})


def two_utterances() -> Predictions:
    return Predictions(
        ("calm", "cross"),
        ("sure", "doubtful"),
        ("s0", "s1"),
        ("", ""),
        np.array([0, 1]),
        np.array([[0.9, 0.1], [0.6, 0.4]]),
    )


def lying_at(*paths: Path) -> Latents:
    names = ("sure", "doubtful")
    words = ("", "")
    return Latents(names, words, words, words, tuple(map(str, paths)), np.zeros((2, 3), np.float32))


def test_an_offline_record_has_every_picture_and_the_table(recorded: Path) -> None:
    rows = read_back.history(read_back.records(recorded))
    (row,) = [row for row in rows if any(key.startswith("media") for key in row)]
    files = {name: row[f"{name}/path"] for name in ALL}
    (folder,) = read_back.folders(recorded)
    (part,) = folder.glob("wandb/offline-run-*")
    for name, file in files.items():
        assert (part / "files" / file).stat().st_size > 1000, name
    for name in ALL - {media.PREDICTIONS}:
        with Image.open(part / "files" / files[name]) as drawn:
            assert np.asarray(drawn.convert("L")).std() > 10, name


def test_the_table_is_predictions_csv_with_the_least_expected_first(
    recorded: Path, run_folder: RunFolder
) -> None:
    (file,) = recorded.rglob("files/media/table/media/predictions_*.table.json")
    table = json.loads(file.read_text())
    assert table["columns"] == [
        *("utterance", "speaker", "truth", "guess", "right"),
        *("p_calm", "p_cross", "p_gay"),
    ]
    rows = {row[0]: dict(zip(table["columns"], row, strict=True)) for row in table["data"]}
    written = list(csv.DictReader(run_folder.predictions.read_text().splitlines()))
    assert set(rows) == {line["utterance"] for line in written}
    for line in written:
        row = rows[line["utterance"]]
        assert [row[k] for k in ("speaker", "truth", "guess")] == [
            line[k] for k in ("speaker", "truth", "guess")
        ]
        assert row["right"] == (line["truth"] == line["guess"])
        assert row["p_gay"] == pytest.approx(float(line["p_gay"]))
    of_truth = [row[f"p_{row['truth']}"] for row in rows.values()]
    assert of_truth == sorted(of_truth)


def test_the_table_is_cut_to_what_was_asked_for() -> None:
    table = media.table(two_utterances(), None, shown(predictions=1))
    assert [row[0] for row in table.data] == ["doubtful"]


def test_no_sound_goes_up_unless_asked_for(recorded: Path) -> None:
    assert not list(recorded.rglob("*.wav"))


def test_sound_is_bounded_in_number_and_size(noises: Path, tmp_path: Path) -> None:
    short, long = noises / "calm00.wav", noises / "calm19.wav"
    assert short.stat().st_size < 40_000 < long.stat().st_size
    where, asked = lying_at(long, short), shown(audio=2, audio_bytes=40_000)
    table = media.table(two_utterances(), where, asked)
    assert table.columns[-1] == "audio"
    heard = {row[0]: row[-1] for row in table.data}
    assert heard["sure"] is None
    assert heard["doubtful"] is not None
    one = media.table(two_utterances(), where, shown(audio=1))
    assert [row[0] for row in one.data if row[-1]] == ["doubtful"]
    nowhere = lying_at(tmp_path / "gone.wav", short)
    assert [row[0] for row in media.table(two_utterances(), nowhere, asked).data if row[-1]] == [
        "doubtful"
    ]


def test_nothing_is_drawn_that_was_not_asked_for(run_folder: RunFolder) -> None:
    results = run_folder.read_metrics()
    assert set(media.of(results, run_folder, shown(pictures=False))) == {media.PREDICTIONS}
    assert media.of(results, run_folder, shown(pictures=False, predictions=0)) == {}


def test_a_run_that_is_older_shows_what_it_has(run_folder: RunFolder, tmp_path: Path) -> None:
    """Without latents.npz and illustrations.npz, as a recogniser of whole utterances is, too."""
    older = RunFolder(tmp_path)
    older.predictions.write_bytes(run_folder.predictions.read_bytes())
    results = {**run_folder.read_metrics(), "health": None}
    assert set(media.of(results, older, shown())) == {media.CONFUSION, media.PREDICTIONS}
