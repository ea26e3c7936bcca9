"""The files of a run, in a folder whose name has a hash of the run's configuration.

    <runs>/<protocol>/<model>-<data>-<corpus>[-fold<fold>]-seed<seed>-<run hash>/
        config.yaml       the whole configuration
        command.txt       the command that makes the run again
        split.csv         which utterance was in which set
        audit.json        what the training and test sets share
        model/            the recogniser: load it with `ser_vae.recogniser.Recogniser.load`
        pretrained.ckpt   the representation's weights        pretrain.csv   its curves
        pretrained.json   what it was pretrained on
        classifier.ckpt   the classifier's weights            classify.csv   its curves
        predictions.csv   of each test utterance
        policies/         the same under each label policy of a CVAE
        latents.npz       mean latent of each test utterance      (models of segments)
        training_latents.npz  the same of each training utterance
        illustrations.npz reconstructions, traversals, samples    (models with a decoder)
        metrics.json      written last: a folder that has it is a finished run
        error.txt         why the last attempt failed

    <runs>/pretrained/<model>-<hash>/   representations that several runs share

The run hash covers everything that decides a result, including the source code of the
classes that the configuration names. So the same command finds its result, and an edited model is a
new run.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError
from ser_vae.features.digest import Digests
from ser_vae.files import locked, write_bytes, write_text
from ser_vae.settings import Settings

FORMAT = 5  # increased when a change of code that the run hash does not cover changes results
NOT_IN_RUN_HASH = (
    *("runs", "cache", "jobs", "threads", "memory_gb", "compile", "progress", "force", "debug"),
    *("objective", "logger", "choice", "max_batch_segments"),
)
CORPUS_PATH_KEYS = ("root", "cache", "csv")  # utterances are hashed by their content


def locate(
    settings: Settings,
    corpus: str,
    utterances: Sequence[Utterance],
    content: Mapping[Path, str],
    *,
    writes: bool = True,
) -> "RunFolder":
    """Return the folder of a run; `corpus` is its name, `content` comes from `content_of`."""
    choice = settings.choice
    fold = "" if settings.fold is None else f"-fold{settings.fold}"
    name = f"{choice.model}-{choice.data}-{corpus}{fold}-seed{settings.seed}"
    unique = f"{name}-{run_hash(settings, utterances, content)}"
    return RunFolder(Path(settings.runs) / choice.split / unique, writes)


def digest(value: Any) -> str:
    """Hash anything that JSON can hold to eight characters."""
    text = json.dumps([FORMAT, value], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def run_hash(
    settings: Settings, utterances: Sequence[Utterance], content: Mapping[Path, str]
) -> str:
    """Hash what a run's result depends on: settings, code of the classes, and the corpus.

    Raises:
        SerVaeError: a checkpoint to start from, or the file of a split, cannot be read.
    """
    described = [[str(v) for v in astuple(replace(u, path=Path()))] for u in utterances]
    audio = [content[utterance.path] for utterance in utterances]
    start, split = settings.training.pretrained, settings.plain()["split"].get("path")
    checkpoint = None if start in ("auto", "none") else file_digest("training.pretrained", start)
    table = None if split is None else file_digest("split.path", split)
    code = settings.code_digest("features", "split", "model", "classifier")
    return digest([hashed_settings(settings), code, checkpoint, table, described, audio])


def hashed_settings(settings: Settings) -> dict[str, Any]:
    """Select the settings that decide a result, without paths and those that only affect speed."""
    config = settings.plain()
    kept = {key: value for key, value in config.items() if key not in NOT_IN_RUN_HASH}
    kept["corpus"] = without_paths(config["corpus"])
    return kept


def without_paths(corpus: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a corpus and its members, without their CORPUS_PATH_KEYS."""
    kept = {key: value for key, value in corpus.items() if key not in CORPUS_PATH_KEYS}
    if "members" in kept:
        kept["members"] = {k: without_paths(v) for k, v in kept["members"].items()}
    return kept


def file_digest(key: str, path: str) -> str:
    try:
        return hashlib.sha256(Path(path).expanduser().read_bytes()).hexdigest()
    except OSError as error:
        raise SerVaeError(
            f"{key}: {path} cannot be read: {error.strerror}.\nGive a file that exists."
        ) from error


