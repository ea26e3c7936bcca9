"""The live table of a multirun: which jobs are running, done or failed, and the time left.

Hydra calls `Sweep` at the start and at the end of the sweep and of each job (conf/config.yaml,
`hydra.callbacks`). It writes each job to `<runs>/.sweeps/<sweep>/<number>.json`, where the table
reads it, because a launcher that runs jobs in other processes sends each of them a copy of the
`Sweep`. Run folders cannot serve for this: a job that fails before its first stage has none.

The last functions are called in a job: they choose its cores and GPU, and what it returns.
"""

import atexit
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from math import prod
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ser_vae import SerVaeError
from ser_vae.faults import friendly_errors
from ser_vae.files import write_text
from ser_vae.settings import check_objective
from ser_vae.terminal import import_extra, stderr

STYLES = {"running": "bold", "failed": "bold red", "done": ""}
RESERVED = 12  # lines of a terminal, for progress bars and for what a run prints
OUTPUT = "output.txt"  # of jobs in other processes, if there is a live table
RECENT = 10  # latest jobs, which give the time left: a resumed sweep begins with finished runs


@dataclass(frozen=True)
class Job:
    """A job that has started.

    Attributes:
        number: from 0.
        name: the overrides in which the jobs differ.
        state: one of `STYLES`.
        text: its score or its error.
        start, end: in s since the epoch; `end` is 0 while it runs.
    """

    number: int
    name: str
    state: str = "running"
    text: str = ""
    start: float = 0.0
    end: float = 0.0

    @property
    def duration_s(self) -> float:
        """The time that it took, or that it has taken until now."""
        return (self.end or time.time()) - self.start


