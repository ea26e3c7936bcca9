"""A representation from outside the package, with the required attributes only, can be used."""

from pathlib import Path

import pytest

from ser_vae.run import configure, run
from ser_vae.training.label_policy import POLICIES, USES_BOUNDS

MODULE = """
import torch


class Linear(torch.nn.Module):
    level = "segment"
    conditional = True
    quantities = ("loss",)

    def __init__(self, *, input_size, num_classes, latent):
        super().__init__()
        self.latent_size = latent
        self.encoder = torch.nn.Linear(input_size + num_classes, latent)
        self.decoder = torch.nn.Linear(latent + num_classes, input_size)

    def feature(self, x, c, *, sample, generator=None):
        return self.encoder(torch.cat([x, c], dim=-1))

    def loss(self, x, c, generator=None):
        z = self.feature(x, c, sample=False)
        return {"loss": (self.decoder(torch.cat([z, c], dim=-1)) - x).square().sum(dim=-1)}
"""

OPTION = "_target_: own_representation.Linear\nlatent: 8\n"


def test_a_representation_from_outside_goes_through_all_stages(
    noise_command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_representation.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "conf/model").mkdir(parents=True)
    (tmp_path / "conf/model/own.yaml").write_text(OPTION)
    brief = ("training.pretrain.epochs=2", "training.classify.epochs=2", "label_policies=all")
    metrics = run(configure(*noise_command, "model=own", *brief, config_dir=tmp_path / "conf"))
    assert metrics["probes"]["latents"]["emotion"]["score"] > 0
    assert set(metrics["policies"]) == set(POLICIES) - set(USES_BOUNDS)
