"""What a run was made of and what it made, as W&B artifacts: features and encoder in, the rest out.

Features are not uploaded: what stands for them is their settings and the digest of what they were
computed from. Files are referred to where they lie in the run folder and not copied, so an offline
run can be sent while they are there.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb

from ser_vae.files import write_text
from ser_vae.run_folder import RunFolder

FEATURES = "wandb/features.json"


def log(run: Any, results: Mapping[str, Any], folder: RunFolder) -> None:
    """Record what there is: a run without an encoder, or without a network, has fewer."""
    describe_features(run.config, results, folder)
    corpus = f"{results['corpus']}-{results['data']}"
    inputs = {f"features-{corpus}": FEATURES, f"pretrained-{folder.name}": "pretrained.ckpt"}
    outputs = {
        f"split-{results['protocol']}-{corpus}": "split.csv",
        f"classifier-{folder.name}": "classifier.ckpt",
        f"predictions-{folder.name}": "predictions.csv",
    }
    for name, file in inputs.items():
        if (path := folder.path / file).exists():
            # What `use_artifact` does with a new artifact, but for waiting; offline that refuses.
            run._log_artifact(made(name, path), use_after_commit=True, is_user_created=True)
    for name, file in outputs.items():
        if (path := folder.path / file).exists():
            run.log_artifact(made(name, path))


def describe_features(
    config: Mapping[str, Any], results: Mapping[str, Any], folder: RunFolder
) -> None:
    """What stands for the features, as a file: an artifact of the same content is the same."""
    settings = {k: config[k] for k in sorted(config.keys()) if k.startswith("features/")}
    described = {
        "settings": settings,
        "corpus": results["corpus"],
        "material": results["material"],  # digest of utterances, labels and audio
    }
    write_text(folder.path / FEATURES, json.dumps(described, indent=1) + "\n")


def made(name: str, path: Path) -> wandb.Artifact:
    """An artifact of one file; its kind is the name's first word. Nothing is copied."""
    artifact = wandb.Artifact(name, type=name.partition("-")[0])
    artifact.add_file(str(path), policy="immutable", skip_cache=True)
    return artifact
