"""The command: `python -m ser_vae.run model=cvae data=improvised`."""

import os
import shlex
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, flag_override
from omegaconf.errors import OmegaConfBaseException

from ser_vae import SerVaeError, mistakes, ranges
from ser_vae.configuration import build, conf_dir
from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.data.subset import select
from ser_vae.faults import Stopped, explained, stopped_by_signals
from ser_vae.features.digest import Digests
from ser_vae.files import write_text
from ser_vae.report.line import line, policies_line, pooled_line
from ser_vae.run_folder import RunFolder, check_unchanged, content_of, locate
from ser_vae.sweep import objective
from ser_vae.sweep.share import divided
from ser_vae.terminal import stderr


def default_corpus() -> str:
    """IEMOCAP where the user has it, otherwise the embedded corpus."""
    return "iemocap" if os.environ.get("IEMOCAP_ROOT") else "demo"


PLACES = ("runs", "cache", "corpus.root", "jobs", "progress", "force", "debug")

OmegaConf.register_new_resolver("default_corpus", default_corpus, replace=True)


def run(config: Mapping[str, Any]) -> dict[str, Any]:
    """Do what `config` says, or find it done, and return the contents of its metrics.json.

    With fold=all, of each fold in turn; returned are the scores of all folds together. Where an
    objective is set, its value stands there too.
    """
    ranges.check(config)
    stderr().quiet = not config["progress"]
    objective.check(config)
    with explained(config):
        if config["fold"] == "all":
            return run_folds(config)
        folder = finish(config)
        return {**folder.read_metrics(), **objective.reached(config["objective"], folder.path)}


def start(config: Mapping[str, Any]) -> dict[str, Any]:
    """`run`, where this process is one of several that were started together, with the others."""
    if config["trainer"]["strategy"] != "ddp":
        return run(config)
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        raise SerVaeError(
            "trainer.strategy=ddp: each of the processes would launch the sweep.\n"
            "Give one command a run, or sweep on one machine with trainer=ddp."
        )
    from ser_vae.training import processes  # noqa: PLC0415  (it imports torch)

    return processes.together(config, lambda: run(config))


def run_folds(config: Mapping[str, Any]) -> dict[str, Any]:
    utterances = select(build(config["corpus"]), config["data"]["style"])
    protocol = config["choice"]["split"]
    if len(build(config["split"], utterances, seed=config["seed"])) == 1:
        return run({**config, "fold": None})  # split=random, say: a sweep need not tell them apart
    folders = [finish({**config, "fold": 0})]
    count = folders[0].read_metrics()["folds"]  # of what can be used, which may be fewer
    folders += [finish({**config, "fold": fold}) for fold in range(1, count)]
    from ser_vae.evaluation import pool, predictions  # noqa: PLC0415  (they import torch)

    found = [predictions.read(folder.predictions) for folder in folders]
    scores = pool.over_folds(found, protocol)
    print(pooled_line(scores, [folder.read_metrics() for folder in folders]), flush=True)
    return scores


def finish(config: Mapping[str, Any]) -> RunFolder:
    """The folder of a run, with its results in it, made now if need be."""
    corpus = build(config["corpus"])
    if corpus.synthetic:
        print(f"corpus {corpus.name}: {SYNTHETIC}. Set IEMOCAP_ROOT to your copy of IEMOCAP.")
    utterances = select(corpus, config["data"]["style"])
    digests = Digests(Path(config["cache"]).expanduser() / "features" / "digests")
    heard = [*utterances, *(corpus.others if config["training"]["unlabelled"] else ())]
    content = content_of(heard, digests)
    unchanged = partial(check_unchanged, content, digests)
    folder = locate(config, corpus.name, heard, content)
    if config["force"] or not folder.finished:  # a finished one may lie where nothing is written
        from ser_vae import pipeline  # noqa: PLC0415  (a finished run needs no torch)

        with folder.lock(), recorded(folder, config), explained(config):
            if config["force"] or not folder.finished:
                pipeline.check(config, corpus, utterances)
                if config["force"]:
                    folder.clear()
                write_config(folder, config)
                pipeline.execute(config, corpus, utterances, folder, unchanged)
    metrics = folder.read_metrics()
    for said in (line(metrics), policies_line(metrics), str(folder.path)):
        if said:
            print(said, flush=True)
    return folder


def write_config(folder: RunFolder, config: Mapping[str, Any]) -> None:
    write_text(folder.config, OmegaConf.to_yaml(OmegaConf.create(dict(config))))
    write_text(folder.command, command() + "\n")


def command() -> str:
    """What makes the run again, here or elsewhere: without the places of this machine."""
    hydra_config = HydraConfig.get()
    said = [each for each in hydra_config.overrides.task if key_of(each) not in PLACES]
    corpus = (
        []
        if "corpus" in map(key_of, said)
        else [f"corpus={hydra_config.runtime.choices['corpus']}"]
    )
    return shlex.join(["python", "-m", "ser_vae.run", *corpus, *said])


def key_of(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


@contextmanager
def recorded(folder: RunFolder, config: Mapping[str, Any]) -> Iterator[None]:
    """Leave a failure's traceback in the folder, and name that at once: a sweep goes on.

    A mistake that is met before anything is done leaves no folder: it is no failed run.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Stopped | KeyboardInterrupt):
            record(error, folder, config)
        raise
    folder.error.unlink(missing_ok=True)


def record(error: BaseException, folder: RunFolder, config: Mapping[str, Any]) -> None:
    if isinstance(error, SerVaeError) and not folder.config.exists():
        return
    try:
        write_config(folder, config)
        write_text(folder.error, "".join(traceback.format_exception(error)))
    except OSError as other:  # the disk is full: perhaps that is the failure
        where = f"not kept: {other.strerror}"
    else:
        where = str(folder.error)
    if not isinstance(error, SerVaeError):  # which says all there is to say
        print(f"{folder.name} failed; traceback: {where}", file=sys.stderr, flush=True)


def configure(*overrides: str) -> dict[str, Any]:
    """The configuration that a command line stands for: `run(configure("model=cvae"))`."""
    with hydra.initialize_config_dir(str(conf_dir()), version_base="1.3"):
        cfg = hydra.compose("config", list(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(cfg)
    with flag_override(cfg, "struct", False):
        del cfg["hydra"]
    return plain(cfg)


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The configuration as ordinary Python, every interpolation resolved."""
    config = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True))
    config["label_policy"] = config["label_policy"] or "null"  # unquoted, YAML reads it as None
    return config


@mistakes.told
@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def main(cfg: DictConfig) -> dict[str, Any] | float | SerVaeError:
    if cfg.debug:
        sys.excepthook = sys.__excepthook__  # of what nobody foresaw, too
    try:
        metrics = start(divided(plain(cfg), HydraConfig.get().launcher))
        said: dict[str, Any] | float = metrics.get("objective", metrics)  # a sweeper learns from it
        return said
    except (SerVaeError, OmegaConfBaseException) as error:
        if cfg.debug:
            traceback.print_exc()
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            return SerVaeError(str(error))  # `sweep` says it, goes on, and ends with 1
        print(f"error: {error}", file=sys.stderr, flush=True)
        sys.exit(1)
    except Exception as error:
        multirun = HydraConfig.get().mode == RunMode.MULTIRUN
        if multirun or sys.excepthook is not mistakes.briefly:
            raise
        mistakes.briefly(type(error), error, error.__traceback__)  # Hydra would say more
        sys.exit(1)


if __name__ == "__main__":
    with stopped_by_signals():
        main()
