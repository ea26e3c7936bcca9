"""Compose configurations in Python, and build the command that gives a configuration."""

import itertools
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import hydra
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from ser_vae import SerVaeError
from ser_vae.command_errors import COMPOSITION_ERRORS, explain, quoted
from ser_vae.settings import conf_dir
from ser_vae.sweep import jobs_at_once, parse_overrides, swept_values

# settings that depend on this machine
MACHINE_SETTINGS = ("runs", "cache", "corpus.root", "jobs", "progress", "force", "debug")
GROUPS = ("corpus", "features", "split", "data", "model", "classifier", "training")
CONFIG_DIR = "config_dir"  # in `choice`: the user's own folder of options, or None


class OverrideError(SerVaeError):
    """An override names no option or setting, or cannot be parsed."""


def default_corpus() -> str:
    """Return "iemocap" if IEMOCAP_ROOT is set, otherwise "demo"."""
    return "iemocap" if os.environ.get("IEMOCAP_ROOT") else "demo"


def policies_of_seed(seed: int) -> str:
    """Return `label_policies` for a seed of a study; only seed 0 runs the costly controls."""
    return "one_encoder" if seed else "all"


def fast_precision(accelerator: str) -> str:
    """Return bf16-mixed if the hardware multiplies bfloat16 numbers, otherwise 32-true."""
    import torch  # noqa: PLC0415  (slow)

    if accelerator != "cpu" and torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        fast = any(capabilities.get(name) for name in ("avx512_bf16", "amx_tile", "bf16"))
    return "bf16-mixed" if fast else "32-true"


for resolver in (default_corpus, policies_of_seed, fast_precision, jobs_at_once):
    OmegaConf.register_new_resolver(resolver.__name__, resolver, replace=True)


def configure(*overrides: str, config_dir: str | Path | None = None) -> dict[str, Any]:
    """Compose the configuration of a command line: `run(configure("model=cvae"))`.

    Works where Hydra is in use already, such as in a notebook. `config_dir` is the command line's
    `--config-dir`: a folder with options of your own.

    Raises:
        OverrideError: an override is invalid; the message is that of the command line.
    """
    in_use = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize_config_dir(str(conf_dir()), version_base="1.3"):
            cfg = compose(overrides, config_dir)
        settings = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
        return resolve_config(settings, cfg.hydra.runtime)
    except COMPOSITION_ERRORS as error:
        raise OverrideError(explain(error)) from None
    finally:
        if in_use:
            GlobalHydra.instance().initialize(in_use)


def compose(overrides: Sequence[str], config_dir: str | Path | None) -> DictConfig:
    """Compose overrides, and Hydra's own settings; `config_dir` has the user's own options."""
    path = [f"hydra.searchpath=['file://{Path(config_dir).absolute()}']"] if config_dir else []
    return hydra.compose("config", [*overrides, *path], return_hydra_config=True)


def expand(
    overrides: Sequence[str], config_dir: str | Path | None = None
) -> Iterator[dict[str, str]]:
    """Yield group -> option, seed and fold of every run of a multirun with these overrides.

    `config_dir` is that of `configure`.

    Raises:
        SerVaeError: Hydra refuses the overrides.
    """
    try:
        with hydra.initialize_config_dir(str(conf_dir()), version_base="1.3"):
            given = parse_overrides(None, overrides).values()
            fixed = [str(each.input_line) for each in given if not each.is_sweep_override()]
            cfg = compose(fixed, config_dir)
            swept = swept_values(parse_overrides(cfg.hydra.sweeper.params, overrides))
    except COMPOSITION_ERRORS as error:
        raise SerVaeError(f"{' '.join(overrides)}: {explain(error)}") from error
    base = {group: str(cfg.hydra.runtime.choices[group]) for group in GROUPS}
    base |= {"seed": str(cfg.seed), "fold": quoted(cfg.fold)}
    for chosen in itertools.product(*swept.values()):
        yield base | dict(zip(swept, chosen, strict=True))


def resolve_config(cfg: DictConfig, runtime: Any) -> dict[str, Any]:
    """Turn a composed configuration into a dict, with all interpolations resolved.

    The options that were chosen, as Hydra's `runtime` names them, are added as `choice`.
    """
    config = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True))
    config["choice"] = {group: runtime.choices[group] for group in GROUPS}
    config["choice"][CONFIG_DIR] = next(
        (s.path for s in runtime.config_sources if "command" in s.provider), None
    )
    return config


def command_line(config: Mapping[str, Any]) -> str:
    """Build the command that repeats a run, here or elsewhere, from its configuration.

    It has the chosen options, and every value that differs from them, except the settings that
    depend on this machine (MACHINE_SETTINGS).
    """
    default, config_dir = configure()["choice"], config["choice"][CONFIG_DIR]
    options = [
        f"{group}={option}"
        for group, option in sorted(config["choice"].items())
        if group != CONFIG_DIR
        and (option != default[group] or group == "corpus")
        and is_option(group, option, config_dir)
    ]
    loggers = [name for name in config["logger"] if is_option("logger", name, config_dir)]
    if loggers != ["wandb"]:
        options.append(f"logger=[{','.join(loggers)}]" if loggers else "logger=none")
    composed = configure(*options, config_dir=config_dir)
    where = ["--config-dir", config_dir] if config_dir else []
    changes = differences(composed, config)
    return shlex.join(["python", "-m", "ser_vae.run", *where, *options, *changes])


def is_option(group: str, name: str, config_dir: str | None) -> bool:
    """Return whether an option has a file; a configuration edited in Python may name others."""
    folders = [conf_dir(), *([Path(config_dir)] if config_dir else [])]
    return any((folder / group / f"{name}.yaml").is_file() for folder in folders)


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = ""
) -> Iterator[str]:
    """List the overrides that turn one configuration into another.

    A mapping within a group is replaced as a whole if the order of its keys changed, as that of
    classes matters, or if a key is not a word, as Hydra cannot spell it before a "=".
    """
    kept = [name for name in before if name in after]
    names = map(str, {**before, **after})
    words = all(re.fullmatch(r"[A-Za-z_][\w-]*", name, re.ASCII) for name in names)
    mergeable = words and kept == list(after)[: len(kept)]
    if prefix.count(".") > 1 and not mergeable and list(before.items()) != list(after.items()):
        yield from (f"~{prefix[:-1]}", f"+{prefix[:-1]}={quoted(after)}")
        return
    for name in {**before, **after}:
        key, old, new = f"{prefix}{name}", before.get(name), after.get(name)
        if is_excluded(key):
            continue
        if name not in after:
            yield f"~{key}"
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from differences(old, new, f"{key}.")
        elif name not in before or old != new:
            yield f"{'' if name in before else '+'}{key}={quoted(new)}"


def is_excluded(key: str) -> bool:
    corpus = re.sub(r"^corpus\.members\.\w+\.", "corpus.", key)
    return corpus in (*MACHINE_SETTINGS, "choice", "corpus.cache")
