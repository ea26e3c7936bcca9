"""Time pretraining on frames on a disk, under a limit of 4 GiB, and in memory. Needs Linux.

    python experiments/benchmarks/larger_than_memory.py IEMOCAP_full_release --hours 20

Any folder in IEMOCAP's layout will do: its files are repeated until they last this many hours, and
are prepared as in a run, with `memory_gb=0`. The process may allocate 4 GiB (RLIMIT_DATA). Pages of
the file do not count: the system reclaims them when it needs memory.

Before `cold` and `cold_plain`, every page of the file is removed from the page cache. This is the
usual case for a file much larger than the machine's memory; for a smaller one, only the first
epoch is like that.

    memory      600 utterances in memory
    cold        all of them on the disk, nothing cached
    cold_plain  the same, without prefetching: segments are read one after another
    cached      all of them on the disk, all of it cached; left out if the file takes more than
                half of the machine's memory
"""

import argparse
import inspect
import itertools
import logging
import os
import resource
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from mmap import MADV_DONTNEED
from pathlib import Path

import soundfile
import torch
from measured import run_stage, write
from memory import Peak, anonymous_mb
from torch.utils.data import Dataset

from ser_vae.corpus.utterance import Corpus, Utterance
from ser_vae.data.batch import BatchIndex
from ser_vae.data.segment import Segments
from ser_vae.data.sets import SegmentBatch, SegmentSet
from ser_vae.pipeline import prepare
from ser_vae.run import configure
from ser_vae.settings import Settings, build, validate
from ser_vae.training.pretrain import Pretrain

LIMIT = 4 * 2**30  # bytes that the process may allocate
MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # bytes
EMOTIONS = ("one", "other")
IN_MEMORY = 600  # utterances


class Clocked(Dataset[SegmentBatch]):
    """A random choice of segments, and the times in s at which batches of them are requested."""

    def __init__(self, data: SegmentSet, count: int) -> None:
        self.data, self.times = data, list[float]()
        self.chosen = torch.randperm(len(data))[:count]

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, pick: BatchIndex) -> SegmentBatch:
        self.times.append(time.perf_counter())
        return self.data[pick._replace(items=self.chosen[pick.items])]


def listed(root: Path, hours: float) -> Corpus:
    paths = sorted(root.glob("Session*/sentences/wav/*/*.wav"))
    lasting = {path: soundfile.info(path).duration for path in paths}
    utterances, left_s = [], hours * 3600
    for number, path in enumerate(itertools.cycle(paths)):
        if left_s <= 0:
            break
        emotion, speaker = EMOTIONS[number % 2], f"s{number % 10}"
        utterances.append(Utterance(f"u{number:07}", path, emotion, speaker))
        left_s -= lasting[path]
    return Corpus("listed", EMOTIONS, tuple(utterances))


def dropped(segments: Segments, folder: Path) -> None:
    """Write the file to disk, and remove all of its pages from the page cache."""
    assert segments.prefetch
    memory = inspect.getclosurevars(segments.prefetch).nonlocals["memory"]
    memory.flush()
    memory.madvise(MADV_DONTNEED)
    for entry in Path("/proc/self/fd").iterdir():
        target = str(entry.readlink()) if entry.is_symlink() else ""
        if target.startswith(str(folder)) and target.endswith("(deleted)"):
            os.posix_fadvise(int(entry.name), 0, 0, os.POSIX_FADV_DONTNEED)


def step_ms(settings: Settings, data: SegmentSet, steps: int) -> float:
    """Return the mean ms per step over `steps` steps, at most an epoch, without the first tenth."""
    torch.manual_seed(0)
    model = build(settings.model, input_size=data.source.size, num_classes=len(EMOTIONS))
    pretraining = settings.training.pretrain
    stage = Pretrain(model, 0)
    clocked = Clocked(data, steps * pretraining.batch_size)
    with tempfile.TemporaryDirectory() as folder:
        run_stage(settings, stage, clocked, Path(folder))
    times = clocked.times[len(clocked.times) // 10 :]
    return 1000 * (times[-1] - times[0]) / (len(times) - 1)


def contestants(
    settings: Settings, data: SegmentSet, steps: int, folder: Path
) -> dict[str, Callable[[], float]]:
    on_disk: Segments = data.source  # type: ignore[assignment]
    count = on_disk.count[:IN_MEMORY]
    start = on_disk.start[: int(count.sum())]
    few = replace(
        on_disk,
        frames=on_disk.frames[: int(start[-1]) + on_disk.length].clone(),
        start=start,
        count=count,
        prefetch=None,
    )
    in_memory = SegmentSet(few, data.condition[: len(few)])
    plain = SegmentSet(replace(on_disk, prefetch=None), data.condition)

    def cold(used: SegmentSet) -> float:
        dropped(on_disk, folder)
        return step_ms(settings, used, steps)

    def cached() -> float:
        on_disk.frames.sum()
        return step_ms(settings, data, steps)

    turns: dict[str, Callable[[], float]] = {
        "memory": lambda: step_ms(settings, in_memory, steps),
        "cold": lambda: cold(data),
        "cold_plain": lambda: cold(plain),
    }
    if on_disk.frames.nbytes < MACHINE / 2:
        turns["cached"] = cached
    return turns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--hours", type=float, default=20)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bands", type=int, default=80, help="mel bands; 384 for wide features")
    parser.add_argument("--threads", type=int, default=1, help="as in a run: 1")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    corpus = listed(options.root, options.hours)
    fft_size = 512 if options.bands == 80 else 4096  # so that each band has at least one bin
    with tempfile.TemporaryDirectory() as name:
        settings = validate(
            configure(
                *("corpus=demo", "memory_gb=0", "trainer=cpu", "progress=false"),
                *("training.pretrain.epochs=1", f"cache={name}"),
                *(
                    f"features.mel_bands={options.bands}",
                    f"features.fft_size={fft_size}",
                ),
            )
        )
        before_mb = anonymous_mb()
        with Peak() as peak:
            began = time.perf_counter()
            prepared, _ = prepare(settings, corpus, corpus.utterances)
            prepared_s = time.perf_counter() - began
            data = prepared.segment_set("train")
            turns = contestants(settings, data, options.steps, Path(name).resolve())
            ms = [{name: turn() for name, turn in turns.items()} for _ in range(options.rounds)]
        frames = prepared.segments.frames
        results = {
            "hours": options.hours,
            "values_a_segment": prepared.segments.size,
            "utterances": len(prepared.table),
            "segments": len(prepared.segments),
            "steps": options.steps,
            "rounds": options.rounds,
            "file_gb": round(frames.numel() * 4 / 1e9, 2),
            "limit_gb": round(LIMIT / 1e9, 2),
            "imports_mb": before_mb,
            "peak_mb": peak.mb,
            "prepare_s": round(prepared_s, 1),
            "ms_a_step": {
                name: round(statistics.median(one[name] for one in ms), 2) for name in turns
            },
        }
    name = "larger_than_memory" if options.bands == 80 else "wide_features"
    print(write(name, results).read_text())


if __name__ == "__main__":
    main()
