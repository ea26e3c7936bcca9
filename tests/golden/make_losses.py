"""Writes the losses of the first 20 steps of AE, VAE and CVAE, as configured, beside itself.

A refactoring leaves them as they are. A change of the mathematics writes them anew, in a commit of
its own that says why:

    python tests/golden/make_losses.py
"""

import math
from pathlib import Path

import numpy as np
import torch

from ser_vae.data.batch import Batches
from ser_vae.data.sets import SegmentSet
from ser_vae.run import configure
from ser_vae.settings import build
from ser_vae.training.pretrain import Pretrain

MODELS = ("ae", "vae", "cvae")
STEPS = 20
EMOTIONS = 4
SEGMENT = (10, 80)  # frames, mel bands


def segments(count: int) -> SegmentSet:
    """Segments whose bands and frames go together, as in speech; an emotion has its own mean."""
    rng = np.random.default_rng(0)
    emotion = np.arange(count) % EMOTIONS
    band = rng.normal(size=(EMOTIONS, 1, SEGMENT[1]))[emotion] + rng.normal(size=(count, 1, 1))
    x = band + rng.normal(size=(count, SEGMENT[0], 1)) + rng.normal(size=(count, *SEGMENT))
    x = (x / x.std()).reshape(count, -1)
    return SegmentSet(torch.from_numpy(x), torch.eye(EMOTIONS).double()[torch.from_numpy(emotion)])


def losses(model: str) -> str:
    """One line a step: the step, then each quantity's mean over the batch.

    In double precision: in single, Adam's first steps magnify what processors round differently.
    """
    config = configure(f"model={model}")
    settings = config["training"]["pretrain"]
    batch_size = settings["batch_size"]
    torch.manual_seed(0)
    network = build(config["model"], input_size=math.prod(SEGMENT), num_classes=EMOTIONS)
    stage = Pretrain(network.double(), 0)
    stage.optimizer = settings["optimizer"]
    optimizer = stage.configure_optimizers()
    data = segments(STEPS * batch_size)
    batches = Batches(
        len(data), batch_size, accumulated=1, seed=0, shuffle=True, rank=0, world_size=1
    )
    lines = [" ".join(("step", *stage.quantities))]
    for step, pick in enumerate(batches):
        terms = stage.terms(data[pick])
        optimizer.zero_grad()
        terms["loss"].mean().backward()
        optimizer.step()
        lines.append(" ".join((f"{step}", *(f"{terms[q].mean():.6f}" for q in stage.quantities))))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for model in MODELS:
        Path(__file__).with_name(f"{model}.txt").write_text(losses(model))
