"""Turn the errors of a mistyped command line into at most three lines with a hint.

Hydra and OmegaConf print long messages or tracebacks. `HYDRA_FULL_ERROR=1`, Hydra's own switch,
shows all tracebacks; `debug=true` shows that of a run.
"""

import difflib
import os
import re
import shlex
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.settings import ALL_SETTINGS, conf_dir, did_you_mean, dotted_keys

RESERVED = ("null", "true", "false", "nan", "inf")  # words of Hydra's override grammar
GROUP_OVERRIDE = "Config group override must be"  # begins Hydra's ValueError for logger=null
HYDRA_ERRORS = (HydraException, OmegaConfBaseException, YAMLError)
COMPOSITION_ERRORS = (*HYDRA_ERRORS, ValueError)
FULL_ERROR = "HYDRA_FULL_ERROR"  # where it is 1, Hydra raises errors instead of printing them


@contextmanager
def brief_errors() -> Iterator[None]:
    """Print an error of a Hydra main in a few lines and exit with 1."""
    if os.environ.get(FULL_ERROR) == "1":
        yield
        return
    sys.excepthook = print_unexpected
    os.environ[FULL_ERROR] = "1"
    try:
        yield
    except COMPOSITION_ERRORS as error:
        if not isinstance(error, HYDRA_ERRORS) and GROUP_OVERRIDE not in str(error):
            raise  # of a run, not of the command line
        print(f"error: {explain(error)}", file=sys.stderr, flush=True)
        sys.exit(1)
    finally:
        del os.environ[FULL_ERROR]


def print_unexpected(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print an unexpected error and where it was raised, instead of a traceback (`excepthook`)."""
    if not issubclass(kind, Exception):
        return sys.__excepthook__(kind, error, trace)
    *_, last = traceback.extract_tb(trace)
    where = f" ({Path(last.filename).name}, {last.name})"
    print(
        f"error: {summarize(error)}{where}\n"
        "Unexpected error, possibly a bug. Re-run with debug=true for the traceback.",
        file=sys.stderr,
        flush=True,
    )
    return None


def summarize(error: BaseException) -> str:
    """Return the whole message of a `SerVaeError`, or the type and first line of another error."""
    if isinstance(error, SerVaeError):
        return str(error)
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def explain(error: Exception) -> str:
    """Explain an error of Hydra or OmegaConf: what is wrong with the command line or a file."""
    cause, message = error.__cause__, str(error)
    if isinstance(error, MarkedYAMLError) and (mark := error.problem_mark):
        remedy = "\nIndent with spaces; YAML allows no tabs." if "\\t" in str(error.problem) else ""
        return f"{mark.name}, line {mark.line + 1}: {error.problem}.{remedy}"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return explain_option(error.missing_cfg_file, error.options)
    if isinstance(error, OverrideParseException):
        return explain_override(error.override)
    if match := re.search(r"^Ambiguous value for argument '(.*)'$|^Sweep .*'(.*)'", message, re.M):
        override = match[1] or match[2]
        return (
            f"{override}: expected one value for one run, got several.\n"
            "For one run per value: python -m ser_vae.run -m …; for a list: key=[a,b].\n"
            f"If it is one value with commas: {quote_override(override)}"
        )
    if match := re.match(r"Could not override '(.*)'\.\n", message):
        parent = getattr(cause, "parent_node", None)
        return explain_key(match[1], parent, str(getattr(cause, "full_key", "")))
    lines = [*message.splitlines(), *str(cause or "").splitlines()]
    if GROUP_OVERRIDE in message:
        lines.append("A group needs the name of an option, such as logger=none.")
    return "\n".join([line.strip() for line in lines if line.strip()][:3])


def explain_option(path: str, options: Sequence[str] | None) -> str:
    """Suggest an option of a group; `path` is the group and the unknown option, as model/vea."""
    group, _, option = path.rpartition("/")
    if options is None:  # Hydra does not say for a list such as logger=[wandb,csv]
        options = sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))
    near = "".join(f" Did you mean {o}?" for o in difflib.get_close_matches(option, options, n=1))
    return f"{group}={option}: no such option.{near}\nThe options are: {', '.join(options)}."


def explain_key(key: str, parent: object, full_key: str) -> str:
    """Suggest a setting for an unknown `key`; `parent` is the group that lacks it."""
    group = f"{full_key.rpartition('.')[0]}.".lstrip(".")
    settings = OmegaConf.to_container(parent) if isinstance(parent, DictConfig) else {}
    known = dotted_keys(settings, group) if isinstance(settings, dict) else ()
    near = did_you_mean(key, [name for name in known if not name.startswith("hydra")])
    if "." in key and full_key.startswith(f"{key}."):  # a value with other keys
        return f"{key}: it has other keys.\nTo replace them all: '~{key}' '+{key}={{…}}'."
    return f"{key}: no such setting.\n{near}{ALL_SETTINGS}"


def explain_override(override: str) -> str:
    """Explain how to correct an override without "=", or with a value that Hydra cannot parse."""
    if "=" not in override:
        return f"{override}: expected key=value, such as model=vae."
    quote = "Quote special characters, once for the shell and once for Hydra"
    return f"{override}: the value cannot be parsed.\n{quote}: {quote_override(override)}"


def quote_override(override: str) -> str:
    """Spell key=value for a shell, so that Hydra reads the value as one text."""
    key, _, value = override.partition("=")
    if value[:1] in ("'", '"') and value[:1] == value[1:][-1:]:
        value = value[1:-1]
    text = f"{key}={quoted(value)}"
    return shlex.quote(text) if re.search(r'["$`!]|\\\\', text) else f'"{text}"'


def quoted(value: Any) -> str:
    """Spell a value as Hydra's override grammar reads it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(quoted, value))}]"
    if isinstance(value, Mapping):
        pairs = (f"{escaped_key(str(key))}:{quoted(each)}" for key, each in value.items())
        return f"{{{','.join(pairs)}}}"
    text = str(value)
    if re.fullmatch(r"[A-Za-z_./][\w./+-]*", text, re.ASCII) and text.lower() not in RESERVED:
        return text
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)  # backslashes double only before a quote
    return "'" + re.sub(r"(\\+)$", r"\1\1", escaped) + "'"


def escaped_key(key: str) -> str:
    return re.sub(r"([\\()\[\]{}:=, \t])", r"\\\1", key)
