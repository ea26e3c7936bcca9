"""What is wrong with a command, in a few lines: Hydra's own words for it are many, or a traceback.

`HYDRA_FULL_ERROR=1`, Hydra's own switch, shows every traceback; `debug=true` that of a run.
"""

import difflib
import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from ser_vae import SerVaeError
from ser_vae.configuration import conf_dir

FULL = "HYDRA_FULL_ERROR"  # where it is 1, Hydra raises what it would print otherwise
LINES = 3  # of a message


def told(command: Callable[[], None]) -> Callable[[], None]:
    """`command`, a Hydra main, with what is wrong said in a few lines; it ends with 1 then."""

    @functools.wraps(command)
    def main() -> None:
        if os.environ.get(FULL) == "1":
            return command()
        sys.excepthook = briefly
        os.environ[FULL] = "1"
        try:
            check_words(sys.argv[1:])
            return command()
        except (HydraException, OmegaConfBaseException) as error:
            print(f"error: {words(error)}", file=sys.stderr, flush=True)
            sys.exit(1)
        finally:
            del os.environ[FULL]

    return main


def briefly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """In the place of a traceback: what nobody foresaw, and where."""
    if not issubclass(kind, Exception):
        return sys.__excepthook__(kind, error, trace)
    while trace and trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace else None
    where = f" ({Path(code.co_filename).name}, {code.co_name})" if code else ""
    print(
        f"error: {named(error)}{where}\n"
        "Nobody foresaw this; it may be a defect. debug=true shows where it comes from.",
        file=sys.stderr,
        flush=True,
    )
    return None


def named(error: BaseException) -> str:
    """What the user can mend in its own words; of anything else the kind and the first line."""
    if isinstance(error, SerVaeError):
        return str(error)
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def words(error: Exception) -> str:
    """What Hydra or OmegaConf complain about, in at most three lines."""
    cause = error.__cause__
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return no_option(error.missing_cfg_file, error.options)
    if isinstance(error, OverrideParseException):
        return unreadable(error.override)
    if match := re.search(
        r"^Ambiguous value for argument '(.*)'$|^Sweep .*'(.*)'", str(error), re.M
    ):
        return (
            f"{match[1] or match[2]}: several values, but one run.\n"
            "Give -m for a run of each: python -m ser_vae.run -m …; for a list: key=[a,b]."
        )
    if match := re.match(r"Could not override '(.*)'\. No match in the defaults list", str(error)):
        added = str(error).rpartition(" use ")[2]
        return f"{added[1:]}: nothing is chosen there unless you add it: {added}"
    if match := re.match(r"Could not override '(.*)'\.\n", str(error)):
        root = getattr(cause, "parent_node", None)
        return no_key(match[1], root._get_root() if root is not None else DictConfig({}))
    said = [*str(error).splitlines(), *(str(cause).splitlines() if cause else [])]
    return "\n".join([line.strip() for line in said if line.strip()][:LINES])


def no_option(path: str, known: Sequence[str] | None) -> str:
    """`path` is a group and an option of it, such as model/vae."""
    group, _, option = path.rpartition("/")
    if known is None:  # of one in a list Hydra doesn't say
        known = sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))
    return (
        f"{group}={option}: no such option.{nearest(option, known)}\nThere are: {', '.join(known)}."
    )


def no_key(key: str, config: DictConfig) -> str:
    known = [each for each in keys(config) if "_target_" not in each]
    last = key.rpartition(".")[2]
    same = [each for each in known if each.rpartition(".")[2] == last]
    near = f" Did you mean {' or '.join(same[:LINES])}?" if same else nearest(key, known)
    return f"{key}: no such setting.{near}\nAll of them: python -m ser_vae.run --help"


def nearest(word: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {found[0]}?" if found else ""


def keys(config: DictConfig, above: str = "") -> Iterator[str]:
    """The settings of a configuration, dotted; Hydra's own are left out."""
    for key in map(str, config):
        name = f"{above}{key}"
        if name == "hydra":
            continue
        yield name
        value = config._get_node(key)
        if isinstance(value, DictConfig) and not value._is_none():
            yield from keys(value, f"{name}.")


def unreadable(override: str) -> str:
    key, equals, value = override.partition("=")
    if not equals:
        return f"{override}: expected key=value, such as model=vae."
    value = value.replace("'", "")
    return (
        f"{override}: the value can't be read.\n"
        f"Quote what is no plain word, once for the shell and once for Hydra: \"{key}='{value}'\""
    )


def check_words(arguments: Sequence[str]) -> None:
    """Refuse what argparse would answer with its usage.

    Raises:
        HydraException: a word that is neither an option nor in the place of a setting.
    """
    _, unknown = get_args_parser().parse_known_args(list(arguments))
    if unknown:
        raise HydraException(
            f"{' '.join(unknown)}: expected settings such as model=vae seed=1, and -m before them."
        )
