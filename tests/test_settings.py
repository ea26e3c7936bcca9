"""Settings are validated once, before any file is read, and each error says what to do."""

import inspect
import re
from itertools import zip_longest
from typing import Any, get_args

import pytest
from composed import composed

from ser_vae import SerVaeError, settings
from ser_vae.run import configure
from ser_vae.settings import COMPONENTS, OutsideComponent, build, conf_dir, validate
from ser_vae.training.label_policy import LEAKING, POLICIES, USES_BOUNDS

GROUPS = ("features", "split", "data", "model", "classifier", "training")
OPTIONS = {
    group: [f"{group}={path.stem}" for path in sorted((conf_dir() / group).glob("*.yaml"))]
    for group in ("corpus", *GROUPS, "experiment")
}
OPTIONS["split"].remove("split=corpus")  # which not every corpus allows
OPTIONS["model"] = [""] * len(OPTIONS["features"]) + OPTIONS["model"]  # some need log-mel
COMMANDS = [  # with every option in at least one of them: to compose a command is slow
    *(list(filter(None, c)) for c in zip_longest(OPTIONS["corpus"], *map(OPTIONS.get, GROUPS))),
    *([f"+{option}"] for option in OPTIONS["experiment"]),
    *(["split=corpus", "corpus=joined"], ["trainer=[gpu,ddp,bf16]", "logger=tensorboard"]),
    *(["logger=[wandb,csv]"], ["logger=none", "model=majority", "training.latent=sample"]),
]
GIVEN = {  # what an option needs beside itself
    "features=imported": ["features.root=frames", "features.frame_shift_s=0.02"],
    "split=file": ["split.path=a.csv"],
    "corpus=filenames": [
        *("corpus.name=mine", "corpus.example=a1.wav", "corpus.pattern='(?P<emotion>[ab])1'"),
        "+corpus.emotions={sad: [a], angry: [b]}",
    ],
}

