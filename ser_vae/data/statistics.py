"""What a recogniser that looks at an utterance as a whole may know: no label of the test part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ser_vae.corpus.folder import UNKNOWN_SPEAKER
from ser_vae.data.material import Material
from ser_vae.features.normalise import Policy, standardise

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Statistics:
    """U utterances of all parts, as in `Material`, with the labels of the training part alone.

    Attributes:
        frames: (T, F) of each, standardised.
        whole: (U, E), such as eGeMAPS functionals, standardised; None where nobody asked for any.
        label: (U of train,) class indices.
        in_train, in_test: (U,) masks; of a validation part, and of unlabelled speech, neither is.
        speakers: of each.
        emotions: the K classes.
        normalise: the policy of the run, see `features.normalise`.
        seed: of whatever is drawn.
    """

    frames: list[npt.NDArray[np.float32]]
    whole: Values | None
    label: npt.NDArray[np.int64]
    in_train: npt.NDArray[np.bool_]
    in_test: npt.NDArray[np.bool_]
    speakers: tuple[str, ...]
    emotions: tuple[str, ...]
    normalise: Policy
    seed: int

    def standardised(self, values: npt.NDArray[np.floating]) -> Values:
        """Standardise each column of (U, E) as the run does frames: by the same `normalise`.

        Under `speaker` over all of a speaker's utterances, the test part's too (transductive).
        """
        return standardised(values, self.normalise, self.speakers, self.in_train.tolist())

    def held_out_speakers(self) -> npt.NDArray[np.str_] | None:
        """(U of train,) who speaks, to hold out whole speakers of the training part.

        None where that is not how the test part is held out, or can't be done: the test part shares
        a speaker, somebody is unknown, or the training part has one speaker.
        """
        who = np.array(self.speakers)
        train, test = set(who[self.in_train]), set(who[self.in_test])
        if train & test or UNKNOWN_SPEAKER in train or len(train) < 2:
            return None
        return who[self.in_train]


def statistics(
    material: Material, *, normalise: Policy, seed: int, whole: npt.NDArray[np.floating] | None
) -> Statistics:
    """Leave of `material` what may be known; `whole` (U, E) is not standardised yet."""
    in_train = material.mask("train")
    speakers = tuple(utterance.speaker for utterance in material.utterances)
    if whole is not None:
        whole = standardised(whole, normalise, speakers, in_train.tolist())
    return Statistics(
        frames=[frames.numpy() for frames in material.segments.frames_of_each()],
        whole=whole,
        label=material.label[in_train].numpy(),
        in_train=in_train.numpy(),
        in_test=material.mask("test").numpy(),
        speakers=speakers,
        emotions=material.emotions,
        normalise=normalise,
        seed=seed,
    )


def standardised(
    values: npt.NDArray[np.floating],
    normalise: Policy,
    speakers: Sequence[str],
    in_train: Sequence[bool],
) -> Values:
    """A standardised copy of (U, E), an utterance being one frame to `features.normalise`."""
    copy = torch.from_numpy(np.array(values, np.float64))
    standardise(list(copy.unsqueeze(1)), normalise, speakers, in_train)
    changed: Values = copy.numpy()
    return changed
