"""No representation: the classifier gets the segments themselves."""

from torch import Tensor

from ser_vae.model.posterior import Noise
from ser_vae.model.representation import Representation


class Identity(Representation):
    """Returns segments of D values unchanged, so that Z = D; there is nothing to pretrain."""

    def __init__(self, *, input_size: int, num_classes: int) -> None:
        super().__init__()
        self.latent_size = input_size

    def feature(self, x: Tensor, c: Tensor, *, sample: bool, generator: Noise = None) -> Tensor:
        """Return the segment: x (B, D) -> (B, D)."""
        return x
