"""Variational autoencoders for learning latent representations of speech emotion.

The stages, in the order in which data passes through them (the paper's Fig. 1); a stage imports
only from stages above it in this list:

    corpus       who said what, when, with which emotion
    features     waveform -> log-mel frames (IV-B), kept in a store on disk
    split        which utterances train and which test (IV-D)
    data         frames -> segments of 100 ms -> batches
    model        segment -> latent: AE, VAE, CVAE (III-A, IV-C)
    classifier   sequence of latents -> emotion: LSTM (III-B, IV-C)
    training     the two Lightning stages, and the policy by which a label may enter a latent
    evaluation   predictions -> numbers
    plots        arrays -> pictures
    logger       where curves, summaries and pictures go
    report       runs -> tables, a page, figures

`pipeline` joins them, `run` is the command, `sweep` watches many, `run_folder` says what a run
leaves on disk, `ranges` what a person may ask for, `mistakes` and `faults` what is said of the rest
and of what a machine does to a run; `check` looks at a corpus, `listen` at a trained
representation, and `dashboard` lays a comparison out on Weights & Biases.

Shapes, everywhere in this package:

    B  items in a batch
    T  frames of an utterance, one each 10 ms
    S  segments of an utterance, one each 100 ms
    F  mel bands of a frame: 80
    D  values of a segment: 800 = 10 x 80
    Z  latent dimensions: 128
    K  emotions: 4
"""

__version__ = "0.1.0"


class SerVaeError(Exception):
    """Something the user can mend: the message says what, where, what was expected, what to do."""
