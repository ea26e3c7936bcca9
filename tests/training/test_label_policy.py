"""What stands in for the label, with a representation and classifiers that are arithmetic."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from ser_vae.data.segment import Segments
from ser_vae.training.label_policy import POLICIES, Trained, given_label, random_labels

K, U = 3, 4
COUNT = torch.tensor([2, 1, 3, 2])
SEGMENTS = Segments(torch.zeros(8, 2), torch.arange(8), COUNT, length=1)
SPEAKERS = ["a", "b", "a", "b"]


@dataclass
class Recorder:
    """A classifier that is sure of one class, and keeps the conditions that it was given."""

    guess: Tensor
    conditions: list[Tensor]

    def probabilities(self, segments: Segments, condition: Tensor, speakers: list[str]):
        assert segments is SEGMENTS
        assert speakers == SPEAKERS
        self.conditions.append(condition)
        return (0.1 / (K - 1) + 0.85 * torch.eye(K)[self.guess]).double().numpy()


class Bounds(torch.nn.Module):
    """Lower bounds of -(2 + label) per segment, for any noise."""

    def loss(self, x: Tensor, c: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        assert generator is not None
        kl = c.argmax(dim=1).float()
        return {"squared_error": torch.full((len(x),), 2.0), "kl": kl}


@pytest.fixture
def trained() -> Trained:
    first, second = torch.tensor([2, 0, 1, 2]), torch.tensor([1, 1, 0, 2])
    classifiers = {"none": Recorder(first, []), "every": Recorder(first, [])}
    classifiers["label"] = Recorder(second, [])
    return Trained(Bounds(), classifiers, SEGMENTS, SPEAKERS, K, 0, torch.device("cpu"))


def conditions(trained: Trained, policy: str) -> list[Tensor]:
    """What the main classifier of a policy was given."""
    POLICIES[policy].probabilities(trained)
    return trained.classifiers[POLICIES[policy].condition].conditions


UNIFORM = torch.full((U, K), 1 / K)


@pytest.mark.parametrize("policy", ["null", "dropout", "marginal"])
def test_no_label_is_given(trained, policy):
    assert torch.equal(conditions(trained, policy)[0], UNIFORM)


def test_the_first_prediction_becomes_the_label(trained):
    assert torch.equal(conditions(trained, "predicted")[0], torch.eye(K)[[2, 0, 1, 2]])


def test_given_labels_are_one_hot(trained):
    given_label(trained, torch.tensor([0, 1, 2, 0]))
    assert torch.equal(trained.classifiers["label"].conditions[0], torch.eye(K)[[0, 1, 2, 0]])


def test_random_labels_follow_from_the_seed(trained):
    labels = random_labels(U, K, 0)
    assert torch.equal(conditions(trained, "random")[0], torch.eye(K)[labels])
    assert random_labels(1000, K, 0).bincount().min() > 280
    assert not torch.equal(random_labels(1000, K, 0), random_labels(1000, K, 1))


def test_the_lower_bound_is_summed_over_an_utterance(trained):
    expected = torch.softmax(-(COUNT[:, None].double() * torch.arange(K)), dim=1)
    np.testing.assert_allclose(POLICIES["elbo"].probabilities(trained), expected, atol=1e-6)


def test_bound_and_classifier_are_added_up_per_label(trained):
    result = POLICIES["elbo+lstm"].probabilities(trained)
    per_segment = torch.log_softmax(-torch.arange(K).double(), dim=0)
    confidence = torch.full((U, K), 0.05).double() + 0.85 * torch.eye(K)[[1, 1, 0, 2]]
    np.testing.assert_allclose(result, torch.softmax(per_segment + confidence.log(), dim=1))
    tried = trained.classifiers["label"].conditions
    for label, condition in enumerate(tried):
        assert torch.equal(condition, torch.eye(K)[label].expand(U, K))


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_names_the_classifiers_that_it_uses(trained, name):
    POLICIES[name].probabilities(trained)
    used = {condition for condition, each in trained.classifiers.items() if each.conditions}
    assert used == set(POLICIES[name].classifiers)
