"""Train and test variational autoencoders for speech emotion recognition.

    python -m ser_vae.run model=cvae data=improvised seed=1
    python -m ser_vae.run -m model=ae,vae,cvae data=improvised,scripted,complete 'seed=range(5)'
    python -m ser_vae.report runs

Give settings as key=value, nested ones with dots: training.pretrain.epochs=10. --config-dir DIR
adds your own options; -m sweeps over comma-separated values; --hydra-help lists Hydra's flags.
"""

import logging
import shlex
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

import ser_vae
from ser_vae import SerVaeError, __version__
from ser_vae.command_errors import brief_errors, summarize
from ser_vae.compose import command_line, configure, resolve_config
from ser_vae.corpus.utterance import SYNTHETIC, Corpus, class_line, warning_line
from ser_vae.data.subset import select
from ser_vae.evaluation import predictions
from ser_vae.faults import Stopped, friendly_errors, stopped_by_signals
from ser_vae.features.digest import Digests
from ser_vae.features.pin import pin
from ser_vae.help import help_text
from ser_vae.result import print_result
from ser_vae.run_folder import RunFolder, check_unchanged, content_of, locate
from ser_vae.settings import ImportedFeatures, Settings, build, conf_dir, validate
from ser_vae.split import check_fold
from ser_vae.sweep import choose_gpu, divide_cores, read_objective
from ser_vae.terminal import stderr

if TYPE_CHECKING:
    from ser_vae.recogniser import Recogniser

__all__ = ["configure", "run", "train"]

log = logging.getLogger(__name__)


def run(config: Mapping[str, Any], *, print_next: bool = False) -> dict[str, Any]:
    """Make a run, unless it is already finished, and return the contents of its metrics.json.

    With fold=all every fold is run in turn, and the scores of all folds together are returned. If
    an objective is set, its value is added as `objective`. With `print_next`, the commands that
    use the result are printed.

    Raises:
        SerVaeError: a setting is wrong, or the run cannot be made; the message says what to do.
    """
    settings = validate(config)
    stderr().quiet = not settings.progress
    with friendly_errors(settings.memory_gb):
        if settings.trainer.strategy == "ddp":
            from ser_vae.training import devices  # noqa: PLC0415  (a finished run needs no torch)

            devices.join_processes(settings.trainer)
        if settings.fold == "all":
            return run_folds(settings, print_next=print_next)
        folder = make_run(settings)
        if print_next and folder.writes:
            print_next_commands(folder, settings)
        return {**folder.read_metrics(), **read_objective(settings.objective, folder.path)}


@dataclass(frozen=True)
class TrainedRun:
    """A finished run.

    Attributes:
        path: its folder, whose files `ser_vae.run_folder` describes.
    """

    path: Path

    @cached_property
    def model(self) -> "Recogniser":
        """The model; see `Recogniser.predict`."""
        return ser_vae.load(self.path)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The contents of metrics.json."""
        return RunFolder(self.path).read_metrics()

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Truth, guess and probabilities of each test utterance."""
        return predictions.read(RunFolder(self.path).predictions)


def train(*overrides: str, config_dir: str | Path | None = None) -> TrainedRun:
    """Make a run, unless it is already finished; see `ser_vae.train`.

    Raises:
        SerVaeError: a setting is wrong, the run cannot be made, or fold=all asks for several runs.
    """
    settings = validate(configure(*overrides, config_dir=config_dir))
    if settings.fold == "all":
        raise SerVaeError("fold=all: expected one run.\nCall train once for each fold=0, 1, ….")
    stderr().quiet = not settings.progress
    with friendly_errors(settings.memory_gb):
        return TrainedRun(make_run(settings).path)


def print_next_commands(folder: RunFolder, settings: Settings) -> None:
    example = "your.npy" if isinstance(settings.features, ImportedFeatures) else "your.wav"
    print(f"python -m ser_vae.predict {shlex.quote(str(folder.path))} {example}")
    print(f"python -m ser_vae.report {shlex.quote(settings.runs)}", flush=True)


def run_folds(settings: Settings, *, print_next: bool = False) -> dict[str, Any]:
    """Run all folds of the protocol, and score their test sets together."""
    utterances = select(build(settings.corpus), settings.data.style)
    splits = build(settings.split, utterances, seed=settings.seed)
    for fold in splits:  # before the first of them takes hours
        check_fold(fold, utterances, settings.choice.split)
    if len(splits) == 1:
        return make_run(at_fold(settings, None)).read_metrics()  # such as split=random in a sweep
    folders = [make_run(at_fold(settings, 0))]
    count = folders[0].read_metrics()["folds"]  # of the usable utterances, hence perhaps fewer
    folders += [make_run(at_fold(settings, fold)) for fold in range(1, count)]
    from ser_vae.evaluation import summary  # noqa: PLC0415  (SciPy is slow)

    by_fold = [predictions.read(folder.predictions) for folder in folders]
    scores = summary.over_folds(by_fold, settings.choice.split)
    if writes(settings):
        print_result(scores, [folder.read_metrics() for folder in folders])
        if print_next:
            print_next_commands(folders[0], settings)
    return scores


