"""What the complete release of IEMOCAP holds, to compare a copy with."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

UTTERANCES = {  # code: improvised, scripted
    "ang": (289, 814),
    "dis": (1, 1),
    "exc": (663, 378),
    "fea": (8, 32),
    "fru": (971, 878),
    "hap": (284, 311),
    "neu": (1099, 609),
    "oth": (1, 2),
    "sad": (608, 476),
    "sur": (60, 47),
    "xxx": (800, 1707),
}
CODES = tuple(UTTERANCES)
HOURS = 12.44  # of all utterances, whatever their code

# Every session has every scene twice, the markers on one actor, then on the other; but:
SCENES = (
    *(f"impro{scene:02}" for scene in range(1, 9)),
    *(f"script{scene}" for scene in ("01_1", "01_2", "01_3", "02_1", "02_2", "03_1", "03_2")),
)
NOT_RECORDED = {"Ses01F_impro08", "Ses01M_impro08", "Ses03M_impro05", "Ses03M_impro08"}
ADDITIONAL = {
    "Ses03M_impro05a",
    "Ses03M_impro05b",
    "Ses03M_impro08a",
    "Ses03M_impro08b",
    "Ses05M_script01_1b",
}


def dialogues() -> set[str]:
    """The names of all 151 dialogues."""
    regular = {
        f"Ses0{n}{wearer}_{scene}" for n, wearer, scene in product(range(1, 6), "FM", SCENES)
    }
    return regular - NOT_RECORDED | ADDITIONAL


def missing_dialogues(found: Iterable[str | None]) -> tuple[str, ...]:
    """Nothing, or the sentence that counts and names the dialogues of which nothing was found."""
    missing = sorted(dialogues().difference(found))
    if not missing:
        return ()
    return (f"{len(missing)} of {len(dialogues())} dialogues are missing: {', '.join(missing)}",)


def expected_counts(emotions: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Counts for `ser_vae.check`, for the classes asked for."""
    classes = {
        emotion: {
            style: sum(UTTERANCES[code][place] for code in codes)
            for place, style in enumerate(("improvised", "scripted"))
        }
        for emotion, codes in emotions.items()
    }
    inside = sum(sum(counts.values()) for counts in classes.values())
    return {
        "classes": classes,
        "others": sum(map(sum, UTTERANCES.values())) - inside,
        "hours": HOURS,
        "speakers": 10,
        "sample_rate_hz": 16_000,
        "channels": 1,
    }
