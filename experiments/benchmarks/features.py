"""Time log-mel features: `FeatureStore`, loops with other libraries, and reading the files alone.

    pip install librosa kaldi-native-fbank
    python experiments/benchmarks/features.py IEMOCAP_full_release

Any folder in IEMOCAP's layout will do; its first 600 utterances are taken. In each round, every
contestant processes all files on two cores; reported are medians of the ratios within a round. CPU
time is reported too, as it depends less on other load. Only `ours` also hashes the files, checks
the audio and writes the features.

    ours        `FeatureStore.compute` into an empty cache, as the first run on a corpus calls it
    torchaudio  a loop: soundfile, MelSpectrogram with the same settings, log
    librosa     a loop: soundfile, feature.melspectrogram with the same settings, log
    kaldi       a loop: soundfile, kaldi-native-fbank with the settings nearest to ours
    reading     soundfile alone, in two threads
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kaldi_native_fbank
import librosa
import numpy as np
import soundfile
import torch
from measured import ratio, write
from memory import apart
from torchaudio.transforms import MelSpectrogram

from ser_vae.corpus.utterance import Utterance
from ser_vae.features.store import FeatureStore
from ser_vae.run import configure
from ser_vae.settings import build

FILES, CORES = 600, 2
CONFIG = configure("features=logmel")["features"]
RATE_HZ, FFT, BANDS, FLOOR = (
    CONFIG[key] for key in ("sample_rate", "fft_size", "mel_bands", "floor")
)
WINDOW, SHIFT = (round(CONFIG[key] * RATE_HZ) for key in ("window", "frame_shift"))


def ours(paths: Sequence[Path]) -> None:
    utterances = [Utterance(path.stem, path, "neu", "speaker") for path in paths]
    with tempfile.TemporaryDirectory() as cache:
        if reasons := FeatureStore(Path(cache), build(CONFIG), CORES).compute(utterances):
            raise ValueError(reasons)


def by_torchaudio(paths: Sequence[Path]) -> None:
    mel = MelSpectrogram(
        RATE_HZ,
        FFT,
        WINDOW,
        SHIFT,
        n_mels=BANDS,
        window_fn=torch.hamming_window,
        center=False,
    )
    for path in paths:
        samples, _ = soundfile.read(path, dtype="float32")
        torch.log(mel(torch.from_numpy(samples)) + FLOOR)


def by_librosa(paths: Sequence[Path]) -> None:
    for path in paths:
        samples, _ = soundfile.read(path, dtype="float32")
        mel = librosa.feature.melspectrogram(
            y=samples,
            sr=RATE_HZ,
            n_fft=FFT,
            hop_length=SHIFT,
            win_length=WINDOW,
            window="hamming",
            center=False,
            n_mels=BANDS,
            htk=True,
            norm=None,
        )
        np.log(mel + FLOOR)


def by_kaldi(paths: Sequence[Path]) -> None:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = RATE_HZ
    options.frame_opts.window_type = "hamming"
    options.frame_opts.dither = options.frame_opts.preemph_coeff = 0.0
    options.frame_opts.remove_dc_offset = False
    options.mel_opts.num_bins = BANDS
    options.mel_opts.low_freq, options.mel_opts.high_freq = CONFIG["f_min"], CONFIG["f_max"]
    for path in paths:
        samples, _ = soundfile.read(path, dtype="float32")
        bank = kaldi_native_fbank.OnlineFbank(options)
        bank.accept_waveform(RATE_HZ, samples.tolist())
        np.stack([bank.get_frame(t) for t in range(bank.num_frames_ready)])


def reading(paths: Sequence[Path]) -> None:
    with ThreadPoolExecutor(CORES) as pool:
        for _ in pool.map(lambda path: soundfile.read(path, dtype="float32"), paths):
            pass


CONTESTANTS: dict[str, Callable[[Sequence[Path]], None]] = {
    "ours": ours,
    "torchaudio": by_torchaudio,
    "librosa": by_librosa,
    "kaldi": by_kaldi,
    "reading": reading,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    torch.set_num_threads(CORES)
    paths = sorted(asked.root.glob("Session*/sentences/wav/*/*.wav"))[:FILES]
    if len(paths) < FILES:
        parser.error(f"{asked.root}: {len(paths)} utterances, expected at least {FILES}")
    audio_s = sum(soundfile.info(path).duration for path in paths)
    seconds, core_seconds = rounds(paths, asked.rounds)
    results = {
        "files": FILES,
        "audio_s": round(audio_s, 1),
        "rounds": asked.rounds,
        "times_real_time": {
            name: round(audio_s / statistics.median(own)) for name, own in seconds.items()
        },
        "audio_s_a_core_second": {
            name: round(audio_s / statistics.median(own)) for name, own in core_seconds.items()
        },
        "ratio": {
            f"ours to {name}": ratio(own, seconds["ours"])
            for name, own in seconds.items()
            if name != "ours"
        },
        "peak_mb_by_files": {
            count: apart(ours, paths[:count])[1] for count in (FILES // 4, FILES // 2, FILES)
        },
    }
    print(write("features", results).read_text())


def rounds(
    paths: Sequence[Path], count: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return wall-clock and CPU time (s) of each contestant by round, after a warm-up round."""
    seconds: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    core_seconds: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    for turn in range(count + 1):
        for name, contestant in CONTESTANTS.items():
            began, began_core = time.perf_counter(), time.process_time()
            contestant(paths)
            if turn:
                seconds[name].append(time.perf_counter() - began)
                core_seconds[name].append(time.process_time() - began_core)
    return seconds, core_seconds


if __name__ == "__main__":
    main()
