"""The help of `python -m ser_vae.run`: every setting with its choices, its value and its comment.

The settings are printed as in conf/, whose comments state the unit and the source of a value.
Groups are shown with the option that the command line chooses.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from yaml import safe_load  # type: ignore[import-untyped]

from ser_vae.compose import GROUPS, configure
from ser_vae.settings import conf_dir


def help_text(arguments: Sequence[str], introduction: str | None) -> str:
    """Return an introduction, and the help for the options that `arguments` choose."""
    flags = [word for word in arguments if "=" in word and not word.startswith("-")]
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config-dir", "-cd")
    config_dir = parser.parse_known_args(arguments)[0].config_dir
    choice = configure(*flags, config_dir=config_dir)["choice"]
    folder = conf_dir()
    general = (folder / "config.yaml").read_text(encoding="utf-8")
    general = re.sub(r"^(defaults|hydra):\n(?:[ #].*\n|\n)*", "", general, flags=re.MULTILINE)
    general = re.sub(r"\A(#.*\n)+", "", general)
    parts = [introduction or "", "# General settings\n", general]
    parts += [describe_group(folder / group, choice[group]) for group in GROUPS]
    parts += [describe_group(folder / group, None) for group in ("trainer", "logger", "experiment")]
    return "\n".join(parts)


def describe_group(folder: Path, chosen: str | None) -> str:
    """Return a group's options, and the settings of the chosen one."""
    options = sorted(path.stem for path in folder.glob("*.yaml"))
    title = f"# {folder.name}={' | '.join(options)}"
    if chosen not in options:
        return f"{title}\n"
    settings = [f"  {line}" for line in settings_of(folder, chosen)]
    return "\n".join([f"{title}\n# {folder.name}={chosen}:", *settings, ""])


def settings_of(folder: Path, option: str) -> list[str]:
    """Return the lines of an option's file, after those of the options that it is based on."""
    text, lines = (folder / f"{option}.yaml").read_text(encoding="utf-8"), list[str]()
    for base in (safe_load(text) or {}).get("defaults", ()):
        if isinstance(base, dict):  # {group@package: option}
            ((group, name),) = base.items()
            path, _, package = group.partition("@")
            below = conf_dir() / path[1:] if path.startswith("/") else folder / path
            lines += [f"{package or path}:", *(f"  {line}" for line in settings_of(below, name))]
        elif base != "_self_":
            lines += settings_of(folder, base)
    own = re.sub(r"^(defaults:( \[.*)?\n(  .*\n)*|_target_.*\n)", "", text, flags=re.MULTILINE)
    return [*lines, *own.splitlines()]
