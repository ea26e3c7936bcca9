"""The commonest mistakes at the command line, each with the words of the answer that matter.

{noises}: a corpus of three emotions and four speakers; {lists}: CSVs of it, each with one mistake;
{here}: a folder with an empty one, a file, a release without audio and a checkpoint.
"""

from pathlib import Path
from typing import NamedTuple

from run_files import table

from ser_vae.model.vae import VAE
from ser_vae.training import weights


class Mistake(NamedTuple):
    """Settings that are added to those of a run of noises, and what is said of them."""

    settings: str
    said: tuple[str, ...]


def listed(name: str) -> str:
    return f"corpus.csv={{lists}}/{name}.csv"


CORPUS = {
    "iemocap without a root": Mistake("corpus=iemocap", ("IEMOCAP_ROOT", "corpus.root=")),
    "iemocap at a wrong root": Mistake(
        "corpus=iemocap corpus.root=/nowhere", ("/nowhere is not a folder", "IEMOCAP_ROOT")
    ),
    "iemocap in an empty folder": Mistake(
        "corpus=iemocap corpus.root={here}/empty",
        ("{here}/empty is not IEMOCAP", "the folder that holds Session1 to Session5"),
    ),
    "iemocap a level too deep": Mistake(
        "corpus=iemocap corpus.root={here}/release/Session1",
        ("{here}/release/Session1 is not IEMOCAP", "the folder that holds Session1 to Session5"),
    ),
    "iemocap without audio": Mistake(
        "corpus=iemocap corpus.root={here}/release", ("Session*/sentences/wav", "Unpack the whole")
    ),
    "urdu without a root": Mistake("corpus=urdu", ("URDU_ROOT", "corpus.root=")),
    "urdu at a wrong root": Mistake(
        "corpus=urdu corpus.root={here}", ("{here} is not URDU", "the folder that holds Angry")
    ),
    "ravdess at a wrong root": Mistake(
        "corpus=ravdess corpus.root={here}", ("{here} is not RAVDESS", "the folder that holds Act")
    ),
    "a folder without a root": Mistake(
        "corpus.root=null corpus.csv=null", ("corpus=folder", "FOLDER_ROOT", "corpus.root=")
    ),
    "a folder without audio": Mistake(
        "corpus.root={here} corpus.csv=null", ("{here}: expected two or more emotions", ".wav")
    ),
    "a folder that is a file": Mistake(
        "corpus.root={here}/file corpus.csv=null", ("{here}/file is not a folder", "FOLDER_ROOT")
    ),
    "no such list": Mistake(
        listed("gone"), ("gone.csv: expected a CSV", "relative to corpus.root")
    ),
    "a list without speakers": Mistake(
        listed("no_speaker"),
        ("no_speaker.csv: expected columns path, emotion, speaker", "Name the"),
    ),
    "a list with semicolons": Mistake(
        listed("semicolons"), ("found path;emotion;speaker", "commas, not semicolons")
    ),
    "a list in another encoding": Mistake(listed("latin"), ("latin.csv", "Save it again", "UTF-8")),
    "a list of a file that is gone": Mistake(
        listed("missing"),
        ("missing.csv, line 2", "gone.wav is not a file", "relative to the CSV's"),
    ),
    "a list with a file twice": Mistake(
        listed("twice"), ("twice.csv, line 62", "in line 2 already", "Remove one")
    ),
    "a list with an unknown part": Mistake(
        listed("word"), ("word.csv, line 2: split is 'dev', expected train, test",)
    ),
    "one class only": Mistake(
        listed("one_class"), ("expected two or more emotions", "found calm", "column emotion")
    ),
    "a path with a tilde": Mistake(
        "corpus.root=~/corpora", ("corpus.root=~/corpora", "\"corpus.root='~/corpora'\"")
    ),
}
SPLIT = {
    "an emotion too rare to divide": Mistake(
        listed("rare"), ("split=random", "rare 1", "Add utterances of the rare emotions")
    ),
    "one speaker": Mistake(
        f"split=speaker {listed('one_speaker')}", ("of one speaker, s0", "Use split=random")
    ),
    "no sessions": Mistake("split=session", ("split=session", "calm00.wav", "Use split=random")),
    "no given parts": Mistake("split=given", ("split=given", "`split` column")),
    "an empty test part": Mistake(
        f"split=given {listed('no_test')}", ("no utterance in test", "`split` column")
    ),
    "no file of a split": Mistake("split=file", ("split.path=", "columns utterance and part")),
    "a split's file that is gone": Mistake(
        "split=file split.path=/gone.csv", ("split.path: /gone.csv", "a file that is there")
    ),
    "a split's file without a test part": Mistake(
        "split=file split.path={lists}/split_no_test.csv", ("is in part test", "some in test")
    ),
    "a split's file of other utterances": Mistake(
        "split=file split.path={lists}/split_others.csv", ("60 of 60 utterances", "Add them")
    ),
    "a split's file without a column": Mistake(
        "split=file split.path={lists}/no_speaker.csv",
        ("no column part and no utterance", "'path,emotion'", "Name them utterance and part"),
    ),
    "a fold that is none": Mistake("split=speaker fold=7", ("fold=7", "fold=0 to fold=3", "all")),
    "a fold of a protocol without": Mistake("fold=2", ("split=random has no folds", "leave fold")),
    "a share in percent": Mistake("split.test=30", ("split.test=30", "such as split.test=0.3")),
    "no styles": Mistake("data=improvised", ("data=improvised", "Use data=complete")),
}
WORDS = {
    "a misspelt option": Mistake("model=cave", ("model=cave", "Did you mean cvae?", "ae, cvae, ")),
    "a misspelt subset": Mistake("data=improvized", ("Did you mean improvised?",)),
    "a misspelt option of a list": Mistake("logger=[wandb,tensorbord]", ("mean tensorboard?",)),
    "a misspelt group": Mistake("modle=vae", ("modle: no such setting", "Did you mean model?")),
    "a key of another model": Mistake("model=ae model.beta=2", ("model.beta: no such setting",)),
    "a key that is elsewhere": Mistake(
        "training.lr=0.1",
        ("training.lr: no", "training.pretrain.optimizer.lr or training.classify.optimizer.lr?"),
    ),
    "a preset without a plus": Mistake("experiment=table1", ("add it: +experiment=table1",)),
    "several values without -m": Mistake("model=ae,vae", ("model=ae,vae", "-m")),
    "a range without -m": Mistake("seed=range(5)", ("seed=range(5)", "-m")),
    "a word without a value": Mistake("vae", ("vae: expected key=value",)),
    "an option of other programs": Mistake("--model cvae", ("--model cvae", "model=vae")),
    "a setting behind a late -m": Mistake("model=ae -m seed=0,1", ("seed=0,1", "-m before them")),
}
VALUES = {
    "a seed that is a word": Mistake("seed=abc", ("seed=abc: expected a whole number from 0",)),
    "a seed below 0": Mistake("seed=-1", ("seed=-1: expected a whole number from 0",)),
    "no batch": Mistake(
        "training.classify.batch_size=0", ("training.classify.batch_size=0: expected a whole",)
    ),
    "endless epochs": Mistake(
        "training.pretrain.epochs=-1", ("training.pretrain.epochs=-1", "training.pretrained=none")
    ),
    "a learning rate below 0": Mistake(
        "training.pretrain.optimizer.lr=-1", ("optimizer.lr=-1: expected a number from 0",)
    ),
    "a learning rate far too high": Mistake(
        "training.pretrain.optimizer.lr=1e9", ("pretrain, epoch 0", "lower its optimizer.lr")
    ),
    "threads below 0": Mistake("threads=-1", ("threads=-1: expected a whole number", "null")),
    "jobs below 0": Mistake("jobs=-3", ("jobs=-3: expected a whole number from 1", "null")),
    "memory below 0": Mistake("memory_gb=-1", ("memory_gb=-1: expected a number from 0",)),
    "a switch that is none": Mistake("force=maybe", ("force=maybe: expected true or false",)),
    "a window above the transform": Mistake(
        "features.fft_size=256", ("features.fft_size=256", "Give 400 or more, such as 512")
    ),
    "no frames in a segment": Mistake("data.length=0", ("data.length=0", "from 1")),
    "no way to the next segment": Mistake("data.hop=0", ("data.hop=0", "from 1")),
    "no latents": Mistake("model.latent=0", ("model.latent=0", "whole numbers from 1")),
    "a weight that is a word": Mistake("model.beta=x", ("model.beta=x: expected a number",)),
    "no layers": Mistake("classifier.layers=0", ("layers 0", "whole numbers from 1")),
    "a policy for a model without": Mistake(
        "label_policy=marginal", ("a VAE is never told a label", "Use model=cvae")
    ),
    "a policy that leaks": Mistake(
        "model=cvae label_policy=oracle", ("label_policy=oracle", "Leave label_policy alone")
    ),
    "several devices without a strategy": Mistake(
        "trainer.devices=4", ("trainer.devices=4", "Use trainer=ddp")
    ),
    "half precision on a CPU": Mistake(
        "trainer.precision=16-mixed", ("16-mixed", "trainer.precision=bf16-mixed")
    ),
    "a precision that is none": Mistake("trainer.precision=16", ("32-true, bf16-mixed, 16-mixed",)),
    "a checkpoint that is gone": Mistake(
        "training.pretrained=gone.ckpt", ("training.pretrained: gone.ckpt", "a file that is there")
    ),
    "a checkpoint of another size": Mistake(
        "training.pretrained={here}/small.ckpt", ("{here}/small.ckpt", "Give the pretrained.ckpt")
    ),
    "a file in the place of runs": Mistake("runs={here}/file", ("{here}/file", "runs=")),
}
MISTAKES = {**CORPUS, **SPLIT, **WORDS, **VALUES}


