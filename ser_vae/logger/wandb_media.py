"""What Weights & Biases gets of a finished run besides numbers: pictures, predictions, files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import wandb

from ser_vae.evaluation.arrays import Latents
from ser_vae.evaluation.predictions import COLUMNS, PROBABILITY
from ser_vae.files import write_text
from ser_vae.logger import media
from ser_vae.run_folder import RunFolder


def log_media(
    run: Any,
    results: Mapping[str, Any],
    folder: RunFolder,
    *,
    pictures: bool,
    predictions: int,
    audio: int,
    audio_bytes: int,
    artifacts: bool,
) -> None:
    """Log what the keys of conf/logger/wandb.yaml ask for.

    Args:
        run: the opened W&B run.
        results: the content of metrics.json.
        folder: of the run.
        pictures: whether figures are drawn.
        predictions: rows at most in the table of test utterances.
        audio: how many of them come with their sound.
        audio_bytes: the largest file of these.
        artifacts: whether the files of the run are logged.
    """
    logged: dict[str, Any] = {}
    if pictures:
        images = media.images(results, folder)
        logged = {name: wandb.Image(image) for name, image in images.items()}
    if predictions:
        logged[media.PREDICTIONS] = prediction_table(folder, predictions, audio, audio_bytes)
    run.log(logged)
    if artifacts:
        log_artifacts(run, results, folder)


def prediction_table(folder: RunFolder, rows: int, audio: int, audio_bytes: int) -> wandb.Table:
    """Return the test predictions, those first whose true emotion got the least probability."""
    text = dict.fromkeys(COLUMNS, str)
    table = pd.read_csv(folder.predictions, dtype=text, keep_default_na=False)
    of_truth = table.apply(lambda row: row[PROBABILITY + row["truth"]], axis=1)
    table = table.loc[of_truth.sort_values(kind="stable").index[:rows]].drop(columns="dialogue")
    table.insert(4, "right", table["truth"] == table["guess"])
    if audio and folder.latents.exists():
        test = Latents.read(folder.latents)
        files = {u: Path(file) for u, (file, clip) in test.recordings().items() if clip is None}
        small = {u: f for u, f in files.items() if f.is_file() and f.stat().st_size <= audio_bytes}
        sounds = {u: wandb.Audio(str(small[u])) for u in table["utterance"][:audio] if u in small}
        table["audio"] = [sounds.get(utterance) for utterance in table["utterance"]]
    return wandb.Table(columns=list(table), data=table.to_numpy(dtype=object).tolist())


def log_artifacts(run: Any, results: Mapping[str, Any], folder: RunFolder) -> None:
    """Log the files of a run without a copy: an offline record needs its folder until it is sent.

    Features are not sent. Their settings and the digest of utterances and audio are sent instead.
    """
    features = {
        "settings": {k: v for k, v in run.config.items() if k.startswith("features/")},
        "corpus": results["corpus"],
        "material": results["material"],
    }
    write_text(folder.path / "wandb" / "features.json", json.dumps(features, indent=1) + "\n")
    corpus = f"{results['corpus']}-{results['data']}"
    files = {
        f"features-{corpus}": "wandb/features.json",
        f"split-{results['protocol']}-{corpus}": "split.csv",
        f"pretrained-{folder.name}": "pretrained.ckpt",
        f"classifier-{folder.name}": "classifier.ckpt",
        f"model-{folder.name}": "model",
        f"predictions-{folder.name}": "predictions.csv",
    }
    for name, file in files.items():
        if (path := folder.path / file).exists():
            artifact = wandb.Artifact(name, type=name.partition("-")[0])
            for part in sorted(path.iterdir()) if path.is_dir() else [path]:  # add_dir would print
                artifact.add_file(str(part), policy="immutable", skip_cache=True)
            run.log_artifact(artifact)
