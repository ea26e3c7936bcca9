"""Hidden states of speech encoders: shapes, rate, layers, and which checkpoint it is."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tiny_encoders import ENCODERS, save_encoder

from ser_vae import SerVaeError
from ser_vae.features import TooShortError
from ser_vae.features.pin import checkpoint_digest, find_checkpoint
from ser_vae.features.ssl import SSL

RATE_HZ = 16_000
SPEECH = np.random.default_rng(0).normal(0, 0.1, 12_400).astype(np.float32)  # 38 frames


@pytest.fixture(scope="module", params=ENCODERS)
def checkpoint(request, tmp_path_factory) -> Path:
    return save_encoder(request.param, tmp_path_factory.mktemp("tiny") / request.param)


def ssl(folder: Path | str, **settings: Any) -> SSL:
    values = {"revision": None, "digest": None, "layer": "last", "trim_db": None, **settings}
    return SSL(checkpoint=str(folder), **values)


def reference(folder: Path, speech: Any, frames: int) -> list[torch.Tensor]:
    """Return what the model itself gives: each hidden state (frames, F), and the output."""
    config = transformers.AutoConfig.from_pretrained(folder)
    config.add_adapter = False
    model = transformers.AutoModel.from_pretrained(folder, config=config).eval()
    encoder = model.get_encoder() if config.is_encoder_decoder else model
    processor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    inputs = processor(speech, sampling_rate=RATE_HZ, return_tensors="pt")
    with torch.no_grad():
        output = encoder(**inputs, output_hidden_states=True)
    states = [*output.hidden_states, output.last_hidden_state]
    return [state[0, :frames] for state in states]


def test_every_architecture_gives_50_frames_per_second(checkpoint):
    extractor = ssl(checkpoint)
    frames = extractor(SPEECH)
    assert extractor.sample_rate == RATE_HZ
    assert extractor.frame_shift_s == 0.02
    assert list(extractor.names) == [f"hidden {unit}" for unit in range(16)]
    assert frames.dtype == np.float32
    assert frames.shape == (38, 16)
    np.testing.assert_array_equal(ssl(checkpoint)(SPEECH), frames)


def test_a_layer_is_the_hidden_state_of_the_model_itself(checkpoint):
    *states, output = reference(checkpoint, SPEECH, 38)
    expected: dict[Any, torch.Tensor] = {**dict(enumerate(states)), "last": output}
    expected["mean"] = torch.stack(states).mean(dim=0)
    assert set(expected) == {0, 1, 2, "last", "mean"}
    for layer, frames in expected.items():
        computed = ssl(checkpoint, layer=layer)(SPEECH)
        np.testing.assert_allclose(computed, frames, atol=1e-5, err_msg=str(layer))


def test_the_shortest_speech_gives_a_frame_and_a_sample_less_is_an_error(checkpoint):
    extractor = ssl(checkpoint)
    shortest, _ = extractor._framing
    frames = extractor(SPEECH[:shortest])
    assert frames.shape == (1, 16)
    assert np.isfinite(frames).all()
    with pytest.raises(TooShortError, match=r"too short: \d\d ms"):
        extractor(SPEECH[: shortest - 1])


def test_whisper_encodes_long_speech_in_pieces(tmp_path):
    extractor = ssl(save_encoder("whisper", tmp_path))
    speech = np.tile(SPEECH, 3)  # 2.3 s, in pieces of 1 s here
    frames = extractor(speech)
    assert len(frames) == len(speech) // 320
    np.testing.assert_array_equal(frames[:50], extractor(speech[:RATE_HZ]))
    np.testing.assert_array_equal(frames[100:], extractor(speech[2 * RATE_HZ :]))


def test_a_changed_checkpoint_has_another_digest_and_is_refused(wavlm):
    digest = checkpoint_digest(wavlm)
    ssl(wavlm, digest=digest)
    save_encoder("wavlm", wavlm, seed=1)
    assert checkpoint_digest(wavlm) != digest
    with pytest.raises(SerVaeError, match="not the checkpoint that was used") as caught:
        ssl(wavlm, digest=digest)
    assert "Restore the files" in str(caught.value)


def test_the_digest_covers_the_preprocessing_and_not_the_place(wavlm, tmp_path):
    digest = checkpoint_digest(wavlm)
    copy = tmp_path / "copy"
    shutil.copytree(wavlm, copy)
    (copy / "README.md").write_text("not read")
    assert checkpoint_digest(copy) == digest
    settings = copy / "preprocessor_config.json"
    settings.write_text(
        settings.read_text().replace('"do_normalize": true', '"do_normalize": false')
    )
    assert checkpoint_digest(copy) != digest


def test_a_checkpoint_in_the_cache_of_the_hub_is_used_without_network(wavlm, tmp_path, monkeypatch):
    commit = "0123456789" * 4
    cached = tmp_path / "hub" / "models--someone--tiny"
    shutil.copytree(wavlm, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    for revision in (None, commit):
        folder = find_checkpoint("someone/tiny", revision)
        assert folder.name == commit
        assert checkpoint_digest(folder) == checkpoint_digest(wavlm)


@pytest.mark.parametrize("name", ["someone/not-downloaded", "/no/such/folder"])
def test_a_checkpoint_that_is_nowhere_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SerVaeError, match="no such folder, not in the cache") as caught:
        find_checkpoint(name, None)
    assert len(str(caught.value).splitlines()) == 2
    assert f"hf download {name}" in str(caught.value)


def test_weights_that_are_missing_are_an_error_not_random(wavlm):
    config = transformers.WavLMConfig.from_pretrained(wavlm)
    config.num_hidden_layers = 3
    config.save_pretrained(wavlm)
    with pytest.raises(SerVaeError, match=r"weights of WavLMModel are missing, such as encoder"):
        ssl(wavlm)(SPEECH)


def test_code_that_comes_with_a_checkpoint_is_never_run(wavlm, tmp_path):
    config = (wavlm / "config.json").read_text()
    config = config.replace('"wavlm"', '"theirs"')
    (wavlm / "config.json").write_text(
        config.replace("{", '{"auto_map": {"AutoConfig": "theirs.Config"},', 1)
    )
    (wavlm / "theirs.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(SerVaeError, match="cannot be loaded by transformers"):
        ssl(wavlm)
    assert not (tmp_path / "ran").exists()


def test_a_layer_that_is_not_there_is_an_error(wavlm):
    with pytest.raises(SerVaeError, match=r"features.layer=3: expected 0 to 2, last or mean"):
        ssl(wavlm, layer=3)
