"""Whether rebuilding a run would call anything but this package's own options.

A run folder may be a stranger's, and what its config.yaml names as `_target_` gets called:
`os.system` too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ser_vae.configuration import conf_dir
from ser_vae.report.settings import read_yaml


def outsiders(config: Mapping[str, Any]) -> list[str]:
    """`group: target` of each that no option of that group in conf/ names."""
    return [
        f"{group}: {target}"
        for group, settings in config.items()
        for target in targets(settings)
        if target not in own_targets(group)
    ]


def own_targets(group: str) -> list[Any]:
    if group not in [folder.name for folder in conf_dir().iterdir()]:
        return []  # and no path is made of what a stranger wrote
    files = sorted((conf_dir() / group).rglob("*.yaml"))
    return [target for file in files for target in targets(read_yaml(file))]


def targets(settings: Any) -> Iterator[Any]:
    """Every `_target_`, however deep."""
    if isinstance(settings, Mapping):
        if "_target_" in settings:
            yield settings["_target_"]
        for below in settings.values():
            yield from targets(below)
    elif isinstance(settings, list):
        for below in settings:
            yield from targets(below)
