"""What metrics.json holds: the scores, and all that one must know to read them."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import torch

from ser_vae.corpus.utterance import SYNTHETIC, Corpus
from ser_vae.data.audit import audit
from ser_vae.data.material import Material
from ser_vae.data.unlabelled import UNLABELLED
from ser_vae.evaluation import predictions, summary
from ser_vae.inventory import corpus_warnings
from ser_vae.pipeline import heard
from ser_vae.pipeline.classify import device_of
from ser_vae.run_folder import RunFolder, digest
from ser_vae.training.encode import LEAKING

Config = Mapping[str, Any]

PACKAGES = ("ser_vae", "torch", "torchaudio", "lightning", "numpy", "scikit-learn")


def summarise(
    config: Config,
    corpus: Corpus,
    material: Material,
    left_out: Mapping[str, str],
    found: predictions.Predictions,
    diagnosis: Mapping[str, Any],
    folder: RunFolder,
) -> dict[str, Any]:
    choice, train = config["choice"], material.utterances_of("train")
    used = zip(material.utterances, material.digests, material.parts, strict=True)
    caveats = [SYNTHETIC] if corpus.synthetic else []
    if config["normalise"] == "speaker":
        caveats.append("normalise=speaker: transductive, uses the test speakers' audio")
    if diagnosis["health"] and diagnosis["health"]["collapsed"]:
        caveats.append(f"ALARM, {diagnosis['health']['sentence'].rstrip('.')}")
    if found_odd := corpus_warnings(corpus):
        caveats.append(f"{len(found_odd)} warnings about this copy of the corpus (ser_vae.check)")
    known = heard.in_test(config, material)
    if known is None:
        caveats.append("training.pretrained: what these weights heard before is not known")
    if config["training"]["encoder_lr"] is not None:
        caveats.append("training.encoder_lr: health, probes, pictures are of it before fine-tuning")
    if left_out:
        caveats.append(f"{len(left_out)} unusable utterances left out")
    return {
        "run": folder.name,
        "corpus": corpus.name,
        "synthetic": corpus.synthetic,
        "data": choice["data"],
        "model": choice["model"],
        "protocol": choice["split"],
        "fold": config["fold"],
        "folds": material.folds,
        "seed": config["seed"],
        "label_policy": config["label_policy"],
        "leaks": config["label_policy"] in LEAKING,
        "material": digest(
            [(u.id, u.speaker, u.emotion, u.part, a) for u, a, part in used if part != UNLABELLED]
        ),
        "caveats": caveats,
        "emotions": list(material.emotions),
        "audit": audit(
            [*train, *material.utterances_of("validation")],
            material.utterances_of("test"),
            everything=[*corpus.utterances, *corpus.others],
            digests={u.id: d for u, d in zip(material.utterances, material.digests, strict=True)},
            heard=material.utterances_of(UNLABELLED),
            pretrained_on=known,
        ),
        **summary.scores_and_baseline(found, train, choice["split"]),
        **diagnosis,
        "counts": summary.counts(material.utterances, material.parts, material.segments.count),
        "left_out": dict(left_out),
        "software": software(config),
    }


def software(config: Config) -> dict[str, Any]:
    """What the numbers were made by, as other versions and devices move last digits."""
    device = device_of(config)
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
    }
