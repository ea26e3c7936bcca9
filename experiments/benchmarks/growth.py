"""Time features, segments and an epoch of pretraining for corpora of 1, 4 and 16 times a size.

    python experiments/benchmarks/growth.py IEMOCAP_full_release

Any folder in IEMOCAP's layout with 640 utterances will do: 40, 160 and 640 of them, the same mix
of long and short, each in a separate process with an empty cache. The sizes take turns, and
medians over the rounds are reported. If time grows linearly, the time per second of audio is the
same at each size, apart from the start-up time of a stage.
"""

import argparse
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import soundfile
from measured import run_stage, write
from memory import apart

from ser_vae.corpus.utterance import Corpus, Utterance
from ser_vae.pipeline import feature_store, fresh_model, prepare
from ser_vae.run import configure
from ser_vae.settings import build, validate
from ser_vae.training.pretrain import Pretrain

SIZES = (40, 160, 640)
EMOTIONS = ("one", "other")
STAGES = ("features", "prepare", "epoch")


def stages(paths: Sequence[Path]) -> dict[str, float]:
    """Return the duration of each of STAGES in seconds."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    utterances = [
        Utterance(path.stem, path, EMOTIONS[number % 2], f"s{number % 10}")
        for number, path in enumerate(paths)
    ]
    corpus = Corpus("listed", EMOTIONS, tuple(sorted(utterances, key=lambda u: u.id)))
    with tempfile.TemporaryDirectory() as name:
        settings = validate(
            configure(
                *("corpus=demo", "trainer=cpu", "progress=false", "training.pretrain.epochs=1"),
                f"cache={name}",
            )
        )
        times = [time.perf_counter()]
        feature_store(settings, build(settings.features)).compute(corpus.utterances)
        times.append(time.perf_counter())
        data, _ = prepare(settings, corpus, corpus.utterances)
        times.append(time.perf_counter())
        stage = Pretrain(fresh_model(settings, data), 0)
        run_stage(settings, stage, data.segment_set("train", "test"), Path(name) / "fit")
        times.append(time.perf_counter())
    return {s: b - a for s, a, b in zip(STAGES, times[:-1], times[1:], strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    paths = sorted(asked.root.glob("Session*/sentences/wav/*/*.wav"))[: SIZES[-1]]
    if len(paths) < SIZES[-1]:
        parser.error(f"{asked.root}: {len(paths)} utterances, expected at least {SIZES[-1]}")
    chosen = {size: paths[:: SIZES[-1] // size] for size in SIZES}
    audio_s = {size: sum(soundfile.info(p).duration for p in own) for size, own in chosen.items()}
    rounds = [
        {size: apart(stages, own) for size, own in chosen.items()} for _ in range(asked.rounds)
    ]
    results = {
        "utterances": SIZES,
        "rounds": asked.rounds,
        "audio_s": {size: round(found, 1) for size, found in audio_s.items()},
        "seconds": {
            stage: {size: median(one[size][0][stage] for one in rounds) for size in SIZES}
            for stage in STAGES
        },
        "ms_a_second_of_audio": {
            stage: {
                size: median(1000 * one[size][0][stage] / audio_s[size] for one in rounds)
                for size in SIZES
            }
            for stage in STAGES
        },
        "peak_mb": {size: median(one[size][1] for one in rounds) for size in SIZES},
    }
    print(write("growth", results).read_text())


def median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 3)


if __name__ == "__main__":
    main()
