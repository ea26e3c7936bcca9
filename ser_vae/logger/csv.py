"""The curves of both stages in one table: `csv/metrics.csv` in the run folder."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from ser_vae.files import write_text
from ser_vae.logger import LoggedRun


@contextmanager
def open_run(run: LoggedRun) -> Iterator[None]:
    """Join the curves that the stages leave in the run folder, when the run ends.

    They have the epochs of all attempts, unlike the file that Lightning's CSVLogger would write.
    """
    try:
        yield
    finally:
        files = {stage: run.folder.path / f"{stage}.csv" for stage in run.epochs}
        tables = {stage: pd.read_csv(file) for stage, file in files.items() if file.exists()}
        if tables:
            joined = pd.concat(tables, names=["stage"]).reset_index("stage")
            write_text(run.folder.path / "csv" / "metrics.csv", joined.to_csv(index=False))
