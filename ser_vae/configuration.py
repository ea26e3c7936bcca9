"""Where the YAML files lie, and how an object is built from one of their groups."""

import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def conf_dir() -> Path:
    """Absolute path of conf/: inside the installed package, beside it in a checkout.

    Absolute, because Hydra reads a relative path in two ways, by how its caller was started.
    """
    package = Path(__file__).resolve().parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"


def build(group: Mapping[str, Any], *arguments: Any, **known_at_run_time: Any) -> Any:
    """Call a group's `_target_` with the group's other keys as keyword arguments."""
    settings = {key: value for key, value in group.items() if key != "_target_"}
    target = pkgutil.resolve_name(group["_target_"])
    return target(*arguments, **settings, **known_at_run_time)
