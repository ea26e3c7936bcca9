"""The paper's protocol: "training it on 70% of data and tested ... with the remaining 30%" (IV-D).

By utterance, so that training and test set share speakers and dialogues.
"""

from collections import Counter
from collections.abc import Sequence

from sklearn.model_selection import train_test_split

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance


def folds(
    utterances: Sequence[Utterance], *, seed: int, test: float, validation: float
) -> list[dict[str, str]]:
    """Assign each utterance to a set, stratified by emotion and drawn from the seed.

    Args:
        utterances: in any order; the split depends on their ids, emotions and the seed alone.
        seed: any whole number from 0.
        test: proportion of all utterances in the test set.
        validation: proportion of the remaining ones in the validation set; 0 for none.

    Returns:
        One fold: id -> "train", "validation" or "test".

    Raises:
        SerVaeError: an emotion has too few utterances for each set.
    """
    train, held_out = _stratified(sorted(utterances, key=lambda u: u.id), test, seed)
    fold = {utterance.id: "test" for utterance in held_out}
    if validation:
        train, held_out = _stratified(train, validation, seed)
        fold |= {utterance.id: "validation" for utterance in held_out}
    return [fold | {utterance.id: "train" for utterance in train}]


def _stratified(
    utterances: Sequence[Utterance], proportion: float, seed: int
) -> tuple[list[Utterance], list[Utterance]]:
    """Hold out a proportion of each emotion: the utterances that are kept, and those held out."""
    emotions = [utterance.emotion for utterance in utterances]
    try:
        kept, held_out = train_test_split(
            utterances, test_size=proportion, stratify=emotions, random_state=seed, shuffle=True
        )
        if {utterance.emotion for utterance in held_out} != set(emotions):
            raise ValueError("an emotion would be missing there")
    except ValueError as error:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(Counter(emotions).items()))
        raise SerVaeError(
            f"split=random: {len(utterances)} utterances ({counts}) cannot be split so that "
            f"{proportion:.0%} of each emotion are held out.\n"
            "Add utterances of the rare emotions, at least two of each, or leave those out."
        ) from error
    return kept, held_out
