"""What a fork server imports before it is forked for commands; see `forked`."""

import gc

import hydra  # noqa: F401
import lightning  # noqa: F401
import sklearn.svm  # noqa: F401
from hydra.core.plugins import Plugins

import ser_vae.pipeline
import ser_vae.result
import ser_vae.sweep  # noqa: F401

Plugins.instance()
gc.freeze()  # children need not look through it, and so copy it
