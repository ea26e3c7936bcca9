"""Weights & Biases: both stages of a run in one W&B run; nothing that goes wrong there stops it."""

import logging
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import wandb
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only

from ser_vae import SerVaeError
from ser_vae.files import write_text
from ser_vae.logger import offline, service
from ser_vae.logger.epochs import EPOCH, STAGES, Epochs, Points, in_files, on_server
from ser_vae.logger.flat import flat
from ser_vae.logger.run import LoggedRun
from ser_vae.logger.service import FAILURES, GONE
from ser_vae.logger.shown import Shown
from ser_vae.run_folder import RunFolder
from ser_vae.training.history import replay

log = logging.getLogger(__name__)

Mode = Literal["online", "offline", "disabled"]

OWN = "wandb"  # W&B's folder in a run folder
DATA_DIR = "WANDB_DATA_DIR"

# When all is computed, a run is not lost either for a file that can't be read or a picture
# that can't be drawn.
FLAWS = (
    *(SerVaeError, DecodeError, ValueError, TypeError, AttributeError, RuntimeError),
    OverflowError,  # an epoch without end, in a record that was damaged
)


def open_run(
    run: LoggedRun,
    *,
    project: str,
    group: str | None,
    mode: Mode,
    pictures: bool,
    predictions: int,
    audio: int,
    audio_bytes: int,
    artifacts: bool,
    start_timeout_s: float,
    timeout_s: float,
) -> "RecordedRun | None":
    """Open the W&B run of a run folder, or go on with the one that an interrupted run opened.

    Args:
        run: what it is called and belongs to.
        project: of W&B.
        group: of W&B; None for the run's own.
        mode: "online" falls back to "offline" where nobody is logged in, or nothing answers.
        pictures: as the following, see `Shown`.
        predictions: rows.
        audio: rows.
        audio_bytes: a file.
        artifacts: whether there are any.
        start_timeout_s: within which a server has to answer, or the run is recorded offline.
        timeout_s: within which W&B has to take each of what it is given, or it gets no more.

    Returns:
        None where W&B is disabled or can't start; a warning says why.
    """
    if mode == "disabled":
        return None
    where = {"project": project, "group": group or run.group}
    opened = _start(run, mode, where, start_timeout_s)
    if opened is None and mode == "online":  # nobody logged in, a refused key, no network
        service.leave()  # it holds on to the run's id
        opened = _start(run, "offline", where, start_timeout_s)
    if opened is None:
        return None
    shown = Shown(pictures, predictions, audio, audio_bytes, artifacts)
    epochs = Epochs(run.folder / OWN / "epochs.txt")
    recorded = RecordedRun(opened, run.name, epochs, shown, timeout_s)
    recorded.take_up(run)
    return recorded


def _start(run: LoggedRun, mode: Mode, where: dict[str, Any], timeout_s: float) -> Any:
    hook = sys.excepthook
    try:
        return wandb.init(
            name=run.name,
            id=identity(run.folder),
            resume="allow",
            reinit="finish_previous",
            dir=run.folder,
            job_type=run.kind,
            tags=list(run.tags),
            config=dict(flat(run.config)),
            mode=mode,
            settings=wandb.Settings(silent=True, console="off", init_timeout=timeout_s),
            **where,
        )
    except FAILURES as error:
        log.warning("W&B: no %s record of %s: %s", mode, run.name, error)
        return None
    finally:
        sys.excepthook = hook  # W&B's prints a traceback of any error, of another run's too


def identity(folder: Path) -> str:
    """The id of a run folder's W&B run: drawn once, and the same whenever the run is resumed.

    Not the folder's address: W&B never gives a deleted run's id again, and a run that starts over,
    or is made by a colleague in the same project, would go on in the curves of another.
    """
    file = folder / OWN / "id"
    if not file.exists():
        write_text(file, f"{folder.name.rpartition('-')[2]}-{secrets.token_hex(4)}")
    return file.read_text()


