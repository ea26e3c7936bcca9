"""Devices and processes, by Lightning's own strategies.

`trainer=ddp` (strategy ddp_spawn) spawns processes for the training of a stage alone. Under
torchrun or srun (strategy ddp) every process runs the whole pipeline, and rank zero alone writes.
"""

import atexit
import logging
from functools import cache

import lightning
import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch import distributed

from ser_vae import SerVaeError
from ser_vae.settings import Trainer
from ser_vae.training.stage import ignore_known_warnings


def is_rank_zero() -> bool:
    """Return whether this process writes the results of the run; of several only one does."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def of_rank_zero(value: bool) -> bool:
    """Return the value of rank zero in all processes of the run, which wait for one another."""
    values = [value]
    if distributed.is_initialized():
        distributed.broadcast_object_list(values)
    return values[0]


def barrier() -> None:
    """Wait until all processes of the run have arrived here."""
    if distributed.is_initialized():
        distributed.barrier()


def join_processes(trainer: Trainer) -> None:
    """Join the process group that torchrun or srun started; Lightning's Trainer then uses it.

    Raises:
        SerVaeError: the number of processes is not the configured one. Lightning would start the
            missing ones by running this command again, each as a separate run.
    """
    expected, started = trainer.devices * trainer.num_nodes, 1
    ignore_known_warnings()
    for environment in (SLURMEnvironment, TorchElasticEnvironment):
        if environment.detect():
            started = environment().world_size()
    if started != expected:
        raise SerVaeError(
            f"trainer.strategy=ddp: expected trainer.devices={trainer.devices} processes on "
            f"each of trainer.num_nodes={trainer.num_nodes} machines, found {started} in all.\n"
            "Start them with torchrun --nnodes … --nproc-per-node … -m ser_vae.run, or srun;\n"
            "on one machine, trainer=ddp needs neither."
        )
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    lightning.Fabric(
        accelerator=trainer.accelerator,
        strategy="ddp",
        devices=trainer.devices,
        num_nodes=trainer.num_nodes,
    ).launch()
    # Lightning does this for NCCL alone; a process that ends with Gloo's threads can abort
    atexit.register(distributed.destroy_process_group)


@cache
def device_of(accelerator: str) -> torch.device:
    """Return the first device of its kind, as a Trainer would choose it."""
    ignore_known_warnings()
    return lightning.Fabric(accelerator=accelerator, devices=1).device
