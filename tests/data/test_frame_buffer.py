"""Frames in a file have the same values as in memory, and the file never outlives its process."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from ser_vae.data.segment import GIB, Segmentation, Segments, allocate, cut
from ser_vae.features.normalise import Normaliser

F = 80


def cut_noise(folder: Path, memory_gb: float, hop: int = 10) -> Segments:
    rng = np.random.default_rng(0)
    noise = [rng.normal(3, 2, (n, F)).astype(np.float32) for n in rng.integers(10, 200, 40)]
    return cut(noise, Segmentation(10, hop, "drop"), memory_gb=memory_gb, folder=folder)


@pytest.mark.parametrize("hop", [10, 3])
def test_segments_from_a_file_are_bit_for_bit_those_from_memory(tmp_path, hop):
    in_memory, in_file = cut_noise(tmp_path, 8, hop), cut_noise(tmp_path, 0, hop)
    assert list(tmp_path.iterdir()) == []  # it has no name, so a killed process leaves none
    for segments in (in_memory, in_file):
        views = segments.frames_by_utterance()
        speakers = [f"s{n % 3}" for n in range(len(views))]
        normaliser = Normaliser.fit("speaker", views, speakers, [True] * len(views))
        for view, speaker in zip(views, speakers, strict=True):
            normaliser.apply(view, speaker)
    assert torch.equal(in_memory.frames, in_file.frames)
    for batch in torch.randperm(len(in_memory)).split(128):
        assert torch.equal(in_memory[batch], in_file[batch])


def test_a_file_is_used_only_above_the_limit(tmp_path):
    limit = 1000 * F * 4 / GIB
    assert allocate(1000, F, limit, tmp_path)[1] is None
    assert allocate(1001, F, limit, tmp_path)[1] is not None


def test_a_full_disk_is_an_error_that_says_how_much_is_needed(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", fail, raising=False)
    needed = r"No space left on device \(2\.00 GiB, for frames above memory_gb=1\)"
    with pytest.raises(OSError, match=rf"{needed}: '{tmp_path}'") as raised:
        allocate(2 * GIB // (F * 4), F, 1, tmp_path)
    assert raised.value.errno == errno.ENOSPC
