"""A run folder -> its trained model on its own material, as it was when the run ended."""

import csv
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.configuration import build
from ser_vae.corpus.utterance import Corpus
from ser_vae.data.material import Material
from ser_vae.data.subset import select
from ser_vae.listen.trust import outsiders
from ser_vae.pipeline.illustrate import Pictures
from ser_vae.pipeline.prepare import prepare
from ser_vae.pipeline.settings import fresh_model
from ser_vae.report.settings import read_config
from ser_vae.run import configure
from ser_vae.run_folder import NOT_ADDRESSED, RunFolder
from ser_vae.training import weights
from ser_vae.training.decode import decodes


@dataclass(frozen=True)
class Rebuilt:
    """A run that can be asked.

    Attributes:
        pictures: its model and its material.
        corpus: what it was trained on.
    """

    folder: RunFolder
    config: Mapping[str, Any]
    corpus: Corpus
    pictures: Pictures


def rebuild(
    folder: RunFolder, *, root: Path | None, cache: Path | None, trusted: bool = False
) -> Rebuilt:
    """Build a run's corpus, material and model anew, and load its weights; on the CPU.

    `root` and `cache` say where the corpus and the cache lie now; None: where the run had them.
    `trusted`: its configuration may name code from outside this package, which is then run.

    Raises:
        SerVaeError: no finished run, code from outside, a model that decodes nothing, or a corpus
            that is not at hand, or is not as it was.
    """
    config = moved_to(configuration(folder, trusted=trusted), root, cache)
    corpus = corpus_of(config)
    material, _ = prepare(config, corpus, select(corpus, config["data"]["style"]))
    check_same(folder, material)
    model = fresh_model(config, material.segments.size, len(material.emotions))
    weights.load(model, folder.path / "pretrained.ckpt")
    return Rebuilt(folder, config, corpus, Pictures(model, material, config))


def configuration(folder: RunFolder, *, trusted: bool) -> dict[str, Any]:
    """What a run that can be listened to was told.

    Raises:
        SerVaeError: it can't.
    """
    try:
        config: dict[str, Any] = read_config(folder.config)
        target, name = config["model"]["_target_"], config["choice"]["model"]
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise SerVaeError(
            f"{folder.path} is no run folder: config.yaml, {error!r}.\n"
            "Give one such as runs/random/vae-complete-demo-seed0-0123abcd."
        ) from error
    if not folder.finished:
        raise SerVaeError(
            f"{folder.path}: the run is not finished, there is no {folder.metrics.name} in it.\n"
            "Give its command again: it goes on where it was interrupted."
        )
    if (named := outsiders(config)) and not trusted:
        raise SerVaeError(
            f"{folder.config} names code from outside ser_vae: {', '.join(named)}.\n"
            "To listen is to run it. If you trust the folder and that code: --trust"
        )
    if not decodes(pkgutil.resolve_name(target)):
        raise SerVaeError(
            f"{folder.path}: model={name} turns no latents into speech; there is nothing to hear.\n"
            "Give a run of model=ae, model=vae or model=cvae."
        )
    return config


def moved_to(config: Mapping[str, Any], root: Path | None, cache: Path | None) -> dict[str, Any]:
    """The configuration on this machine: decoding is a matter of seconds on a CPU.

    Settings that change no result, and that an older run did not know, are as they are by default.
    """
    corpus = dict(config["corpus"])
    if root:
        corpus["root"] = str(root)
    if cache and "cache" in corpus:
        corpus["cache"] = str(cache)
    trainer = {**config["trainer"], "accelerator": "cpu"}
    elsewhere = {"cache": str(cache)} if cache else {}
    unknown = {key: value for key, value in configure().items() if key in NOT_ADDRESSED}
    return {**unknown, **config, "corpus": corpus, "trainer": trainer, **elsewhere}


def corpus_of(config: Mapping[str, Any]) -> Corpus:
    try:
        corpus: Corpus = build(config["corpus"])
    except SerVaeError as error:
        raise SerVaeError(f"{error}\nOr say where the corpus lies now: --root FOLDER") from error
    return corpus


def check_same(folder: RunFolder, material: Material) -> None:
    """Raises:
    SerVaeError: other utterances, labels or parts than the run had: its scales and weights
        would not belong to them.
    """
    try:
        with folder.split.open(newline="", encoding="utf-8") as file:
            had = {(r["utterance"], r["emotion"], r["part"]) for r in csv.DictReader(file)}
    except (OSError, KeyError) as error:
        raise SerVaeError(f"{folder.split} can't be read: {error}.") from error
    have = {(u.id, u.emotion, part) for u, part in material.labelled}
    if odd := sorted(had ^ have):
        raise SerVaeError(
            f"{folder.path}: the corpus is not as it was: {len(odd)} utterances differ in part or "
            f"label or are gone, such as {odd[0][0]}.\n"
            "Give the corpus that the run was made on: --root FOLDER"
        )
