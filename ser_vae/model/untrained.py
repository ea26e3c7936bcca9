"""The control for pretraining: the encoder of a VAE as initialised."""

from ser_vae.model.vae import VAE


class Untrained(VAE):
    """The VAE from which the same seed would start pretraining; the classifier gets its mu."""

    quantities = ()
