"""Independent random streams from one seed."""

import hashlib

import torch


def seed_for(seed: int, *purpose: str | int) -> int:
    """A seed for one purpose (a stage, an epoch, a rank), the same on every machine.

    Each purpose has its own stream, so that what one draws can't shift another: a run resumed at
    epoch 7 draws what the uninterrupted one drew there.
    """
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")


def seed_streams(seed: int, device: torch.device) -> None:
    """Begin the CPU's stream of noise anew, and that of `device` where it has one of its own.

    `torch.manual_seed` does it for every kind of device that there might be: where there is none,
    it notes a stack trace for each, at every call, and keeps it.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)
