"""Recognisers as a run would leave them, without the time that training takes."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from composed import composed

from ser_vae.data.segment import cut
from ser_vae.features.audio import Samples
from ser_vae.features.normalise import Normaliser
from ser_vae.model.representation import Fitted
from ser_vae.pipeline import front_end
from ser_vae.recogniser import COMPONENT_GROUPS, Recogniser, build_model
from ser_vae.settings import build, validate
from ser_vae.training.label_policy import POLICIES
from ser_vae.training.predict import LatentClassifier, Marginal, Probabilities

RATE = 16_000
EMOTIONS = ("angry", "happy", "neutral", "sad")
ABOUT = {
    "run": "random/vae-complete-ravdess-seed0-0123abcd",
    "corpus": "ravdess",
    "synthetic": False,
    "data": "complete",
    "protocol": "random",
    "fold": None,
    "caveats": ["2 unusable utterances left out"],
    "audit": {"verdict": "SHARED", "sentence": "All 24 test speakers are in train."},
    "scores": {
        "random/test/wa": 0.62,
        "random/test/ua": 0.6,
        "random/test/macro_f1": 0.58,
        "random/test/recall": dict(zip(EMOTIONS, (0.9, 0.5, 0.4, 0.6), strict=True)),
        "random/test/ua_intervals": {"utterances": [0.55, 0.65], "speakers": None},
    },
    "majority": {"random/test/wa": 0.29, "random/test/ua": 0.25, "random/test/macro_f1": 0.11},
}
SHARPEN = 4.0  # initial weights are this much larger in the head, so that probabilities differ


@cache
def noise(rate: int = RATE) -> Samples:
    """Return 1.3 s of noise whose level rises and falls: (N,)."""
    time = np.arange(round(1.3 * rate)) / rate
    envelope = 0.05 * (1.1 + np.sin(9 * time))
    samples = envelope * np.random.default_rng(3).standard_normal(len(time))
    return samples.clip(-1, 1).astype(np.float32)


def offline(known: Recogniser, waveforms: Sequence[Samples]) -> Probabilities:
    """Recognise waveforms (N,) at the model's rate: (U, K)."""
    segments = cut([known.extractor(waveform) for waveform in waveforms], known.segmentation)
    for frames in segments.frames_by_utterance():
        known.normaliser.apply(frames, None)
    return known.classify(segments, [""] * len(waveforms))


def recogniser(waveforms: Sequence[Samples], *overrides: str) -> Recogniser:
    """Build a recogniser with random weights; normaliser and PCA are fitted on waveforms (N,)."""
    torch.manual_seed(1)
    settings = validate(composed("corpus=demo", *overrides))
    extractor, segmentation = front_end(settings)
    segments = cut([extractor(waveform) for waveform in waveforms], segmentation)
    frames, speakers = segments.frames_by_utterance(), ["s"] * len(waveforms)
    normaliser = Normaliser.fit(settings.normalise, frames, speakers, [True] * len(frames))
    for each in frames:
        normaliser.apply(each, "s")
    model = build_model(settings.model, extractor, segmentation, len(EMOTIONS))
    if model.level == "segment" and isinstance(model, Fitted):
        model.fit(segments)
    policy, classifiers = POLICIES[settings.label_policy], {}
    for condition in policy.classifiers if model.level == "segment" else ():
        head = build(settings.classifier, input_size=model.latent_size, num_classes=len(EMOTIONS))
        if isinstance(head, torch.nn.Module):
            for weight in head.parameters():
                weight.data *= SHARPEN
        classifiers[condition] = LatentClassifier(
            Marginal(model, len(EMOTIONS)) if condition == "every" else model,
            head,
            fine_tuned=False,
            sample=settings.training.latent == "sample",
            seed=0,
            batch_size=16,
            device=torch.device("cpu"),
        )
    return Recogniser(
        extractor=extractor,
        segmentation=segmentation,
        normaliser=normaliser,
        emotions=EMOTIONS,
        seed=0,
        policy=policy,
        representation=model if model.level == "segment" else None,
        classifiers=classifiers,
        estimator=None if model.level == "segment" else model,
        components={name: getattr(settings, name) for name in COMPONENT_GROUPS},
        about=ABOUT,
        temperature=1.5,
    )
