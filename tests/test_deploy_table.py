"""The documentation's table of what works with which model is what the code does."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from deployed import recogniser

from ser_vae import SerVaeError
from ser_vae.recogniser import Recogniser
from ser_vae.settings import conf_dir
from ser_vae.training.label_policy import LEAKING, POLICIES

PAGE = (Path(__file__).parents[1] / "docs" / "deploy.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `model=")
]
OVERRIDES = [row[0].strip("`") for row in ROWS]
CASES = [
    (case, row)
    for row, overrides in zip(ROWS, OVERRIDES, strict=True)
    for case in product(
        *(
            [f"{key}={value}" for value in values.split(",")]
            for key, _, values in (each.partition("=") for each in overrides.split())
        )
    )
]


def noise(case: tuple[str, ...]) -> np.ndarray:
    samples = 256_000 if "model=pca" in case else 32_000  # 128 components need as many segments
    return 0.1 * np.random.default_rng(0).standard_normal(samples, dtype=np.float32)


def encodes(known: Recogniser, waveform: np.ndarray) -> bool:
    try:
        return bool(known.encode(waveform, 16_000).size)
    except SerVaeError:
        return False


@pytest.mark.parametrize(("case", "row"), CASES, ids=[" ".join(case) for case, _ in CASES])
def test_the_table_says_what_works(case, row):
    waveform = noise(case)
    known = recogniser([waveform], *case)
    obstacles = [known.obstacle(causal=causal) for causal in (True, False)]
    encoded = "normalise=speaker" in case or encodes(known, waveform)
    works = [True, encoded, *(not o for o in obstacles), True]
    assert row[1:6] == ["yes" if each else "no" for each in works]
    reason = next(filter(None, obstacles), "")
    setting, _, why = reason.rpartition(": ")
    assert setting in ("", case[-1], "the model is utterance-level", "features are LogMelLLD")
    assert row[6] == why


def test_the_table_has_every_model_and_label_policy():
    listed = {override for case, _ in CASES for override in case}
    models = {f"model={path.stem}" for path in (conf_dir() / "model").glob("*.yaml")}
    policies = {f"label_policy={name}" for name in POLICIES if name not in (*LEAKING, "null")}
    assert models | policies <= listed
