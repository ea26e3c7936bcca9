"""Turn valid files into damaged ones.

Every choice is drawn from the given `Random`, so that a seed always gives the same file.
"""

import io
import zipfile
from collections.abc import Callable
from random import Random

HEADER = 64  # bytes; half of all damage is done here
MOST = 4_096  # bytes of a file that is entirely random

Change = Callable[[Random, bytes], bytes]

NUMBERS = [
    (value % 256**size).to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for order in ("little", "big")
    for value in (0, 1, -1, 2 ** (8 * size - 1), 2 ** (8 * size - 1) - 1, -4, 2 ** (4 * size))
]
WORDS = [
    *(
        b"",
        b"\0",
        b"\n",
        b"\r",
        b"\t",
        b",",
        b'"',
        b"'",
        b"[",
        b"]",
        b"{",
        b"}",
        b"../",
        b"&a",
        b"*a",
    ),
    *(b"nan", b"-inf", b"1e999", b"-1", b"1_0", b"9" * 400, b"null", b"true", b"NaN", b"Infinity"),
    *(b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xc2\x85", "٣".encode(), "🙂".encode()),
    *(b"&a ", b"*a", b"? ", b"- ", b": "),
    *(b"x" * 300, b"x" * 200_000, b"[" * 3_000, b"utterance", b"p_", b"!!python/name:os.system"),
]


def mutated(random: Random, valid: bytes) -> bytes:
    """Apply one to six random changes, mostly one; one file in twenty is entirely random."""
    if random.randrange(20) == 0:
        return random.randbytes(random.randrange(MOST))
    content = valid
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        content = random.choice(CHANGES)(random, content)
    return content


def place(random: Random, content: bytes) -> int:
    whole = len(content)
    return random.randrange(min(whole, HEADER) + 1 if random.randrange(2) else whole + 1)


def flip(random: Random, content: bytes) -> bytes:
    at = place(random, content)
    return content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]


def cut(random: Random, content: bytes) -> bytes:
    """Remove bytes from the middle or, as a killed writer does, from the end."""
    at, end = sorted((place(random, content), place(random, content)))
    return content[:at] if random.randrange(3) == 0 else content[:at] + content[end:]


def insert(random: Random, content: bytes) -> bytes:
    at = place(random, content)
    return content[:at] + random.choice(WORDS) + content[at:]


def duplicate(random: Random, content: bytes) -> bytes:
    at, end = sorted((place(random, content), place(random, content)))
    return content[:end] + content[at:]


def extreme(random: Random, content: bytes) -> bytes:
    """Overwrite bytes with an extreme number, as if it were a count or a size in a header."""
    at, number = place(random, content), random.choice(NUMBERS)
    return content[:at] + number + content[at + len(number) :]


CHANGES: list[Change] = [flip, cut, insert, duplicate, extreme]


def inside_archive(random: Random, valid: bytes) -> bytes:
    """Mutate the archive itself, or one file in it, with correct checksums in the new zip."""
    if random.randrange(3) == 0:
        return mutated(random, valid)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(valid)) as old, zipfile.ZipFile(made, "w") as new:
        names = old.namelist()
        weighted = [name for name in names for _ in range(5 if name.endswith("data.pkl") else 1)]
        chosen, fate = random.choice(weighted), random.randrange(10)
        for name in names:
            if name != chosen or fate > 1:  # fate 0: left out; fate 1: renamed
                content = old.read(name)
                content = mutated(random, content) if name == chosen else content
                new.writestr(zipfile.ZipInfo(name), content)  # the date is always the same
            elif fate:
                renamed = f"{name}{random.randrange(9)}"
                new.writestr(zipfile.ZipInfo(renamed), old.read(name))
    return made.getvalue()
