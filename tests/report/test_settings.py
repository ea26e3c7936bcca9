"""What differs from the defaults, against Hydra's own composition."""

import copy

import pytest

from ser_vae.report.settings import deviations, flat, settings_of
from ser_vae.run import configure
from ser_vae.settings import conf_dir

CHOSEN = [
    (group, path.stem)
    for group in ("corpus", "data", "model", "split")
    for path in sorted((conf_dir() / group).glob("*.yaml"))
]


@pytest.mark.parametrize(("group", "option"), CHOSEN)
def test_a_chosen_option_is_no_deviation(group: str, option: str) -> None:
    assert deviations(configure(f"{group}={option}")) == {}


def test_a_value_is_written_as_on_the_command_line() -> None:
    config = configure(
        "corpus=urdu",
        "classifier.bidirectional=true",
        "training.latent=sample",
        "training.classify.gradient_clip=null",
        "normalise=speaker",
    )
    assert list(deviations(config).values()) == [
        "classifier.bidirectional=true",
        "normalise=speaker",
        "training.classify.gradient_clip=null",
        "training.latent=sample",
    ]


def test_an_option_of_another_group_is_named_by_what_it_changes() -> None:
    config = configure("corpus=urdu", "training=as_printed", "trainer=cpu")
    assert deviations(config) == {
        "trainer.accelerator": "trainer.accelerator=cpu",
        "training.pretrain.optimizer.betas": "training.pretrain.optimizer.betas=[0.999, 0.99]",
    }


def test_what_decides_no_result_is_no_deviation() -> None:
    config = configure("corpus=urdu", "seed=3", "runs=elsewhere", "corpus.root=x", "logger=none")
    assert deviations(config) == {}


def test_a_setting_that_a_run_does_not_know_is_named() -> None:
    config = configure("corpus=urdu")
    del config["classifier"]["pooling"]
    assert list(deviations(config).values()) == ["classifier.pooling unset"]


def test_an_option_from_elsewhere_has_all_its_settings_named() -> None:
    config = copy.deepcopy(configure("corpus=urdu"))
    config["choice"]["model"] = "flow"
    config["model"] = {"_target_": "mine.flow.Flow", "steps": 4}
    assert list(deviations(config).values()) == ["model._target_=mine.flow.Flow", "model.steps=4"]


def test_one_and_the_text_one_are_two_values() -> None:
    assert flat({"a": {"b": 1}}) != flat({"a": {"b": "1"}})


def test_the_seed_is_no_setting() -> None:
    assert settings_of(configure("seed=0")) == settings_of(configure("seed=7"))
