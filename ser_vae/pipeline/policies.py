"""One trained CVAE under every label policy, side by side (III-A.1; see `training.encode`)."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.loggers import Logger
from scipy.special import log_softmax, softmax
from torch import Tensor

from ser_vae.data.material import Material
from ser_vae.pipeline.classify import Probabilities, Say, classifier_of, device_of
from ser_vae.training.encode import Marginal, Policy, encode, lower_bounds, policy_of, told, untold
from ser_vae.training.seeding import seed_for

Config = Mapping[str, Any]

DRAWS = 4  # samples of z for each label's lower bound


@dataclass
class Recognisers:
    """The classifiers of a run, each trained once and used by all the policies that share it.

    Attributes:
        config: of the run.
        models: the representation under each way to pretrain it, see `training.encode.Policy`.
        material: of the run.
        folder: where the classifiers are kept until the run is finished.
        loggers: for the curves of the headline's classifier alone.
    """

    config: Config
    models: Mapping[str, Any]
    material: Material
    folder: Path
    loggers: Sequence[Logger]
    trained: dict[str, Say] = field(default_factory=dict)
    found: dict[Policy, Probabilities] = field(default_factory=dict)

    def probabilities(self, policy: Policy) -> Probabilities:
        """Of the test part under a policy: (U of test, K)."""
        if policy not in self.found:
            self.found[policy] = self._probabilities(policy)
        return self.found[policy]

    def _probabilities(self, policy: Policy) -> Probabilities:
        if policy.test == "bound":
            return normalised(self.bounds)
        say = self.say(policy)
        if policy.test == "candidate":
            return normalised(self.judged(say))
        return say(self.told_in_test(policy))

    def say(self, policy: Policy) -> Say:
        name = named(policy)
        if name not in self.trained:
            same = name == named(policy_of(self.config["label_policy"]))
            self.trained[name] = classifier_of(
                self.config,
                self.encoder(policy),
                self.material,
                self.told_in_training(policy),
                self.folder / name,
                self.loggers if same else (),
            )
        return self.trained[name]

    def keep_headline(self, folder: Path) -> None:
        """Copy the headline's network and curves to the run's own folder, where it has any."""
        own = self.folder / named(policy_of(self.config["label_policy"]))
        if policy_of(self.config["label_policy"]).test != "bound" and own.exists():
            for name in ("classifier.ckpt", "classify.csv"):
                shutil.copyfile(own / name, folder / name)

    def encoder(self, policy: Policy) -> Any:
        model = self.models[policy.pretraining]
        return Marginal(model, self.classes) if policy.train == "every" else model

    def told_in_training(self, policy: Policy) -> Tensor:
        """(U, K); truth is told of the training part alone."""
        known = untold(len(self.material.label), self.classes)
        if policy.train == "truth":
            learnt = self.material.mask("train")
            known[learnt] = told(self.material.label[learnt], self.classes)
        return known

    def told_in_test(self, policy: Policy) -> Tensor:
        """(U, K); the one place where a test label is read, under `oracle`."""
        if policy.test == "random":
            return told(self.random_label(), self.classes)
        known, test = untold(len(self.material.label), self.classes), self.material.mask("test")
        if policy.test == "truth":
            known[test] = told(self.material.label[test], self.classes)
        if policy.test == "guess":
            first = torch.from_numpy(self.probabilities(policy_of("null")).argmax(axis=1))
            known[test] = told(first, self.classes)
        return known

    def random_label(self) -> Tensor:
        """(U,) drawn alike for all labels, from the run's seed."""
        generator = torch.Generator().manual_seed(seed_for(self.config["seed"], "random label"))
        return torch.randint(self.classes, (len(self.material.label),), generator=generator)

    @cached_property
    def bounds(self) -> Probabilities:
        """The lower bound of each test utterance under each label: (U of test, K), in nats."""
        return (
            lower_bounds(
                self.models["told"],
                self.material.segments_of("test"),
                classes=self.classes,
                draws=DRAWS,
                seed=seed_for(self.config["seed"], "lower bound"),
                device=device_of(self.config),
            )
            .numpy()
            .astype(np.float64)
        )

    def judged(self, say: Say) -> Probabilities:
        """log-softmax of the bound per segment + log p(y = c | z_c) of each label: (U of test, K).

        z_c are the latents of an encoder that is told c.
        """
        segments = self.material.segments_of("test").count.numpy()[:, None]
        believed = np.stack([say(self.all_told(c))[:, c] for c in range(self.classes)], axis=1)
        tiny = np.finfo(np.float64).tiny
        log_odds: Probabilities = log_softmax(self.bounds / segments, axis=1)
        log_odds += np.log(np.maximum(believed, tiny))
        return log_odds

    def all_told(self, label: int) -> Tensor:
        return told(torch.full((len(self.material.label),), label), self.classes)

    def on_labels(self, label: Tensor) -> "Recognisers":
        """The same representation under other labels of the classifier's, such as permuted ones."""
        material = replace(self.material, label=label)
        return Recognisers(self.config, self.models, material, self.folder / "permuted", ())

    @property
    def headline_model(self) -> Any:
        return self.models[policy_of(self.config["label_policy"]).pretraining]

    def of_headline(self, name: str) -> Policy:
        """A policy behind the headline's encoder, however that was pretrained."""
        headline = policy_of(self.config["label_policy"])
        return policy_of(name)._replace(pretraining=headline.pretraining)

    def utterance_means(self, model: Any, known: Tensor) -> npt.NDArray[np.float64]:
        """The mean of mu over each utterance's segments: told (U, K) -> (U, Z)."""
        material = self.material
        device = device_of(self.config)
        z = encode(model, material.segments, known, sample=False, seed=0, device=device)
        return material.segments.mean_of_each(z).double().numpy()

    @cached_property
    def untold_means(self) -> npt.NDArray[np.float64]:
        """Of every utterance, the encoder told no label: (U, Z)."""
        known = untold(len(self.material.utterances), self.classes)
        return self.utterance_means(self.headline_model, known)

    @property
    def classes(self) -> int:
        return len(self.material.emotions)


def named(policy: Policy) -> str:
    """The classifier of a policy; several may share it."""
    return f"{policy.pretraining}-{policy.train}"


def normalised(log_odds: Probabilities) -> Probabilities:
    """(U, K), up to a constant of each row -> probabilities."""
    probabilities: Probabilities = softmax(log_odds, axis=1)
    return probabilities
