"""Time an epoch of the LSTM stage at the size of IEMOCAP's complete subset, and encoding it once.

    python experiments/benchmarks/lstm.py

3,872 training utterances (70 % of 5,531), their lengths drawn from a log-normal with the mean and
the standard deviation of IEMOCAP's (4.5 s, 3.2 s), latents of 128 dimensions, batches of 128, the
default LSTM. The contestants take turns, an epoch each; medians of the ratios within a round.

    ours        `ser_vae.training.fit`: batches of similar length, padded to their longest
    shuffled    a handwritten loop, fused Adam: random batches, padded to their longest
    packed      the same with packed sequences instead of padding
    everything  the same as shuffled, with every batch padded to the longest utterance of all
"""

import argparse
import functools
import math
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from measured import ratio, rounds, run_stage, write
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence

from ser_vae.data.segment import Segments
from ser_vae.data.sets import SequenceSet
from ser_vae.run import configure
from ser_vae.settings import build, validate
from ser_vae.training.classify import Classify
from ser_vae.training.predict import LatentClassifier, encode, uniform_condition

UTTERANCES, LATENT, CLASSES, BATCH = 3872, 128, 4, 128
WHOLE_CORPUS = 5531
LENGTH, BANDS = 10, 80
SETTINGS = validate(configure("trainer=cpu", "training.classify.epochs=1", "progress=false"))
STAGE = SETTINGS.training.classify
ADAM = STAGE.optimizer.model_dump()


def lengths(count: int) -> Tensor:
    """Draw the lengths of `count` utterances in segments of 100 ms: (U,)."""
    generator = torch.Generator().manual_seed(0)
    seconds = torch.exp(1.31 + 0.63 * torch.randn(count, generator=generator)).clamp(0.6, 34.1)
    return (10 * seconds).long()


def material() -> SequenceSet:
    count = lengths(UTTERANCES)
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(int(count.sum()), LATENT, generator=generator)
    label = torch.randint(CLASSES, (UTTERANCES,), generator=generator)
    condition = uniform_condition(UTTERANCES, CLASSES)
    return SequenceSet(latents, count.cumsum(0) - count, count, condition, label)


def classifier() -> Any:
    torch.manual_seed(0)
    return build(SETTINGS.classifier, input_size=LATENT, num_classes=CLASSES)


def ours(data: SequenceSet) -> None:
    how = {"fine_tuned": False, "sample": False, "seed": 0, "batch_size": BATCH}
    latents = LatentClassifier(None, classifier(), device=torch.device("cpu"), **how)
    stage = Classify(latents, 0)
    with tempfile.TemporaryDirectory() as folder:
        run_stage(SETTINGS, stage, data, Path(folder))


def padded(data: SequenceSet, index: Tensor, longest: int | None) -> tuple[Tensor, Tensor]:
    """Pad the latents of a batch: return (B, S, Z) and their lengths (B,)."""
    length = data.count[index]
    steps = torch.arange(longest or int(length.max()))
    valid = steps < length[:, None]
    z = torch.zeros(*valid.shape, LATENT)
    z[valid] = data.source[(data.first[index, None] + steps)[valid]]
    return z, length


def by_hand(data: SequenceSet, *, packed: bool = False, everything: bool = False) -> None:
    model = classifier()
    optimizer = torch.optim.Adam(model.parameters(), fused=True, **ADAM)
    longest = int(data.count.max()) if everything else None
    for index in torch.randperm(len(data)).split(BATCH):
        z, length = padded(data, index, longest)
        logits = packed_logits(model, z, length) if packed else model(z, length)
        optimizer.zero_grad()
        F.cross_entropy(logits, data.label[index]).backward()
        if STAGE.gradient_clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), STAGE.gradient_clip)
        optimizer.step()


def packed_logits(model: Any, z: Tensor, length: Tensor) -> Tensor:
    sequence = pack_padded_sequence(z, length, batch_first=True, enforce_sorted=False)
    _, (last, _) = model.lstm(sequence)
    logits: Tensor = model.dense(last[-1])
    return logits


def encoding() -> dict[str, float]:
    """Time the encoding of as many segments as the four classes of IEMOCAP have."""
    count = lengths(WHOLE_CORPUS)
    frames = torch.randn(int(count.sum()) * LENGTH, BANDS)
    start = torch.arange(0, len(frames), LENGTH)
    segments = Segments(frames, start, count, LENGTH)
    model = build(configure("model=vae")["model"], input_size=LENGTH * BANDS, num_classes=CLASSES)
    condition = uniform_condition(WHOLE_CORPUS, CLASSES)
    began = time.perf_counter()
    encode(model, segments, condition, torch.device("cpu"))
    return {"segments": len(segments), "seconds": round(time.perf_counter() - began, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="as in a run: 1")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore", module="lightning")
    data = material()
    contestants: dict[str, Callable[[], Any]] = {
        "ours": functools.partial(ours, data),
        "shuffled": functools.partial(by_hand, data),
        "packed": functools.partial(by_hand, data, packed=True),
        "everything": functools.partial(by_hand, data, everything=True),
    }
    seconds = rounds(contestants, options.rounds)
    results = {
        "utterances": UTTERANCES,
        "batches": math.ceil(UTTERANCES / BATCH),
        "rounds": options.rounds,
        "s_an_epoch": {name: round(statistics.median(s), 2) for name, s in seconds.items()},
        "ratio": {
            f"ours to {name}": ratio(seconds[name], seconds["ours"])
            for name in ("shuffled", "packed", "everything")
        },
        "encoding_once": encoding(),
    }
    print(write("lstm", results).read_text())


if __name__ == "__main__":
    main()
