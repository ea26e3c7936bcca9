"""One of a crowd at work on a feature store: python -m crowd_member CORPUS STORE."""

import sys
from pathlib import Path

from ser_vae.configuration import build
from ser_vae.corpus.folder import read
from ser_vae.features.store import FeatureStore
from ser_vae.run import configure

corpus, folder = map(Path, sys.argv[1:])
store = FeatureStore(folder, build(configure()["features"]), jobs=2)
print(store.compute(read(corpus, "list.csv", "folder").utterances))
