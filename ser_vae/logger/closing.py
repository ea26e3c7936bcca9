"""The end of a run for every kind of logger."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightning.pytorch.loggers import Logger, WandbLogger


def close_all(loggers: Sequence[Logger], *, failed: bool) -> None:
    """Close each. W&B has to be told to finish, or a sweep's next job would go on in its run."""
    for logger in loggers:
        logger.finalize("failed" if failed else "success")
        if isinstance(logger, WandbLogger):
            logger.experiment.finish(exit_code=int(failed))


def conclude(loggers: Sequence[Logger], results: Mapping[str, Any]) -> None:
    """Give every number of metrics.json to each logger, and its words to W&B's summary."""
    leaves = dict(flat(results))
    numbers = {name: float(value) for name, value in leaves.items() if not isinstance(value, str)}
    for logger in loggers:
        logger.log_metrics(numbers)
        if isinstance(logger, WandbLogger):
            logger.experiment.summary.update(leaves)


def flat(results: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float | str]]:
    """{"audit": {"verdict": "SHARED"}} -> ("audit/verdict", "SHARED"); lists are left out."""
    for name, value in results.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}/")
        elif isinstance(value, int | float | str):
            yield prefix + name, value
