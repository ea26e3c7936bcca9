"""Training of the utterance VAE on labelled and unlabelled utterances."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fit_stage import fit_stage
from torch import Tensor

from ser_vae.data.batch import Pick
from ser_vae.model.utterance_vae import Member
from ser_vae.training.history import read_curves
from ser_vae.training.classify import ClassifyUtterances, UtteranceSet

E, K = 6, 3
ADAM = {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8}
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


class Network(Member):
    """A single member as a model."""

    quantities = ("loss", "cross_entropy", "accuracy", "squared_error", "kl")

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(x)


def network(**settings: Any) -> Network:
    torch.manual_seed(0)
    return Network(**{**NETWORK, **settings})


def utterances(*, labelled: int = 60, unlabelled: int = 30, shift: float = 0.0) -> UtteranceSet:
    """Vectors around a corner per class; unlabelled ones are shifted by `shift`."""
    rng = np.random.default_rng(1)
    label = np.arange(labelled + unlabelled) % K
    vectors = 2 * np.eye(K, E)[label] + rng.normal(0, 0.3, (len(label), E))
    vectors[labelled:] += shift
    label[labelled:] = -1
    return UtteranceSet(vectors, torch.tensor(label))


def train(model: Network, data: UtteranceSet, folder: Path, *, epochs: int = 15) -> Network:
    model = copy.deepcopy(model)
    fit_stage(
        ClassifyUtterances(model, 3, ADAM),
        data,
        utterances(labelled=30, unlabelled=0),
        folder=folder,
        epochs=epochs,
        batch_size=18,
    )
    return model.eval()


def test_a_weighted_mean_over_all_is_the_mean_over_the_labelled():
    data = utterances(labelled=20, unlabelled=15)
    quantity = torch.arange(35.0)
    assert float((data.weight * quantity).mean()) == pytest.approx(float(quantity[:20].mean()))
    assert not data.weight[20:].any()


def test_a_batch_holds_the_picked_utterances():
    data = utterances()
    batch = data[Pick(torch.tensor([70, 2]), 0.5)]
    torch.testing.assert_close(batch.x, data.values[[70, 2]])
    assert batch.label.tolist() == [-1, 2]
    assert batch.weight.tolist() == [0.0, 1.5]
    assert batch.share == 0.5


def test_it_learns_the_emotion_and_logs_curves_of_the_labelled(tmp_path: Path):
    data = utterances()
    guess = train(network(), data, tmp_path)(data.values[:60]).argmax(dim=1)
    assert (guess == data.label[:60]).float().mean() > 0.95
    curves = read_curves(tmp_path / "classify.csv")
    assert [row["epoch"] for row in curves] == list(range(15))
    assert 0.7 < curves[-1]["classify/train/accuracy"] < 1.001  # of a sample of z
    assert 0.7 < curves[-1]["classify/validation/accuracy"] < 1.001
    assert curves[-1]["classify/train/loss"] < curves[0]["classify/train/loss"]


@pytest.mark.parametrize(("elbo_weight", "changes"), [(1.0, True), (0.0, False)])
def test_unlabelled_utterances_train_the_encoder_by_the_bound_only(
    tmp_path: Path, elbo_weight: float, changes: bool
):
    initial = network(elbo_weight=elbo_weight)
    near, far = (
        train(initial, utterances(shift=shift), tmp_path / f"{shift}", epochs=2)
        for shift in (0.0, 5.0)
    )
    assert torch.equal(near.to_mu.weight, far.to_mu.weight) is not changes


def test_untrained_the_encoder_stays_as_initialised(tmp_path: Path):
    initial = network(trained=False)
    trained = train(initial, utterances(), tmp_path, epochs=2)
    for name, value in trained.state_dict().items():
        assert torch.equal(value, initial.state_dict()[name]) is not name.startswith("head"), name
