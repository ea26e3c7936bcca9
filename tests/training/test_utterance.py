"""Rows with and without a label in one stage, and what each of them teaches."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ser_vae.data.batch import Pick
from ser_vae.model.utterance_vae import Member
from ser_vae.training.fit import fit
from ser_vae.training.history import read
from ser_vae.training.utterance import ClassifyUtterances, UtteranceSet, probabilities

E, K = 6, 3
ADAM = {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8}
TRAINER = {"accelerator": "cpu", "devices": 1, "strategy": "auto", "precision": "32-true"}


class Network(Member):
    """A member that stands alone, as a model."""

    quantities = ("loss", "cross_entropy", "accuracy", "squared_error", "kl")

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(x)


def network(**settings: Any) -> Network:
    torch.manual_seed(0)
    given = {
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
    return Network(**{**given, **settings})


def rows(*, labelled: int = 60, unlabelled: int = 30, shift: float = 0.0) -> UtteranceSet:
    """Around a corner for each class; what has no label lies beside them by `shift`."""
    rng = np.random.default_rng(1)
    label = np.arange(labelled + unlabelled) % K
    values = 2 * np.eye(K, E)[label] + rng.normal(0, 0.3, (len(label), E))
    values[labelled:] += shift
    label[labelled:] = -1
    return UtteranceSet(torch.tensor(values).float(), torch.tensor(label))


def learn(model: Network, train: UtteranceSet, folder: Path, *, epochs: int = 15) -> Network:
    model = copy.deepcopy(model)
    fit(
        ClassifyUtterances(model, 3, ADAM),
        train,
        rows(labelled=30, unlabelled=0),
        folder=folder,
        epochs=epochs,
        batch_size=18,
        gradient_clip=None,
        trainer=TRAINER,
        loggers=(),
        compiled=False,
        progress=False,
    )
    return model


def test_a_weighted_mean_over_all_is_the_mean_over_the_labelled():
    given = rows(labelled=20, unlabelled=15)
    quantity = torch.arange(35.0)
    assert float((given.weight * quantity).mean()) == pytest.approx(float(quantity[:20].mean()))
    assert not given.weight[20:].any()


def test_a_batch_holds_the_rows_that_were_picked():
    given = rows()
    batch = given[Pick(torch.tensor([70, 2]), 0.5)]
    torch.testing.assert_close(batch.x, given.values[[70, 2]])
    assert batch.label.tolist() == [-1, 2]
    assert batch.weight.tolist() == [0.0, 1.5]
    assert batch.share == 0.5


def test_it_learns_the_emotion_and_its_curves_are_of_the_labelled(tmp_path: Path):
    learnt, given = learn(network(), rows(), tmp_path), rows()
    said = probabilities(learnt, given.values[:60])
    assert (said.argmax(1) == given.label[:60].numpy()).mean() > 0.95
    np.testing.assert_allclose(said.sum(1), 1)
    curves = read(tmp_path / "classify.csv")
    assert [row["epoch"] for row in curves] == list(range(15))
    assert 0.7 < curves[-1]["classify/train/accuracy"] < 1.001  # of a sample of z
    assert 0.7 < curves[-1]["classify/validation/accuracy"] < 1.001
    assert curves[-1]["classify/train/loss"] < curves[0]["classify/train/loss"]


def test_speech_without_a_label_teaches_the_bound_alone(tmp_path: Path):
    """Elsewhere lying, it changes the encoder; where the bound has no weight, nothing."""
    for weight, changes in ((1.0, True), (0.0, False)):
        first = network(elbo_weight=weight)
        own, other = (
            learn(first, rows(shift=shift), tmp_path / f"{weight}-{shift}", epochs=2)
            for shift in (0.0, 1.0)
        )
        assert torch.equal(own.to_mu.weight, other.to_mu.weight) is not changes


def test_untrained_the_encoder_stays_as_initialised(tmp_path: Path):
    first = network(trained=False)
    learnt = learn(first, rows(), tmp_path, epochs=2)
    for name, value in learnt.state_dict().items():
        assert torch.equal(value, first.state_dict()[name]) is not name.startswith("head"), name


def test_interrupted_it_ends_like_the_whole_one(tmp_path: Path):
    learn(network(), rows(), tmp_path / "parts", epochs=2)
    resumed = learn(network(), rows(), tmp_path / "parts", epochs=4)
    whole = learn(network(), rows(), tmp_path / "whole", epochs=4)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    curves = [(tmp_path / name / "classify.csv").read_bytes() for name in ("parts", "whole")]
    assert curves[0] == curves[1]
