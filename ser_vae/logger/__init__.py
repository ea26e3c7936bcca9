"""Where the curves, scores and pictures of a run go besides its folder.

Each option of conf/logger is a module with a context manager `open_run(run, **settings)`. It yields
a Lightning logger that also has a method `log_final(results)`, called with the content of
metrics.json, and closes it in the end. It yields None where nothing is to be logged during the run.

Every attempt of an interrupted run logs the epochs of the earlier attempts again before it trains
on (`training.history.log_rows`). So a logger starts a new record for each attempt, or ignores the
epochs that it already has.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from ser_vae.run_folder import RunFolder
from ser_vae.settings import build, flatten

EPOCH = "epoch"  # of a stage: the x-axis of the curves


@dataclass(frozen=True)
class LoggedRun:
    """A run as loggers see it.

    Attributes:
        folder: its files.
        config: all settings under flat keys, see `flatten`.
        epochs: how many each stage has, in the order in which the stages are trained.
    """

    folder: RunFolder
    config: Mapping[str, Any]
    epochs: Mapping[str, int]


@contextmanager
def open_loggers(components: Iterable[Any], run: LoggedRun) -> Iterator[list[Logger]]:
    """Open the loggers that the configuration names, and close them whatever happens.

    One record of each logger covers both stages. Of several processes only rank zero has loggers.
    """
    with ExitStack() as stack:
        chosen = () if getattr(rank_zero_only, "rank", 0) else components
        opened = [stack.enter_context(build(component, run)) for component in chosen]
        yield [logger for logger in opened if logger is not None]


def summary_values(results: Mapping[str, Any]) -> dict[str, float | str]:
    """Return all numbers and words of metrics.json under flat keys.

    It leaves out the second copy of the run's score, under its label policy, and the utterances
    that could not be used, whose keys are names and paths.
    """
    excluded = (f"policies/{results['label_policy']}/", "left_out/")
    values = flatten(results, "/").items()
    return {
        k: v for k, v in values if isinstance(v, int | float | str) and not k.startswith(excluded)
    }


def chart_values(results: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers worth a chart, out of hundreds: scores, health, leaks and probes."""
    test = f"{results['protocol']}/test"
    charted = re.compile(rf"({test}|health|leak_panel|probes)/|.*/{test}/ua$")
    values = summary_values(results).items()
    return {k: float(v) for k, v in values if type(v) in (int, float) and charted.match(k)}
