"""Time a step of pretraining the VAE: `ser_vae.training.fit` and handwritten loops.

    python experiments/benchmarks/pretraining.py

60,000 random segments of 800 values, batches of 128, one thread as in a run. The contestants train
for an epoch in turn; reported are medians of the ratios within a round.

    by_hand    a PyTorch loop over an in-memory tensor with fused Adam, float32
    by_hand_bf16  the same under autocast to bfloat16
    stock      Lightning with DataLoader(TensorDataset, shuffle=True) and its own defaults
    products   only the matrix products of a step, forward and backward: a lower bound
    ours       `ser_vae.training.fit`, as a run calls it
    ours_bf16  the same with trainer.precision=bf16-mixed
"""

import argparse
import logging
import math
import os
import statistics
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import torch
from measured import ratio, rounds, run_stage, write
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from ser_vae.data.segment import Segments
from ser_vae.data.sets import SegmentSet
from ser_vae.run import configure
from ser_vae.settings import build, validate
from ser_vae.training.health import draw_segments
from ser_vae.training.history import read_curves
from ser_vae.training.pretrain import Pretrain

LENGTH, BANDS, CLASSES, BATCH = 10, 80, 4, 128
SIZE = LENGTH * BANDS
BF16 = "trainer.precision=bf16-mixed"
SETTINGS = validate(configure("model=vae"))
ADAM = SETTINGS.training.pretrain.optimizer.model_dump()

Contestant = Callable[[], Any]  # trains for an epoch


def material(count: int) -> SegmentSet:
    """Draw segments from 32 latent factors and noise, so that there is structure to learn."""
    generator = torch.Generator().manual_seed(0)
    causes, mixing = (torch.randn(*s, generator=generator) for s in ((count, 32), (32, SIZE)))
    noise = torch.randn(count, SIZE, generator=generator)
    frames = ((causes @ mixing).tanh() + 0.5 * noise).reshape(count * LENGTH, BANDS)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    start = torch.arange(0, count * LENGTH, LENGTH)
    segments = Segments(frames, start, torch.tensor([count]), LENGTH)
    return SegmentSet(segments, torch.eye(CLASSES)[labels])


def vae() -> Any:
    torch.manual_seed(0)
    return build(SETTINGS.model, input_size=SIZE, num_classes=CLASSES)


def by_hand(x: Tensor, c: Tensor, *, bf16: bool) -> Contestant:
    model = vae()
    optimizer = torch.optim.Adam(model.parameters(), fused=True, **ADAM)

    def epoch() -> None:
        for index in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16, cache_enabled=False):
                loss = model.loss(x[index], c[index])["loss"].mean()
            loss.backward()
            optimizer.step()

    return epoch


class Stock(lightning.LightningModule):
    """The simplest Lightning module that trains the VAE."""

    def __init__(self) -> None:
        super().__init__()
        self.model = vae()

    def training_step(self, batch: Any) -> Tensor:
        terms = {name: value.mean() for name, value in self.model.loss(*batch).items()}
        self.log_dict({f"train/{name}": value for name, value in terms.items()})
        return terms["loss"]

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), **ADAM)


def stock(x: Tensor, c: Tensor) -> Contestant:
    def epoch() -> None:
        with tempfile.TemporaryDirectory() as folder:
            loader = DataLoader(TensorDataset(x, c), batch_size=BATCH, shuffle=True)
            trainer = lightning.Trainer(
                max_epochs=1,
                accelerator="cpu",
                default_root_dir=folder,
                enable_progress_bar=False,
                enable_model_summary=False,
            )
            trainer.fit(Stock(), loader)

    return epoch


def products(count: int) -> Contestant:
    """Multiply matrices as a step does: forward, for weights and, after layer 1, for inputs."""
    weights = [p.detach() for p in vae().parameters() if p.dim() == 2]
    inputs = [torch.randn(BATCH, w.shape[1]) for w in weights]
    gradients = [torch.randn(BATCH, w.shape[0]) for w in weights]

    def epoch() -> None:
        for _ in range(math.ceil(count / BATCH)):
            for layer, (w, a, g) in enumerate(zip(weights, inputs, gradients, strict=True)):
                a @ w.T
                g.T @ a
                if layer:
                    g @ w

    return epoch


def ours(data: SegmentSet, *overrides: str) -> Callable[[], list[dict[str, float]]]:
    """Train as a run does, by default for one epoch; the returned function gives the curves."""
    settings = validate(
        configure(
            *("model=vae", "trainer=cpu", "progress=false", "training.pretrain.epochs=1"),
            *overrides,
        )
    )

    def epoch() -> list[dict[str, float]]:
        stage = Pretrain(vae(), 0, monitored=draw_segments(data, 0))
        with tempfile.TemporaryDirectory() as folder:
            run_stage(settings, stage, data, Path(folder))
            return read_curves(Path(folder) / "pretrain.csv")

    return epoch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--segments", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="as in a run: 1")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    # Lightning sets this on import; without a GPU it costs 0.15 ms a step in any training loop.
    os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)
    data = material(options.segments)
    every = torch.arange(options.segments)
    x, c = data.source[every], data.condition
    contestants: dict[str, Contestant] = {
        "by_hand": by_hand(x, c, bf16=False),
        "by_hand_bf16": by_hand(x, c, bf16=True),
        "stock": stock(x, c),
        "products": products(options.segments),
        "ours": ours(data),
        "ours_bf16": ours(data, BF16),
    }
    seconds = rounds(contestants, options.rounds)
    steps = math.ceil(options.segments / BATCH)
    longer = "training.pretrain.epochs=3"
    last = {
        name: ours(data, longer, *overrides)()[-1]["pretrain/train/loss"]
        for name, overrides in {"ours": (), "ours_bf16": (BF16,)}.items()
    }
    results = {
        "segments": options.segments,
        "rounds": options.rounds,
        "ms_a_step": {
            name: round(1000 * statistics.median(each) / steps, 2) for name, each in seconds.items()
        },
        "ratio": {
            "ours to by_hand": ratio(seconds["by_hand"], seconds["ours"]),
            "ours to stock": ratio(seconds["stock"], seconds["ours"]),
            "ours_bf16 to by_hand_bf16": ratio(seconds["by_hand_bf16"], seconds["ours_bf16"]),
            "ours_bf16 to by_hand": ratio(seconds["by_hand"], seconds["ours_bf16"]),
            "ours to products": ratio(seconds["products"], seconds["ours"]),
        },
        "loss_after_3_epochs": last,
    }
    print(write("pretraining", results).read_text())


if __name__ == "__main__":
    main()
