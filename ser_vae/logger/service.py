"""W&B's service: the process that takes what is logged, writes it down and sends it."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import wandb
from wandb.sdk.lib.service.service_connection import WandbApiFailedError
from wandb.sdk.mailbox import HandleAbandonedError, MailboxClosedError
from wandb.sdk.mailbox.mailbox_handle import ServerResponseError

# The service died, or was ended for being late: all that follows would fail as well.
GONE = (ConnectionError, TimeoutError, HandleAbandonedError, MailboxClosedError)
# That, or a disk that is full, is no reason to lose a run.
FAILURES = (
    *GONE,
    wandb.Error,
    WandbApiFailedError,
    ServerResponseError,  # such as of a run that a killed process left open in a shared service
    OSError,
)


def process() -> "subprocess.Popen[bytes] | None":
    """None where there is none, or where it is not this process that started it."""
    connection = wandb.setup()._connection
    own = connection._proc if connection else None
    return own._process if own else None


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Kill the service where the block takes longer: it tries a server that is gone for days.

    Raises:
        TimeoutError: that was done, and the block noticed.
        ConnectionError: the service had died, or did within the block.
    """
    running = process()
    late = threading.Event()

    def end() -> None:
        late.set()
        if running:
            running.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except FAILURES as error:  # of several kinds: W&B takes a dead service for a refused key, too
        if late.is_set():
            raise TimeoutError(f"not done within {seconds:g} s (logger.wandb.timeout_s)") from error
        if running and running.poll() is not None:
            raise ConnectionError("W&B's service has died") from error
        raise
    finally:
        timer.cancel()


def leave() -> None:
    """End the service, if it still runs; the next run of this process starts another.

    Otherwise Python, as it exits, would wait for it, or print the traceback of not finding it.
    """
    running = process()
    with suppress(*FAILURES, SystemExit):  # which W&B raises with the code of a killed service
        wandb.teardown()
    wandb.run = None  # which W&B keeps where it fails to finish it
    if running:
        running.kill()
        running.wait()
