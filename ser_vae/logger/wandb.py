"""Weights & Biases: both stages of a run in one W&B run.

Whatever goes wrong with W&B, the run goes on without it, and one warning says why.

The id of the W&B run is the run hash, so that all attempts of a run are one W&B run. Each epoch has
a separate W&B step, and W&B takes steps in ascending order only: online, a resumed run skips the
epochs that the server already has. Offline, each attempt has its own record in the run
folder. That of the last one, `wandb/latest-run`, is complete and is the one to `wandb sync`.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only

from ser_vae.evaluation.arrays import Latents
from ser_vae.evaluation.predictions import probability_of, read
from ser_vae.files import write_text
from ser_vae.logger import EPOCH, LoggedRun, chart_values, summary_values
from ser_vae.run_folder import RunFolder

log = logging.getLogger(__name__)

MODES = {"online": ("online", "offline"), "offline": ("offline",), "disabled": ()}  # tried in turn
OTHER_NAMES = {"": "offline", "dryrun": "offline", "run": "online"}  # of modes, in WANDB_MODE


@contextmanager
def open_run(
    run: LoggedRun,
    *,
    project: str,
    group: str | None,
    mode: str | None,
    start_timeout_s: float,
    timeout_s: float,
    **media: Any,
) -> Iterator["WandbRun | None"]:
    """Open the W&B run of a run, or go on with that of an earlier attempt; finish it in the end.

    Args:
        run: what is logged.
        project: of W&B.
        group: of the runs whose scores can be averaged; None for corpus and protocol.
        mode: "online", "offline" or "disabled"; None for that of WANDB_MODE, or else offline.
            Online becomes offline if no user is logged in or the server does not answer.
        start_timeout_s: for the server to answer when the run starts.
        timeout_s: for all data to be sent when the run ends.
        media: settings of the pictures, predictions and files, see `WandbRun.log_final`.

    Yields:
        None where W&B is disabled, is not installed or does not start.
    """
    default = mode_of_environment()
    names = [str(run.config[f"choice/{key}"]) for key in ("model", "data", "corpus", "split")]
    model, _, corpus, split = names
    rest = run.folder.name.removeprefix(f"{'-'.join(names[:3])}-").split("-")  # fold and seed
    tags = [tag[:64] for tag in (*names, *rest)]  # the most that W&B takes
    init = {"name": run.folder.name, "tags": tags, "config": dict(run.config)}
    init |= {"id": run.folder.path.name.rpartition("-")[2]}
    init |= {"project": project, "group": group or f"{corpus}-{split}", "job_type": model}
    init |= {"resume": "allow", "reinit": "create_new", "dir": str(run.folder.path)}
    settings = {"silent": True, "console": "off", "init_timeout": start_timeout_s}
    settings |= {"finish_timeout": timeout_s, "finish_timeout_raises": True}
    # By default W&B leaves copies of tables in the user's home.
    os.environ.setdefault("WANDB_DATA_DIR", str(run.folder.path.parent / ".wandb"))
    modes = MODES[mode or default]
    attempts = (_start(name, init, settings, restart=name != modes[0]) for name in modes)
    opened = next((wandb_run for wandb_run in attempts if wandb_run), None)
    if not opened:
        yield None
        return
    logger, failed = WandbRun(opened, run, media), True
    try:
        yield logger
        failed = False
    finally:
        with logger.ignore_errors("end"):
            opened.finish(exit_code=int(failed))


def mode_of_environment() -> str:
    """Return the mode that WANDB_MODE sets, or offline; an unknown one is ignored with a warning.

    The variable is set to W&B's own name of the mode, because W&B reads it too and fails on others.
    """
    value = os.environ.get("WANDB_MODE", "").strip().lower()
    mode = OTHER_NAMES.get(value, value)
    if mode not in MODES:
        log.warning("W&B: WANDB_MODE=%s is ignored: expected %s.", value, ", ".join(MODES))
        mode = "offline"
    if "WANDB_MODE" in os.environ:
        os.environ["WANDB_MODE"] = mode
    return mode


def _start(mode: str, init: dict[str, Any], settings: dict[str, Any], *, restart: bool) -> Any:
    """Return the opened W&B run, or None after a warning."""
    hook = sys.excepthook
    try:
        import wandb  # noqa: PLC0415  (which may be missing)

        if restart:  # W&B considers the id of a run that failed to start as in use
            wandb.teardown()
        return wandb.init(settings=wandb.Settings(**settings, mode=mode), **init)  # type: ignore[arg-type]
    except Exception as error:  # W&B also raises private types; a run goes on without its record
        _warn(f"{mode} record of {init['name']}", error)
        return None
    finally:
        sys.excepthook = hook  # W&B's hook prints a traceback of every error


def _warn(lost: str, error: Exception) -> None:
    log.warning("W&B: no %s: %s", lost, f"{type(error).__name__}: {error}".splitlines()[0])


class WandbRun(WandbLogger):
    """An opened W&B run. After a failure no more curves are logged."""

    def __init__(self, opened: Any, run: LoggedRun, media: Mapping[str, Any]) -> None:
        super().__init__(experiment=opened)
        self.run, self.media, self.failed = run, media, False
        with self.ignore_errors("axes"):
            for stage in run.epochs:
                opened.define_metric(f"{stage}/*", step_metric=EPOCH)

    @contextmanager
    def ignore_errors(self, lost: str) -> Iterator[None]:
        """Turn the first error into a warning and ignore others: W&B also raises private types."""
        try:
            yield
        except Exception as error:  # after a warning, the run goes on without its record
            if not self.failed:
                _warn(f"{lost} of {self.run.folder.name}", error)
            self.failed = True

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log an epoch's metrics, unless the W&B run already has those of later epochs."""
        if self.failed:
            return
        with self.ignore_errors("curves"):
            stage = next(name.partition("/")[0] for name in metrics if name != EPOCH)
            before = takewhile(lambda other: other != stage, self.run.epochs)
            step = sum(self.run.epochs[name] for name in before) + int(metrics[EPOCH])
            if step >= self.experiment.step:
                self.experiment.log(dict(metrics), step=step)

    @rank_zero_only
    def log_final(self, results: Mapping[str, Any]) -> None:
        """Log scores, then what the keys of conf/logger/wandb.yaml ask for."""
        chosen, folder = self.media, self.run.folder
        with self.ignore_errors("scores, pictures and files"):
            import wandb  # noqa: PLC0415

            from ser_vae.logger import media  # noqa: PLC0415  (matplotlib: only at the end)

            self.experiment.summary.update(summary_values(results))
            self.experiment.log(chart_values(results), step=sum(self.run.epochs.values()))
            images = media.images(results, folder) if chosen["pictures"] else {}
            logged: dict[str, Any] = {name: wandb.Image(image) for name, image in images.items()}
            if rows := chosen["predictions"]:
                table = prediction_table(folder, rows, chosen["audio"], chosen["audio_bytes"])
                logged[media.PREDICTIONS] = table
            self.experiment.log(logged)
            if chosen["artifacts"]:
                log_artifacts(self.experiment, results, folder)


