"""Measure speed and memory of features=ssl on one core, at the size of real checkpoints.

    python experiments/frontends/speed.py wav2vec2-base   # or another of ENCODERS

The weights are random, as neither speed nor memory depends on them. Nothing is downloaded. The
contestants take turns. Times are CPU time of this process, which depends less on other load.
Results are added to speed.json.

    ours     `SSL`, called with one utterance after another, as the feature store does
    direct   a loop over transformers alone: processor, encoder, mean of the hidden states
    batch    the same for all utterances at once, padded, with an attention mask: only for encoders
             whose frames padding does not change
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from ser_vae.features.ssl import SSL

RATE_HZ = 16_000
DURATIONS_S = (3.8, 4.0, 4.0, 4.2)  # neighbours in length: the best case for batches
LONG_S = 30
ROUNDS = 2
RESULTS = Path(__file__).parent / "speed.json"
LAYER_NORM = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
WHISPER = {
    "d_model": 512,
    "encoder_layers": 6,
    "encoder_attention_heads": 8,
    "encoder_ffn_dim": 2048,
    "decoder_layers": 1,  # is not used
    "decoder_attention_heads": 8,
}
ENCODERS: dict[str, tuple[str, str, dict[str, Any]]] = {  # model, processor, settings
    "wav2vec2-base": ("Wav2Vec2", "Wav2Vec2", {}),
    "wavlm-base": ("WavLM", "Wav2Vec2", {}),
    "wav2vec2-base with layer norm": ("Wav2Vec2", "Wav2Vec2", LAYER_NORM),
    "whisper-base": ("Whisper", "Whisper", WHISPER),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", choices=ENCODERS)
    name = parser.parse_args().encoder
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    speech = [
        generator.normal(0, 0.1, round(duration * RATE_HZ)).astype(np.float32)
        for duration in (*DURATIONS_S, LONG_S)
    ]
    long = speech.pop()
    with tempfile.TemporaryDirectory() as folder:
        save(name, Path(folder))
        results = measure(Path(folder), speech, long)
    written = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**written, name: results}, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def save(name: str, folder: Path) -> None:
    model, processor, settings = ENCODERS[name]
    config = getattr(transformers, f"{model}Config")(**settings)
    getattr(transformers, f"{model}Model")(config).save_pretrained(folder)
    extractor = getattr(transformers, f"{processor}FeatureExtractor")
    masked = {} if model == "Whisper" else {"return_attention_mask": bool(settings)}
    extractor(**masked).save_pretrained(folder)


def measure(folder: Path, speech: list[np.ndarray], long: np.ndarray) -> dict[str, Any]:
    before = peak_mb()  # of building and saving the encoder, which is freed
    ours = SSL(str(folder), revision=None, digest=None, layer="mean", trim_db=None)
    frames = [ours(each) for each in speech]
    short = peak_mb()
    ours(long)
    memory = {"built": before, "4 s": short, f"{LONG_S} s": peak_mb()}

    processor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    whisper = model.config.is_encoder_decoder
    encoder = model.get_encoder() if whisper else model

    @torch.inference_mode()
    def direct(waveforms: list[np.ndarray]) -> np.ndarray:
        inputs = processor(
            waveforms,
            sampling_rate=RATE_HZ,
            return_tensors="pt",
            padding=not whisper or "max_length",
        )
        states = encoder(**inputs, output_hidden_states=True).hidden_states
        return torch.stack(states).mean(dim=0).numpy()

    one_by_one = [direct([each])[0, : len(f)] for each, f in zip(speech, frames, strict=True)]
    contestants: dict[str, Callable[[], Any]] = {
        "ours": lambda: [ours(each) for each in speech],
        "direct": lambda: [direct([each]) for each in speech],
    }
    if masked := bool(processor.to_dict().get("return_attention_mask")) and not whisper:
        contestants["batch"] = lambda: direct(speech)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            began = time.process_time()
            contestant()
            seconds[name].append(time.process_time() - began)
    total_s = sum(map(len, speech)) / RATE_HZ
    per_second = {name: total_s / statistics.median(times) for name, times in seconds.items()}
    results = {
        "audio_s_per_core_s": {name: round(speed, 2) for name, speed in per_second.items()},
        "frames_per_core_s": round(sum(map(len, frames)) / statistics.median(seconds["ours"]), 1),
        "ours_to_direct": ratio(seconds["direct"], seconds["ours"]),
        "largest_difference": largest_difference(frames, one_by_one),
        "peak_mb": memory,
        "rounds": ROUNDS,
    }
    if masked:
        batch = [each[: len(f)] for each, f in zip(direct(speech), frames, strict=True)]
        results["batch_to_one_by_one"] = ratio(seconds["direct"], seconds["batch"])
        results["largest_difference_of_batch"] = largest_difference(batch, one_by_one)
    return results


def ratio(slower: list[float], faster: list[float]) -> float:
    """Return the median over rounds of slower / faster."""
    return round(statistics.median(a / b for a, b in zip(slower, faster, strict=True)), 3)


def largest_difference(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    return float(max(np.abs(a - b).max() for a, b in zip(some, others, strict=True)))


def peak_mb() -> int:
    """Return the peak memory of this process so far, in MB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
