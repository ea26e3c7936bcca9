"""Processes that Lightning spawns on this machine: what goes wrong in one of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from torch.multiprocessing.spawn import ProcessRaisedException

from ser_vae import SerVaeError

OURS = f"{SerVaeError.__module__}.{SerVaeError.__qualname__}: "
OF_A_FILE = re.compile(r"\w+: \[Errno (\d+)\] ([^:]+)(?:: '(.*)')?")


@contextmanager
def errors_of_children() -> Iterator[None]:
    """Raise the error of a spawned process as if it had come up in this one.

    It arrives as the text of a traceback, in which what to do about it stands last.
    """
    try:
        yield
    except ProcessRaisedException as error:
        text = str(error).strip()
        _, ours, said = text.rpartition("\n" + OURS)
        last = text.rpartition("\n")[2]
        if ours:
            raise SerVaeError(said) from error
        if of_a_file := OF_A_FILE.fullmatch(last):
            number, reason, path = of_a_file.groups()
            raise OSError(int(number), reason, path) from error
        raise RuntimeError(last) from error
