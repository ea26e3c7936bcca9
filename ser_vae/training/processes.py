"""Processes that torchrun or Slurm started, on one machine or several: the first does the run.

It alone reads the corpus, decides, writes files, logs and prints. The others wait, and train with
it: for each stage it sends them the network, the data and the last checkpoint. So nothing has to be
decided alike in all of them, and their machines need neither the corpus nor the folder of runs.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from threading import Event
from typing import Any

import lightning
import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch import distributed

from ser_vae import SerVaeError
from ser_vae.training.stage import ignore_known_warnings

FIRST = 0
PATIENCE = timedelta(days=30)  # the first may work alone for long; its end is noticed at once

Work = Callable[[], object]

busy = Event()  # in the first: set while all do a work of its, and after it has failed alone


def together(config: Mapping[str, Any], lead: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """In the first process, what `lead` returns; the others do what it sends, and return nothing.

    Where one process dies, those that wait for it get an error of the connection that has closed.

    Raises:
        SerVaeError: the processes that there are, are not those that `config` says.
    """
    check_started(config["trainer"])
    if config["threads"]:
        torch.set_num_threads(config["threads"])
    connect(config["trainer"])
    if distributed.get_rank() != FIRST:
        follow()
        return {}
    try:
        return lead()
    finally:
        if not busy.is_set():  # else they wait for its part: the end of this process frees them
            send(None)


def check_started(trainer: Mapping[str, Any]) -> None:
    """Refuse to go on unless something outside started all processes: Lightning would do it by
    running this command again, as another run of its own.
    """
    devices, nodes = trainer["devices"], trainer.get("num_nodes", 1)
    started = 1
    with warnings.catch_warnings():
        ignore_known_warnings()
        for environment in (SLURMEnvironment, TorchElasticEnvironment):  # the latter counts
            if environment.detect():
                started = environment().world_size()
    if started != devices * nodes:
        raise SerVaeError(
            f"trainer.strategy=ddp: expected trainer.devices={devices} processes on each of "
            f"trainer.num_nodes={nodes} machines, found {started} in all.\n"
            "Start them with torchrun --nnodes ... --nproc-per-node ... -m ser_vae.run, or srun;\n"
            "on one machine, trainer=ddp needs neither."
        )


def connect(trainer: Mapping[str, Any]) -> None:
    """Join the group that gradients pass through; Lightning's Trainer finds it and keeps to it."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # that they join is no news
    with warnings.catch_warnings():
        ignore_known_warnings()
        lightning.Fabric(
            accelerator=trainer["accelerator"],
            strategy="ddp",
            devices=trainer["devices"],
            num_nodes=trainer.get("num_nodes", 1),
        ).launch()


def connected() -> bool:
    return distributed.is_initialized()


def send(work: Work | None) -> None:
    """Have every other process do `work` too; None: there is no more. Called by the first."""
    distributed.broadcast_object_list([work], FIRST, messages())


@contextmanager
def shared(work: Work) -> Iterator[None]:
    """Every other process does `work` while this one, the first, does its part of it."""
    send(work)
    busy.set()
    try:
        yield
    except SerVaeError:
        busy.clear()  # they meet it too, see `follow`
        raise
    busy.clear()


def follow() -> None:
    """Do what the first process sends until there is no more."""
    while True:
        received: list[Work | None] = [None]
        distributed.broadcast_object_list(received, FIRST, messages())
        work = received[0]
        if work is None:
            return
        try:
            work()
        except SerVaeError:
            continue  # found in sums over all processes: the first meets it too, and says it


@cache
def messages() -> distributed.ProcessGroup:
    """Beside the group that gradients pass through, which does not wait as long."""
    group: distributed.ProcessGroup = distributed.new_group(backend="gloo", timeout=PATIENCE)
    return group
