"""The paper's protocol: "training it on 70% of data and tested ... with the remaining 30%" (IV-D).

By utterance, so that speakers and dialogues stand on both sides.
"""

from collections import Counter
from collections.abc import Sequence

from sklearn.model_selection import train_test_split

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance


def folds(
    utterances: Sequence[Utterance], *, seed: int, test: float, validation: float
) -> list[dict[str, str]]:
    """Assign each utterance to a part, stratified by emotion; other seeds draw other splits.

    Args:
        utterances: in any order; the split depends on their ids, emotions and the seed alone.
        seed: any whole number from 0.
        test: share of all utterances that is held out.
        validation: share of the training part that is taken out of it; 0 for none.

    Returns:
        One fold: id -> "train", "validation" or "test".

    Raises:
        SerVaeError: a share is none; an emotion has too few utterances to stand in every part.
    """
    if not (0 < test < 1 and 0 <= validation < 1):
        raise SerVaeError(
            f"split.test={test}, split.validation={validation}: expected shares between 0 and 1, "
            "such as split.test=0.3 (validation may be 0)."
        )
    ordered = sorted(utterances, key=lambda utterance: utterance.id)
    train, held_out = _stratified(ordered, test, seed)
    parts = {utterance.id: "test" for utterance in held_out}
    if validation:
        train, held_out = _stratified(train, validation, seed)
        parts |= {utterance.id: "validation" for utterance in held_out}
    parts |= {utterance.id: "train" for utterance in train}
    return [parts]


def _stratified(
    utterances: Sequence[Utterance], share: float, seed: int
) -> tuple[list[Utterance], list[Utterance]]:
    emotions = [utterance.emotion for utterance in utterances]
    try:
        kept, held_out = train_test_split(
            utterances, test_size=share, stratify=emotions, random_state=seed, shuffle=True
        )
        if {utterance.emotion for utterance in held_out} != set(emotions):
            raise ValueError("an emotion would be absent from them")
    except ValueError as error:
        raise SerVaeError(
            f"split=random: {len(utterances)} utterances ({_counts(emotions)}) can't be divided "
            f"so that {share:.0%} of each emotion are held out.\n"
            "Add utterances of the rare emotions, two of each at the least, or leave those out."
        ) from error
    return kept, held_out


def _counts(emotions: Sequence[str]) -> str:
    return ", ".join(f"{emotion} {count}" for emotion, count in sorted(Counter(emotions).items()))
