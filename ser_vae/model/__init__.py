"""Representations: segment -> latent; `representation` is the interface.

A representation is a class that a file of conf/model names as `_target_`, with its settings beside
it. It is built with these and with `input_size` (D) and `num_classes` (K), all by name. Its module
may be outside this package: docs/how-to/own-model.md shows the least that is needed.

`utterance_vae` is a network on whole utterances instead of segments, see `ser_vae.baseline`.
"""
