"""What a run says of itself beside its scores; a run older than one of these does not have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ser_vae.evaluation.predictions import Predictions


@dataclass(frozen=True)
class Audit:
    """What the split shares.

    Attributes:
        lookup: wa and ua of knowing the speaker alone.
        lookup_counts: emotion -> how many that has right, of how many; None in runs of before.
    """

    verdict: str
    sentence: str
    adjacent_turns: int | None
    duplicates: int
    lookup: Mapping[str, float]
    lookup_counts: Mapping[str, tuple[int, int]] | None = None


@dataclass(frozen=True)
class Share:
    """A share of utterances with its 95 % interval, and what chance alone gives."""

    share: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True)
class LeakPanel:
    """What becomes of a label that is given to the encoder.

    Attributes:
        follows: how often the output is the random label that was given.
        in_z: how often a linear probe reads the random label out of an utterance's mean z.
        permuted: null_ua, oracle_ua and chance of a classifier trained on permuted labels; low, the
            lower end of the interval of oracle minus null, of which runs of before say nothing.
    """

    follows: Share
    in_z: Share
    permuted: Mapping[str, float]


@dataclass(frozen=True)
class Health:
    """Of a model that reconstructs; None for what it has not: an AE has no KL."""

    relative_error: float
    kl: float | None
    active_units: int | None
    latent: int
    log_likelihood: float | None
    mutual_information: float | None
    collapsed: bool
    sentence: str


@dataclass(frozen=True)
class Probe:
    """How well a linear probe reads something out of a representation."""

    score: float
    chance: float


@dataclass(frozen=True)
class Policy:
    """One label policy: what was said under it, and how far the probabilities can be believed.

    Attributes:
        calibration: nll, nats an utterance, and ece, 0 to 1.
        leaks: the true label was given to the encoder.
    """

    predictions: Predictions
    calibration: Mapping[str, float]
    leaks: bool


@dataclass(frozen=True)
class Findings:
    """Of one run folder: of one seed, and of one fold where there are several.

    Attributes:
        folder: relative to the folder that is reported on.
        fold: None where there are no folds.
        utterances: of the test part.
        probes: latents | logmel -> emotion | speaker | sex -> the probe, None where it can't be.
        predictions: None where predictions.csv is not there.
        lost: files that a run writes and that are not there.
    """

    folder: str
    fold: int | None
    utterances: int
    audit: Audit | None
    leak_panel: LeakPanel | None
    health: Health | None
    probes: Mapping[str, Mapping[str, Probe | None]]
    predictions: Predictions | None
    policies: Mapping[str, Policy]
    lost: tuple[str, ...]


def audit_of(found: Mapping[str, Any]) -> Audit:
    turns, lookup = found["adjacent_turns"], found["speaker_lookup"]
    counts = found.get("speaker_lookup_counts")
    return Audit(
        str(found["verdict"]),
        str(found["sentence"]),
        None if turns is None else int(turns),
        int(found["duplicates"]),
        {name: float(lookup[name]) for name in ("ua", "wa")},
        counts and {str(name): (int(right), int(of)) for name, (right, of) in counts.items()},
    )


def leak_panel_of(found: Mapping[str, Any]) -> LeakPanel:
    follows, in_z = (
        Share(*(float(found[name][key]) for key in ("share", "low", "high", "chance")))
        for name in ("follows_random_label", "random_label_in_z")
    )
    permuted = found["permuted_labels"]
    known = [key for key in ("null_ua", "oracle_ua", "chance", "low") if key in permuted]
    return LeakPanel(follows, in_z, {key: float(permuted[key]) for key in known})


def health_of(found: Mapping[str, Any]) -> Health:
    return Health(**{name: found[name] for name in Health.__dataclass_fields__})


def probes_of(found: Mapping[str, Any]) -> dict[str, dict[str, Probe | None]]:
    return {
        source: {
            what: None if probe is None else Probe(float(probe["score"]), float(probe["chance"]))
            for what, probe in found[source].items()
        }
        for source in ("latents", "logmel")
    }
