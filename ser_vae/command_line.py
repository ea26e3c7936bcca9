"""What commands on a trained model have in common: MODEL, --trust, and how errors are shown."""

import argparse
import sys
from collections.abc import Callable

from ser_vae import SerVaeError


def model_parser(command: str, description: str | None, model: str) -> argparse.ArgumentParser:
    """Return a parser with MODEL, described by `model`, and --trust."""
    parser = plain_parser(command, description)
    parser.add_argument("model", metavar="MODEL", help=model)
    add_trust(parser)
    return parser


def plain_parser(command: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser that keeps the line breaks of its description."""
    formatter = argparse.RawDescriptionHelpFormatter
    prog = f"python -m ser_vae.{command}"
    return argparse.ArgumentParser(prog=prog, description=description, formatter_class=formatter)


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Add --trust, which allows classes outside ser_vae."""
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="CLASS",
        help="a class outside ser_vae that the model may use, such as your own model's",
    )


def exit_status(command: Callable[[], int]) -> int:
    """Do a command; print an error that the user can fix, and return the exit status."""
    try:
        return command()
    except (SerVaeError, OSError) as error:  # OSError: the output cannot be written
        print(f"error: {error}", file=sys.stderr)
        return 1