# Overrides -> the start of the message, which says what is expected, and its remedy.
VIOLATIONS = {
    # types
    "seed=abc": ("seed=abc: expected a valid integer, got abc.", "conf/config.yaml"),
    "force=1": ("force=1: expected a valid boolean", "conf/config.yaml"),
    "model.beta=x": ("model.beta=x: expected a valid number, got x.", "Eq. (3)"),
    "model.hidden=5": ("model.hidden=5: expected a valid list", "conf/model/"),
    "training.pretrain=null": ("training.pretrain=null: expected a valid dict", "training/"),
    "~model.latent": ("model.latent: expected a value, got none.", "conf/model/"),
    "features=imported": ("features.root=null: expected a valid string", "a .npy (T, F) for each"),
    # ranges
    "seed=-1": ("seed=-1: expected greater than or equal to 0, got", "conf/config.yaml"),
    "fold=-1": ("fold=-1: expected a whole number from 0, all or null", "conf/config.yaml"),
    "training.pretrain.epochs=0": ("training.pretrain.epochs=0: expected gr", "pretrained=none"),
    "trainer.devices=0": ("trainer.devices=0: expected greater", "CUDA_VISIBLE_DEVICES"),
    "data.segment_s=0": ("data.segment_s=0: expected greater than 0", "conf/data/"),
    "model.hidden=[8,0]": ("model.hidden=[8, 0]: expected greater than", "conf/model/"),
    # choices
    "normalise=some": ("normalise=some: expected train, speaker, corpus or none", "conf/"),
    "label_policy=some": ("label_policy=some: expected null, dropout,", "oracle cannot be"),
    "model=logmel_svm model.svm.grid.class_weight=[x]": (
        "model.svm.grid.class_weight=[x]: expected balanced or null, got x.",
        "conf/model/",
    ),
    "model=egemaps_svm model.egemaps.level=lld": ("model.egemaps.level=lld: expected func", ""),
    "corpus=ravdess corpus.classes=5": ("corpus.classes=5: expected four, all,", "conf/corpus/"),
    "corpus=urdu corpus.complete.counts='{joy: 3}'": ("corpus.complete.counts={joy: 3}: expec", ""),
    "corpus=filenames": ("corpus.name=null: expected a word of letters", "conf/corpus/"),
    "corpus=urdu corpus.pattern='S(x'": ("corpus.pattern=S(x: expected a", "corpus.example"),
    "corpus=urdu corpus.tables.sex.F='([x'": ("corpus.tables.sex=([x: expected a", "corpus.exa"),
    "corpus=urdu corpus.labels.path='{idd}'": ("corpus.labels.path={idd}: expected groups", ""),
    "corpus=urdu corpus.pattern=S": ("corpus.pattern=S: expected an expression with", "corpus.exa"),
    # a setting that does not go with another
    "corpus=folder corpus.name=demo": ("corpus.name=demo: expected a word", "corpus.name=mine"),
    "corpus=folder corpus.name=a-b": ("corpus.name=a-b: expected a word", "conf/corpus/"),
    "features.fft_size=256": ("features.fft_size=256: expected at least the 400 samples", "512"),
    "features.f_min=8000": ("features.f_max=8000.0: expected a frequency above f_min", "f_max="),
    "features=logmel_lld features.frame_shift=0.02": (
        "features.frame_shift=0.02: expected 0.01, as",
        "",
    ),
    "split=corpus": ("split=corpus: expected another value, as there is only one", "corpus=joined"),
    "normalise=corpus": ("normalise=corpus: expected another value, as there", "corpus=joined"),
    "split=file": ("split.path=null: expected a valid string", "columns utterance and part"),
    "trainer.devices=4": ("trainer.devices=4: expected 1 with trainer.strategy=auto", "=ddp"),
    "label_policy=marginal": ("label_policy=marginal: expected null, as VAE", "Use model=cvae"),
    "model=cvae label_policy=dropout training.pretrained=none": (
        "label_policy=dropout: expected another policy, as training.pretrained=none",
        "Use training.pretrained=auto",
    ),
    "model=pca training.pretrained=a.ckpt": (
        "training.pretrained=a.ckpt: expected auto, as PCA has no pretraining stage",
        "Use training.pretrained=auto",
    ),
    "model=pca training.pretrained=none": ("training.pretrained=none: expected auto", "=auto"),
    "model=ae training.latent=sample": ("training.latent=sample: expected mu, as", "Use model=vae"),
    "classifier=functionals training.encoder_lr=0.1": (
        "training.encoder_lr=0.1: expected null, as FunctionalsClassifier has no gradient",
        "Use classifier=lstm",
    ),
    "objective=random/test/ua": ("objective=random/test/ua: expected pretrain/validation", "loss"),
    "objective=classify/validation/loss": ("objective=classify/v", "split.validation=0.2"),
    "objective=classify/validation/loss fold=all split=session split.validation=0.2": (
        "objective=classify/validation/loss: expected null, as fold=all",
        "fold=0",
    ),
}

# Overrides -> the unknown key and what is suggested for it.
UNKNOWN = {
    "+model.bet=2": ("model.bet=2", "Did you mean model.beta?"),
    "+training.lr=0.1": (
        "training.lr=0.1",
        "Did you mean training.pretrain.optimizer.lr or training.classify.optimizer.lr?",
    ),
    "+data.length=10": ("data.length=10", "All settings: python -m ser_vae.run --help"),
    "logger=[wandb] +logger.wandb.projekt=x": ("logger.wandb.projekt=x", "logger.wandb.project?"),
    "model=logmel_svm +model.svm.gamma=1": ("model.svm.gamma=1", "All settings:"),
}

OUTSIDE = """
def read(root, shuffle=False): ...


def folds(utterances, *, seed, groups): ...


class Flow:
    conditional = True
    quantities = ("loss", "squared_error", "kl")

    def __init__(self, *, input_size, num_classes, steps, width=8):
        self.settings = (input_size, num_classes, steps, width)


class Anything:
    def __init__(self, **settings): ...


class Attention:
    def __init__(self, *, input_size, num_classes, heads): ...

    def forward(self, z, length): ...
"""


