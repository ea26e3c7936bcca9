"""Speech to segments: where the frames lie makes no difference."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ser_vae.configuration import build
from ser_vae.data.material import Material
from ser_vae.pipeline.prepare import prepare
from ser_vae.run import configure
from ser_vae.run_folder import addressed


@pytest.fixture
def prepared(noise_command: list[str]) -> Callable[..., Material]:
    def go(*overrides: str) -> Material:
        config = configure(*noise_command, *overrides)
        corpus = build(config["corpus"])
        return prepare(config, corpus, corpus.utterances)[0]

    return go


@pytest.mark.parametrize("normalise", ["train", "speaker", "none"])
def test_frames_on_disk_are_bit_for_bit_those_in_memory(
    prepared: Callable[..., Material], normalise: str
) -> None:
    ours = f"normalise={normalise}", "data.hop=5"
    within, beyond = (prepared(f"memory_gb={bound}", *ours) for bound in (8, 0))
    assert within.segments.ahead is None
    assert beyond.segments.ahead is not None
    assert torch.equal(within.segments.frames, beyond.segments.frames)
    assert torch.equal(within.segments.start, beyond.segments.start)


def test_a_run_scores_and_is_addressed_alike_with_its_frames_on_disk(
    run_noises: Callable[..., dict[str, Any]], cache: Path, tmp_path: Path
) -> None:
    within = run_noises("memory_gb=8")
    beyond = run_noises("memory_gb=0", f"runs={tmp_path / 'beyond'}")
    names = [
        sorted(path.name for path in (tmp_path / runs / "random").glob("vae-*"))
        for runs in ("runs", "beyond")
    ]
    assert names[0] == names[1]
    assert len(names[0]) == 1
    kept = [(tmp_path / runs / "random" / names[0][0]) for runs in ("runs", "beyond")]
    for file in ("predictions.csv", "pretrain.csv", "classify.csv", "split.csv"):
        assert (kept[0] / file).read_bytes() == (kept[1] / file).read_bytes()
    assert within.keys() == beyond.keys()
    assert not [path for path in cache.iterdir() if path.is_file()]


def test_the_bound_is_no_part_of_an_address(noise_command: list[str]) -> None:
    assert "memory_gb" not in addressed(configure(*noise_command))
