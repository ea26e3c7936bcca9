"""SHA-256 of the files that a run depends on: recordings, frames, checkpoints of speech encoders.

The run hash, the feature store and the saved model depend on the settings of the front end. These
only name files, which can change, so `pin` adds digests of the content: a front end with changed
files has other settings. Nothing here imports torch or loads an encoder.
"""

import hashlib
import logging
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError
from ser_vae.features.imported import count_columns, find_frames
from ser_vae.settings import Component, ImportedFeatures, JoinedFeatures, SSLFeatures
from ser_vae.terminal import track

DESCRIPTIONS = ("config.json", "preprocessor_config.json")
WEIGHTS = ("model*.safetensors*", "pytorch_model*.bin*")  # the first that there are is used
LINE = re.compile("^([0-9a-f]{32}) ([0-9a-f]{64})$", re.MULTILINE)

log = logging.getLogger(__name__)


class Digests:
    """Digests of files, remembered in `folder` by path, size, times and inode.

    They are lines of one text file: hash of the metadata, digest. Every process appends to it. An
    incomplete line is ignored, and the audio file is read again.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._list = folder / "sha256.txt"
        text = self._list.read_text(errors="replace") if self._list.exists() else ""
        self._digests: dict[str, str] = dict(LINE.findall(text))
        self._new: dict[str, str] = {}

    def learn(self, paths: Iterable[Path]) -> None:
        """Read the files whose digests are not remembered; unreadable ones are skipped."""
        if unknown := [path for path in paths if self.remembered(path) is None]:
            title = f"content of {len(unknown):,} files"
            for path in track(unknown, title, len(unknown), transient=True):
                with suppress(AudioError):  # raised again when this file is needed
                    self.of(path)
            self.keep()

    def of(self, path: Path) -> str:
        """Return the digest in hexadecimal; `AudioError` if the file cannot be read."""
        try:
            identity = _identity(path)
            if identity not in self._digests:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                self._digests[identity] = self._new[identity] = digest
            return self._digests[identity]
        except OSError as error:
            reason = f"cannot be opened: {error.strerror}; restore it, or correct the corpus root"
            raise AudioError(path, reason) from error

    def remembered(self, path: Path) -> str | None:
        """Return the digest if it is known without reading the file, else None."""
        try:
            return self._digests.get(_identity(path))
        except OSError:
            return None

    def keep(self) -> None:
        """Save new digests for other processes; warn if the folder cannot be written."""
        lines = [f"\n{name} {digest}\n" for name, digest in self._new.items()]
        self._new = {}
        try:
            if lines:
                with self._list.open("a") as file:
                    file.writelines(lines)
        except OSError as error:
            log.warning("%s: %s; audio is read again next time", self._list, error.strerror)


def _identity(path: Path) -> str:
    """Hash what changes when the content of a file does."""
    stat = path.stat()
    # ctime too: `cp -p` keeps mtime
    changing = path.absolute(), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
    return hashlib.sha256(repr(changing).encode()).hexdigest()[:32]


def pin(features: Component, utterances: Sequence[Utterance], digests: Digests) -> Component:
    """Fill in the digests of the files of a front end; given ones are kept and checked later.

    Raises:
        SerVaeError: there are no such files.
    """
    if isinstance(features, SSLFeatures):
        folder = find_checkpoint(features.checkpoint, features.revision)
        digest = features.digest or checkpoint_digest(folder)
        in_cache = folder.parent.name == "snapshots"  # of the Hub; its name is the commit
        revision = folder.name if in_cache else features.revision
        return features.model_copy(update={"revision": revision, "digest": digest})
    if isinstance(features, JoinedFeatures):
        members = {
            name: pin(member, utterances, digests) for name, member in features.members.items()
        }
        return features.model_copy(update={"members": members})
    if isinstance(features, ImportedFeatures):
        files = find_frames(features.root, utterances)
        digests.learn(set(files.values()))
        lines = [f"{name} {digests.of(path)}" for name, path in sorted(files.items())]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        name, path = next(iter(files.items()))
        columns = features.columns or count_columns(path, name)
        return features.model_copy(update={"columns": columns, "digest": digest})
    return features


def find_checkpoint(checkpoint: str, revision: str | None) -> Path:
    """Return the folder of a checkpoint; download it unless it is in the cache of the Hub.

    Args:
        checkpoint: a folder, or `user/name` on the Hugging Face Hub.
        revision: commit, tag or branch on the Hub; None for the main branch.

    Raises:
        SerVaeError: it is in neither place and cannot be downloaded.
    """
    folder = Path(checkpoint).expanduser()
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download  # noqa: PLC0415  (an extra)
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    reason = "no weights in a format that can be loaded"
    for local in (True, False):
        for weights in WEIGHTS:
            files = [*DESCRIPTIONS, weights]
            try:
                snapshot = snapshot_download(
                    checkpoint, revision=revision, allow_patterns=files, local_files_only=local
                )
            except (HfHubHTTPError, HFValidationError, OSError) as error:
                reason = str(error).splitlines()[0]
                break
            if any(Path(snapshot).glob(weights)):
                return Path(snapshot)
    fetch = f"hf download {checkpoint}" + (f" --revision {revision}" if revision else "")
    raise SerVaeError(
        f"{checkpoint}: no such folder, not in the cache of the Hugging Face Hub, and the download "
        f"failed: {reason}\n"
        f"Run {fetch} on a machine with a network, or give a folder: features.checkpoint=DIR."
    )


def checkpoint_digest(folder: Path) -> str:
    """Hash the files that an encoder is loaded from: SHA-256 in hexadecimal.

    Raises:
        SerVaeError: the folder has no weights.
    """
    weights = next(filter(None, (sorted(folder.glob(pattern)) for pattern in WEIGHTS)), None)
    if weights is None:
        raise SerVaeError(
            f"{folder}: no weights of an encoder, expected {' or '.join(WEIGHTS)}.\n"
            "Give a folder that save_pretrained of transformers wrote."
        )
    files = [*(folder / name for name in DESCRIPTIONS if (folder / name).exists()), *weights]
    lines = (
        f"{file.name} {_sha256(file, file.stat().st_size, file.stat().st_mtime_ns)}"
        for file in files
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@lru_cache
def _sha256(path: Path, size: int, modified_ns: int) -> str:  # noqa: ARG001  (the key of the cache)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
