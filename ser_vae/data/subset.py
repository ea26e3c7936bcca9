"""The paper's three subsets: improvised, scripted, complete (IV-A)."""

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Corpus, Style, Utterance


def select(corpus: Corpus, style: Style | None) -> list[Utterance]:
    """Return the utterances of one style, or of the whole corpus if `style` is None.

    Raises:
        SerVaeError: the corpus does not distinguish improvised from scripted speech, or an
            emotion would have no utterance.
    """
    if style and not any(utterance.style for utterance in corpus.utterances):
        raise SerVaeError(
            f"data={style}: corpus {corpus.name} does not distinguish improvised from scripted "
            "speech.\nUse data=complete."
        )
    selected = [u for u in corpus.utterances if style in (None, u.style)]
    absent = sorted(set(corpus.emotions) - {utterance.emotion for utterance in selected})
    if absent:
        raise SerVaeError(
            f"corpus {corpus.name}, data={style or 'complete'}: no utterance of "
            f"{', '.join(absent)} among {len(selected)}.\n"
            "`python -m ser_vae.check corpus=…` shows what there is."
        )
    return selected
