"""One bar a stage, which says which stage it is; none where nobody looks."""

import torch
from fit_stage import fit_stage

from ser_vae.classifier.lstm import LSTMClassifier
from ser_vae.data.sets import SequenceSet
from ser_vae.training.classify import Classify


def train(folder, *, progress):
    count = torch.tensor([3, 2, 4, 1])
    utterances = SequenceSet(
        torch.randn(10, 6), count.cumsum(0) - count, count, torch.zeros(4, 2), torch.arange(4) % 2
    )
    nobody = SequenceSet(torch.randn(0, 6), count[:0], count[:0], torch.zeros(0, 2), count[:0])
    classifier = LSTMClassifier(
        input_size=6,
        num_classes=2,
        hidden=4,
        layers=1,
        dense=4,
        pooling="last",
        bidirectional=False,
        dropout=0.0,
    )
    fit_stage(
        Classify(classifier, 0, {"lr": 1e-3}),
        utterances,
        nobody,
        folder=folder,
        epochs=3,
        batch_size=2,
        gradient_clip=None,
        trainer={"accelerator": "cpu", "devices": 1},
        compiled=False,
        loggers=[],
        progress=progress,
    )


def test_the_bar_names_the_stage_the_epoch_and_the_steps_of_all_epochs(tmp_path, capsys):
    train(tmp_path, progress=True)
    shown = capsys.readouterr().err
    assert "classify, epoch 3 of 3, loss" in shown
    assert "6/6" in shown


def test_no_bar_where_none_is_asked_for(tmp_path, capsys):
    train(tmp_path, progress=False)
    assert "classify" not in capsys.readouterr().err