def prediction_table(folder: RunFolder, rows: int, audio: int, audio_bytes: int) -> Any:
    """Return the test predictions, sorted by the probability of the true emotion, lowest first.

    Args:
        folder: of the run.
        rows: how many predictions at most.
        audio: how many of them come with their audio.
        audio_bytes: size of the largest audio file that is included.
    """
    import wandb  # noqa: PLC0415

    table = read(folder.predictions)
    order = probability_of(table, "truth").argsort(kind="stable")
    table = table.iloc[order[:rows]].drop(columns="dialogue")
    table.insert(4, "right", table["truth"] == table["guess"])
    if audio and (test := Latents.read_or_none(folder.latents)):
        files = {u: Path(file) for u, (file, clip) in test.recordings().items() if clip is None}
        small = {u: f for u, f in files.items() if f.is_file() and f.stat().st_size <= audio_bytes}
        clips = {u: wandb.Audio(str(small[u])) for u in table["utterance"][:audio] if u in small}
        table["audio"] = [clips.get(utterance) for utterance in table["utterance"]]
    return wandb.Table(columns=list(table), data=table.to_numpy(dtype=object).tolist())


def log_artifacts(run: Any, results: Mapping[str, Any], folder: RunFolder) -> None:
    """Log the files of a run without a copy: an offline record needs its folder until it is sent.

    Features are not sent. Their settings and the digest of utterances and audio are sent instead.
    """
    import wandb  # noqa: PLC0415

    features = {
        "settings": {k: v for k, v in run.config.items() if k.startswith("features/")},
        "corpus": results["corpus"],
        "corpus_digest": results["corpus_digest"],
    }
    write_text(folder.path / "wandb" / "features.json", json.dumps(features, indent=1) + "\n")
    corpus = f"{results['corpus']}-{results['data']}"
    files = {
        f"features-{corpus}": "wandb/features.json",
        f"split-{results['protocol']}-{corpus}": "split.csv",
        f"pretrained-{folder.name}": "pretrained.ckpt",
        f"classifier-{folder.name}": "classifier.ckpt",
        f"model-{folder.name}": "model",
        f"predictions-{folder.name}": "predictions.csv",
    }
    for name, file in files.items():
        if (path := folder.path / file).exists():
            artifact = wandb.Artifact(name, type=name.partition("-")[0])
            for part in sorted(path.iterdir()) if path.is_dir() else [path]:  # add_dir would print
                artifact.add_file(str(part), policy="immutable", skip_cache=True)
            run.log_artifact(artifact)
