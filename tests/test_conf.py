"""Every option of the command line is found in the module of its name and has its reasons."""

import re
from pathlib import Path
from typing import Any

import pytest

import ser_vae
from ser_vae.run import configure
from ser_vae.settings import conf_dir

CONF = conf_dir()
PACKAGE = Path(ser_vae.__file__).parent
OPTIONS = sorted((path.parent.name, path.stem) for path in CONF.glob("*/*.yaml"))
WITH_TARGET = ("corpus", "features", "split", "model", "classifier")


def test_a_group_is_a_package():
    groups = {group for group, _ in OPTIONS} - {"experiment", "trainer"}
    assert groups <= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def target_of(file: Path) -> str:
    """Return the `_target_` of an option, or else that of the option which it is based on."""
    text = file.read_text(encoding="utf-8")
    if target := re.search(r"^_target_: (\S+)", text, re.MULTILINE):
        return target[1]
    (base,) = re.findall(r"^defaults:[\s\[-]*(\w+)", text, re.MULTILINE)
    return target_of(file.with_stem(base))


@pytest.mark.parametrize(("group", "option"), [pair for pair in OPTIONS if pair[0] in WITH_TARGET])
def test_an_option_is_a_module_of_its_group(group, option):
    target = target_of(CONF / group / f"{option}.yaml")
    shared = {  # several options
        "corpus": "ser_vae.corpus.filenames.",
        "features": "ser_vae.features.ssl.",
        "model": "ser_vae.baseline.",
        "split": "ser_vae.split.grouped.",
    }
    of_option = f"ser_vae.{group}.{option}."
    assert target.startswith((of_option, shared.get(group, of_option)))


def test_the_models_share_all_that_the_paper_keeps_equal():
    models = [configure(f"model={name}")["model"] for name in ("ae", "vae", "cvae")]
    for key in ("hidden", "latent", "activation"):
        assert len({str(model[key]) for model in models}) == 1


def test_as_printed_differs_in_the_betas_of_pretraining_alone():
    default, printed = (configure(f"training={t}")["training"] for t in ("default", "as_printed"))
    assert printed["pretrain"]["optimizer"].pop("betas") == [0.999, 0.99]
    assert default["pretrain"]["optimizer"].pop("betas") == [0.9, 0.999]
    assert default == printed


def test_the_default_corpus_is_iemocap_where_its_root_is_set(monkeypatch):
    monkeypatch.setenv("IEMOCAP_ROOT", "/somewhere")
    assert configure()["corpus"]["_target_"] == "ser_vae.corpus.iemocap.read"
    monkeypatch.delenv("IEMOCAP_ROOT")
    assert configure()["corpus"]["_target_"] == "ser_vae.corpus.demo.read"


def uncommented(text: str, is_value: Any) -> list[str]:
    """Lines that set a value and carry no comment."""
    return [line.strip() for line in text.splitlines() if is_value(line) and "#" not in line]


def test_every_number_in_conf_has_a_comment():
    """The second optimizer or corpus of a file needs none, as the first has them."""
    silent = {
        f"{path.parent.name}/{path.name}: {line}"
        for path in CONF.glob("*/*.yaml")
        if path.parent.name not in ("experiment", "trainer")
        and (path.parent.name, "defaults:" in path.read_text()) != ("corpus", True)
        for line in uncommented(path.read_text(), lambda line: line.rstrip()[-1:].isdigit())
    }
    assert silent == {"training/default.yaml: lr: 1.0e-3", "training/default.yaml: eps: 1.0e-8"}


def test_every_scalar_setting_of_the_default_configuration_has_a_comment():
    text = (CONF / "config.yaml").read_text().partition("\nhydra:")[0]
    text = text[text.index("seed:") :]
    assert uncommented(text, lambda line: line.partition(":")[2].strip()) == []
