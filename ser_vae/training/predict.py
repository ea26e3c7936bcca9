"""A trained classifier -> probabilities of the emotions of each utterance."""

import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.utilities import move_data_to_device

from ser_vae.data.batch import Batches
from ser_vae.data.datamodule import SequenceSet
from ser_vae.training.classify import Classify
from ser_vae.training.seeding import seed_for


@torch.no_grad()
def probabilities(
    stage: Classify, utterances: SequenceSet, *, batch_size: int, device: torch.device
) -> npt.NDArray[np.float64]:
    """Probabilities (U, K) of every utterance, each once and in order, on one device."""
    stage.eval().float().to(device)
    torch.manual_seed(seed_for(stage.seed, "predict"))  # a fine-tuned encoder may sample
    batches = Batches(
        len(utterances), batch_size, accumulated=1, seed=0, shuffle=False, rank=0, world_size=1
    )
    logits = [stage(move_data_to_device(utterances[pick], device)).cpu() for pick in batches]
    return torch.cat(logits).double().softmax(dim=-1).numpy()
