"""Compute frames for features=imported by the speaker encoder of Resemblyzer.

    pip download --no-deps resemblyzer==0.1.4 && unzip Resemblyzer-0.1.4-py3-none-any.whl
    python resemblyzer_frames.py resemblyzer/pretrained.pt $RAVDESS_ROOT frames/ravdess --trim-db 40

The encoder (Wan et al., "Generalized end-to-end loss for speaker verification", 2018) is three LSTM
layers of 256 units on 40 mel bands every 10 ms, trained to tell speakers apart. The hidden states
of all layers make 768 values; the mean of 10 of them is one frame, so a frame is 0.1 s. The files
are FRAMES/STEM.npy, float32 (T, 768), where STEM is the name of the audio file: the id of an
utterance of RAVDESS or URDU.

Volume and mel bands are as in Resemblyzer's `preprocess_wav` and `wav_to_mel_spectrogram`, but
silence inside an utterance is kept. Needs librosa.
"""

import argparse
from pathlib import Path

import librosa
import numpy as np
import torch

from ser_vae.corpus.files import AUDIO, walk
from ser_vae.features.audio import Samples, read
from ser_vae.features.frames import trim_quiet_ends

RATE_HZ, WINDOW, SHIFT, BANDS, UNITS, LAYERS = 16_000, 400, 160, 40, 256, 3
LEAST_DB = -30  # of full scale; quieter speech is amplified to it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("weights", type=Path, help="pretrained.pt of Resemblyzer's wheel")
    parser.add_argument("audio", type=Path, help="folder of recordings, such as $RAVDESS_ROOT")
    parser.add_argument("frames", type=Path, help="folder to write, for features.root")
    parser.add_argument("--trim-db", type=float, help="as features.trim_db of the other front ends")
    parser.add_argument("--average", type=int, default=10, help="states of 10 ms in a frame")
    options = parser.parse_args()
    torch.set_num_threads(1)
    encoder = load_encoder(options.weights)
    files = [file for file in walk(options.audio) if file.suffix.lower() in AUDIO]
    options.frames.mkdir(parents=True, exist_ok=True)
    for file in files:
        speech = trim_quiet_ends(read(file, RATE_HZ), WINDOW, SHIFT, options.trim_db)
        states = hidden_states(encoder, mel_bands(amplify(speech)))
        np.save(options.frames / f"{file.stem}.npy", average(states, options.average))
    print(f"{len(files)} files, {options.average * SHIFT / RATE_HZ:g} s per frame")


def load_encoder(weights: Path) -> torch.nn.ModuleList:
    """Load the LSTM, one module per layer, as `torch.nn.LSTM` returns only the last states."""
    state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
    layers = torch.nn.ModuleList()
    for number in range(LAYERS):
        layer = torch.nn.LSTM(UNITS if number else BANDS, UNITS, batch_first=True)
        names = layer.state_dict()
        layer.load_state_dict({n: state[f"lstm.{n.replace('l0', f'l{number}')}"] for n in names})
        layers.append(layer)
    return layers.eval().requires_grad_(False)


def amplify(speech: Samples) -> Samples:
    """Amplify samples (N,) whose mean power is below `LEAST_DB`."""
    power_db = 10 * np.log10(np.mean(speech.astype(float) ** 2))
    return (speech * 10 ** (max(LEAST_DB - power_db, 0.0) / 20)).astype(np.float32)


def mel_bands(speech: Samples) -> Samples:
    """Compute the power of mel bands, not its logarithm: (N,) -> (T, 40), one per 10 ms."""
    bands = librosa.feature.melspectrogram(
        y=speech, sr=RATE_HZ, n_fft=WINDOW, hop_length=SHIFT, n_mels=BANDS
    )
    return np.ascontiguousarray(bands.T, np.float32)


def hidden_states(encoder: torch.nn.ModuleList, bands: Samples) -> Samples:
    """Return the hidden states of all layers side by side: (T, 40) -> (T, 768)."""
    states = [torch.from_numpy(bands)[None]]
    for layer in encoder:
        states.append(layer(states[-1])[0])
    joined: Samples = torch.cat(states[1:], dim=2)[0].numpy()
    return joined


def average(states: Samples, count: int) -> Samples:
    """Average each `count` consecutive states, without the remainder: (T, F) -> (T/count, F)."""
    whole = len(states) // count * count
    return states[:whole].reshape(-1, count, states.shape[1]).mean(axis=1)


if __name__ == "__main__":
    main()
