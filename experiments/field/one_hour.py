"""Measure the peak memory (GiB) of a run on 96 files of 2 s and one of the given length (s).

python experiments/field/one_hour.py 3600 max_batch_segments=500_000
"""

import resource
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from ser_vae.run import configure, run

RATE_HZ = 16_000


def write_corpus(root: Path, longest_s: int) -> None:
    rng = np.random.default_rng(0)
    for number in range(97):
        seconds = longest_s if number == 96 else 2
        path = root / ("calm", "cross")[number % 2] / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, 0.1 * rng.standard_normal(seconds * RATE_HZ), RATE_HZ)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "corpus"
        root.mkdir()
        write_corpus(root, int(sys.argv[1]))
        settings = ("corpus=folder", f"corpus.root={root}", "logger=none", "trainer=cpu")
        places = (f"cache={folder}/cache", f"runs={folder}/runs", "progress=false")
        brief = ("training.pretrain.epochs=1", "training.classify.epochs=1", "jobs=1", "seed=3")
        run(configure(*settings, *places, *brief, *sys.argv[2:]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak: {peak:.1f} GiB")


if __name__ == "__main__":
    main()
