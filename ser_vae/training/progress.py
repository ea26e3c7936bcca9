"""The progress bar of a stage."""

from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ser_vae.terminal import stderr
from ser_vae.training.stage import Stage


class StageProgress(Callback):
    """One bar for a whole stage: its name, the epoch, the last epoch's loss, the time left.

    Lightning's own bar restarts with each epoch and does not name the stage.
    """

    def __init__(self) -> None:
        self.progress: Progress | None = None  # created on start: it cannot be pickled

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        data, epochs = trainer.datamodule, trainer.max_epochs or 0  # type: ignore[attr-defined]
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=stderr(),
        )
        self.task = self.progress.add_task(
            self._description(pl_module, trainer),
            total=data.optimizer_steps * epochs,
            completed=trainer.global_step,
        )
        self.progress.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self.progress:
            self.progress.update(self.task, completed=trainer.global_step)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.progress:
            self.progress.update(self.task, description=self._description(pl_module, trainer))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self.progress:
            self.progress.stop()

    @staticmethod
    def _description(stage: LightningModule, trainer: Trainer) -> str:
        assert isinstance(stage, Stage)
        loss = trainer.callback_metrics.get(f"{stage.stage}/train/loss")
        suffix = "" if loss is None else f", loss {float(loss):.4g}"
        return f"{stage.stage}, epoch {trainer.current_epoch + 1} of {trainer.max_epochs}{suffix}"
