"""Several front ends on one time grid."""

from typing import Any

import numpy as np
import pytest
from run_files import assert_predicts_as_written
from stored_features import AS_CONFIGURED, LOG_MEL

from ser_vae import SerVaeError
from ser_vae.features.joined import Joined
from ser_vae.features.pin import checkpoint_digest
from ser_vae.features.ssl import SSL
from ser_vae.features.store import FeatureStore
from ser_vae.recogniser import Recogniser

SPEECH = np.random.default_rng(0).normal(0, 0.1, 12_400).astype(np.float32)
LOGMEL = {"_target_": "ser_vae.features.logmel.LogMel", **AS_CONFIGURED}


@pytest.fixture
def encoder(wavlm) -> dict[str, Any]:
    return {
        "_target_": "ser_vae.features.ssl.SSL",
        **{"checkpoint": str(wavlm), "revision": None, "digest": None},
        **{"layer": "mean", "trim_db": None},
    }


@pytest.mark.parametrize(("shift_s", "of_logmel", "of_encoder"), [(0.02, 2, 1), (0.01, 1, 0.5)])
def test_each_frame_has_the_nearest_frame_of_every_member(shift_s, of_logmel, of_encoder, encoder):
    joined = Joined(shift_s, {"logmel": LOGMEL, "wavlm": encoder})
    frames = joined(SPEECH)
    settings = {key: value for key, value in encoder.items() if key != "_target_"}
    log_mel, hidden = LOG_MEL(SPEECH), SSL(**settings)(SPEECH)
    assert (len(log_mel), len(hidden)) == (76, 38)
    assert len(frames) == round(0.76 / shift_s)
    t = np.arange(len(frames))
    np.testing.assert_array_equal(frames[:, :80], log_mel[(t * of_logmel).astype(int)])
    np.testing.assert_array_equal(frames[:, 80:], hidden[(t * of_encoder).astype(int)])
    assert len(joined.names) == 96
    assert joined.names[80] == "wavlm: hidden 0"


def test_members_that_trim_differently_are_refused(encoder):
    with pytest.raises(SerVaeError, match="members differ in sample_rate or trim_db"):
        Joined(0.02, {"logmel": {**LOGMEL, "trim_db": 40}, "wavlm": encoder})


def test_frames_from_files_are_refused():
    imported = {"_target_": "ser_vae.features.imported.Imported", "root": "a", "columns": 3}
    with pytest.raises(SerVaeError, match=r"members\.mine: Imported has no frames of a waveform"):
        Joined(0.02, {"logmel": LOGMEL, "mine": {**imported, "frame_shift_s": 0.02}})


def test_the_store_depends_on_the_source_of_the_members(tmp_path, monkeypatch):
    joined, sources = Joined(0.02, {"one": LOGMEL, "other": LOGMEL}), []

    def source(module: Any) -> str:
        sources.append(module.__name__)
        return ""

    monkeypatch.setattr("inspect.getsource", source)
    FeatureStore(tmp_path, joined, jobs=1)
    assert {f"ser_vae.features.{name}" for name in ("joined", "logmel", "frames")} <= {*sources}


def test_a_run_pins_the_members_and_its_model_predicts_the_same(wavlm, finished_run, noises):
    command = "features=joined", f"features.members.wavlm.checkpoint={wavlm}"
    _, folder = finished_run(*command, "model=pooled_linear")
    recogniser = Recogniser.load(folder)
    members = recogniser.components["features"].model_dump()["members"]
    assert members["wavlm"]["digest"] == checkpoint_digest(wavlm)
    assert_predicts_as_written(recogniser, folder, noises, atol=1e-5)
