"""Where curves and results go besides the run folder."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lightning.pytorch.loggers import Logger

from ser_vae.configuration import build
from ser_vae.logger.closing import close_all
from ser_vae.logger.run import LoggedRun
from ser_vae.run_folder import RunFolder

Config = Mapping[str, Any]


@contextmanager
def open_loggers(config: Config, corpus: str, folder: RunFolder) -> Iterator[list[Logger]]:
    """The configured loggers, one run of each for both stages, closed whatever happens."""
    run = logged_run(config, corpus, folder)
    opened = [build(logger, run) for logger in config["logger"].values()]
    loggers = [logger for logger in opened if logger is not None]
    failed = True
    try:
        yield loggers
        failed = False
    finally:
        close_all(loggers, failed=failed)


def logged_run(config: Config, corpus: str, folder: RunFolder) -> LoggedRun:
    """A run under the names by which it is grouped and found; its kind is its model."""
    choice = config["choice"]
    fold = () if config["fold"] is None else (f"fold{config['fold']}",)
    return LoggedRun(
        name=folder.name,
        folder=folder.path,
        group=f"{corpus}-{choice['split']}",
        kind=choice["model"],
        tags=(choice["model"], choice["data"], corpus, choice["split"], *fold, seed_tag(config)),
        config={**config, "choice": {**choice, "corpus": corpus}},
    )


def seed_tag(config: Config) -> str:
    return f"seed{config['seed']}"
