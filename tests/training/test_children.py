"""What is said of an error in a process that Lightning spawned."""

import errno

import pytest
import torch.multiprocessing
from torch.multiprocessing.spawn import ProcessRaisedException

from ser_vae import SerVaeError
from ser_vae.training.children import errors_of_children

MESSAGE = "pretrain, epoch 0: the train loss is nan.\nTraining diverged: lower its optimizer.lr."
FILE = "/disk/last.ckpt"
TRACEBACK = (
    "\n\n-- Process 0 terminated with the following error:\nTraceback (most recent call last):\n"
    '  File "spawn.py", line 95, in _wrap\n    fn(i, *args)\n'
)


def diverge(rank: int) -> None:  # noqa: ARG001
    raise SerVaeError(MESSAGE)


def fill_a_disk(rank: int) -> None:  # noqa: ARG001
    raise OSError(errno.ENOSPC, "No space left on device", FILE)


@pytest.mark.slow
def test_what_to_do_about_it_is_said_as_the_process_said_it() -> None:
    with pytest.raises(SerVaeError) as raised, errors_of_children():
        torch.multiprocessing.spawn(diverge, nprocs=1)
    assert str(raised.value) == MESSAGE


@pytest.mark.slow
def test_an_error_of_a_file_is_one_again() -> None:
    with pytest.raises(OSError, match="No space left") as raised, errors_of_children():
        torch.multiprocessing.spawn(fill_a_disk, nprocs=1)
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, FILE)


def test_of_any_other_its_last_line_is_left() -> None:
    said = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB."
    with pytest.raises(RuntimeError) as raised, errors_of_children():
        raise ProcessRaisedException(TRACEBACK + said + "\n", 0, 1)
    assert str(raised.value) == said
