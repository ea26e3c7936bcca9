"""A run on two processes, spawned or under torchrun, ends with the numbers of one process."""

import os
import signal
import socket
from pathlib import Path

import pandas as pd
import pytest
import torch
from forked import Forked, Forking
from run_files import assert_same_runs, folders, python

from ser_vae import SerVaeError

TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "ser_vae.run")
NODES = ("trainer=[cpu,nodes]", "trainer.num_nodes=1", "trainer.devices=2")
EXACT = (
    *("model=ae", "trainer.precision=64-true", "model.hidden=[32]"),  # one process, two: 1e-6
    "training.encoder_lr=1e-3",  # so that the decoder gets no gradient in the second stage
)
WHOLE = ("training.pretrain.batch_size=48", "training.classify.batch_size=16")
HALVES = ("training.pretrain.batch_size=24", "training.classify.batch_size=8")
QUARTERS = (
    *("training.pretrain.batch_size=12", "training.classify.batch_size=4"),
    *("trainer=[cpu,ddp]", "trainer.accumulate_grad_batches=2"),
)


def start_ranks(forking: Forking, *overrides: str) -> list[Forked]:
    """Start two processes with the variables that torchrun gives to its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        environment = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    environment |= {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0"}
    environment |= {"TORCHELASTIC_RUN_ID": "test"}
    return [forking.start(*overrides, **environment, RANK=n, LOCAL_RANK=n) for n in "01"]


def assert_same_numbers(one: Path, other: Path) -> None:
    for stage, epochs in (("pretrain", 3), ("classify", 10)):
        first, second = (pd.read_csv(folder / f"{stage}.csv") for folder in (one, other))
        loss = f"{stage}/train/loss"
        pd.testing.assert_series_equal(first[loss], second[loss], rtol=1e-6, atol=1e-6)
        assert len(first) == epochs
    frames = (pd.read_csv(folder / "predictions.csv") for folder in (one, other))
    first, second = (frame.filter(regex="^(utterance$|p_)") for frame in frames)
    pd.testing.assert_frame_equal(first, second, rtol=0, atol=1e-4)


@pytest.mark.slow(70)
def test_two_processes_either_way_do_what_one_does(run_noises, noise_command, forking, tmp_path):
    """In double precision: float32 and Adam magnify the last bit to a part in a thousand.

    Spawned processes that launched their sweep again would be a second one (the usual trap).
    """
    run_noises(*EXACT, *WHOLE, f"runs={tmp_path / 'one'}")
    (one,) = folders(tmp_path / "one")
    sweep = ("-m", *noise_command, *EXACT, *QUARTERS, f"runs={tmp_path / 'spawned'}")
    spawned = forking.run(*sweep)
    assert spawned.err.count("1 of 1 done, 0 failed") == 1
    alone = (*noise_command, *EXACT, *HALVES, *NODES, "logger=csv", f"runs={tmp_path / 'started'}")
    environment = {name: value for name, value in os.environ.items() if name != "IEMOCAP_ROOT"}
    started = python("-m", *TORCHRUN, *alone, env={**environment, "OMP_NUM_THREADS": "1"})
    assert started.count("random/test/ua") == 1, "one process alone reports"
    for name, loggers in (("spawned", set()), ("started", {"csv"})):
        (two,) = folders(tmp_path / name)
        assert {path.name for path in two.iterdir()} - loggers == {p.name for p in one.iterdir()}
        assert_same_numbers(one, two)


@pytest.mark.slow(15)
def test_a_run_of_two_processes_resumes_after_they_were_killed(noise_command, forking, tmp_path):
    runs = tmp_path / "runs"
    settings = [*noise_command, "model=vae", *NODES]
    settings += [*HALVES, "training.pretrain.epochs=12", "training.classify.epochs=2"]
    first = start_ranks(forking, *settings)
    first[0].wait_for(lambda: any(runs.glob("pretrained/*/last.ckpt")))
    for process in first:  # one, then, as torchrun does, the other
        process.send(signal.SIGKILL)
        process.wait()
    assert not any(runs.glob("random/*/metrics.json"))
    for place in ("runs", "whole"):
        for process in start_ranks(forking, *settings, f"runs={tmp_path / place}"):
            assert process.wait() == 0, process.err
    assert_same_runs(runs, tmp_path / "whole")


def test_half_precision_runs_on_a_processor_that_has_it(run_noises):
    processor = torch.cpu.get_capabilities()
    if processor["architecture"] == "x86_64" and not processor["avx512_bw"]:
        pytest.skip("PyTorch has no bfloat16 on this processor")
    assert run_noises("trainer=[cpu,bf16]")["random/test/ua"] > 0.5


def test_half_precision_is_refused_on_a_processor_without_it(run_noises, monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("could not create a primitive descriptor")

    monkeypatch.setattr(torch.nn.LSTM, "forward", fail)
    with pytest.raises(SerVaeError, match="a precision in which this processor can"):
        run_noises("trainer=[cpu,bf16]")


def test_spawned_processes_cannot_share_frames_on_a_disk(run_noises):
    with pytest.raises(SerVaeError, match="Raise memory_gb, or start the processes with torchrun"):
        run_noises("trainer=[cpu,ddp]", "memory_gb=0")


def test_fewer_processes_than_configured_are_refused(run_noises):
    with pytest.raises(SerVaeError, match="found 1 in all"):
        run_noises("trainer=[cpu,nodes]")


def test_a_sweep_under_torchrun_is_refused(command, noise_command):
    done = command("-m", *noise_command, "trainer=[cpu,nodes]", "seed=0,1")
    assert done.returncode == 1
    assert "each of the processes would launch the sweep" in done.stderr
