"""Launchers and sweepers that are packages of their own."""

from shutil import which

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.plugins import Plugins
from omegaconf import DictConfig

from ser_vae import SerVaeError


def named(plugin: type) -> str:
    return f"{plugin.__module__}.{plugin.__name__}"


def check_installed(hydra: DictConfig) -> None:
    """Hydra's own words for one that is missing are a traceback.

    Raises:
        SerVaeError: the launcher or the sweeper is not installed.
    """
    for kind in ("launcher", "sweeper"):
        target = hydra[kind]._target_
        if target not in Plugins.instance().class_name_to_class:
            choice = hydra.runtime.choices[f"hydra/{kind}"]
            raise SerVaeError(
                f"hydra/{kind}={choice}: {target.rpartition('.')[0]} is not installed.\n"
                "Install it: pip install 'ser_vae[sweep]'."
            )


def check_settings(hydra: DictConfig) -> None:
    """Refuse a launcher that has nothing to launch jobs with.

    Raises:
        SerVaeError: no process is asked for, or Slurm is not at hand.
    """
    if hydra.launcher.get("n_jobs") == 0:
        raise SerVaeError(
            "hydra.launcher.n_jobs=0: expected 1 or more jobs at once, or -1 for all."
        )
    if hydra.launcher._target_.endswith(".SlurmLauncher") and which("sbatch") is None:
        raise SerVaeError(
            "hydra/launcher=slurm: there is no sbatch here.\n"
            "Give the command on a login node of the cluster, or hydra/launcher=parallel here."
        )


def foretells(hydra: DictConfig) -> bool:
    """Whether all jobs are known before the first: not of a sweeper that learns from scores."""
    known: bool = hydra.sweeper._target_ == named(BasicSweeper)
    return known


def elsewhere(hydra: DictConfig) -> bool:
    """Whether jobs run in other processes than the sweep."""
    other: bool = hydra.launcher._target_ != named(BasicLauncher)
    return other
