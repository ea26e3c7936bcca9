"""Independent random streams from one seed."""

import hashlib


def seed_for(seed: int, *purpose: str | int) -> int:
    """A seed for one purpose (a stage, an epoch, a rank), the same on every machine.

    Each purpose has its own stream, so that what one draws can't shift another: a run resumed at
    epoch 7 draws what the uninterrupted one drew there.
    """
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
