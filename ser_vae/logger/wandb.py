"""Weights & Biases: both stages of a run in one W&B run; nothing that goes wrong there stops it."""

import logging
from typing import Any, Literal

import wandb
from lightning.pytorch.loggers import WandbLogger

from ser_vae.logger.run import LoggedRun

log = logging.getLogger(__name__)

Mode = Literal["online", "offline", "disabled"]

INIT_TIMEOUT_S = 30


def open_run(run: LoggedRun, *, project: str, group: str | None, mode: Mode) -> WandbLogger | None:
    """Open the W&B run of a run folder, or go on with the one that an interrupted run opened.

    Each stage's curves have the stage's own epoch as their x-axis.

    Returns:
        None where W&B is disabled or can't start; a warning says why.
    """
    if mode == "disabled":
        return None
    settings = {"project": project, "group": group or run.group}
    opened = _start(run, mode, settings)
    if opened is None and mode == "online":  # nobody logged in, a refused key, no network
        opened = _start(run, "offline", settings)
    if opened is None:
        return None
    for stage in ("pretrain", "classify"):
        opened.define_metric(f"{stage}/*", step_metric="epoch")
    return WandbLogger(experiment=opened)


def _start(run: LoggedRun, mode: Mode, settings: dict[str, Any]) -> Any:
    try:
        return wandb.init(
            name=run.name,
            id=run.folder.name,
            resume="allow",
            reinit="finish_previous",
            dir=run.folder,
            tags=list(run.tags),
            config=dict(run.config),
            mode=mode,
            settings=wandb.Settings(silent=True, console="off", init_timeout=INIT_TIMEOUT_S),
            **settings,
        )
    except (wandb.Error, OSError) as error:
        log.warning("W&B: no %s record of %s: %s", mode, run.name, error)
        return None