def content_of(utterances: Sequence[Utterance], digests: Digests) -> dict[Path, str]:
    """Map each audio file to its digest, or to the reason why it is unreadable.

    `bad_audio` decides later what happens to unreadable files.
    """
    digests.learn(utterance.path for utterance in utterances)
    return {utterance.path: digest_or_reason(utterance.path, digests) for utterance in utterances}


def check_unchanged(content: Mapping[Path, str], digests: Digests) -> None:
    """Raise if the audio has changed since `content_of`, from which the run hash was computed.

    Raises:
        SerVaeError: a file was changed or removed.
    """
    changed = [
        path for path, before in content.items() if digest_or_reason(path, digests) != before
    ]
    if changed:
        raise SerVaeError(
            f"{changed[0]}: changed or removed since this run began ({len(changed)} of "
            f"{len(content)} files).\nRestore it and repeat the command to resume, or leave it and "
            "repeat the command to start another run on the changed corpus."
        )


def digest_or_reason(audio: Path, digests: Digests) -> str:
    try:
        return digests.of(audio)
    except AudioError as error:
        return error.reason


@dataclass(frozen=True)
class File:
    """An attribute of a run folder: the path of a file in it."""

    name: str

    def __get__(self, folder: "RunFolder", owner: type) -> Path:
        return folder.path / self.name


@dataclass(frozen=True)
class RunFolder:
    """The files of one run.

    Attributes:
        path: of the folder.
        writes: False in all but one of several processes that do the same run.
    """

    path: Path
    writes: bool = True

    config = File("config.yaml")
    command = File("command.txt")
    model = File("model")
    pretrained = File("pretrained.ckpt")
    predictions = File("predictions.csv")
    split = File("split.csv")
    latents = File("latents.npz")
    training_latents = File("training_latents.npz")
    illustrations = File("illustrations.npz")
    audit = File("audit.json")
    metrics = File("metrics.json")
    error = File("error.txt")

    @property
    def name(self) -> str:
        """The folder's name without the hash, for people."""
        return self.path.name.rpartition("-")[0]

    def policy(self, name: str) -> Path:
        """Locate the predictions of a CVAE under one of its label policies."""
        return self.path / "policies" / f"{name}.csv"

    @property
    def finished(self) -> bool:
        return self.metrics.exists()

    def read_metrics(self) -> dict[str, Any]:
        return json.loads(self.metrics.read_text(encoding="utf-8"))

    def write_json(self, path: Path, content: Mapping[str, Any]) -> None:
        """Write the metrics or the audit."""
        self._write(path, json.dumps(content, indent=1) + "\n")

    def write_config(self, config: Mapping[str, Any], command: str) -> None:
        self._write(self.config, yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))
        self._write(self.command, command + "\n")

    def write_split(self, parts: Iterable[tuple[Utterance, str]]) -> None:
        rows = [(u.id, u.speaker, u.emotion, part) for u, part in parts]
        table = pd.DataFrame(rows, columns=["utterance", "speaker", "emotion", "part"])
        self.write_table(self.split, table)

    def write_table(self, path: Path, table: pd.DataFrame) -> None:
        """Write the split or predictions; rounding could make two probabilities equal."""
        self._write(path, table.to_csv(index=False, lineterminator="\n"))

    def write_error(self, trace: str) -> str:
        """Write the traceback of a failure; return where it is, or why it could not be kept."""
        try:
            self._write(self.error, trace)
        except OSError as error:  # a full disk is perhaps the failure
            return f"not kept: {error.strerror}"
        return str(self.error)

    def copy(self, name: str, to: Path) -> None:
        """Copy a file of the folder, if there is one."""
        source = self.path / name
        if self.writes and source.exists():
            write_bytes(to, source.read_bytes())

    def clear(self) -> None:
        """Remove everything, so that the run starts over."""
        if self.writes:
            shutil.rmtree(self.path, ignore_errors=True)

    def _write(self, path: Path, text: str) -> None:
        if self.writes:
            write_text(path, text)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process; wait while another one works on the same run.

        The operating system frees the lock when a process dies.
        """
        if not self.writes:
            yield
            return
        locks = self.path.parent / ".locks"
        locks.mkdir(parents=True, exist_ok=True)
        waiting = f"{self.path}: another process works on this run; waiting for it."
        with locked(locks / f"{self.path.name}.lock", waiting):
            for part in self.path.glob("**/.*.part"):  # left by a killed process
                part.unlink()
            yield
