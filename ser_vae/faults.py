"""Turn disk errors, lack of memory and signals into messages that say what to do."""

import errno
import multiprocessing
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ser_vae import SerVaeError

RESUME = "Repeat the command to resume."
FULL = (errno.ENOSPC, errno.EDQUOT)
DISK = (*FULL, errno.EROFS, errno.EIO, errno.ESTALE)
OUT_OF_MEMORY = (  # messages of the system, PyTorch, C++, new threads and oneDNN
    "can't allocate memory",
    "out of memory",
    "Cannot allocate memory",
    "bad_alloc",
    "can't start new thread",
    "could not create a ",
)
SHARED_MEMORY = ("shared memory", "file </torch_")  # PyTorch and NCCL


@contextmanager
def friendly_errors(memory_gb: float) -> Iterator[None]:
    """Turn disk errors and lack of memory into an error that names the folder or setting.

    Raises:
        SerVaeError: a folder cannot be written or read, or there is too little memory, or too
            little of the shared memory by which processes exchange tensors.
    """
    try:
        yield
    except (OSError, MemoryError, RuntimeError) as error:
        if any(text in str(error) for text in SHARED_MEMORY):
            raise SerVaeError(
                "/dev/shm, by which the processes of trainer=ddp exchange data, is too small: "
                f"enlarge it (in Docker: --shm-size=8g), or use trainer=auto. {RESUME}"
            ) from error
        full = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
        if full or any(text in str(error) for text in OUT_OF_MEMORY):
            reason = str(error).partition("\n")[0]
            raise SerVaeError(
                f"out of memory{': ' if reason else ''}{reason}\n"
                f"Lower memory_gb={memory_gb} (frames beyond it are kept in cache), jobs, "
                "max_batch_segments or training.*.batch_size, or use a machine or job with more. "
                f"{RESUME}"
            ) from error
        if not isinstance(error, OSError) or not (error.filename or error.errno in DISK):
            raise
        if isinstance(error, FileNotFoundError):
            raise SerVaeError(
                f"{error.filename}: {error.strerror}.\nRestore it, or correct the setting that "
                "names it; debug=true shows where it is needed."
            ) from error
        advice = "Free some space" if error.errno in FULL else "Repair it"
        where = error.filename or "a folder (runs, cache, or the temporary one)"
        raise SerVaeError(
            f"{where}: {error.strerror}.\n{advice}, or give another folder with runs=… or cache=…. "
            f"{RESUME}"
        ) from error


class Stopped(BaseException):
    """A signal, whose number is the argument, asked this process to end."""


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Exit on SIGINT (Ctrl-C), SIGTERM or SIGHUP with one line and the exit code a shell expects.

    Unfinished files are discarded first. A second signal ends the process at once, like SIGKILL.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, raise_stopped)
    try:
        yield
    except Stopped as stopped:
        for child in multiprocessing.active_children():  # spawned by trainer=ddp
            child.terminate()
        (number,) = stopped.args
        print(f"stopped by {signal.Signals(number).name}. {RESUME}", file=sys.stderr)
        sys.exit(128 + number)


def raise_stopped(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    signal.signal(number, signal.SIG_DFL)
    raise Stopped(number)
