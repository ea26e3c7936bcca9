"""Variational autoencoders for learning latent representations of speech emotion.

The stages, in the order in which data passes through them (the paper's Fig. 1); a stage imports
only from stages above it in this list:

    corpus       who said what, when, with which emotion
    features     waveform -> frames (log-mel, IV-B), kept in a store on disk
    split        which utterances train and which test (IV-D)
    data         frames -> segments of 100 ms -> batches
    baseline     whole utterances -> emotion: majority, speaker lookup, support vector machines
    model        segment -> latent: AE, VAE, CVAE (III-A, IV-C)
    classifier   sequence of latents -> emotion: LSTM (III-B, IV-C)
    training     the two Lightning stages, and the policies for the label of a conditional encoder
    evaluation   predictions -> numbers
    recogniser   the artefact: from an audio file to an emotion
    plots        arrays -> figures
    logger       where curves, summaries and figures go
    report       run folders -> tables, a page, figures

`settings` validates a configuration, `pipeline` joins the stages, `run` is the command,
`run_folder` says what a run leaves on disk, and `sweep` shows the state of many runs. `check`
inspects a corpus, `listen` makes a representation audible, and `dashboard` lays out a comparison on
Weights & Biases.

Shapes, everywhere in this package:

    B  items in a batch
    U  utterances
    T  frames of an utterance (log-mel: one every 10 ms)
    S  segments of an utterance, one every 100 ms
    N  segments of several utterances
    F  columns of a frame (log-mel: 80 bands)
    D  values of a segment (log-mel: 800 = 10 x 80)
    Z  latent dimensions: 128
    K  emotions: 4
"""

__version__ = "0.1.0"


class SerVaeError(Exception):
    """An error that the user can fix: its message says what, where, what was expected, a remedy."""
