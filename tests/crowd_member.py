"""One of several processes on a feature store: python -m crowd_member CORPUS STORE SETTINGS."""

import json
import sys
from pathlib import Path

from ser_vae.corpus.folder import read
from ser_vae.features.store import FeatureStore
from ser_vae.settings import build

corpus, folder, settings = sys.argv[1:]
store = FeatureStore(Path(folder), build(json.loads(settings)), jobs=2)
print(store.compute(read(corpus, "list.csv", "folder").utterances))
