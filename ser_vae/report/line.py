"""A run in one line."""

from collections.abc import Mapping
from typing import Any


def line(metrics: Mapping[str, Any]) -> str:
    """A score that can be read without its file: protocol, trivial baseline, what is shared."""
    key, trivial = f"{metrics['protocol']}/test/", metrics["majority"]
    shared, speakers = metrics["test_speakers_in_train"], metrics["test_speakers"]
    parts = [
        f"{metrics['run']}: {key}ua {metrics[key + 'ua']:.2%}, wa {metrics[key + 'wa']:.2%}",
        f"majority {trivial[key + 'ua']:.2%}, {trivial[key + 'wa']:.2%}",
        f"{metrics['counts']['test']['utterances']} test utterances",
        f"{shared} of {speakers} test speakers also in train",
        *metrics["caveats"],
    ]
    return " | ".join(parts)