def at_fold(settings: Settings, fold: int | None) -> Settings:
    return settings.model_copy(update={"fold": fold})


def make_run(settings: Settings) -> RunFolder:
    """Return the folder of a finished run; make the run first if it is not finished."""
    corpus = build(settings.corpus)
    if writes(settings):
        print_corpus(corpus)
    utterances = select(corpus, settings.data.style)
    digests = Digests(Path(settings.cache).expanduser() / "features" / "digests")
    used = [*utterances, *(corpus.others if settings.training.unlabelled else ())]
    content = content_of(used, digests)
    features = pin(settings.features, used, digests)
    settings = settings.model_copy(update={"features": features})
    folder = locate(settings, corpus.name, used, content, writes=writes(settings))
    if is_pending(settings, folder):  # a finished one may be on a read-only disk
        from ser_vae import pipeline  # noqa: PLC0415  (a finished run needs no torch)

        with folder.lock(), failure_recorded(folder), friendly_errors(settings.memory_gb):
            if is_pending(settings, folder):
                pipeline.check(settings, corpus, utterances)
                if settings.force:
                    folder.clear()
                folder.write_config(settings.plain(), command_line(settings.plain()))
                unchanged = partial(check_unchanged, content, digests)
                pipeline.execute(settings, corpus, utterances, folder, unchanged)
    is_pending(settings, folder)  # other processes wait until rank zero has written everything
    metrics = folder.read_metrics()
    if folder.writes:
        print_result(metrics, [metrics])
        print(folder.path, flush=True)
    return folder


def print_corpus(corpus: Corpus) -> None:
    """Print what a corpus contains, and warn about what looks wrong in it."""
    if corpus.synthetic:
        print(f"corpus {corpus.name}: {SYNTHETIC}. Set IEMOCAP_ROOT to your copy of IEMOCAP.")
    elif not any(corpus.expected.get("classes", {}).values()):  # as of a corpus of the user
        print(f"corpus {corpus.name}: {class_line(corpus)}", flush=True)
    if warnings := warning_line(corpus):
        log.warning("corpus %s: %s", corpus.name, warnings)


def is_pending(settings: Settings, folder: RunFolder) -> bool:
    """Return whether the run still has to be made; all processes wait for rank zero's answer."""
    pending = settings.force or not folder.finished
    if settings.trainer.strategy == "ddp":
        from ser_vae.training import devices  # noqa: PLC0415

        return devices.of_rank_zero(pending)
    return pending


def writes(settings: Settings) -> bool:
    """Return whether this process writes results: of several processes, only rank zero does."""
    if settings.trainer.strategy != "ddp":
        return True
    from ser_vae.training import devices  # noqa: PLC0415

    return devices.is_rank_zero()


@contextmanager
def failure_recorded(folder: RunFolder) -> Iterator[None]:
    """Write the traceback of a failure to the folder, as a sweep only prints the error.

    A mistake that is noticed before anything is computed leaves no folder and is not a failed run.
    """
    try:
        yield
    except (Stopped, KeyboardInterrupt):
        raise
    except BaseException as error:
        if not isinstance(error, SerVaeError) or folder.config.exists():
            where = folder.write_error("".join(traceback.format_exception(error)))
            if not isinstance(error, SerVaeError):  # its message is sufficient
                print(f"{folder.name} failed; traceback: {where}", file=sys.stderr, flush=True)
        raise
    folder.error.unlink(missing_ok=True)


@brief_errors()
@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def main(cfg: DictConfig) -> dict[str, Any] | float:
    if cfg.debug:
        sys.excepthook = sys.__excepthook__
    hydra_config = HydraConfig.get()
    multirun = hydra_config.mode == RunMode.MULTIRUN
    try:
        config = divide_cores(resolve_config(cfg, hydra_config.runtime), hydra_config.launcher)
        if multirun:
            choose_gpu(int(hydra_config.job.num), hydra_config.launcher)
        if multirun and config["trainer"]["strategy"] == "ddp":
            raise SerVaeError(
                "trainer.strategy=ddp: each of the processes would launch the sweep.\n"
                "Give one command per run, or sweep on one machine with trainer=ddp."
            )
        metrics = run(config, print_next=not multirun)
        return metrics.get("objective", metrics)  # for a sweeper
    except Exception as error:  # even a bug must not end the other jobs of a sweep
        if not multirun and not isinstance(error, SerVaeError | OmegaConfBaseException):
            raise
        if cfg.debug:
            traceback.print_exc()
        if multirun:
            return {"error": summarize(error)}  # `sweep` names it, goes on, and ends with 1
        print(f"error: {error}", file=sys.stderr, flush=True)
        sys.exit(1)


def start() -> None:
    """Run the command line; this is the entry point of `ser-vae-run`."""
    arguments = sys.argv[1:]
    if "--version" in arguments:
        print(f"ser_vae {__version__}")
    elif "--help" in arguments or "-h" in arguments:
        try:
            print(help_text(arguments, __doc__))
        except SerVaeError as error:
            sys.exit(f"error: {error}")
    else:
        with stopped_by_signals():
            main()


if __name__ == "__main__":
    start()
