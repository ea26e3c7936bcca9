"""Add to the settings of a front end what identifies the files that it uses.

A run's address, its feature store and its saved model hold the settings of the front end. These
name files, which can change; their content is added, so that changed files are another front end.
"""

import hashlib
from collections.abc import Sequence

from ser_vae.corpus.utterance import Utterance
from ser_vae.features.checkpoint import checkpoint_digest, commit_of, find_checkpoint
from ser_vae.features.digest import Digests
from ser_vae.features.imported import count_columns, find_frames
from ser_vae.settings import Component, ImportedFeatures, JoinedFeatures, SSLFeatures


def pin(features: Component, utterances: Sequence[Utterance], digests: Digests) -> Component:
    """Fill in the digests of the files of a front end; given ones are kept and checked later.

    Raises:
        SerVaeError: there are no such files.
    """
    if isinstance(features, SSLFeatures):
        folder = find_checkpoint(features.checkpoint, features.revision)
        digest = features.digest or checkpoint_digest(folder)
        revision = commit_of(folder) or features.revision
        return features.model_copy(update={"revision": revision, "digest": digest})
    if isinstance(features, JoinedFeatures):
        members = {
            name: pin(member, utterances, digests) for name, member in features.members.items()
        }
        return features.model_copy(update={"members": members})
    if isinstance(features, ImportedFeatures):
        files = find_frames(features.root, utterances)
        digests.learn(set(files.values()))
        lines = [f"{name} {digests.of(path)}" for name, path in sorted(files.items())]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        name, path = next(iter(files.items()))
        columns = features.columns or count_columns(path, name)
        return features.model_copy(update={"columns": columns, "digest": digest})
    return features
