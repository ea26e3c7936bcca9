"""Independent random streams from one seed."""

import hashlib

import torch


def seed_for(seed: int, *purpose: str | int) -> int:
    """Derive a seed for one purpose (a stage, an epoch, a rank), the same on every machine.

    Each purpose has a separate stream, so that one cannot shift another: a run resumed at epoch 7
    draws what the uninterrupted one drew there.
    """
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")


def seed_streams(seed: int, device: torch.device) -> None:
    """Seed the CPU's generator, and that of `device` if it is another one.

    `torch.manual_seed` seeds every kind of device; for each that is missing it records a stack
    trace at every call, which costs more than a training step's own overhead.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)
