"""What is averaged and what is kept apart."""

from collections.abc import Callable
from typing import Any

import pytest

from ser_vae.report.cell import score
from ser_vae.report.table import Table, in_order, tables


def only(study: Any) -> Table:
    (table,) = tables(study.runs)
    return table


def test_a_cell_is_the_mean_and_the_sample_deviation_over_seeds(study: Any) -> None:
    for seed, ua, wa in ((0, 0.50, 0.40), (1, 0.60, 0.40), (2, 0.70, 0.70)):
        study.run("model=vae", seed=seed, ua=ua, wa=wa)
    (row,) = only(study).rows
    ua, wa = row.cells["vae"].scores["ua"], row.cells["vae"].scores["wa"]
    # 50, 60, 70: squares -100, 0, 100 about 60, sum 200, over n - 1 = 2: variance 100
    assert (ua.mean, ua.sd, ua.n) == (pytest.approx(60), pytest.approx(10), 3)
    # 40, 40, 70: -10, -10, 20 about 50, squares' sum 600, variance 300
    assert (wa.mean, wa.sd, wa.n) == (pytest.approx(50), pytest.approx(300**0.5), 3)


def test_one_seed_has_no_deviation() -> None:
    assert score([0.5]).sd is None


def test_the_majority_counts_a_seed_once_however_many_models_it_has(study: Any) -> None:
    shares = {0: 0.2, 1: 0.6}
    for model, seed in (("ae", 0), ("vae", 0), ("cvae", 0), ("vae", 1)):
        majority = {f"random/test/{name}": shares[seed] for name in ("ua", "wa", "macro_f1")}
        majority["random/test/confusion"] = [[10, 0], [10, 0]]
        study.run(f"model={model}", seed=seed, majority=majority)
    assert only(study).rows[0].majority("wa").mean == pytest.approx(40)  # not the mean of four: 30


def test_corpora_stand_in_tables_of_their_own(study: Any) -> None:
    study.run(ua=0.2)
    study.run("corpus=ravdess", corpus="ravdess", ua=0.8, seed=1)
    found = [(t.corpus, t.rows[0].cells["vae"].scores["ua"].mean) for t in tables(study.runs)]
    assert found == [("ravdess", pytest.approx(80)), ("urdu", pytest.approx(20))]


def test_corpora_of_one_name_and_two_readers_stand_in_tables_of_their_own(study: Any) -> None:
    study.run()
    study.run("corpus=folder", "corpus.name=urdu", seed=1)
    assert len(tables(study.runs)) == 2


def test_corpora_of_one_reader_and_two_names_stand_in_tables_of_their_own(study: Any) -> None:
    study.run(corpus="mine")
    study.run(corpus="yours", seed=1)
    assert [table.corpus for table in tables(study.runs)] == ["mine", "yours"]


def test_protocols_stand_in_tables_of_their_own(study: Any) -> None:
    study.run("split=random")
    study.run("split=given", seed=1)
    assert [table.protocol for table in tables(study.runs)] == ["given", "random"]


@pytest.mark.parametrize(
    "setting",
    [
        "normalise=speaker",
        "bad_audio=drop",
        "split.test=0.2",
        "features.mel_bands=40",
        "data.hop_s=0.05",
        "classifier.pooling=mean",
        "training.latent=sample",
        "training.pretrain.optimizer.betas=[0.999, 0.99]",
        "trainer.precision=bf16-mixed",
        "corpus.emotions.happy=[X]",
    ],
)
def test_settings_stand_in_tables_of_their_own(study: Any, setting: str) -> None:
    study.run(ua=0.2)
    study.run(setting, seed=1, ua=0.8)
    default, other = tables(study.runs)
    assert default.deviations == ()
    assert other.deviations == (setting,)
    assert [t.rows[0].cells["vae"].scores["ua"].n for t in (default, other)] == [1, 1]


