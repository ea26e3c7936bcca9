"""Damaged files: only the documented errors come out. `experiments/faults/fuzz.py` tries more."""

from collections.abc import Callable
from random import Random

import pytest
from fuzz import answer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers import Reader, readers

EXAMPLES = 60  # of each kind of file
KINDS = (
    *("labels of IEMOCAP", "CSV of a corpus", "split=file", "wav", "flac", "other audio"),
    *("predictions.csv", "config.yaml", "metrics.json"),
    *("latents.npz", "illustrations.npz", "pretrained.ckpt", "last.ckpt"),
)


@pytest.fixture(scope="module")
def reader_of(made) -> Callable[[str], Reader]:
    """A function: of a failure all arguments are printed, and these files are long."""
    return lambda kind: made[kind]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, Reader]:
    return readers(tmp_path_factory.mktemp("readers"))


def test_every_reader_is_tried(made):
    of_store = {name for name in made if name.endswith("of the store")}
    assert of_store
    assert made.keys() - of_store == set(KINDS)


def test_a_whole_file_of_each_kind_is_read(made, tmp_path):
    for reader in made.values():
        for content in reader.valid:
            assert answer(reader, content, tmp_path / "whole") == "read"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings(  # of NumPy and zipfile, about damaged files
    "ignore:Detected pickle protocol", "ignore:Duplicate name", "ignore:Reading `.npy` or"
)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_only_documented_errors_come_out(reader_of, tmp_path, kind, seed):
    reader, random = reader_of(kind), Random(seed)
    answer(reader, reader.change(random, random.choice(reader.valid)), tmp_path / "damaged")
