"""Waveform -> hidden states of a pretrained speech encoder, such as wav2vec 2.0 or WavLM.

Any checkpoint works that `transformers.AutoModel` loads with a class of that package. Code that
comes with a checkpoint is never run.
"""

import math
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from ser_vae import SerVaeError
from ser_vae.features import TooShortError
from ser_vae.features.audio import Samples
from ser_vae.features.frames import trim_quiet_ends
from ser_vae.features.pin import checkpoint_digest, find_checkpoint

TRIM_WINDOW_S, TRIM_SHIFT_S = 0.025, 0.010  # as of the log-mel frames, so that the same is cut
KALDI_WINDOW, KALDI_SHIFT = 400, 160  # samples, of the filter banks that wav2vec2-BERT reads
MAY_BE_MISSING = "masked_spec_embed"  # is used in training only

_loading, _encoding = threading.Lock(), threading.Lock()


@dataclass(frozen=True)
class SSL:
    """Hidden states of a transformer: F is its width, and there are usually 50 frames per second.

    Utterances are encoded one at a time. In a batch they would need padding, and padding changes
    the frames of encoders with group normalisation and of data2vec. Where it changes none, a batch
    has 0.84 times the speed on a CPU (experiments/frontends). Whisper pads to 30 s by itself, and
    the frames of the real audio are kept; longer audio is encoded in pieces of 30 s.

    Encoded in half precision if there is a GPU, otherwise in single precision; frames of the two
    differ in the third digit.

    Attributes:
        checkpoint: a folder, or `user/name` on the Hugging Face Hub.
        revision: commit on the Hub; None for a folder, or for the main branch.
        digest: of the files, see `checkpoint_digest`; None for whatever is there.
        layer: "last": the output, after its layer normalisation if there is one; a number: the
            output of that layer, where 0 is the input of the first; "mean": the mean of all of
            these, from 0 on.
        trim_db: leading and trailing speech more than this below the loudest is cut; None keeps
            all.
        store: precision that frames are rounded to, and kept with in the feature store.

    Raises:
        SerVaeError: the checkpoint is not there, is another one than `digest` says, is no speech
            encoder, or does not have the layer.
    """

    checkpoint: str
    revision: str | None
    digest: str | None
    layer: int | Literal["last", "mean"]
    trim_db: float | None
    store: Literal["float32", "float16"] = "float32"

    def __post_init__(self) -> None:
        present = checkpoint_digest(self._folder)
        if self.digest and self.digest != present:
            raise SerVaeError(
                f"{self._folder}: not the checkpoint that was used: its SHA-256 is "
                f"{present[:12]}…, expected {self.digest[:12]}….\n"
                f"Restore the files of {self.checkpoint}, revision {self.revision or 'unknown'}."
            )
        _ = self._framing  # raises unless it is a speech encoder
        layers = self._config.num_hidden_layers
        if isinstance(self.layer, int) and not 0 <= self.layer <= layers:
            raise SerVaeError(
                f"features.layer={self.layer}: expected 0 to {layers}, last or mean: "
                f"{self.checkpoint} has {layers} layers."
            )

    def __call__(self, waveform: Samples) -> Samples:
        """Compute the frames: (N,) -> (T, F); `TooShortError` below one frame."""
        framing = round(TRIM_WINDOW_S * self.sample_rate), round(TRIM_SHIFT_S * self.sample_rate)
        speech = trim_quiet_ends(waveform, *framing, self.trim_db)
        shortest, shift = self._framing
        if len(speech) < shortest:
            raise TooShortError(len(speech) / self.sample_rate, shortest / self.sample_rate)
        size = self._processor.n_samples if self._pads else len(speech)
        pieces = [speech[start : start + size] for start in range(0, len(speech), size)]
        frames = [self._encode(p)[: len(p) // shift] for p in pieces if len(p) >= shift]
        return np.concatenate(frames).astype(self.store).astype(np.float32)

    @property
    def sample_rate(self) -> int:
        """Sample rate that the encoder was trained on, in Hz."""
        return self._processor.sampling_rate

    @property
    def frame_shift_s(self) -> float:
        """Seconds between the starts of two frames, from the strides of the encoder."""
        return self._framing[1] / self.sample_rate

    @property
    def names(self) -> Sequence[str]:
        """Name of each column: "hidden 0" is the first unit."""
        return [f"hidden {unit}" for unit in range(self._config.hidden_size)]

    def _encode(self, speech: Samples) -> Samples:
        with _loading:  # once for all threads
            encoder = load_encoder(self._folder, checkpoint_digest(self._folder))
        inputs = self._processor(
            speech,
            sampling_rate=self.sample_rate,
            return_tensors="pt",
            pad_to_multiple_of=None,  # wav2vec2-BERT would get half a frame of zeros
        ).to(encoder.device, encoder.dtype)
        one_at_a_time = _encoding if encoder.device.type == "cuda" else nullcontext()
        with one_at_a_time, torch.inference_mode():
            output = encoder(**inputs, output_hidden_states=self.layer != "last")
            if self.layer == "last":
                states = output.last_hidden_state.float()
            elif self.layer == "mean":
                states = torch.stack(output.hidden_states).float().mean(dim=0)
            else:
                states = output.hidden_states[self.layer].float()
            frames: Samples = states[0].cpu().numpy()
        return frames

    @cached_property
    def _folder(self) -> Path:
        return find_checkpoint(self.checkpoint, self.revision)

    @cached_property
    def _config(self) -> Any:
        return from_pretrained("AutoConfig", self._folder)

    @cached_property
    def _processor(self) -> Any:
        return from_pretrained("AutoFeatureExtractor", self._folder)

    @property
    def _pads(self) -> bool:
        return bool(self._config.model_type == "whisper")

    @cached_property
    def _framing(self) -> tuple[int, int]:
        """Samples that the first frame needs, and samples between the starts of two frames."""
        config, processor = self._config, self._processor
        if self._pads:
            shift = processor.n_samples // config.max_source_positions
            return shift, shift
        if config.model_type == "wav2vec2-bert":
            shift = processor.stride * KALDI_SHIFT
            return shift + KALDI_WINDOW - KALDI_SHIFT, shift
        if not hasattr(config, "conv_stride"):
            raise SerVaeError(
                f"{self.checkpoint}: {config.model_type} is not a speech encoder with a known "
                "frame rate.\nUse wav2vec 2.0, HuBERT, WavLM, data2vec audio, wav2vec2-BERT or "
                "Whisper; or compute frames yourself for features=imported."
            )
        window = 1
        for kernel, stride in zip(config.conv_kernel[::-1], config.conv_stride[::-1], strict=True):
            window = (window - 1) * stride + kernel
        return window, math.prod(config.conv_stride)


def from_pretrained(auto_class: str, folder: Path, **options: Any) -> Any:
    """Load by one of the automatic classes of transformers, from files alone.

    Raises:
        SerVaeError: transformers does not know this kind of checkpoint.
    """
    import transformers  # noqa: PLC0415  (an extra)
    from transformers.utils import logging  # noqa: PLC0415

    logging.set_verbosity_error()  # it lists the weights of heads, which an encoder does not use
    logging.disable_progress_bar()
    loader = getattr(transformers, auto_class).from_pretrained
    try:
        return loader(folder, local_files_only=True, trust_remote_code=False, **options)
    except (OSError, ValueError, KeyError) as error:
        raise SerVaeError(
            f"{folder}: cannot be loaded by transformers: {str(error).strip().splitlines()[0]}\n"
            "Give a speech encoder with config.json and preprocessor_config.json."
        ) from error


@lru_cache(maxsize=2)  # encoders of features=joined
def load_encoder(folder: Path, digest: str) -> Any:  # noqa: ARG001  (the key of the cache)
    """Load an encoder, on the GPU if there is one.

    Raises:
        SerVaeError: weights are missing, which would be random.
    """
    config = from_pretrained("AutoConfig", folder)
    config.add_adapter = False  # layers behind the encoder, with another frame rate
    options = {"config": config, "dtype": torch.float32, "output_loading_info": True}
    model, info = from_pretrained("AutoModel", folder, **options)
    if missing := sorted(k for k in info["missing_keys"] if not k.endswith(MAY_BE_MISSING)):
        raise SerVaeError(
            f"{folder}: {len(missing)} weights of {type(model).__name__} are missing, such as "
            f"{missing[0]}.\nGive a checkpoint of the whole encoder."
        )
    encoder = model.get_encoder() if config.is_encoder_decoder else model
    encoder.eval().requires_grad_(False)
    return encoder.half().to("cuda") if torch.cuda.is_available() else encoder
