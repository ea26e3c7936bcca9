"""Where the YAML files lie."""

from pathlib import Path


def conf_dir() -> Path:
    """Absolute path of conf/: inside the installed package, beside it in a checkout.

    Absolute, because Hydra reads a relative path in two ways, by how its caller was started.
    """
    package = Path(__file__).resolve().parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"
