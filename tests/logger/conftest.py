"""The record that several tests read."""

from wandb_files import recorded

__all__ = ["recorded"]
