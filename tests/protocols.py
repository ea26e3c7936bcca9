"""mypy checks here that the classes of the package satisfy its protocols. Nothing is run."""

from ser_vae.features.egemaps import EGeMAPS
from ser_vae.features.extractor import Extractor, Invertible
from ser_vae.features.imported import Imported
from ser_vae.features.joined import Joined
from ser_vae.features.logmel import LogMel
from ser_vae.features.logmel_lld import LogMelLLD
from ser_vae.features.ssl import SSL
from ser_vae.model.ae import AE
from ser_vae.model.cvae import CVAE
from ser_vae.model.pca import PCA
from ser_vae.model.representation import Decoder, Fitted, HasPosterior
from ser_vae.model.untrained import Untrained
from ser_vae.model.vae import VAE

EXTRACTORS: list[type[Extractor]] = [EGeMAPS, Imported, Joined, LogMel, LogMelLLD, SSL]
INVERTIBLE: list[type[Invertible]] = [LogMel, LogMelLLD]

WITH_POSTERIOR: list[type[HasPosterior]] = [VAE, CVAE, Untrained]
DECODERS: list[type[Decoder]] = [AE, VAE, CVAE, Untrained]
FITTED: list[type[Fitted]] = [PCA]
