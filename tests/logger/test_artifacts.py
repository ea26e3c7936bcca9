"""What a run was made of and what it made, as an offline record has it."""

import json
from pathlib import Path
from typing import Any

import pytest
import wandb_files as read_back

RUN = "cvae-complete-folder-seed0"


@pytest.fixture(scope="module")
def artifacts(recorded: Path) -> dict[str, Any]:
    """By their names, but for those that W&B makes of tables."""
    found = read_back.artifacts(read_back.records(recorded))
    return {artifact.name: artifact for artifact in found if artifact.type != "run_table"}


def test_what_was_used_and_what_was_made(artifacts: dict[str, Any]) -> None:
    used = {name for name, artifact in artifacts.items() if artifact.use_after_commit}
    assert used == {"features-folder-complete", f"pretrained-{RUN}"}
    assert artifacts.keys() - used == {
        "split-random-folder-complete",
        f"classifier-{RUN}",
        f"predictions-{RUN}",
    }
    assert {a.type for a in artifacts.values()} == {
        *("features", "pretrained", "split", "classifier", "predictions")
    }


def test_files_are_referred_to_in_the_run_folder_and_not_copied(
    artifacts: dict[str, Any], recorded: Path
) -> None:
    (folder,) = read_back.folders(recorded)
    entries = {n: list(artifact.manifest.contents) for n, artifact in artifacts.items()}
    paths = {name: Path(entry.local_path) for name, (entry,) in entries.items()}
    assert paths == {
        "features-folder-complete": folder / "wandb" / "features.json",
        f"pretrained-{RUN}": folder / "pretrained.ckpt",
        "split-random-folder-complete": folder / "split.csv",
        f"classifier-{RUN}": folder / "classifier.ckpt",
        f"predictions-{RUN}": folder / "predictions.csv",
    }
    assert all(path.exists() for path in paths.values())


def test_features_are_described_and_not_uploaded(recorded: Path) -> None:
    (folder,) = read_back.folders(recorded)
    described = json.loads((folder / "wandb" / "features.json").read_text())
    results = json.loads((folder / "metrics.json").read_text())
    assert described["material"] == results["material"]
    assert described["settings"]["features/window"] == 0.025
    assert (folder / "wandb" / "features.json").stat().st_size < 2000


def test_a_record_is_small_and_stays_in_the_run_folder(recorded: Path) -> None:
    (folder,) = read_back.folders(recorded)
    kept = sum(file.stat().st_size for file in (folder / "wandb").rglob("*") if file.is_file())
    assert kept < 2_000_000
    for artifact in read_back.artifacts(read_back.records(recorded)):
        for entry in artifact.manifest.contents:
            assert Path(entry.local_path).is_relative_to(folder), entry.path