@pytest.fixture
def outside(tmp_path, monkeypatch) -> None:
    """A module outside the package."""
    (tmp_path / "outside_classes.py").write_text(OUTSIDE)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.fixture
def installed(monkeypatch) -> None:
    """Every optional package is there."""
    monkeypatch.setattr(settings, "find_spec", lambda _: object())


def configured(group: str, target: str, **values: Any) -> dict[str, Any]:
    return {**composed(), group: {"_target_": f"outside_classes.{target}", **values}}


def message_of(config: dict[str, Any]) -> str:
    with pytest.raises(SerVaeError) as raised:
        validate(config)
    return str(raised.value)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("options", COMMANDS, ids=" ".join)
def test_every_option_is_valid_and_converts_back(options):
    config = configure(*options, *(each for option in options for each in GIVEN.get(option, ())))
    parsed = validate(config)
    dumped = parsed.model_dump(by_alias=True)
    assert dumped == config
    assert validate(dumped) == parsed
    components = [getattr(parsed, group) for group in ("corpus", "features", "split", "model")]
    for component in (*components, parsed.classifier, *parsed.logger.values()):
        assert not isinstance(component, OutsideComponent), f"{component.target} has no model"


def test_values_keep_their_types():
    parsed = validate(configure("model.beta=1", "label_policy=null", "fold=all"))
    assert type(parsed.model.model_dump()["beta"]) is float
    assert parsed.label_policy == "null"
    assert parsed.fold == "all"
    assert parsed.training.pretrain.optimizer.betas == [0.9, 0.999]
    assert validate({**configure(), "label_policy": None}).label_policy == "null"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("overrides", VIOLATIONS)
def test_an_invalid_setting_is_named_with_a_remedy(overrides):
    start, remedy = VIOLATIONS[overrides]
    text = message_of(composed(*re.findall(r"(?:'[^']*'|\S)+", overrides)))
    assert text.startswith(start)
    first, second = text.split("\n")
    assert re.fullmatch(r"[\w.]+(=.+)?: expected .+, got .+\.", first)
    assert remedy in second


@pytest.mark.parametrize("overrides", UNKNOWN)
def test_an_unknown_key_is_an_error_with_a_suggestion(overrides):
    setting, suggestion = UNKNOWN[overrides]
    text = message_of(configure(*overrides.split()))
    assert text.startswith(f"{setting}: expected a known setting, got an unknown one.\n")
    assert suggestion in text
    assert text.endswith("All settings: python -m ser_vae.run --help")
    assert len(text.splitlines()) <= 3


@pytest.mark.parametrize(
    ("group", "head"),
    [
        ("experiment", b""),
        ("experiment", b"\xef\xbb\xbf# @package _global_\n"),
        ("study", b"# a comment\n"),
    ],
)
def test_a_file_of_ones_own_is_not_ignored(tmp_path, group, head):
    (tmp_path / group).mkdir()
    (tmp_path / group / "mine.yaml").write_bytes(head + b"seed: 3\ntraining:\n  latent: sample\n")
    text = message_of(configure(f"hydra.searchpath=[file://{tmp_path}]", f"+{group}=mine"))
    assert f"{group}={{seed: 3, training: {{latent: sample}}}}: expected no settings" in text
    assert "# @package _global_" in text
    assert "byte order mark" in text


def test_keys_of_ones_own_file_are_checked_as_those_of_a_command(tmp_path):
    (tmp_path / "experiment").mkdir()
    file = tmp_path / "experiment" / "mine.yaml"
    file.write_text("# @package _global_\nmodel:\n  beta: 2\n")
    overrides = (f"hydra.searchpath=[file://{tmp_path}]", "+experiment=mine")
    assert validate(configure(*overrides)).model.model_dump()["beta"] == 2
    file.write_text("# @package _global_\nmodel:\n  betta: 2\n")
    assert "Did you mean model.beta?" in message_of(configure(*overrides))


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (("model", "Flow", {"steps": 2, "widht": 1}), "model=.* width=8.*, got .* 'widht'"),
        (("model", "Flow", {}), "model={}: .*, got missing a required .* 'steps'"),
        (("split", "folds", {}), "split={}: .*, got missing a required .* 'groups'"),
        (("corpus", "read", {"root": "", "shufle": 1}), "corpus=.* shuffle=False.*, got .*shufle"),
        (("model", "Nothing", {}), r"model._target_=outside_classes.Nothing: expected the dotted"),
        (("model", "OUTSIDE", {}), r"model._target_=outside_classes.OUTSIDE: expected the dotted"),
    ],
)
def test_settings_of_an_outside_class_are_its_parameters(config, expected):
    group, target, values = config
    assert re.match(expected, message_of(configured(group, target, **values)))


