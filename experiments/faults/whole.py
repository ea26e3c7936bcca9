"""Build a small valid file, as bytes, of each kind that a reader reads."""

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml

from ser_vae.corpus.utterance import Utterance
from ser_vae.data.sets import SegmentSet
from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.evaluation.predictions import collect_predictions
from ser_vae.model.ae import AE
from ser_vae.run import configure
from ser_vae.settings import Optimizer, Stage, validate
from ser_vae.training import weights
from ser_vae.training.fit import LAST, fit
from ser_vae.training.pretrain import Pretrain

RATE_HZ = 16_000
DIALOGUE = "Ses01F_impro01"


def labels() -> list[bytes]:
    turns = [
        f"[{n}.2901 - {n + 1}.2357]\t{DIALOGUE}_{'FM'[n % 2]}{n:03}\tneu\t[2.5000, 2.5, 2.5]\n"
        f"C-E2:\tNeutral;\t()\nA-E3:\tval 3; act 2; dom  2;\t()\n\n"
        for n in range(6)
    ]
    return [("% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n" + "".join(turns)).encode()]


def tables() -> list[bytes]:
    plain = "path,emotion,speaker\n" + "".join(f"{n}.wav,{'ab'[n % 2]},s{n}\n" for n in range(4))
    whole = "path,emotion,speaker,sex,style,split,session\n" + "".join(
        f'{n}.wav,"{"ab"[n % 2]}",s{n},F,improvised,train,1\n' for n in range(4)
    )
    return [plain.encode(), whole.encode("utf-8-sig"), whole.replace("\n", "\r\n").encode()]


def split_csv() -> bytes:
    rows = [f"u{n},{('train', 'test', 'validation')[n % 3]}\n" for n in range(6)]
    return ("utterance,part\n" + "".join(rows)).encode()


def encoded(container: str, subtype: str) -> bytes:
    buffer = io.BytesIO()
    tone = 0.5 * np.sin(np.arange(RATE_HZ // 20) / 8)
    soundfile.write(buffer, tone, RATE_HZ, subtype, format=container)
    return buffer.getvalue()


def predictions_csv() -> bytes:
    utterances = [Utterance(f"u{n}", Path(), "sad", f"u{n}", dialogue=f"u{n}") for n in range(5)]
    probability = np.random.default_rng(0).dirichlet((1, 1), 5)
    found = collect_predictions(utterances, np.arange(5) % 2, ("sad", "gay"), probability)
    return found.to_csv(index=False).encode()


@cache
def config_yaml() -> bytes:
    return yaml.safe_dump(configure("corpus=urdu", "model=cvae"), sort_keys=False).encode()


def metrics_json() -> bytes:
    scores = {f"random/test/{name}": 0.5 for name in ("ua", "wa", "macro_f1", "nll", "ece")}
    scores["random/test/confusion"] = [[9, 1], [2, 8]]
    speakers = {"test_speakers": 10, "test_speakers_in_train": 8}
    about = {"corpus": "urdu", "synthetic": False, "leaks": False, "caveats": [], "folds": 1}
    counts = {"counts": {"test": {"utterances": 5}}, "emotions": ["sad", "gay"]}
    return json.dumps(scores | speakers | about | counts | {"majority": scores}).encode()


def latents_npz(place: Path) -> bytes:
    names = tuple(f"u{n}" for n in range(5))
    mean = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    Latents(names, names, names, names, names, mean).write(place / "l.npz")
    return (place / "l.npz").read_bytes()


def illustrations(
    emotions: tuple[str, ...] = ("sad", "gay"),
    utterance: tuple[str, ...] = ("u0", "u1"),
    *,
    conditional: bool = True,
) -> Illustrations:
    """Return illustrations of one utterance per emotion, each longer than the one before."""
    count, durations = len(emotions), [20 + 10 * number for number in range(len(emotions))]

    def frames(*shape: int) -> Any:
        return np.random.default_rng(0).uniform(-14, 6, shape).astype(np.float32)

    return Illustrations(
        emotions=emotions,
        utterance=utterance,
        emotion=emotions,
        input=tuple(frames(duration, 8) for duration in durations),
        reconstruction=tuple(frames(duration, 8) for duration in durations),
        swapped=tuple(frames(count, duration, 8) for duration in durations if conditional),
        dimension=np.array([3, 1]),
        step=np.array([-2.0, 0.0, 2.0]),
        traversal=frames(2, 3, 10, 8),
        prior=frames(count if conditional else 1, 3, 10, 8),
        frame_shift_s=0.01,
    )


def illustrations_npz(place: Path) -> bytes:
    illustrations().write(place / "i.npz")
    return (place / "i.npz").read_bytes()


def network() -> AE:
    return AE(input_size=6, num_classes=4, hidden=[5], latent=3, activation="relu")


def weights_of(own: torch.nn.Module, place: Path) -> bytes:
    weights.save(own, place / "w.ckpt")
    return (place / "w.ckpt").read_bytes()


def stage() -> Pretrain:
    return Pretrain(network(), 0)


def interrupted(place: Path) -> bytes:
    """Train for two epochs, and return the last checkpoint."""
    x, c = torch.randn(8, 6), torch.eye(4)[torch.arange(8) % 4]
    fit(
        stage(),
        SegmentSet(x, c),
        [],  # type: ignore[arg-type]
        folder=place,
        settings=Stage(
            epochs=2,
            steps=0,
            batch_size=4,
            gradient_clip=None,
            optimizer=Optimizer(lr=0.01, betas=[0.9, 0.999], eps=1e-8),
        ),
        trainer=validate(configure("trainer=cpu")).trainer,
        loggers=[],
        compiled=False,
        progress=False,
    )
    return (place / LAST).read_bytes()
