"""The documentation's table of what works with which model is what the code does."""

import re
from pathlib import Path

import numpy as np
import pytest
from deployed import recogniser

PAGE = Path(__file__).parents[1] / "docs" / "deploy.md"
LSTM, SVM = "classifier=lstm", "classifier=functionals"
MODELS = ("ae", "vae", "cvae", "pca", "logmel_lstm", "untrained")
BASELINES = (
    *("majority", "speaker_lookup", "logmel_svm", "egemaps_svm", "handcrafted_svm"),
    "utterance_vae",
)
POLICIES = ("dropout", "marginal", "predicted", "elbo", "elbo+lstm", "random")
ROWS = [
    *(f"model={model} {LSTM}" for model in MODELS),
    *(f"model=cvae label_policy={policy} {LSTM}" for policy in POLICIES),
    f"model=vae {LSTM} classifier.bidirectional=true",
    f"model=vae {LSTM} training.latent=sample",
    *(f"model={model} {SVM}" for model in MODELS),
    *(f"model={baseline}" for baseline in BASELINES),
    f"model=vae {LSTM} features=logmel_lld",
    f"model=vae {LSTM} features.trim_db=40",
    f"model=vae {LSTM} normalise=speaker",
]


def cell(row: str, *, causal: bool) -> str:
    samples = 0.1 * np.random.default_rng(0).standard_normal(256_000, dtype=np.float32)
    return recogniser([samples], *row.split()).segment_pipeline().obstacle(causal=causal) or "yes"


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    lines = PAGE.read_text().partition("## What works with which model")[2].splitlines()
    return [re.split(r"\s*\|\s*", line.strip("| ")) for line in lines if line.startswith("| `")]


@pytest.mark.parametrize("row", ROWS)
def test_the_table_says_what_streams_and_what_exports(row: str, table: list[list[str]]) -> None:
    expected = [f"`{row}`", cell(row, causal=True), cell(row, causal=False)]
    assert expected in table, " | ".join(expected)


def test_the_table_has_no_other_rows(table: list[list[str]]) -> None:
    assert [row[0] for row in table] == [f"`{row}`" for row in ROWS]
