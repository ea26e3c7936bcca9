"""Sequence of latents -> functionals over time -> emotion, by a support vector machine."""

from ser_vae.baseline.utterance_svm import UtteranceSVM


class FunctionalsClassifier(UtteranceSVM):
    """Takes the place of the LSTM: `UtteranceSVM` with latents in place of frames.

    The order of the segments matters only through the functionals. It is built with `functionals`
    (over the latents), `svm` and the sizes.
    """
