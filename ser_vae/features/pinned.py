"""Settings of a front end that uses files of its own -> settings that identify these files.

A run's address, its feature store and its saved model hold the settings of the front end. These
name files, which can change; their content is added, so that changed files are another front end.
"""

from ser_vae.features.checkpoint import checkpoint_digest, commit_of, find_checkpoint
from ser_vae.settings import Component, SSLFeatures


def pin(features: Component) -> Component:
    """Fill in what identifies the files of a front end; settings that are given stay.

    Raises:
        SerVaeError: there are no such files.
    """
    if isinstance(features, SSLFeatures):
        folder = find_checkpoint(features.checkpoint, features.revision)
        digest = features.digest or checkpoint_digest(folder)
        revision = commit_of(folder) or features.revision
        return features.model_copy(update={"revision": revision, "digest": digest})
    return features
