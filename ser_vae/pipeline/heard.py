"""What a representation was pretrained on, kept beside its weights, for whoever takes them up."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ser_vae import SerVaeError
from ser_vae.data.material import Material
from ser_vae.data.unlabelled import UNLABELLED
from ser_vae.files import write_text

Config = Mapping[str, Any]

LEARNT = ("train", UNLABELLED)  # the parts that a representation learns from
ALIKE = ("features", "data", "normalise")  # settings without which weights mean something else
LETTERS = 16  # of a digest: enough to tell the utterances of all corpora apart


class Heard(NamedTuple):
    """Attributes:
    digests: of the audio of what it was pretrained on; None where that is not known.
    emotions: the classes, in the order in which a conditional one was told them.
    settings: those of `ALIKE`; None where they are not known.
    """

    digests: list[str] | None
    emotions: list[str] | None
    settings: dict[str, Any] | None


UNKNOWN = Heard(None, None, None)


def beside(weights: Path) -> Path:
    return weights.with_suffix(".json")


def keep(weights: Path, config: Config, material: Material) -> None:
    """Write beside the file of `weights` what they were learnt from, or what their source says."""
    found = of_source(config)
    if found is None:
        learnt = zip(material.digests, material.parts, strict=True)
        digests = sorted({short(digest) for digest, part in learnt if part in LEARNT})
        digests = [] if config["training"]["pretrained"] == "none" else digests
        found = Heard(digests, list(material.emotions), {key: config[key] for key in ALIKE})
    write_text(beside(weights), json.dumps(found._asdict()) + "\n")


def of_source(config: Config) -> Heard | None:
    """What the weights that `training.pretrained` names were learnt from; None: no file is named.

    Raises:
        SerVaeError: what stands beside them can't be read.
    """
    source = config["training"]["pretrained"]
    if source in ("auto", "none"):
        return None
    path = beside(Path(source))
    try:
        found = Heard(**json.loads(path.read_text(encoding="utf-8")))
        known = found.digests is None or all(type(one) is str for one in found.digests)
        if not known or not isinstance(found.settings, dict | None):
            raise TypeError("other values than expected")
    except FileNotFoundError:
        return UNKNOWN
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise SerVaeError(
            f"{path}: expected what a run says of its pretrained.ckpt, got: {error}\n"
            "Give the two files of a run, or remove this one."
        ) from error
    return found


def check(config: Config, emotions: tuple[str, ...]) -> None:
    """Refuse weights that would mean something else here.

    Raises:
        SerVaeError: they were learnt from other features, segments or classes.
    """
    found = of_source(config)
    if found is None or found.settings is None:
        return
    source = config["training"]["pretrained"]
    differing = [key for key in ALIKE if found.settings.get(key) != config[key]]
    differing += ["the classes"] if found.emotions != list(emotions) else []
    if differing:
        raise SerVaeError(
            f"training.pretrained={source}: pretrained with other {', '.join(differing)}; see the "
            f"run's config.yaml.\nGive the same here, or pretrain anew: training.pretrained=auto."
        )


def in_test(config: Config, material: Material) -> int | None:
    """How many test utterances named weights were pretrained on; None if that is not known."""
    found = of_source(config)
    if found is None:
        return 0
    if found.digests is None:
        return None
    known = set(found.digests)
    sided = zip(material.digests, material.parts, strict=True)
    return sum(part == "test" and short(digest) in known for digest, part in sided)


def short(digest: str) -> str:
    return digest[:LETTERS]
