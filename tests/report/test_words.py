"""A table can't be read without what decides its worth."""

from collections.abc import Callable
from typing import Any

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.report import words
from ser_vae.report.subset import subsets
from ser_vae.report.table import Table, tables
from ser_vae.report.table_one import table_one


def only(study: Any) -> Table:
    (table,) = tables(study.runs)
    return table


def caption(study: Any) -> str:
    """What stands above Table I, and above all tables of its study."""
    table = only(study)
    sections = table_one(table, subsets(table))
    captions = [line for section in sections for line in section.caption]
    return "\n".join([words.title(table), *words.chapter(table), *captions])


def test_the_caption_names_corpus_protocol_seeds_test_part_and_shared_speakers(study: Any) -> None:
    study.run(seed=0, test_speakers=23, test_speakers_in_train=22)
    study.run(seed=4, test_speakers=22, test_speakers_in_train=22)
    said = caption(study)
    assert said.startswith("urdu, protocol random\n")
    assert "Seeds 0, 4. Emotions: neutral, angry." in said
    assert (
        "Test part of complete: 120 utterances; of its 22 to 23 speakers, 22 are also in train."
        in said
    )
    assert "Settings that differ from the defaults: none." in said
    assert "label_policy=null" in said


def test_a_single_seed_is_not_called_seeds(study: Any) -> None:
    study.run(seed=0)
    assert "Seed 0. " in caption(study)


def test_the_caption_names_the_settings_that_differ(study: Any) -> None:
    study.run("training.classify.epochs=2", "normalise=none")
    differing = "differ from the defaults: normalise=none, training.classify.epochs=2."
    assert differing in caption(study)


def test_a_title_names_two_settings_and_counts_more(study: Any) -> None:
    study.run("training.classify.epochs=2", "normalise=none")
    title = "urdu, protocol random, normalise=none, training.classify.epochs=2"
    assert words.title(only(study)) == title
    study.run("training.classify.epochs=2", "normalise=none", "data.hop_s=0.05")
    assert words.title(tables(study.runs)[1]) == "urdu, protocol random, 3 settings of its own"


def lost(study: Any) -> str:
    """What is said where no run has its predictions."""
    finished = [path for path in study.all if (path / "metrics.json").exists()]
    folders = sorted(path.relative_to(study.folder).as_posix() for path in finished)
    more = f", and {len(folders) - 3} more" if len(folders) > 3 else ""
    return (
        f"predictions.csv is missing in {len(folders)} run folders ({', '.join(folders[:3])}{more})"
        ": no interval and no test of these runs."
    )


AUDIT = {
    "verdict": "SHARED",
    "sentence": "8 of 10 test speakers are also in train",
    "adjacent_turns": 3,
    "duplicates": 0,
    "speaker_lookup": {"ua": 0.3, "wa": 0.4},
}


def test_the_audit_is_one_line_of_verdict_lookup_turns_and_duplicates(study: Any) -> None:
    study.run(seed=0, audit=AUDIT)
    study.run(seed=1, audit=AUDIT | {"adjacent_turns": 5, "speaker_lookup": {"ua": 0.4, "wa": 0.4}})
    # 30 and 40: deviations of 5 about 35, squares' sum 50 over n - 1 = 1: 7.07
    assert (
        "Audit of complete: SHARED (8 of 10 test speakers are also in train); speaker lookup UA "
        "35.0 ± 7.1; adjacent turns of a speaker on both sides: 3 to 5; duplicates on both "
        "sides: 0."
    ) in caption(study)


def test_splits_of_several_verdicts_are_counted(study: Any) -> None:
    verdicts = ("CONFOUNDED", "SHARED", "CONFOUNDED")
    for seed, verdict in enumerate(verdicts):
        study.run(seed=seed, audit=AUDIT | {"verdict": verdict, "sentence": f"says {seed}"})
    said = caption(study)
    assert "CONFOUNDED (2 of 3 splits, such as: says 0), SHARED (1 of 3 splits, " in said


def test_unknown_turns_are_called_unknown(study: Any) -> None:
    study.run(audit=AUDIT | {"adjacent_turns": None})
    assert "adjacent turns of a speaker on both sides: not known;" in caption(study)


def test_runs_older_than_the_audit_say_so(study: Any) -> None:
    study.run()
    assert "Audit of complete: none, as these runs are older than it" in caption(study)


def test_a_caveat_names_its_rows_unless_it_holds_for_all(study: Any) -> None:
    study.run("model=cvae", caveats=["everywhere"])
    study.run("model=cvae", "label_policy=oracle", caveats=["everywhere", "here alone"])
    said = caption(study).splitlines()
    assert "Caveat: everywhere." in said
    assert "Caveat (complete, label_policy=oracle): here alone." in said


def test_the_papers_corpus_is_compared_without_a_word_on_another(table_1: Any) -> None:
    said = caption(table_1(corpus="iemocap"))
    assert "paper: accuracy on IEMOCAP, 70 % to train and 30 % to test" in said
    assert "does not say how it was drawn, how often, and whether weighted or unweighted" in said


def test_another_corpus_says_that_the_papers_cells_are_iemocaps(table_1: Any) -> None:
    assert "paper: accuracy on IEMOCAP, not on mine," in caption(table_1(corpus="mine"))


def test_a_corpus_without_the_papers_subsets_is_not_compared(study: Any) -> None:
    study.run()
    assert "paper" not in caption(study)


def test_synthetic_speech_is_said_in_capitals(table_1: Callable[..., Any]) -> None:
    said = caption(table_1(corpus="demo", synthetic=True, caveats=[SYNTHETIC]))
    assert "SYNTHETIC SPEECH" in said
    assert "COMPARISON WITH THE PAPER MEANS NOTHING BEYOND THE LAYOUT" in said
    assert said.lower().count("synthetic speech") == 2  # above all tables, and in this one


def test_a_table_of_nothing_says_so(study: Any) -> None:
    study.run(state="unfinished")
    assert "No finished run." in caption(study)


def test_what_is_missing_failed_and_unfinished_is_said(study: Any) -> None:
    study.run("model=vae")
    unfinished = study.run("model=ae", state="unfinished")
    failed = study.run("model=cvae", state="unfinished")
    (failed / "error.txt").write_text("Traceback (most recent call last):\n  x\nOSError: full\n")
    assert words.notes(only(study)) == (
        "No finished run: complete × AE, CVAE.",
        f"Unfinished (interrupted, or still at work): random/{unfinished.name}",
        f"Failed: random/{failed.name}: OSError: full",
        lost(study),
    )


def test_a_cell_over_other_seeds_is_pointed_out(study: Any) -> None:
    for model, seeds in (("ae", (0, 1)), ("vae", (0,)), ("cvae", (0, 1))):
        for seed in seeds:
            study.run(f"model={model}", seed=seed)
    assert words.notes(only(study)) == (
        "Not over seeds 0, 1: complete × VAE has seed 0.",
        lost(study),
    )


def test_a_whole_table_has_no_notes(table_1: Callable[..., Any]) -> None:
    study = table_1(corpus="iemocap")
    assert words.notes(only(study)) == (lost(study),)


def test_what_was_kept_apart_or_left_out_is_said(study: Any) -> None:
    for material in ("one", "one", "two"):
        for model in ("ae", "vae", "cvae"):
            study.run(f"model={model}", material=material)
    said = "\n".join(words.notes(only(study)))
    assert said.count("Left out: ") == 3
    assert "complete, material=one: other audio or labels than in the rows beside it" in said
