"""Weights of networks on disk, written whole or not at all, and read without running code.

A record beside pretrained weights says what they were trained on, for those who load them.
"""

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from ser_vae import SerVaeError
from ser_vae.files import write_bytes, write_text
from ser_vae.training.devices import is_rank_zero

UNREADABLE = (
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError),
    *(pickle.UnpicklingError, zipfile.BadZipFile, struct.error),
)


def save(network: torch.nn.Module, path: Path) -> None:
    if is_rank_zero():
        write({name: value.cpu() for name, value in network.state_dict().items()}, path)


def write(state: dict[str, Any], path: Path) -> None:
    """Serialise in memory first: on a full disk, torch.save's own error names no file."""
    content = io.BytesIO()
    torch.save(state, content)
    write_bytes(path, content.getbuffer())


class AtomicCheckpoints(TorchCheckpointIO):
    """Write Lightning's checkpoints atomically, so that a kill never leaves half of one."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        write(checkpoint, Path(path))


def load(network: torch.nn.Module, path: Path, *, checkpoint: bool = False) -> None:
    """Load weights that `save` wrote, or those in a checkpoint of an interrupted stage.

    Nothing in the file is executed.

    Raises:
        SerVaeError: the file is missing or damaged, or holds the weights of another network.
    """
    remedy = "Give the pretrained.ckpt of a run with the same model, corpus classes and segments."
    if checkpoint:
        remedy = "Remove it to start the stage over, or give force=true to start the run over."
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state["state_dict"] if checkpoint else state)
    except UNREADABLE as error:
        lines = [line.strip() for line in str(error).splitlines()]
        reason = " ".join(lines[:2]) or type(error).__name__
        raise SerVaeError(
            f"{path}: expected the weights of a {type(network).__name__} of the configured sizes, "
            f"got: {reason}\n{remedy}"
        ) from error


DIGEST_LENGTH = 16  # hexadecimal digits that are kept: enough to tell all utterances apart


@dataclass(frozen=True)
class PretrainingRecord:
    """The origin of pretrained weights.

    Attributes:
        digests: of the audio that it was pretrained on, shortened.
        emotions: the classes, in the order of a conditional representation's labels.
        settings: `features`, `data` and `normalise`; with others the weights mean something else.
    """

    digests: list[str]
    emotions: list[str]
    settings: dict[str, Any]

    @classmethod
    def read(cls, weights: Path) -> "PretrainingRecord | None":
        """Read the record beside a file of weights; None if it is missing.

        Raises:
            SerVaeError: the record is damaged.
        """
        path = weights.with_suffix(".json")
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise SerVaeError(
                f"{path}: expected the record that a run writes beside its pretrained.ckpt, got: "
                f"{error}\nGive the two files of a run, or remove this one."
            ) from error

    def write(self, weights: Path) -> None:
        if is_rank_zero():
            write_text(weights.with_suffix(".json"), json.dumps(asdict(self)) + "\n")

    def check(self, weights: str, emotions: Sequence[str], settings: Mapping[str, Any]) -> None:
        """Raise SerVaeError if the weights were trained with other features, data or classes."""
        differing = [key for key in settings if self.settings.get(key) != settings[key]]
        differing += ["classes"] if self.emotions != list(emotions) else []
        if differing:
            raise SerVaeError(
                f"training.pretrained={weights}: pretrained with other {', '.join(differing)}; see "
                "the run's config.yaml.\nUse the same here, or training.pretrained=auto."
            )

    def count(self, digests: Sequence[str]) -> int:
        """Count the utterances that the weights were pretrained on."""
        known = set(self.digests)
        return sum(digest[:DIGEST_LENGTH] in known for digest in digests)
