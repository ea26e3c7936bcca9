"""Run folders as a run leaves them, written without running anything."""

import copy
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from ser_vae.report.collect import collect
from ser_vae.report.record import Run
from ser_vae.run import configure

compose = functools.cache(configure)


class Study:
    """A folder of runs; each call of `run` adds one, and returns where it lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self,
        *overrides: str,
        corpus: str = "urdu",
        seed: int = 0,
        ua: float = 0.5,
        wa: float = 0.5,
        state: str = "finished",
        **metrics: Any,
    ) -> Path:
        options = [] if any(o.startswith("corpus=") for o in overrides) else ["corpus=urdu"]
        config = copy.deepcopy(compose(*options, *overrides)) | {"seed": seed}
        choice = config["choice"]
        fold = "" if config["fold"] is None else f"-fold{config['fold']}"
        name = f"{choice['model']}-{choice['data']}-{corpus}{fold}-seed{seed}-{len(self.all):08x}"
        folder = self.folder / choice["split"] / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
        if state == "finished":
            text = json.dumps(measured(config, corpus, ua, wa) | metrics)
            (folder / "metrics.json").write_text(text)
        return folder

    @property
    def all(self) -> list[Path]:
        return list(self.folder.glob("*/*"))

    @property
    def runs(self) -> list[Run]:
        return collect(self.folder)[0]


def measured(config: dict[str, Any], corpus: str, ua: float, wa: float) -> dict[str, Any]:
    """The contents of metrics.json, as far as a report looks at them."""
    choice = config["choice"]
    at = f"{choice['split']}/test/"
    return {
        "run": "of the tests",
        "corpus": corpus,
        "synthetic": False,
        "leaks": False,
        "material": f"of {choice['data']}",
        "caveats": [],
        "emotions": ["neutral", "angry"],
        "folds": 5 if config["fold"] is not None else 1,
        **{at + "ua": ua, at + "wa": wa, at + "macro_f1": 0.4, at + "confusion": [[9, 1], [2, 8]]},
        "majority": {
            **{at + "ua": 0.5, at + "wa": 0.625, at + "macro_f1": 0.1},
            at + "confusion": [[10, 0], [10, 0]],
        },
        "test_speakers": 10,
        "test_speakers_in_train": 8,
        "counts": {"test": {"utterances": 120}},
    }


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path / "runs")


@pytest.fixture
def table_1(study: Study) -> Callable[..., Study]:
    """Add the whole of the paper's grid, two seeds a cell, of scores that all differ."""

    def add(*overrides: str, corpus: str, **metrics: Any) -> Study:
        for d, data in enumerate(("improvised", "scripted", "complete")):
            for m, model in enumerate(("ae", "vae", "cvae")):
                for seed in (0, 1):
                    ua = 0.4 + 0.09 * d + 0.03 * m + 0.0123 * seed
                    options = (f"data={data}", f"model={model}", *overrides)
                    study.run(*options, corpus=corpus, seed=seed, ua=ua, wa=ua + 0.011, **metrics)
        return study

    return add
