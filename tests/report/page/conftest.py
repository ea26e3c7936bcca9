"""One small study with all that a page draws, made once, its page, and a browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report.conftest import Study, heard

from ser_vae.evaluation import illustrations, latents, projection
from ser_vae.evaluation.illustrations import Illustrations
from ser_vae.evaluation.latents import Latents
from ser_vae.report.__main__ import main

EMOTIONS = ("neutral", "angry")
NASTY = "<script>alert('heard')</script>"  # a name that a page must show and not obey
UTTERANCES = 24


def latents_of(latent: int, seed: int) -> Latents:
    """Two emotions apart along the first dimension, three speakers, one utterance of a bad name."""
    rng = np.random.default_rng(seed)
    emotion = [EMOTIONS[number % 2] for number in range(UTTERANCES)]
    mean = rng.standard_normal((UTTERANCES, latent)).astype(np.float32)
    mean[:, 0] += [20 * (word == "angry") for word in emotion]
    return Latents(
        utterance=(NASTY, *(f"utterance{number}" for number in range(1, UTTERANCES))),
        speaker=tuple(f"s{number % 3}" for number in range(UTTERANCES)),
        emotion=tuple(emotion),
        sex=tuple(["", "female"][number % 2] for number in range(UTTERANCES)),
        audio=("/corpus/a b.wav", *[""] * (UTTERANCES - 1)),
        mean=mean,
    )


def illustrations_of(*, conditional: bool) -> Illustrations:
    rng = np.random.default_rng(0)

    def frames(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(np.float32)

    return Illustrations(
        emotions=EMOTIONS,
        utterance=(NASTY, "utterance1"),
        emotion=EMOTIONS,
        input=(frames(20, 8), frames(30, 8)),
        reconstruction=(frames(20, 8), frames(30, 8)),
        swapped=(frames(2, 20, 8), frames(2, 30, 8)) if conditional else (),
        dimension=np.array([3, 1]),
        step=np.array([-2.0, 0.0, 2.0]),
        traversal=frames(2, 3, 10, 8),
        prior=frames(2 if conditional else 1, 3, 10, 8),
        frame_shift_s=0.01,
    )


def write_curves(folder: Path, stage: str, quantity: str, values: list[float]) -> None:
    lines = [f"epoch,step,{stage}/{quantity}"]
    lines += [f"{epoch},{10 * epoch},{value}" for epoch, value in enumerate(values)]
    (folder / f"{stage}.csv").write_text("\n".join(lines) + "\n")


def fill(folder: Path, *, conditional: bool, latent: int) -> None:
    latents.write(folder / "latents.npz", latents_of(latent, seed=latent))
    illustrations.write(folder / "illustrations.npz", illustrations_of(conditional=conditional))
    write_curves(folder, "pretrain", "train/loss", [3.0, 2.0, 1.23456789])
    write_curves(folder, "classify", "train/loss", [1.5, 0.5])


def health_of(model: str) -> dict[str, Any]:
    return {
        "relative_error": 0.125,
        "kl": 3.505,
        "kl_per_dimension": [0.005, 2.0, 1.0, 0.5],
        "active_units": 4,
        "latent": 4,
        "log_likelihood": -812.25,
        "mutual_information": 5.25,
        "collapsed": model == "cvae",
        "sentence": "",
    }


@pytest.fixture(scope="session")
def fabricated(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two seeds of a VAE and a CVAE with all files, an older AE, one run failed, one unfinished.

    And a second place, of a long name: a majority under other settings.
    """
    study = Study(tmp_path_factory.mktemp("study") / "runs")
    for seed in (0, 1):
        for place, model in enumerate(("vae", "cvae")):
            said = heard(0.6 + 0.1 * place, seed=seed, order=place)
            path = study.run(
                f"model={model}", seed=seed, said=said, health=health_of(model), synthetic=True
            )
            fill(path, conditional=model == "cvae", latent=4 + place)
    study.run("model=ae", said=heard(0.5, seed=0))
    other = ("training.classify.epochs=1234", "training.pretrain.epochs=4321")
    study.run("model=majority", *other, said=heard(0.5, seed=0))
    failed = study.run("model=ae", seed=1, state="failed")
    (failed / "error.txt").write_text("OSError: disk <full>\n")
    write_curves(failed, "pretrain", "train/loss", [9.0])
    study.run("model=vae", "normalise=none", corpus="demo", seed=7, state="unfinished")
    return study


@pytest.fixture(scope="session")
def drawn(fabricated: Study) -> Path:
    """The page of that study; UMAP, which takes seconds, is a stand-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projection, "umap_installed", lambda: True)
        patch.setattr(projection, "umap", lambda points, seed: points[:, :2] + seed)
        assert main([str(fabricated.folder), "--html"]) == 0
    return fabricated.folder / "report.html"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless browser of this machine."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium")
    if not path:
        pytest.skip("no chromium is installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
