"""The settings that decide a run's result, and which of them differ from the defaults."""

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from ser_vae.run_folder import NOT_ADDRESSED, PLACES_OF_A_CORPUS
from ser_vae.settings import conf_dir

try:  # libyaml, where PyYAML was built with it: ten times as fast
    from yaml import CSafeLoader as Loader
except ImportError:
    from yaml import SafeLoader as Loader

Flat = Mapping[str, str]  # dotted key -> value in JSON

DEEPEST = 50  # levels of a configuration; it has four
APART = ("seed", "fold", "label_policies")  # told by the run, or of no influence on its scores


def read_yaml(path: Path) -> Any:
    """Values alone: a tag that would make anything else is an error."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


def read_config(path: Path) -> Any:
    """A run's config.yaml, which may be a stranger's: `${...}` in it stays as it is.

    Raises:
        OSError, ValueError, yaml.YAMLError: it can't be read, or holds more than a run
            writes: aliases, by which a few lines stand for gigabytes, or for themselves, and more
            levels than any configuration has.
    """
    text = path.read_text(encoding="utf-8")
    depth = 0
    for event in yaml.parse(text, Loader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"an alias{event.start_mark}")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError(f"more than {DEEPEST} levels{event.start_mark}")
    return yaml.load(text, Loader)


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """{"model": {"latent": 16}} -> {"model.latent": "16"}; a list is one value."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = json.dumps(value)
    return found


def settings_of(config: Mapping[str, Any]) -> dict[str, str]:
    """All of a run's configuration that decides its scores, but the seed and the fold."""
    kept = {k: v for k, v in config.items() if k not in (*APART, *NOT_ADDRESSED)}
    kept["corpus"] = {k: v for k, v in config["corpus"].items() if k not in PLACES_OF_A_CORPUS}
    return flat(kept)


def deviations(config: Mapping[str, Any]) -> dict[str, str]:
    """Dotted key -> `key=value` of the settings that differ from the defaults, by key.

    The defaults are those of the options that the run chose: split.test has one under split=random
    alone. An option that is not of this package has none, and all its settings are named.
    """
    own, default = settings_of(config), settings_of(defaults(config))
    keys = sorted(own.keys() | default.keys())
    return {key: _written(key, own) for key in keys if own.get(key) != default.get(key)}


def _written(key: str, settings: Flat) -> str:
    """As on the command line; a run that is older than a setting does not have it."""
    return f"{key}={settings[key]}".replace('"', "") if key in settings else f"{key} unset"


def defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the configuration is by a command that names the run's options and no value.

    `choice` says which options those are; a corpus's is the module that reads it, and other groups
    have the one that conf/config.yaml names.
    """
    stated = dict(_file("config"))
    options: dict[str, Any] = {}
    for entry in stated.pop("defaults"):
        options |= entry if isinstance(entry, dict) else {}
    options |= {group: config["choice"][group] for group in ("data", "model", "split")}
    options["corpus"] = config["corpus"]["_target_"].split(".")[-2]
    for group in options.keys() & config.keys():
        stated = _merged(stated, {group: _composed(group, options[group])})
    return {key: _resolved(value, config) for key, value in stated.items() if key != "hydra"}


def _composed(group: str, options: str | list[str]) -> dict[str, Any]:
    """One option of a group, or several on top of one another, upon those that they start from."""
    made: dict[str, Any] = {}
    for name in [options] if isinstance(options, str) else options:
        own = dict(_file(f"{group}/{name}"))
        for entry in own.pop("defaults", []):
            made = _merged(made, _started_from(group, entry))
        made = _merged(made, own)
    return made


def _started_from(group: str, entry: str | Mapping[str, str]) -> dict[str, Any]:
    """An entry of a defaults list: `vae`, `_self_`, `svm: default`, `/model/svm@svm: default`."""
    if isinstance(entry, str):
        return {} if entry == "_self_" else _composed(group, entry)
    ((named, option),) = entry.items()
    path, _, package = named.partition("@")
    where = path.removeprefix("/") if path.startswith("/") else f"{group}/{path}"
    return {package or path: _composed(where, option)}


def _resolved(value: Any, config: Mapping[str, Any]) -> Any:
    """`${features.trim_db}` is what the run has there."""
    if isinstance(value, Mapping):
        return {key: _resolved(below, config) for key, below in value.items()}
    named = re.fullmatch(r"\$\{([\w.]+)\}", value) if isinstance(value, str) else None
    if not named:
        return value
    found: Any = config
    for key in named[1].split("."):
        found = found[key]
    return found


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(base)
    for key, value in over.items():
        below: Any = made.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        made[key] = _merged(below, value) if both else value
    return made


@cache
def _file(name: str) -> Mapping[str, Any]:
    """A file of conf/; nothing where there is none. A run's options may name no other file."""
    path = Path(os.path.normpath(conf_dir() / f"{name}.yaml"))
    there = path.is_relative_to(conf_dir()) and path.is_file()
    return (read_yaml(path) or {}) if there else {}
