"""How much of a run W&B is shown besides numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """The keys of conf/logger/wandb.yaml.

    Attributes:
        pictures: whether figures are drawn.
        predictions: rows at most in the table of the test utterances.
        audio: how many of them come with their sound.
        audio_bytes: largest file of these.
        artifacts: whether the run's files are recorded, with what was made of what.
    """

    pictures: bool
    predictions: int
    audio: int
    audio_bytes: int
    artifacts: bool
