"""Where a run keeps what it computes of waveforms."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser_vae.features.store import Extractor, FeatureStore


def feature_store(config: Mapping[str, Any], extractor: Extractor) -> FeatureStore:
    """The store of an extractor's frames, in the run's cache, computed by its `jobs` threads."""
    folder = Path(config["cache"]).expanduser() / "features"
    return FeatureStore(folder, extractor, config["jobs"] or os.cpu_count() or 1)
