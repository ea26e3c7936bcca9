"""Values as Hydra's override grammar reads them on a command line."""

import re
from collections.abc import Mapping
from typing import Any

RESERVED = ("null", "true", "false", "nan", "inf")


def quoted(value: Any) -> str:
    """Spell a value as Hydra's override grammar reads it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(quoted, value))}]"
    if isinstance(value, Mapping):
        pairs = (f"{escaped_key(key)}:{quoted(each)}" for key, each in value.items())
        return f"{{{','.join(pairs)}}}"
    text = str(value)
    if re.fullmatch(r"[A-Za-z_./][\w./+-]*", text, re.ASCII) and text.lower() not in RESERVED:
        return text
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)  # backslashes double only before a quote
    return "'" + re.sub(r"(\\+)$", r"\1\1", escaped) + "'"


def escaped_key(key: str) -> str:
    return re.sub(r"([\\()\[\]{}:=, \t])", r"\\\1", key)
