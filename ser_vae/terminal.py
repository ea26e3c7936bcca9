"""The terminal: consoles, short texts, and what the commands on a trained model have in common.

Progress bars and live tables must use one console.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeVar

from rich import progress
from rich.console import Console

from ser_vae import SerVaeError

T = TypeVar("T")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


@lru_cache(maxsize=1)
def stderr() -> Console:
    """Return the console for bars and live tables; bars appear below a live table.

    `progress=false` sets its `quiet`, and nothing is drawn.
    """
    return Console(stderr=True, markup=False, highlight=False)


def stdout() -> Console:
    """Return a console for results, at most 80 columns wide."""
    console = Console(markup=False, emoji=False, highlight=False)
    console.width = min(console.width, 80)
    return console


def track(
    items: Iterable[T], description: str, total: int | None, *, transient: bool = False
) -> Iterable[T]:
    """Iterate over `items` with a progress bar; none is drawn into a file or a pipe."""
    console = stderr()
    hidden = not console.is_terminal
    return progress.track(
        items, description, total, console=console, transient=transient, disable=hidden
    )


def model_parser(
    command: str, description: str | None, model: str, **argument: Any
) -> argparse.ArgumentParser:
    """Return a parser with --trust, and with MODEL, described by `model`.

    It keeps the line breaks of its description. `argument` changes how MODEL is given, see
    `ArgumentParser.add_argument`.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m ser_vae.{command}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="CLASS",
        help="a class outside ser_vae that the model may use, such as your own model's",
    )
    parser.add_argument("model", help=model, **{"metavar": "MODEL", **argument})
    return parser


def run_command(
    parser: argparse.ArgumentParser,
    command: Callable[[argparse.Namespace], int | None],
    arguments: Sequence[str] | None,
) -> int:
    """Run a command and return the exit status; print an error that the user can fix.

    Errors of the operating system count as such, for example if the output cannot be written.
    Options may stand before, between and after other arguments.
    """
    options = parser.parse_intermixed_args(arguments)
    try:
        return command(options) or 0
    except KeyboardInterrupt:
        print("stopped by Ctrl-C", file=sys.stderr)
        return 130  # as a shell expects
    except SerVaeError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        file = error.filename2 or error.filename  # the second is the file that was to be replaced
        text = f"{file}: {error.strerror}" if file else str(error)
        print(f"error: {text}", file=sys.stderr)
    return 1


def import_extra(module: str, extra: str) -> Any:
    """Import a module that an extra of this package installs.

    Raises:
        SerVaeError: it, or a library that it needs, is not installed.
    """
    try:
        return import_module(module)
    except (ImportError, OSError) as error:
        raise SerVaeError(f"{module}: {error}.\npip install 'ser_vae[{extra}]'") from error


def merge_numbers(texts: Iterable[str]) -> dict[str, str]:
    """Map each text to its merged form: texts that differ only in numbers become one with ranges.

    "after 340 steps" and "after 1,360 steps" both become "after 340 to 1,360 steps".
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        groups[NUMBER.sub("#", text)].append(text)
    merged: dict[str, str] = {}
    for similar in groups.values():
        columns = zip(*map(NUMBER.findall, similar), strict=True)
        ordered = [sorted({*column}, key=lambda n: float(n.replace(",", ""))) for column in columns]
        ranges = iter([" to ".join(dict.fromkeys((c[0], c[-1]))) for c in ordered])
        parts = [part + next(ranges, "") for part in NUMBER.split(similar[0])]
        merged |= dict.fromkeys(similar, "".join(parts))
    return merged
