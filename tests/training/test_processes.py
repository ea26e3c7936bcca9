"""What the first of several processes tells the others when its own part fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from torch import distributed

from ser_vae import SerVaeError
from ser_vae.training import processes


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What is sent, in this one process, which takes itself for the first of several."""
    found: list[Any] = []
    monkeypatch.setattr(processes, "check_started", lambda _: None)
    monkeypatch.setattr(processes, "connect", lambda _: None)
    monkeypatch.setattr(processes, "send", found.append)
    monkeypatch.setattr(distributed, "get_rank", lambda: processes.FIRST)
    yield found
    processes.busy.clear()


CONFIG: dict[str, Any] = {"trainer": {}, "threads": None}


def work() -> None:
    """What the others would do."""


def failing(error: BaseException | None, *, at_work: bool) -> Any:
    def lead() -> dict[str, Any]:
        if at_work:
            with processes.shared(work):
                if error:
                    raise error
        elif error:
            raise error
        return {"done": True}

    return lead


def test_in_the_end_the_others_are_told_that_there_is_no_more(sent: list[Any]) -> None:
    assert processes.together(CONFIG, failing(None, at_work=True)) == {"done": True}
    assert sent == [work, None]


@pytest.mark.parametrize(
    ("error", "at_work", "told"),
    [
        (OSError("disk full"), False, [None]),
        (SerVaeError("diverged"), True, [work, None]),  # they meet it too
        (OSError("disk full"), True, [work]),  # they are in the middle, and listen to nobody
        (KeyboardInterrupt(), True, [work]),
    ],
)
def test_a_failure_is_raised_at_once_and_the_others_are_told_if_they_listen(
    sent: list[Any], error: BaseException, at_work: bool, told: list[Any]
) -> None:
    with pytest.raises(type(error)) as raised:
        processes.together(CONFIG, failing(error, at_work=at_work))
    assert raised.value is error
    assert sent == told
