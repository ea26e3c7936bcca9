"""W&B holds a run's both stages, and never stops one."""

import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb
from wandb.proto import wandb_internal_pb2

from ser_vae import SerVaeError

Run = Callable[..., dict[str, Any]]


BLOCK, FILE_HEADER, CHUNK_HEADER = 32_768, 7, 7  # bytes of W&B's log: LevelDB's format
WHOLE, LAST = 1, 4


def messages(data: bytes) -> Iterator[bytes]:
    """The records of a .wandb file; long ones are in chunks, which never cross a block's end."""
    at, message = FILE_HEADER, b""
    while at + CHUNK_HEADER <= len(data):
        if BLOCK - at % BLOCK < CHUNK_HEADER:
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        at += CHUNK_HEADER
        message += data[at : at + length]
        at += length
        if kind in (WHOLE, LAST):
            yield message
            message = b""


def records(runs: Path) -> list[Any]:
    """What W&B would upload, read back from its offline files with its own message types."""
    return [
        wandb_internal_pb2.Record.FromString(message)
        for file in sorted(runs.rglob("run-*.wandb"))
        for message in messages(file.read_bytes())
    ]


def exit_code(runs: Path) -> int:
    """Of the one run; its service writes the last record on its own time."""
    for _ in range(100):
        for record in records(runs):
            if record.HasField("exit"):
                return int(record.exit.exit_code)
        time.sleep(0.1)
    raise AssertionError("W&B wrote no end of the run")


def logged_keys(found: list[Any]) -> set[str]:
    items = [item for record in found for item in record.history.item]
    return {item.key or "/".join(item.nested_key) for item in items}


def test_an_offline_run_holds_name_config_and_the_curves_of_both_stages(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises("model=cvae", "logger=wandb", "logger.wandb.mode=offline")
    found = records(tmp_path / "runs")
    (header,) = [record.run for record in found if record.HasField("run")]
    assert header.display_name == "cvae-complete-folder-seed0"
    assert header.project == "ser_vae"
    assert header.run_group == "folder-random"
    assert set(header.tags) == {"cvae", "complete", "folder", "random", "seed0"}
    assert {"model", "training", "seed", "corpus"} <= {item.key for item in header.config.update}
    keys = logged_keys(found)
    assert {"pretrain/train/kl", "classify/train/loss", "random/test/ua", "epoch"} <= keys
    assert {"pretrain/health/relative_error", "pretrain/health/kl"} <= keys
    assert {"health/kl", "leak_panel/random_label_in_z/share"} <= keys
    assert "policies/elbo+lstm/random/test/ua" in keys
    summary = [item for record in found for item in record.summary.update]
    said = {item.key or "/".join(item.nested_key): item.value_json for item in summary}
    assert said["audit/verdict"] == '"SHARED"'
    assert float(said["audit/speaker_lookup/ua"]) >= 0
    assert exit_code(tmp_path / "runs") == 0
    assert wandb.run is None


def test_a_reused_encoder_shows_its_curves_all_the_same(run_noises: Run, tmp_path: Path) -> None:
    run_noises()
    run_noises("classifier.hidden=8", "logger=wandb", "logger.wandb.mode=offline")
    assert "pretrain/train/kl" in logged_keys(records(tmp_path / "runs"))


def test_a_failed_run_is_marked_as_failed(run_noises: Run, tmp_path: Path) -> None:
    (tmp_path / "no.ckpt").write_text("no weights")
    with pytest.raises(SerVaeError, match=r"no\.ckpt"):
        run_noises(
            "logger=wandb",
            "logger.wandb.mode=offline",
            f"training.pretrained={tmp_path / 'no.ckpt'}",
        )
    assert exit_code(tmp_path / "runs") == 1
    assert wandb.run is None


def test_nobody_logged_in_means_an_offline_record_and_a_warning(
    run_noises: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    run_noises("logger=wandb", "logger.wandb.mode=online")
    assert "no online record" in caplog.text
    assert records(tmp_path / "runs")


def test_a_wandb_that_can_not_start_does_not_stop_the_run(
    run_noises: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(**_: Any) -> None:
        raise wandb.errors.CommError("the service did not answer")

    monkeypatch.setattr(wandb, "init", refuse)
    assert "random/test/ua" in run_noises("logger=wandb", "logger.wandb.mode=offline")
    assert "the service did not answer" in caplog.text


def test_disabled_leaves_nothing(run_noises: Run, tmp_path: Path) -> None:
    run_noises("logger=wandb", "logger.wandb.mode=disabled")
    assert not list((tmp_path / "runs").rglob("wandb"))
