"""The linear control: principal components of the segments in place of an encoder."""

import torch
from sklearn import decomposition
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.data.segment import Segments
from ser_vae.model.posterior import Noise
from ser_vae.model.representation import Representation


class PCA(Representation):
    """D -> the Z directions in which the segments of the training set vary most.

    A linear autoencoder would find the same subspace. Components are not scaled to a variance of 1.
    They are not learned by gradient: `fit` computes them.
    """

    mean: Tensor
    components: Tensor

    def __init__(self, *, input_size: int, num_classes: int, latent: int) -> None:
        super().__init__()
        self.latent_size = latent
        self.register_buffer("mean", torch.zeros(input_size))
        self.register_buffer("components", torch.zeros(latent, input_size))  # rows of unit length

    def fit(self, segments: Segments) -> None:
        """Compute the components of all segments of the training set.

        By the covariance, in single precision: exact for any number of segments, which are held
        in memory once.

        Raises:
            SerVaeError: there are fewer segments, or values in a segment, than components.
        """
        most = min(len(segments), len(self.mean))
        if self.latent_size > most:
            raise SerVaeError(
                f"model.latent={self.latent_size}: {len(segments)} segments of {len(self.mean)} "
                f"values in the training set have at most {most} principal components.\n"
                f"Use model.latent={most} or less, or more speech."
            )
        pca = decomposition.PCA(self.latent_size, svd_solver="covariance_eigh")
        pca.fit(segments[torch.arange(len(segments))].numpy())
        self.mean.copy_(torch.from_numpy(pca.mean_))
        self.components.copy_(torch.from_numpy(pca.components_))

    def feature(self, x: Tensor, c: Tensor, *, sample: bool, generator: Noise = None) -> Tensor:
        """Return the principal components of segments: x (B, D) -> (B, Z)."""
        return (x - self.mean) @ self.components.T