class Sweep(Callback):
    """Shows the state of one multirun, and exits with 1 if a job failed; idle in a single run.

    Attributes:
        job: the one that runs in this process, or ran last.
        swept: the settings with several values (all, if none has); they name a job.
        total: how many jobs there will be; 0 in a single run.
        folder: where jobs keep their state.
        remote: whether this is the copy in the process of a job.
    """

    def __init__(self) -> None:
        self.job = Job(0, "")
        self.swept: set[str] = set()
        self.total = 0
        self.folder = Path()
        self.remote = False
        self.live: Live | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the live table out of the pickled copy."""
        return {**self.__dict__, "live": None, "remote": True}

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        runs = Path(config.runs).absolute()
        try:
            with friendly_errors(config.memory_gb):
                check(config)
                runs.mkdir(parents=True, exist_ok=True)
                OmegaConf.save(config, runs / "multirun.yaml")  # or Hydra fails with a traceback
        except SerVaeError as error:
            sys.exit(f"error: {error}")
        self.folder = runs / ".sweeps" / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex}"
        by_key = parse_overrides(config.hydra.sweeper.params, config.hydra.overrides.task)
        self.swept = {key for key, each in by_key.items() if each.is_sweep_override()} or {*by_key}
        trials = config.hydra.sweeper.get("n_trials")  # of intervals, which have no list of values
        self.total = trials or prod(map(len, swept_values(by_key).values()))
        if config.progress and stderr().is_terminal:
            self.live = Live(console=stderr(), refresh_per_second=2, get_renderable=self.table)
            self.live.start()
        atexit.register(self.end)  # on Ctrl-C Hydra does not call on_multirun_end

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        atexit.unregister(self.end)
        if self.end():
            sys.exit(1)

    def end(self) -> bool:
        """Restore the terminal, and name the jobs that failed; True if a job is not done."""
        if self.live:
            self.live.stop()
        jobs = self.all_jobs()
        for job in jobs:
            if job.state == "failed":
                print(f"job {job.number + 1}, {job.name}: failed: {job.text}", file=sys.stderr)
        unfinished = sum(job.state == "done" for job in jobs) < self.total
        if jobs:
            repeat = ". Repeat the command to do the others." if unfinished else ""
            print(f"{heading(jobs, self.total)}{repeat}", file=sys.stderr)
        if not unfinished and not (self.folder / OUTPUT).exists():
            shutil.rmtree(self.folder, ignore_errors=True)
        return unfinished

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        if self.total:
            overrides = config.hydra.overrides.task
            name = " ".join(each for each in overrides if each.partition("=")[0] in self.swept)
            self.keep(Job(int(config.hydra.job.num), name, start=time.time()))
            if self.remote and sys.stderr.isatty():  # not into the live table
                sys.stdout = sys.stderr = (self.folder / OUTPUT).open("a")

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:  # noqa: ARG002
        if self.total:
            result, state = job_return.return_value, "done"  # see ser_vae.run.main
            if isinstance(result, float):
                text = f"{config.objective} {result:.4f}"
            elif "error" in result:
                text, state = result["error"], "failed"
            else:
                scores = (f"{k} {v:.1%}" for k, v in result.items() if k.endswith("/test/ua"))
                text = ", ".join(scores)
            self.keep(replace(self.job, state=state, text=text, end=time.time()))

    def keep(self, job: Job) -> None:
        self.job = job
        write_text(self.folder / f"{job.number}.json", json.dumps(asdict(job)))

    def all_jobs(self) -> list[Job]:
        """Return the jobs that have started, here or in other processes, in order."""
        jobs = [Job(**json.loads(file.read_text())) for file in self.folder.glob("*.json")]
        return sorted(jobs, key=lambda job: job.number)

    def table(self) -> Table:
        return draw(self.all_jobs(), self.total, stderr().height)


def draw(jobs: Sequence[Job], total: int, height: int) -> Table:
    """Draw a row per job; if they do not all fit, the running, failed and latest ones."""
    columns = ("job", "overrides", "state", "time", "result")
    table = Table(*columns, title=heading(jobs, total), title_justify="left", box=None)
    ranked = sorted(jobs, key=lambda job: ([*STYLES].index(job.state), -job.end))
    for job in sorted(ranked[: max(3, height - RESERVED)], key=lambda job: job.number):
        result = job.text.partition("\n")[0]
        cells = (job.number + 1, job.name, job.state, format_duration(job.duration_s), result)
        texts = (Text(str(cell), overflow="fold") for cell in cells)  # brackets are not markup
        table.add_row(*texts, style=STYLES[job.state])
    return table


def heading(jobs: Sequence[Job], total: int) -> str:
    """Summarise a sweep, such as "7 of 45 done, 1 failed, about 0:12:00 left"."""
    states = [job.state for job in jobs]
    ended = [job.duration_s for job in jobs if job.end][-RECENT:]
    text = f"{states.count('done')} of {total} done, {states.count('failed')} failed"
    remaining = total - len(jobs) + states.count("running")
    mean_s = sum(ended) / max(1, len(ended))
    left_s = mean_s * remaining / max(1, states.count("running"))
    return f"{text}, about {format_duration(left_s)} left" if left_s else text


def format_duration(seconds: float) -> str:
    """Format as h:mm:ss."""
    return str(timedelta(seconds=round(seconds)))


def swept_values(overrides: Mapping[str, Override]) -> dict[str, list[str]]:
    """Return the values of each setting that has several."""
    swept = {key: each for key, each in overrides.items() if each.is_sweep_override()}
    return {key: list(each.sweep_string_iterator()) for key, each in swept.items()}


def parse_overrides(
    params: Mapping[str, Any] | None, overrides: Sequence[str]
) -> dict[str, Override]:
    """Return the last override of each setting; `params` of an experiment come first."""
    lines = [*(f"{key}={value}" for key, value in (params or {}).items()), *overrides]
    parser = OverridesParser.create(GlobalHydra.instance().config_loader())
    return {each.get_key_element(): each for each in parser.parse_overrides(lines)}


def check(config: DictConfig) -> None:
    """Raise, before the first job, for mistakes that would make all jobs fail.

    Raises:
        SerVaeError: a launcher or sweeper is not installed, there is no Slurm here, or a sweeper
            that learns from the objective has none, or not one of the validation set.
    """
    launcher, sweeper = config.hydra.launcher._target_, config.hydra.sweeper._target_
    for target in (launcher, sweeper):
        import_extra(".".join(target.split(".")[:2]), "sweep")
    if launcher.endswith(".SlurmLauncher") and shutil.which("sbatch") is None:
        raise SerVaeError("Slurm: no sbatch here.\nUse a login node, or hydra/launcher=parallel.")
    if "direction" in config.hydra.sweeper:
        check_objective(config.objective or "null", config.split.get("validation"), config.fold)


def divide_cores(config: Mapping[str, Any], launcher: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with `jobs` set to the cores of a job, unless it is set.

    Slurm grants a job `cpus_per_task`; joblib's `n_jobs` jobs divide this machine; a job of Hydra's
    own launcher has all cores.
    """
    cores: int | None = launcher.get("cpus_per_task")
    if n_jobs := launcher.get("n_jobs"):
        from joblib import cpu_count  # noqa: PLC0415  (rarely needed)

        available = cpu_count()  # that this process may use
        parallel = n_jobs if n_jobs > 0 else max(1, available + 1 + n_jobs)  # -2: all but one
        cores = max(1, available // parallel)
    return {**config, "jobs": config["jobs"] or cores}


def choose_gpu(number: int, launcher: Mapping[str, Any]) -> None:
    """Let job `number` see only one of the GPUs, if several jobs run in parallel.

    A process keeps its GPU for the jobs that follow.
    """
    if launcher.get("n_jobs", 1) > 1:
        every = ",".join(map(str, range(gpu_count())))
        if visible := os.environ.get("CUDA_VISIBLE_DEVICES") or every:
            gpus = visible.split(",")
            os.environ["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]


def gpu_count() -> int:
    import torch  # noqa: PLC0415  (slow)

    return torch.cuda.device_count()


def jobs_at_once(accelerator: str) -> int:
    """Return the number of GPUs that jobs would use, one each; if none, -1: one job per core."""
    return -1 if accelerator == "cpu" else gpu_count() or -1


def read_objective(objective: str | None, folder: Path) -> dict[str, float]:
    """Read {"objective": value after the last epoch} of a finished run; {} if none is set.

    Raises:
        SerVaeError: the run has no curves of that stage, or they do not have the quantity.
    """
    if objective is None:
        return {}
    path = folder / f"{objective.partition('/')[0]}.csv"
    curves = pd.read_csv(path, dtype="str") if path.exists() else pd.DataFrame()
    if objective not in curves:
        known = ", ".join(name for name in curves if "/validation/" in name)
        raise SerVaeError(
            f"objective={objective}: this run has no such quantity.\n"
            f"It has: {known or 'none: it has no validation set, or trains no network there'}."
        )
    return {"objective": float(curves[objective].iloc[-1])}
