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
    choice = config["choice"]
    tags = (choice["model"], choice["data"], corpus, choice["split"], f"seed{config['seed']}")
    run = LoggedRun(folder.name, folder.path, f"{corpus}-{choice['split']}", tags, config)
    opened = [build(logger, run) for logger in config["logger"].values()]
    loggers = [logger for logger in opened if logger is not None]
    failed = True
    try:
        yield loggers
        failed = False
    finally:
        close_all(loggers, failed=failed)
