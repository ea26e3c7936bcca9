"""Random streams that do not touch one another."""

import torch

from ser_vae.training.seeding import seed_for, seed_streams


def test_every_seed_and_purpose_has_its_own_stream():
    purposes = [("epoch", epoch, rank) for epoch in range(50) for rank in range(4)]
    streams = {seed_for(seed, *purpose) for seed in range(50) for purpose in purposes}
    assert len(streams) == 50 * len(purposes)
    assert seed_for(1, 11) != seed_for(11, 1)
    assert seed_for(0, "epoch", 1, 23) != seed_for(0, "epoch", 12, 3)
    assert seed_for(0, "pretrain", "initialisation") == 15113691040757797


def test_a_stream_begins_as_with_torchs_own_seed():
    torch.manual_seed(5)
    expected = torch.rand(3)
    seed_streams(5, torch.device("cpu"))
    assert torch.equal(torch.rand(3), expected)
