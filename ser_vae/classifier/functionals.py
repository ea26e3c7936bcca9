"""Sequence of latents -> functionals over time -> emotion, by a support vector machine."""

from ser_vae.baseline.utterance_svm import UtteranceSVM


class FunctionalsClassifier(UtteranceSVM):
    """Takes the place of the LSTM: `UtteranceSVM` with latents for frames.

    It uses no order of the segments beyond what the functionals describe. Of the arguments of
    `UtteranceSVM` it gets `functionals` over the latents, `svm` and the sizes.
    """
