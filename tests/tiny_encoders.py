"""Speech encoders of a few units with random weights, saved as real checkpoints are."""

from pathlib import Path
from typing import Any

import torch

SIZES: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
WAVEFORM = {
    **SIZES,
    "conv_dim": (8,) * 7,
    "num_feat_extract_layers": 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
WHISPER = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "num_mel_bins": 8,
    "vocab_size": 20,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
    "max_source_positions": 50,  # of 1 s instead of 30
}
NORMALISED = {"do_normalize": True, "return_attention_mask": True}
ENCODERS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "wav2vec2": ("Wav2Vec2", WAVEFORM, "Wav2Vec2", {}),
    "wav2vec2-large": (
        "Wav2Vec2",
        {**WAVEFORM, "feat_extract_norm": "layer", "do_stable_layer_norm": True},
        "Wav2Vec2",
        NORMALISED,
    ),
    "hubert": ("Hubert", WAVEFORM, "Wav2Vec2", {}),
    "wavlm": ("WavLM", WAVEFORM, "Wav2Vec2", {}),
    "data2vec": (
        "Data2VecAudio",
        {**WAVEFORM, "num_conv_pos_embeddings": 2, "conv_pos_kernel_size": 3},
        "Wav2Vec2",
        NORMALISED,
    ),
    "wav2vec2-bert": (
        "Wav2Vec2Bert",
        {**SIZES, "feature_projection_input_dim": 160, "add_adapter": True},
        "SeamlessM4T",
        {},
    ),
    "whisper": ("Whisper", WHISPER, "Whisper", {"feature_size": 8, "chunk_length": 1}),
}


def save_encoder(name: str, folder: Path, seed: int = 0) -> Path:
    """Save an encoder of `ENCODERS` and its preprocessing in `folder`."""
    import transformers  # noqa: PLC0415  (optional)

    model, config, processor, settings = ENCODERS[name]
    torch.manual_seed(seed)
    built = getattr(transformers, f"{model}Model")(
        getattr(transformers, f"{model}Config")(**config)
    )
    built.save_pretrained(folder)
    getattr(transformers, f"{processor}FeatureExtractor")(**settings).save_pretrained(folder)
    return folder
