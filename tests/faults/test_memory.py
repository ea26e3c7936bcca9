"""Too little memory, which the kernel really refuses."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from run_files import folders


@pytest.fixture
def one_long(own_noises) -> Path:
    """A corpus in which a recording is of 10 minutes: 38 MB of samples in float32."""
    samples = np.tile(soundfile.read(own_noises / "calm19.wav", dtype="float32")[0], 400)
    soundfile.write(own_noises / "calm00.wav", samples[: 10 * 60 * 16_000], 16_000)
    return own_noises


WIDE = "model.hidden=[6000]"  # 19 MB; as much for the decoder, each gradient, Adam's moments


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what is taken can't be read")
@pytest.mark.parametrize("stage", ["features", "pretraining"])
def test_too_little_memory_is_an_error_and_more_ends_it(forking, small, one_long, tmp_path, stage):
    own = {
        "features": ["model=majority", f"corpus.root={one_long}", f"cache={tmp_path / 'cache'}"],
        "pretraining": [WIDE, "training.pretrain.epochs=1"],
    }[stage]
    command = forking.run(*small(*own), code=1, more_mb=60)
    assert "Traceback" not in command.err
    said = command.err[command.err.index("error: ") :].splitlines()
    assert len(said) == 2
    assert said[0].startswith("error: out of memory: ")
    for setting in ("memory_gb=8", "batch_size", "Repeat the command"):
        assert setting in said[1]
    (folder,) = folders(tmp_path / "runs")
    left = {"config.yaml", "command.txt", "split.csv", "error.txt"}
    assert {path.name for path in folder.iterdir()} <= left
    forking.run(*small(*own))
    assert (folder / "metrics.json").exists()
    assert not (folder / "error.txt").exists()
