"""Fix which files a front end uses: imported frames, and checkpoints of speech encoders.

The run hash, the feature store and the saved model depend on the settings of the front end. These
only name files, which can change, so `pin` adds digests of the content: a front end with changed
files has other settings. Nothing here imports torch or loads an encoder.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features.digest import Digests
from ser_vae.features.imported import find_frames, load_frames
from ser_vae.settings import Component, ImportedFeatures, JoinedFeatures, SSLFeatures

DESCRIPTIONS = ("config.json", "preprocessor_config.json")
WEIGHTS = ("model*.safetensors*", "pytorch_model*.bin*")  # the first that there are is used


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
        columns = features.columns or load_frames(path, name).shape[1]
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
