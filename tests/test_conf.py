"""Every option of the command line composes, and is found in the module of its name."""

import pkgutil
from pathlib import Path

import pytest

import ser_vae
from ser_vae.configuration import conf_dir
from ser_vae.run import configure

CONF = conf_dir()
PACKAGE = Path(ser_vae.__file__).parent
OPTIONS = sorted(
    (path.parent.name, path.stem)
    for path in CONF.glob("*/*.yaml")
    if path.parent.name != "experiment"
)
WITH_TARGET = ("corpus", "features", "split", "model", "classifier")
LISTS = ("trainer", "logger")


def chosen(group: str, option: str) -> dict[str, object]:
    value = f"[{option}]" if group in LISTS else option
    return configure(f"{group}={value}")


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes(group: str, option: str) -> None:
    assert group in chosen(group, option)


@pytest.mark.parametrize("group", sorted({group for group, _ in OPTIONS} - {"trainer"}))
def test_a_group_is_a_package(group: str) -> None:
    assert (PACKAGE / group / "__init__.py").exists()


@pytest.mark.parametrize(("group", "option"), [pair for pair in OPTIONS if pair[0] in WITH_TARGET])
def test_an_option_is_a_module_of_its_group(group: str, option: str) -> None:
    target = chosen(group, option)[group]["_target_"]  # type: ignore[index]
    assert target.startswith(f"ser_vae.{group}.{option}.")
    assert callable(pkgutil.resolve_name(target))


@pytest.mark.parametrize("option", ["csv", "tensorboard", "wandb"])
def test_a_logger_is_a_module_of_its_group(option: str) -> None:
    logger = chosen("logger", option)["logger"]
    assert logger[option]["_target_"] == f"ser_vae.logger.{option}.open_run"  # type: ignore[index]


def test_loggers_combine() -> None:
    assert set(configure("logger=[wandb,csv,tensorboard]")["logger"]) == {
        "wandb",
        "csv",
        "tensorboard",
    }


def test_trainers_combine() -> None:
    trainer = configure("trainer=[cpu,ddp,bf16]", "trainer.devices=3")["trainer"]
    assert trainer == {
        "accelerator": "cpu",
        "devices": 3,
        "strategy": "ddp_spawn",
        "precision": "bf16-mixed",
        "accumulate_grad_batches": 1,
    }


def test_the_models_differ_in_nothing_that_the_paper_keeps_equal() -> None:
    models = [configure(f"model={name}")["model"] for name in ("ae", "vae", "cvae")]
    for key in ("hidden", "latent", "activation"):
        assert len({str(model[key]) for model in models}) == 1


def test_as_printed_differs_in_the_betas_of_pretraining_alone() -> None:
    default, printed = (configure(f"training={t}")["training"] for t in ("default", "as_printed"))
    assert printed["pretrain"]["optimizer"].pop("betas") == [0.999, 0.99]
    assert default["pretrain"]["optimizer"].pop("betas") == [0.9, 0.999]
    assert default == printed


def test_the_corpus_is_iemocap_where_its_root_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IEMOCAP_ROOT", "/somewhere")
    assert configure()["corpus"]["_target_"] == "ser_vae.corpus.iemocap.read"
    monkeypatch.delenv("IEMOCAP_ROOT")
    assert configure()["corpus"]["_target_"] == "ser_vae.corpus.demo.read"


def test_null_without_quotes_is_the_policy_of_that_name() -> None:
    assert configure("label_policy=null") == configure() == configure("label_policy='null'")


def test_every_value_says_why_it_is_so() -> None:
    """A line that sets a number carries a comment, or stands under one that does."""
    silent = [
        f"{path.parent.name}/{path.name}: {line.strip()}"
        for path in CONF.glob("*/*.yaml")
        if path.parent.name not in ("experiment", "trainer")
        for line in path.read_text().splitlines()
        if line.split("#")[0].rstrip()[-1:].isdigit() and "#" not in line
    ]
    assert set(silent) <= {
        "training/default.yaml: lr: 1.0e-3",
        "training/default.yaml: eps: 1.0e-8",
    }
