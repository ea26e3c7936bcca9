"""A run that is interrupted and goes on has all epochs of both stages in every logger, once."""

import pandas as pd
import pytest
from run_files import folders, noise_settings
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from wandb_files import RecordedRun, parts, recording

from ser_vae.logger import media
from ser_vae.run import configure, run
from ser_vae.run_folder import RunFolder
from ser_vae.training.classify import Classify
from ser_vae.training.stage import Stage

COMMAND = (
    *("model=vae", "training.classify.epochs=4"),
    *("logger=[wandb,csv,tensorboard]", "logger.wandb.mode=offline"),
)
EPOCHS = [*(("pretrain", n) for n in range(3)), *(("classify", n) for n in range(4))]


def stop_at_two(stage: Stage) -> None:
    if stage.current_epoch == 2:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def attempts(noises, cache, tmp_path_factory) -> tuple[list[RecordedRun], RunFolder]:
    """The W&B runs of an attempt that ends within the second stage and of the next attempt."""
    runs = tmp_path_factory.mktemp("attempts")
    config = configure(*noise_settings(noises, cache, runs), *COMMAND)
    with recording() as opened:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Classify, "on_train_epoch_start", stop_at_two, raising=False)
            with pytest.raises((KeyboardInterrupt, SystemExit)):
                run(config)
        run(config)
    (folder,) = folders(runs)
    return opened, RunFolder(folder)


def test_the_last_attempt_has_a_complete_record_in_the_same_wandb_run(attempts):
    (first, last), folder = attempts
    assert first.id == last.id
    assert (first.exit_code, last.exit_code) == (1, 0)
    assert [epoch for epoch, _ in first.curve("classify/train/loss")] == [0, 1]
    for stage, count in (("pretrain", 3), ("classify", 4)):
        assert [epoch for epoch, _ in last.curve(f"{stage}/train/loss")] == list(range(count))
    assert [step for step, row in last.rows if "epoch" in row] == list(range(7))
    assert len(parts(folder.path)) == 2


def test_the_csv_file_has_a_row_per_epoch(attempts):
    folder = attempts[1].path
    curves = pd.read_csv(folder / "csv" / "metrics.csv")
    assert list(zip(curves["stage"], curves["epoch"], strict=True)) == EPOCHS
    written = pd.read_csv(folder / "classify.csv")["classify/train/loss"]
    assert curves["classify/train/loss"].dropna().tolist() == written.tolist()


def test_tensorboard_has_curves_hyperparameters_and_pictures(attempts):
    folder = attempts[1]
    events = EventAccumulator(str(folder.path / "tensorboard"))
    events.Reload()
    for stage, count in (("pretrain", 3), ("classify", 4)):
        written = pd.read_csv(folder.path / f"{stage}.csv")[f"{stage}/train/loss"].tolist()
        curve = events.Scalars(f"{stage}/train/loss")
        assert [event.step for event in curve] == list(range(count))
        assert [event.value for event in curve] == pytest.approx(written)
    (score,) = events.Scalars("random/test/ua")
    assert score.value == pytest.approx(folder.read_metrics()["random/test/ua"])
    assert {media.CONFUSION, media.NAMES["reconstructions"]} <= set(events.Tags()["images"])
    assert "_hparams_/session_start_info" in events.summary_metadata
    content = events.summary_metadata["_hparams_/experiment"].plugin_data.content
    metrics = HParamsPluginData.FromString(content).experiment.metric_infos
    assert [info.name.tag for info in metrics] == ["random/test/ua"]
