"""Baselines that classify an utterance as a whole, without segments; `estimator` is the interface.

Each is a class that a file of conf/model names as `_target_`, with its settings beside it. It is
built with these and with `input_size` (D), `num_classes` (K) and `columns` (F), all by name.
"""
