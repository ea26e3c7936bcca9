"""The paper's three subsets: improvised, scripted, complete (IV-A)."""

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Corpus, Style, Utterance


def select(corpus: Corpus, style: Style | None) -> list[Utterance]:
    """Return the utterances of one style, or of the whole corpus where `style` is None.

    Raises:
        SerVaeError: the corpus does not distinguish improvised from scripted speech, or an
            emotion is left without an utterance.
    """
    if style and not any(utterance.style for utterance in corpus.utterances):
        raise SerVaeError(
            f"data={style}: corpus {corpus.name} does not distinguish improvised from scripted "
            "speech.\nUse data=complete."
        )
    chosen = [u for u in corpus.utterances if style is None or u.style == style]
    absent = sorted(set(corpus.emotions) - {utterance.emotion for utterance in chosen})
    if absent:
        raise SerVaeError(
            f"corpus {corpus.name}, data={style or 'complete'}: no utterance of "
            f"{', '.join(absent)} among {len(chosen)}.\n"
            "`python -m ser_vae.check corpus=…` says what was found."
        )
    return chosen
