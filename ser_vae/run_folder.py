"""What a run leaves on disk, and where: a folder addressed by the run's configuration.

    <runs>/<protocol>/<model>-<data>-<corpus>[-fold<fold>]-seed<seed>-<address>/
        config.yaml       the whole configuration
        command.txt       what makes the run again
        split.csv         which utterance was in which part
        audit.json        what its training and its test part share
        pretrained.ckpt   the representation's weights        pretrain.csv   its curves
        pretrained.json   what it was pretrained on
        classifier.ckpt   the classifier's weights            classify.csv   its curves
        predictions.csv   of each test utterance
        policies/         the same under each label policy of a CVAE
        latents.npz       of each test utterance, the mean        (of a model of segments)
        illustrations.npz reconstructions, traversals, samples    (of one that has a decoder)
        metrics.json      written last: a folder that has it is a finished run
        error.txt         why the last attempt failed

    <runs>/pretrained/<model>-<address>/   representations that several runs share

A folder's address covers everything that decides a result: the same command finds its own result,
and another command another folder.
"""

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError
from ser_vae.features.digest import Digests
from ser_vae.files import write_text

FORMAT = 3  # raised when the code changes what a configuration results in
NOT_ADDRESSED = (
    "runs",
    "cache",
    "jobs",
    "threads",
    "memory_gb",
    "compile",
    "progress",
    "force",
    "debug",
    "objective",
    "logger",
    "choice",
)


def locate(
    config: Mapping[str, Any],
    corpus: str,
    utterances: Sequence[Utterance],
    content: Mapping[Path, str],
) -> "RunFolder":
    """The folder of a run; `corpus` is its name, `content` that of its audio, see `content_of`."""
    choice = config["choice"]
    fold = "" if config["fold"] is None else f"-fold{config['fold']}"
    name = f"{choice['model']}-{choice['data']}-{corpus}{fold}-seed{config['seed']}"
    unique = f"{name}-{address(config, utterances, content)}"
    return RunFolder(Path(config["runs"]) / choice["split"] / unique)


def digest(value: Any) -> str:
    """Eight characters that stand for `value`, anything JSON can hold."""
    text = json.dumps([FORMAT, value], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def address(
    config: Mapping[str, Any], utterances: Sequence[Utterance], content: Mapping[Path, str]
) -> str:
    """What a run's result depends on: its settings, and the corpus wherever that is stored.

    Raises:
        SerVaeError: a checkpoint to start from, or the file of a split, is gone.
    """
    found = [
        (u.id, u.emotion, u.speaker, u.sex, u.session, u.dialogue, u.script, u.start_s, u.part)
        for u in utterances
    ]
    audio = [content[utterance.path] for utterance in utterances]
    start, split = config["training"]["pretrained"], config["split"].get("path")
    checkpoint = None if start in ("auto", "none") else _stored("training.pretrained", Path(start))
    table = None if split is None else _stored("split.path", Path(split).expanduser())
    return digest([addressed(config), checkpoint, table, found, audio])


def addressed(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that decide a result: not where things lie, nor how fast they are done."""
    settings = {key: value for key, value in config.items() if key not in NOT_ADDRESSED}
    settings["corpus"] = {k: v for k, v in config["corpus"].items() if k not in ("root", "cache")}
    return settings


def _stored(key: str, path: Path) -> str:
    """The content of a file that a setting names: the same path may hold another tomorrow."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SerVaeError(
            f"{key}: {path} can't be read: {error.strerror}.\nGive a file that is there."
        ) from error


def content_of(utterances: Sequence[Utterance], digests: Digests) -> dict[Path, str]:
    """What stands for each file; of one that can't be read, a matter of `bad_audio` later, why."""
    digests.learn(utterance.path for utterance in utterances)
    return {utterance.path: _content(utterance.path, digests) for utterance in utterances}


def check_unchanged(content: Mapping[Path, str], digests: Digests) -> None:
    """Refuse to go on with audio that is not what `content_of` found: the address is of that.

    Raises:
        SerVaeError: a file has another content, or can't be read any more.
    """
    changed = [path for path, before in content.items() if _content(path, digests) != before]
    if changed:
        raise SerVaeError(
            f"{changed[0]}: changed or gone since this run began, as {len(changed)} of "
            f"{len(content)} files.\nLeave the corpus alone, or restore it; then the same command "
            "goes on, or is another run if the audio stays another."
        )


def _content(audio: Path, digests: Digests) -> str:
    try:
        return digests.of(audio)
    except AudioError as error:
        return error.reason


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @property
    def name(self) -> str:
        """For people: the folder's name without the address."""
        return self.path.name.rpartition("-")[0]

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def command(self) -> Path:
        return self.path / "command.txt"

    @property
    def split(self) -> Path:
        return self.path / "split.csv"

    @property
    def predictions(self) -> Path:
        return self.path / "predictions.csv"

    def policy(self, name: str) -> Path:
        """The predictions of a CVAE under one of its label policies."""
        return self.path / "policies" / f"{name}.csv"

    @property
    def latents(self) -> Path:
        return self.path / "latents.npz"

    @property
    def illustrations(self) -> Path:
        return self.path / "illustrations.npz"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.json"

    @property
    def error(self) -> Path:
        return self.path / "error.txt"

    @property
    def finished(self) -> bool:
        return self.metrics.exists()

    def read_metrics(self) -> dict[str, Any]:
        metrics: dict[str, Any] = json.loads(self.metrics.read_text())
        return metrics

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        write_text(self.metrics, json.dumps(metrics, indent=1) + "\n")

    def write_audit(self, audit: Mapping[str, Any]) -> None:
        write_text(self.path / "audit.json", json.dumps(audit, indent=1) + "\n")

    def write_split(self, parts: Iterable[tuple[Utterance, str]]) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["utterance", "speaker", "emotion", "part"])
        for u, part in parts:
            writer.writerow([u.id, u.speaker, u.emotion, part])
        write_text(self.split, text.getvalue())

    def clear(self) -> None:
        """Remove everything, so that the run starts over."""
        shutil.rmtree(self.path, ignore_errors=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process; wait where another is at work on the same run.

        The operating system frees it when a process dies, however it dies.
        """
        locks = self.path.parent / ".locks"
        try:
            locks.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SerVaeError(
                f"{locks.parent}: no folder can be made there: {error.strerror}.\n"
                "Give a folder that can be written to: runs=…"
            ) from error
        lock = FileLock(locks / f"{self.path.name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print(f"{self.path}: another process is at work on this; waiting for it.", flush=True)
            lock.acquire()
        try:
            for part in self.path.glob("**/.*.part"):  # of a process that was killed
                part.unlink()
            yield
        finally:
            lock.release()