def write_here(folder: Path) -> None:
    """What {here} holds."""
    (folder / "file").write_text("no speech\n")
    (folder / "empty").mkdir()
    (folder / "release" / "Session1" / "dialog" / "EmoEvaluation").mkdir(parents=True)
    small = VAE(input_size=800, num_classes=3, hidden=[4], latent=2, activation="relu", beta=1.0)
    weights.save(small, folder / "small.ckpt")


def write_lists(noises: Path, into: Path) -> None:
    """Lists of the recordings in `noises`, and splits of them, with a mistake in each."""
    rows = [(noises / row["path"], *list(row.values())[1:]) for row in table(noises / "list.csv")]

    def write(name: str, lines: list[str], encoding: str = "utf-8") -> None:
        (into / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding=encoding)

    head = "path,emotion,speaker"
    good = [f"{path},{emotion},{speaker}" for path, emotion, speaker in rows]
    write("no_speaker", ["path,emotion", *(f"{path},{emotion}" for path, emotion, _ in rows)])
    write("semicolons", [line.replace(",", ";") for line in (head, *good)])
    write("latin", [head, *(line.replace("s0", "Jörg") for line in good)], "latin-1")
    write("missing", [head, "gone.wav,calm,s0", *good])
    write("twice", [head, *good, good[0]])
    write("word", [f"{head},split", *(f"{line},dev" for line in good)])
    write("no_test", [f"{head},split", *(f"{line},train" for line in good)])
    write("one_class", [head, *(f"{path},calm,{speaker}" for path, _, speaker in rows)])
    write("one_speaker", [head, *(f"{path},{emotion},s0" for path, emotion, _ in rows)])
    write("rare", [head, f"{rows[0][0]},rare,s0", *good[1:]])
    write("split_no_test", ["utterance,part", *(f"{path.name},train" for path, *_ in rows)])
    write("split_others", ["utterance,part", *(f"x{path.name},test" for path, *_ in rows)])
