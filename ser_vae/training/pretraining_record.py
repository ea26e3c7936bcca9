"""What a representation was pretrained on, kept beside its weights for whoever loads them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ser_vae import SerVaeError
from ser_vae.files import write_text
from ser_vae.training.devices import on_rank_zero

DIGEST_LENGTH = 16  # hexadecimal digits that are kept: enough to tell all utterances apart


@dataclass(frozen=True)
class PretrainingRecord:
    """The origin of pretrained weights; None where it is unknown.

    Attributes:
        digests: of the audio that it was pretrained on, shortened.
        emotions: the classes, in the order of a conditional representation's labels.
        settings: `features`, `data` and `normalise`; with others the weights mean something else.
    """

    digests: list[str] | None = None
    emotions: list[str] | None = None
    settings: dict[str, Any] | None = None

    @classmethod
    def of(
        cls, digests: Sequence[str], emotions: Sequence[str], settings: Mapping[str, Any]
    ) -> "PretrainingRecord":
        short = sorted({digest[:DIGEST_LENGTH] for digest in digests})
        return cls(short, list(emotions), dict(settings))

    @classmethod
    def read(cls, weights: Path) -> "PretrainingRecord":
        """Read the record beside a file of weights; all None if there is none.

        Raises:
            SerVaeError: the record is damaged.
        """
        path = weights.with_suffix(".json")
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as error:
            raise SerVaeError(
                f"{path}: expected the record that a run writes beside its pretrained.ckpt, got: "
                f"{error}\nGive the two files of a run, or remove this one."
            ) from error

    @on_rank_zero
    def write(self, weights: Path) -> None:
        write_text(weights.with_suffix(".json"), json.dumps(asdict(self)) + "\n")

    def check(self, weights: str, emotions: Sequence[str], settings: Mapping[str, Any]) -> None:
        """Raise SerVaeError if the weights were trained with other features, data or classes."""
        if self.settings is None:
            return
        differing = [key for key in settings if self.settings.get(key) != settings[key]]
        differing += ["classes"] if self.emotions != list(emotions) else []
        if differing:
            raise SerVaeError(
                f"training.pretrained={weights}: pretrained with other {', '.join(differing)}; see "
                "the run's config.yaml.\nUse the same here, or training.pretrained=auto."
            )

    def count(self, digests: Sequence[str]) -> int | None:
        """Count the utterances that the weights were pretrained on; None if that is unknown."""
        if self.digests is None:
            return None
        known = set(self.digests)
        return sum(digest[:DIGEST_LENGTH] in known for digest in digests)
