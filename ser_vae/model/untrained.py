"""The control of all pretraining: a VAE's encoder as initialised."""

from ser_vae.model.vae import VAE


class Untrained(VAE):
    """The VAE that the same seed would begin to pretrain, left as it is; the classifier gets mu."""

    quantities = ()  # type: ignore[assignment]  # nothing is minimised
