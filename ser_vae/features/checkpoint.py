"""Speech encoders that others trained: where their files are, and what identifies them.

Nothing here imports torch or loads an encoder.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from ser_vae import SerVaeError

DESCRIPTIONS = ("config.json", "preprocessor_config.json")
WEIGHTS = ("model*.safetensors*", "pytorch_model*.bin*")  # the first that there are is used


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
        f"Where there is a network: {fetch}; or give a folder: features.checkpoint=DIR."
    )


def commit_of(folder: Path) -> str | None:
    """Return the commit of a folder in the cache of the Hub; None for any other folder."""
    return folder.name if folder.parent.name == "snapshots" else None


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