@pytest.mark.usefixtures("outside")
def test_outside_classes_are_valid_and_convert_back():
    config = configured("model", "Flow", steps=2)
    config |= {"split": {"_target_": "outside_classes.folds", "groups": "session"}}
    config |= {"corpus": {"_target_": "outside_classes.read", "root": "/somewhere"}}
    config |= {"classifier": {"_target_": "outside_classes.Attention", "heads": 2}}
    assert validate(config).plain() == config
    config = configured("model", "Anything", whatever=[1, {"is": None}])
    assert validate(config).plain() == config


@pytest.mark.usefixtures("outside")
def test_rules_look_at_the_attributes_of_an_outside_class(monkeypatch):
    config = configured("model", "Flow", steps=2)
    config["classifier"] = configured("classifier", "Attention", heads=2)["classifier"]
    config["training"]["encoder_lr"] = 0.1
    validate(config | {"label_policy": "elbo"})
    monkeypatch.setattr("outside_classes.Flow.quantities", ("loss",))
    assert "has no squared_error and kl" in message_of(config | {"label_policy": "elbo"})
    config["training"]["latent"] = "sample"
    assert "mu, as Flow has no posterior to sample from" in message_of(config)


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("typed", [True, False])
def test_build_calls_the_class_with_settings_and_runtime_arguments(typed):
    config = configured("model", "Flow", steps=2)
    component = validate(config).model if typed else config["model"]
    assert build(component, input_size=3, num_classes=4).settings == (3, 4, 2, 8)


@pytest.mark.parametrize("target", sorted(COMPONENTS))
def test_the_signature_of_every_component_has_the_fields_of_its_model(target):
    """A parameter without a setting, or a setting without a parameter, fails at run time only."""
    values = dict.fromkeys(COMPONENTS[target].model_fields.keys() - {"target"})
    group = target.split(".")[1].replace("baseline", "model")
    if "columns" in inspect.signature(settings.load(target)).parameters:
        values["columns"] = None  # see `recogniser.build_model`
    outside = OutsideComponent.model_validate({"_target_": target, **values})
    settings.check_signature(group, outside)


def test_every_label_policy_but_those_that_leak_is_a_setting():
    assert {*get_args(settings.LabelPolicy), *LEAKING} == set(POLICIES)
    assert settings.POLICIES_BY_BOUND == USES_BOUNDS


def test_a_missing_optional_package_is_named(monkeypatch):
    monkeypatch.setattr(settings, "find_spec", lambda _: None)
    validate(configure())
    text = message_of(configure("model=egemaps_svm"))
    assert text.endswith("got no such package.\npip install 'ser_vae[opensmile]'")


@pytest.mark.parametrize(
    ("overrides", "cuda", "expected"),
    [
        (["trainer=gpu"], False, "trainer.accelerator=gpu: expected a device"),
        (["trainer=gpu"], True, None),
        (["trainer.precision=16-mixed"], False, "trainer.precision=16-mixed: expected another"),
        (["trainer.precision=16-mixed"], True, None),
        (["trainer=cpu", "trainer.precision=16-mixed"], True, "trainer.precision=16-mixed"),
    ],
)
def test_devices_are_checked_on_this_machine(overrides, cuda, expected, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    trainer = validate(configure(*overrides)).trainer
    if expected is None:
        settings.check_devices(trainer)
        return
    with pytest.raises(SerVaeError, match=expected):
        settings.check_devices(trainer)
