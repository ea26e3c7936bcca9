"""Configurations of commands, whose options alone are composed by Hydra, which is slow."""

import copy
from functools import cache, reduce
from typing import Any

import yaml  # type: ignore[import-untyped]

from ser_vae.compose import configure
from ser_vae.settings import conf_dir

compose = cache(configure)


def composed(*overrides: str) -> dict[str, Any]:
    """The configuration of a command; options are composed once, and values put in by hand."""
    pairs = [override.partition("=") for override in overrides]
    options = [f"{key}={value}" for key, _, value in pairs if (conf_dir() / key).is_dir()]
    config = copy.deepcopy(compose(*options))
    for key, _, value in pairs:
        *sections, name = key.lstrip("~").split(".")
        section = reduce(dict.__getitem__, sections, config)
        if key.startswith("~"):
            del section[name]
        elif f"{key}={value}" not in options:
            section[name] = yaml.safe_load(value)
    return config
