"""What the complete release of IEMOCAP holds, to compare a copy with."""

from itertools import product

# Utterances of each label code.
IMPROVISED_AND_SCRIPTED = {
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
RELEASED = {
    code: {"improvised": improvised, "scripted": scripted}
    for code, (improvised, scripted) in IMPROVISED_AND_SCRIPTED.items()
}
HOURS = 12.44  # of all utterances, whatever their code

# Every session has every scene twice, first with the markers on one actor, then on the other, with
# these exceptions.
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
    """Return the names of all 151 dialogues."""
    regular = {
        f"Ses0{n}{wearer}_{scene}" for n, wearer, scene in product(range(1, 6), "FM", SCENES)
    }
    return regular - NOT_RECORDED | ADDITIONAL
