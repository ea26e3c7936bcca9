"""One bar a stage, which says which stage it is; none where nobody looks."""

import torch
from fit_stage import fit_stage, small_lstm

from ser_vae.data.sets import SequenceSet
from ser_vae.training.classify import Classify


def train(folder, *, progress):
    count = torch.tensor([3, 2, 4, 1])
    utterances = SequenceSet(
        torch.randn(10, 6), count.cumsum(0) - count, count, torch.zeros(4, 2), torch.arange(4) % 2
    )
    stage = Classify(small_lstm(input_size=6, num_classes=2), 0, {"lr": 1e-3})
    fit_stage(stage, utterances, folder=folder, epochs=3, batch_size=2, progress=progress)


def test_the_bar_names_the_stage_the_epoch_and_the_steps_of_all_epochs(tmp_path, capsys):
    train(tmp_path, progress=True)
    shown = capsys.readouterr().err
    assert "classify, epoch 3 of 3, loss" in shown
    assert "6/6" in shown


def test_no_bar_where_none_is_asked_for(tmp_path, capsys):
    train(tmp_path, progress=False)
    assert "classify" not in capsys.readouterr().err
