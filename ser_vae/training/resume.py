"""Whether an interrupted stage can go on from the checkpoint that lies in its folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ser_vae import SerVaeError
from ser_vae.training.weights import NotValuesError, values

KEPT = ("state_dict", "epoch", "global_step", "loops", "callbacks", "optimizer_states")


def check(checkpoint: Path, network: torch.nn.Module) -> None:
    """Read it as Lightning will, values alone: one from a stranger runs no code.

    A checkpoint is written whole or not at all. One that can't be read has been damaged since, or
    is somebody else's: to start over unasked would hide that, so the user says so.

    Raises:
        SerVaeError: it is not whole, holds more than values, or another network's state.
    """
    try:
        found = values(checkpoint)
    except NotValuesError as error:
        raise refused(checkpoint, str(error).splitlines()[0]) from error
    if not isinstance(found, Mapping) or (missing := [key for key in KEPT if key not in found]):
        named = ", ".join(missing) if isinstance(found, Mapping) else "mapping"
        raise refused(checkpoint, f"there is no {named} in it")
    if shapes(found["state_dict"]) != shapes(network.state_dict()):
        raise refused(checkpoint, "it is of a network of other sizes")


def shapes(state: Any) -> dict[Any, Any]:
    if not isinstance(state, Mapping):
        return {}
    return {name: getattr(value, "shape", None) for name, value in state.items()}


def refused(checkpoint: Path, reason: str) -> SerVaeError:
    return SerVaeError(
        f"{checkpoint}: training can't go on from this: {reason}\n"
        "Remove it to start the stage over, or give force=true to start the run over."
    )
