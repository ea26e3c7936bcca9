"""What a machine does to a run, and what to do about it: its disks, its memory, its signals."""

import errno
import multiprocessing
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ser_vae import SerVaeError

AGAIN = "The same command goes on from there."
FREE = "Free some space, or give another folder with runs=… or cache=…."
MEND = "Mend it, or give another folder with runs=… or cache=…."
ADVICE = {
    errno.ENOSPC: FREE,
    errno.EDQUOT: FREE,
    errno.EROFS: MEND,
    errno.EACCES: MEND,
    errno.EPERM: MEND,
    errno.ENOTDIR: MEND,
    errno.EIO: MEND,
    errno.ESTALE: MEND,
}
OUT_OF_MEMORY = (  # PyTorch, and on a GPU; a map; C++; a thread's stack; oneDNN
    "can't allocate memory",
    "out of memory",
    "Cannot allocate memory",
    "bad_alloc",
    "can't start new thread",
    "could not create a ",
)


@contextmanager
def explained(config: Mapping[str, Any]) -> Iterator[None]:
    """Turn what a disk or too little memory does into an error that names the folder or setting.

    Raises:
        SerVaeError: a folder can't be written or read, or memory does not suffice.
    """
    try:
        yield
    except (OSError, MemoryError, RuntimeError) as error:
        if lacks_memory(error):
            said = str(error).partition("\n")[0]
            raise SerVaeError(
                f"out of memory{': ' if said else ''}{said}\n"
                f"Lower memory_gb={config['memory_gb']} (frames beyond it lie in cache), jobs or "
                f"training.*.batch_size, or take a machine or job with more. {AGAIN}"
            ) from error
        if not isinstance(error, OSError) or error.errno not in ADVICE:
            raise
        where = error.filename or f"one of {config['runs']}, {config['cache']}, the temporary one"
        raise SerVaeError(f"{where}: {error.strerror}.\n{ADVICE[error.errno]} {AGAIN}") from error


def lacks_memory(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    said = any(words in str(error) for words in OUT_OF_MEMORY)
    return isinstance(error, MemoryError) or said


class Stopped(BaseException):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """End by SIGINT (Ctrl-C) and SIGTERM in a line, with the exit code that a shell expects.

    What is being written is put away first. A second signal ends the process at once, which loses
    no more than a first SIGKILL does.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, stop)
    try:
        yield
    except Stopped as stopped:
        for child in multiprocessing.active_children():  # spawned by trainer=ddp
            child.terminate()
        print(f"stopped by {signal.Signals(stopped.number).name}. {AGAIN}", file=sys.stderr)
        sys.exit(128 + stopped.number)


def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    signal.signal(number, signal.SIG_DFL)
    raise Stopped(number)
