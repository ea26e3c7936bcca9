"""A step on a GPU, as far as a machine without one can tell: which device each tensor is on.

PyTorch's fake tensors have a device and a shape and no values. They refuse to mix devices, and to
give a value back to Python, which on a GPU would wait for all that was asked of it.
"""

from collections.abc import Iterator

import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from ser_vae.data.batch import BatchIndex
from ser_vae.data.segment import Segments
from ser_vae.data.sets import SegmentSet
from ser_vae.run import configure
from ser_vae.settings import build
from ser_vae.training.pretrain import Pretrain

GPU = torch.device("cuda:0")
K, N, LENGTH, F = 4, 6, 10, 80
PICK = BatchIndex(torch.tensor([4, 0, 3]), loss_scale=1.0)


@pytest.fixture
def free(monkeypatch) -> None:
    """A GPU of which 1 MB is free."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1_000_000, 80_000_000_000))


@pytest.fixture
def fake() -> Iterator[None]:
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield


def segment_set(utterances: int = 1) -> SegmentSet:
    frames = torch.randn(utterances * N * LENGTH, F)
    start = torch.arange(0, len(frames), LENGTH)
    segments = Segments(frames, start, torch.full((utterances,), N), LENGTH)
    return SegmentSet(segments, torch.eye(K)[torch.arange(len(start)) % K])


@pytest.mark.usefixtures("free", "fake")
def test_segments_are_cut_on_the_gpu_unless_they_take_more_than_half_of_what_is_free():
    fits, too_large = segment_set(25), segment_set(27)  # 0.48 and 0.52 MB
    batch = fits.resident(GPU)[PICK]
    assert (batch.x.device, batch.c.device) == (GPU, GPU)
    assert (batch.x.shape, batch.c.shape) == ((3, LENGTH * F), (3, K))
    assert too_large.resident(GPU) is too_large


@pytest.mark.filterwarnings("ignore:Accessing the data pointer of FakeTensor")  # torchmetrics does
@pytest.mark.usefixtures("free", "fake")
@pytest.mark.parametrize("name", ["ae", "vae", "cvae"])
@pytest.mark.parametrize("label_dropout", [0.0, 0.5])
def test_a_step_of_pretraining_stays_on_the_gpu_and_waits_for_nothing(name, label_dropout):
    config = configure(f"model={name}")
    with GPU:  # made there: fake tensors can't be moved in place
        model = build(config["model"], input_size=LENGTH * F, num_classes=K)
        stage = Pretrain(model, 0, label_dropout=label_dropout)
    loss = stage.mean_loss(segment_set().resident(GPU)[PICK], stage.train_means)
    assert (loss.device, loss.shape) == (GPU, ())
    assert stage.train_means.total.device == GPU


@pytest.mark.usefixtures("fake")
def test_a_value_read_back_would_have_been_noticed():
    with pytest.raises(DataDependentOutputException):
        torch.ones(3, device=GPU).sum().item()
