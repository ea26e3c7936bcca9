"""The linear control: principal components of the segments in place of an encoder."""

import torch
from sklearn import decomposition
from torch import Tensor, nn

from ser_vae import SerVaeError
from ser_vae.data.segment import Segments


class PCA(nn.Module):
    """D -> the Z directions in which the training part's segments vary most.

    What an autoencoder of one linear layer would find, but for a rotation: components are not
    scaled to a variance of 1. There is nothing to pretrain by gradient: `fit` finds them.
    """

    level = "segment"
    conditional = False
    quantities = ()
    mean: Tensor
    components: Tensor

    def __init__(self, *, input_size: int, num_classes: int, latent: int) -> None:  # noqa: ARG002
        super().__init__()
        if type(latent) is not int or latent < 1:
            raise SerVaeError(f"model.latent={latent}: expected a whole number from 1.")
        if latent > input_size:
            raise SerVaeError(
                f"model.latent={latent}: a segment of {input_size} values has no more components"
            )
        self.latent_size = latent
        self.register_buffer("mean", torch.zeros(input_size))
        self.register_buffer("components", torch.zeros(latent, input_size))  # fitted: unit length

    def fit(self, segments: Segments) -> None:
        """Find the components of all of `segments`, those of the training part.

        By the covariance, in single precision: exact for any number of segments, which are held
        in memory once.

        Raises:
            SerVaeError: there are fewer segments than components.
        """
        if len(segments) < self.latent_size:
            raise SerVaeError(
                f"model=pca: {len(segments)} segments in the training part, expected "
                f"model.latent={self.latent_size} or more.\nGive more speech or a smaller latent."
            )
        found = decomposition.PCA(self.latent_size, svd_solver="covariance_eigh")
        found.fit(segments[torch.arange(len(segments))].numpy())
        self.mean.copy_(torch.from_numpy(found.mean_))
        self.components.copy_(torch.from_numpy(found.components_))

    def feature(
        self,
        x: Tensor,
        c: Tensor,  # noqa: ARG002
        *,
        sample: bool,
        generator: torch.Generator | None = None,  # noqa: ARG002
    ) -> Tensor:
        """The components of segments: x (B, D) -> (B, Z).

        Raises:
            SerVaeError: not fitted yet; or `sample` is asked for, which has no distribution.
        """
        if sample:
            raise SerVaeError("training.latent=sample: a PCA has no posterior; use latent=mu")
        if not self.components.any():
            raise SerVaeError(
                "model=pca: the components are not found yet.\nLeave training.pretrained at auto, "
                "or give a pretrained.ckpt of model=pca."
            )
        return (x - self.mean) @ self.components.T
