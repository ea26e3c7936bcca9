"""A representation of one's own, with no more than what the README asks for, goes all the way."""

from pathlib import Path

import pytest

from ser_vae.pipeline.settings import BY_BOUND
from ser_vae.run import configure, run
from ser_vae.training.encode import POLICIES

OWN = """
import torch


class Own(torch.nn.Module):
    level = "segment"
    conditional = True
    quantities = ("loss",)

    def __init__(self, *, input_size, num_classes, latent):
        super().__init__()
        self.latent_size = latent
        self.down = torch.nn.Linear(input_size + num_classes, latent)
        self.up = torch.nn.Linear(latent + num_classes, input_size)

    def feature(self, x, c, *, sample, generator=None):
        return self.down(torch.cat([x, c], dim=-1))

    def loss(self, x, c, generator=None):
        z = self.feature(x, c, sample=False)
        return {"loss": (self.up(torch.cat([z, c], dim=-1)) - x).square().sum(dim=-1)}
"""


def test_a_representation_of_ones_own_goes_through_all_stages(
    noise_command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_representation.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    brief = ("training.pretrain.epochs=2", "training.classify.epochs=2")
    config = configure(*noise_command, *brief)
    config["model"] = {"_target_": "own_representation.Own", "latent": 8}  # conf/model/own.yaml
    config["choice"]["model"] = "own"
    metrics = run(config)
    assert metrics["probes"]["latents"]["emotion"]["score"] > 0
    assert set(metrics["policies"]) == {n for n, p in POLICIES.items() if p.test not in BY_BOUND}
