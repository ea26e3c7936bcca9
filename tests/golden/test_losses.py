"""The first 20 steps of each model, against those that were written down."""

import runpy
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
SCRIPT = runpy.run_path(str(HERE / "make_losses.py"))


@pytest.mark.parametrize("model", SCRIPT["MODELS"])
def test_the_first_steps_are_those_that_were_written_down(model):
    golden, found = (HERE / f"{model}.txt").read_text(), SCRIPT["losses"](model)
    assert found.splitlines()[0] == golden.splitlines()[0]
    numbers = [np.loadtxt(text.splitlines(), skiprows=1) for text in (found, golden)]
    assert numbers[0].shape[0] == SCRIPT["STEPS"]
    np.testing.assert_allclose(*numbers, rtol=1e-4)
