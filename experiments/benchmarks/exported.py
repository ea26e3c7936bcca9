"""Compare ONNX graphs with PyTorch on real files: probabilities, and CPU time on one core.

    python experiments/benchmarks/exported.py CORPUS [CORPUS …]

Models recognise files of each folder one by one. They are trained on RAVDESS (RAVDESS_ROOT), for
fewer epochs than usual.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from measured import write
from rich.progress import track

import ser_vae
from ser_vae.export import export_onnx
from ser_vae.features import audio
from ser_vae.recogniser import Recogniser
from ser_vae.terminal import stderr

MODELS = ("ae", "vae", "cvae", "pca")
SETTINGS = [
    *("corpus=ravdess", "logger=none", "label_policies=headline"),
    *("training.pretrain.epochs=3", "training.classify.epochs=40"),
]


def compare(recogniser: Recogniser, files: list[Path], folder: Path) -> dict[str, Any]:
    """Recognise files with both; return the largest difference and CPU time per second of audio."""
    export_onnx(recogniser, folder / "emotion.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "emotion.onnx", options)
    rate = recogniser.extractor.sample_rate
    difference, changed, audio_s, cpu_s = 0.0, 0, 0.0, [0.0, 0.0]
    for file in files:
        waveform = audio.read(file, rate)
        audio_s += len(waveform) / rate
        began = time.process_time()
        expected = list(recogniser.predict(waveform, rate).probabilities.values())
        middle = time.process_time()
        computed = session.run(None, {"waveform": waveform[None]})[0][0]
        cpu_s[0] += middle - began
        cpu_s[1] += time.process_time() - middle
        difference = max(difference, float(np.abs(computed - expected).max()))
        changed += int(np.argmax(expected) != computed.argmax())
    return {
        "largest_difference": difference,
        "other_emotions": changed,
        "pytorch_cpu_ms_per_s": round(1000 * cpu_s[0] / audio_s, 2),
        "onnxruntime_cpu_ms_per_s": round(1000 * cpu_s[1] / audio_s, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpora", nargs="+", type=Path, metavar="CORPUS")
    parser.add_argument("--files", type=int, default=100, help="of each corpus")
    options = parser.parse_args()
    torch.set_num_threads(1)
    files: list[Path] = []
    for corpus in options.corpora:
        found = sorted(path for path in corpus.rglob("*") if path.suffix in (".wav", ".flac"))
        files += found[:: max(1, len(found) // options.files)][: options.files]
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in track(MODELS, "models", console=stderr()):
            run = ser_vae.train(*SETTINGS, f"runs={folder}", f"model={model}")
            results[model] = compare(ser_vae.load(run.path), files, Path(folder))
    print(write("exported", {"files": len(files), "results": results}).read_text())


if __name__ == "__main__":
    main()