@pytest.mark.parametrize("setting", ["model.latent=16", "model.beta=0.1", "label_policy=oracle"])
def test_a_models_settings_and_the_label_policy_stand_in_rows_of_their_own(
    study: Any, setting: str
) -> None:
    study.run("model=cvae", ua=0.2)
    study.run("model=cvae", setting, seed=1, ua=0.8)
    default, other = only(study).rows
    assert (default.name, other.name) == ("complete", f"complete, {setting}")
    assert [row.cells["cvae"].scores["ua"].n for row in (default, other)] == [1, 1]


def test_one_variant_of_several_models_is_one_row(study: Any) -> None:
    for model in ("ae", "vae"):
        study.run(f"model={model}", "model.latent=16")
    assert [sorted(row.cells) for row in only(study).rows] == [["ae", "vae"]]


def test_other_audio_under_the_same_name_is_not_averaged_in(study: Any) -> None:
    study.run(seed=0, material="one", ua=0.2)
    study.run(seed=1, material="two", ua=0.8)
    rows = only(study).rows
    assert [row.name for row in rows] == ["complete, material=one", "complete, material=two"]
    assert [row.cells["vae"].scores["ua"].n for row in rows] == [1, 1]


def test_a_copied_folder_counts_once(study: Any) -> None:
    first, copy = study.run(seed=0, ua=0.2), study.run(seed=0, ua=0.2)
    study.run(seed=1, ua=0.4)
    table = only(study)
    assert table.rows[0].cells["vae"].scores["ua"].n == 2
    assert [(a.folder, b.folder) for a, b in table.duplicates] == [
        (f"random/{copy.name}", f"random/{first.name}")
    ]


def test_rows_and_columns_stand_in_the_papers_order(table_1: Callable[..., Any]) -> None:
    table = only(table_1(corpus="urdu"))
    assert [row.data for row in table.rows] == ["improvised", "scripted", "complete"]
    assert [tuple(row.cells) for row in table.rows] == [("ae", "vae", "cvae")] * 3
    assert table.models == ("ae", "vae", "cvae")


def test_what_the_paper_does_not_have_stands_behind() -> None:
    assert in_order(["pca", "cvae", "a_new_one", "ae"]) == ("ae", "cvae", "a_new_one", "pca")


def test_the_whole_grid_lacks_nothing(table_1: Callable[..., Any]) -> None:
    assert only(table_1(corpus="iemocap")).missing == {}


def test_a_corpus_with_the_papers_subsets_lacks_the_others(study: Any) -> None:
    study.run("data=improvised", "model=cvae")
    table = only(study)
    assert table.compared
    assert table.missing == {
        ("improvised", ()): ("ae", "vae"),
        ("scripted", ()): ("ae", "vae", "cvae"),
        ("complete", ()): ("ae", "vae", "cvae"),
    }


def test_a_corpus_without_subsets_lacks_models_alone_and_is_not_compared(study: Any) -> None:
    study.run("model=vae")
    table = only(study)
    assert not table.compared
    assert table.missing == {("complete", ()): ("ae", "cvae")}


def test_a_label_policy_is_not_missed_in_models_that_are_told_no_label(study: Any) -> None:
    for model in ("ae", "vae", "cvae"):
        study.run(f"model={model}")
    study.run("model=cvae", "label_policy=oracle", leaks=True)
    table = only(study)
    assert table.missing == {}
    assert [row.leaks for row in table.rows] == [False, True]


def test_runs_without_a_result_have_an_empty_row_and_are_missing(study: Any) -> None:
    study.run("model=vae", state="unfinished")
    table = only(study)
    assert [dict(row.cells) for row in table.rows] == [{}]
    assert table.missing == {("complete", ()): ("ae", "vae", "cvae")}
    assert [run.state for run in table.left_over] == ["unfinished"]


def test_an_unfinished_seed_does_not_lessen_a_cell(study: Any) -> None:
    study.run(seed=0, ua=0.3)
    study.run(seed=1, state="unfinished")
    table = only(study)
    assert [row.cells["vae"].scores["ua"].n for row in table.rows] == [1]
