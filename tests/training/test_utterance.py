"""Training of the utterance VAE on labelled and unlabelled utterances."""

import numpy as np
import pytest
import torch
from fit_stage import fit_stage

from ser_vae.data.sets import SegmentSet
from ser_vae.model.utterance_vae import Member
from ser_vae.training.history import read_curves
from ser_vae.training.pretrain import Pretrain, utterance_set

E, K = 6, 3
NETWORK = {
    "input_size": E,
    "num_classes": K,
    "hidden": [16],
    "latent": 4,
    "activation": "relu",
    "dropout": 0.2,
    "beta": 1.0,
    "elbo_weight": 1.0,
    "label_smoothing": 0.0,
    "trained": True,
}


def utterances(*, labelled: int = 60, unlabelled: int = 30) -> SegmentSet:
    """Vectors around a corner per class."""
    rng = np.random.default_rng(1)
    label = np.arange(labelled + unlabelled) % K
    vectors = 2 * np.eye(K, E)[label] + rng.normal(0, 0.3, (len(label), E))
    label[labelled:] = -1
    return utterance_set(vectors, torch.tensor(label), K)


def test_a_weighted_mean_over_all_is_the_mean_over_the_labelled():
    data = utterances(labelled=20, unlabelled=15)
    weight, quantity = data.condition.sum(dim=1), torch.arange(35.0)
    assert float((weight * quantity).mean()) == pytest.approx(float(quantity[:20].mean()))
    assert not weight[20:].any()
    assert data.condition[:20].argmax(dim=1).tolist() == [n % K for n in range(20)]


def test_it_learns_the_emotion_and_logs_curves_of_the_labelled(tmp_path):
    data, model = utterances(), Member(**NETWORK)
    stage = Pretrain(model, 3, name="classify")
    validation = utterances(labelled=30, unlabelled=0)
    fit_stage(stage, data, validation, folder=tmp_path, epochs=15, batch_size=18)
    guess = model.eval().logits(data.source[:60]).argmax(dim=1)
    assert (guess == torch.arange(60) % K).float().mean() > 0.95
    curves = read_curves(tmp_path / "classify.csv")
    assert 0.7 < curves[-1]["classify/train/accuracy"] < 1.001  # of a sample of z
    assert 0.7 < curves[-1]["classify/validation/accuracy"] < 1.001
    assert curves[-1]["classify/train/loss"] < curves[0]["classify/train/loss"]