class RecordedRun(WandbLogger):
    """An opened W&B run. Where W&B fails, a warning says so, and the rest is not recorded.

    Attributes:
        lost: some epoch is not recorded, so that no later one is.
        gone: W&B's service is, so that nothing else is recorded, and no further warning is given.
    """

    def __init__(
        self, opened: Any, name: str, epochs: Epochs, shown: Shown, timeout_s: float
    ) -> None:
        super().__init__(experiment=opened)
        self.run_name, self.epochs, self.shown = name, epochs, shown
        self.timeout_s = timeout_s
        self.lost = self.gone = False

    def take_up(self, run: LoggedRun) -> None:
        """Say what the x-axis is, and find out what an interrupted run has recorded."""
        opened, recorded, step = self.experiment, set[tuple[str, int]](), 0
        with self.spared("earlier epochs", *FLAWS):
            recorded, step = in_files(offline.records(run.folder))
            if opened.resumed:
                recorded |= _uploaded(opened, run.config)
        with self.spared("curves"):
            self.epochs.start(recorded)
            for stage in STAGES:
                opened.define_metric(f"{stage}/*", step_metric=EPOCH)
            if step:  # goes on counting W&B's steps: offline it would start anew
                opened.log({"resumed": 1}, step=step, commit=True)

    @contextmanager
    def spared(self, what: str, *flaws: type[Exception]) -> Iterator[None]:
        """Warn where W&B, or one of `flaws`, ends the block, and go on without the rest of it."""
        harmless: tuple[type[Exception], ...] = (*FAILURES, *flaws)
        try:
            with service.at_most(self.timeout_s):
                yield
        except harmless as error:
            silent, self.gone = self.gone, self.gone or isinstance(error, GONE)
            self.lost = self.lost or self.gone or what == "curves"
            if not silent:
                said = f"{type(error).__name__}: {error}"
                rest = ", nor anything after" if self.gone else ""
                log.warning("W&B: no %s of %s%s: %s", what, self.run_name, rest, said)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:  # noqa: ARG002
        """A row of a stage's curves, which names its epoch; steps start anew with each stage."""
        if self.lost:
            return
        with self.spared("curves"):
            epoch = int(metrics[EPOCH])
            row = self.epochs.new({k: v for k, v in metrics.items() if k != EPOCH}, epoch)
            if row:
                self.experiment.log({**row, EPOCH: epoch})
                self.epochs.add(row, epoch)

    def conclude(
        self, leaves: Mapping[str, Any], results: Mapping[str, Any], folder: RunFolder
    ) -> None:
        """What a run found: epochs that an interruption kept from W&B, scores, media, artifacts."""
        from ser_vae.logger import artifacts, media  # noqa: PLC0415  (matplotlib: W&B's users alone)

        for stage in STAGES:
            if (curves := folder.path / f"{stage}.csv").exists():
                replay(curves, [self])
        said = once(leaves, results)
        with self.spared("scores"):
            self.experiment.summary.update(said)
            self.experiment.log(charted(said, results["protocol"]))
        with self.spared("media", *FLAWS), staged_in(folder.path / OWN):
            self.experiment.log(media.of(results, folder, self.shown))
        if self.shown.artifacts:
            with self.spared("artifacts", *FLAWS):
                artifacts.log(self.experiment, results, folder)

    def finish(self, *, failed: bool) -> None:
        with self.spared("end"):
            self.experiment.finish(exit_code=int(failed))
        if self.gone:
            service.leave()


@contextmanager
def staged_in(folder: Path) -> Iterator[None]:
    """Have W&B keep its copies of tables in `folder`, not in the user's home, where they stay."""
    if DATA_DIR in os.environ:  # the user said where
        yield
        return
    os.environ[DATA_DIR] = str(folder)
    try:
        yield
    finally:
        del os.environ[DATA_DIR]


def _uploaded(opened: Any, config: Mapping[str, Any]) -> Points:
    training = config["training"]
    return on_server(opened.summary, {stage: training[stage]["epochs"] for stage in STAGES})


def once(leaves: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """Without the headline's second name, as it is also one of a CVAE's label policies, and without
    what was left out, which names utterances and files.
    """
    unsent = (f"policies/{results['label_policy']}/", "left_out/")
    return {name: value for name, value in leaves.items() if not name.startswith(unsent)}


def charted(said: Mapping[str, Any], protocol: str) -> dict[str, float]:
    """The numbers that a chart shows; all others would be panels of their own, by the hundred."""
    first = (f"{protocol}/test/", "health/", "leak_panel/", "probes/")
    return {
        name: float(value)
        for name, value in said.items()
        if type(value) in (int, float)
        and (name.startswith(first) or name.endswith(f"/{protocol}/test/ua"))
    }
