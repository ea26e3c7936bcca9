"""`--figures`: which files there are, what their pictures hold, and what could not be drawn."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.evaluation import illustrations, latents
from ser_vae.evaluation.illustrations import Illustrations
from ser_vae.evaluation.latents import Latents
from ser_vae.report.__main__ import main
from ser_vae.report.figure_files import drawing, scores, unique
from ser_vae.report.figure_files import runs as of_runs
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables
from ser_vae.run_folder import RunFolder

TITLE_OF_SYNTHETIC = "SYNTHETIC SPEECH"


def drawn_latents(folder: Path, utterances: int = 12) -> None:
    names = tuple(f"u{number}" for number in range(utterances))
    mean = np.random.default_rng(0).normal(size=(utterances, 6)).astype(np.float32)
    found = Latents(names, names, ("calm", "gay") * (utterances // 2), names, names, mean)
    latents.write(RunFolder(folder).latents, found)


def drawn_illustrations(folder: Path, *, conditional: bool, prior: int) -> None:
    given = (np.zeros((20, 80)), np.ones((30, 80)))
    swapped = tuple(np.stack([own, own]) for own in given) if conditional else ()
    found = Illustrations(
        emotions=("calm", "gay"),
        utterance=("u1", "u2"),
        emotion=("calm", "gay"),
        input=given,
        reconstruction=given,
        swapped=swapped,
        dimension=np.array([4, 2]),
        step=np.array([-1.0, 0.0, 1.0]),
        traversal=np.zeros((2, 3, 10, 80), np.float32),
        prior=np.zeros((prior, 2, 10, 80), np.float32),
        frame_shift_s=0.01,
    )
    illustrations.write(RunFolder(folder).illustrations, found)


def names(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "figures").glob("*.pdf")}


def drawn(study: Any, notes: list[str]) -> dict[str, drawing.Drawing]:
    """The drawings of all runs, by the first word of their names, not drawn yet."""
    found = of_runs.drawings(study.folder, of_runs.chosen(study.runs), notes)
    return {own.name.partition("-")[0]: own for own in found}


def test_a_run_with_everything_becomes_figures_in_both_formats_with_captions(
    study: Any, sick: Any, heard: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = study.run("model=cvae", corpus="demo", synthetic=True, health=sick(), said=heard(0.8))
    drawn_latents(folder)
    drawn_illustrations(folder, conditional=True, prior=2)
    assert main([str(study.folder), "--figures"]) == 0
    of_run = "demo-random-cvae-complete-seed-0"
    expected = {
        *("table-one-demo-random", "models-demo-random-complete", "confusion-demo-random-complete"),
        "rate-distortion-demo-random",
        *(f"{what}-{of_run}" for what in ("latents", "kl", "reconstructions", "swapped")),
        *(f"{what}-{of_run}" for what in ("traversals", "prior")),
    }
    assert names(study.folder) == expected
    assert {path.stem for path in (study.folder / "figures").glob("*.png")} == expected
    captions = (study.folder / "figures" / "captions.md").read_text()
    assert set(re.findall(r"\*\*([\w-]+)\.\*\*", captions)) == expected
    assert captions.count(SYNTHETIC.capitalize()) == len(expected)
    out = capsys.readouterr().out
    assert f"written: {len(expected)} figures" in out
    assert "no latents.npz" not in out


def test_without_the_option_there_is_no_figure(study: Any) -> None:
    study.run()
    main([str(study.folder)])
    assert not (study.folder / "figures").exists()


def test_the_same_runs_make_the_same_files(study: Any, sick: Any) -> None:
    drawn_latents(study.run("model=vae", health=sick()))
    found = []
    for _ in range(2):
        main([str(study.folder), "--figures"])
        found.append({p.name: p.read_bytes() for p in (study.folder / "figures").iterdir()})
    assert found[0] == found[1]


def test_every_picture_of_synthetic_speech_says_so(study: Any, sick: Any) -> None:
    for corpus, synthetic in (("demo", True), ("urdu", False)):
        folder = study.run("model=vae", corpus=corpus, synthetic=synthetic, health=sick())
        drawn_latents(folder)
        drawn_illustrations(folder, conditional=False, prior=1)
    notes: list[str] = []
    every = [
        *(own for t in tables(study.runs) for own in scores.drawings(t, subsets(t), notes)),
        *scores.rate_distortions(study.runs),
        *of_runs.drawings(study.folder, of_runs.chosen(study.runs), notes),
    ]
    titles = {own.name: own.draw().get_suptitle() for own in every}
    assert len(titles) == 2 * 9
    for name, title in titles.items():
        said = TITLE_OF_SYNTHETIC in title.replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
        assert said == ("-demo-" in name), title


def test_runs_that_lack_a_file_are_named(study: Any, capsys: pytest.CaptureFixture[str]) -> None:
    older = study.run("model=vae", seed=0)
    whole = study.run("model=majority", seed=0)
    main([str(study.folder), "--figures"])
    out = capsys.readouterr().out
    for file in ("latents.npz", "illustrations.npz"):
        (line,) = (line for line in out.splitlines() if line.startswith(f"no {file}"))
        assert f"random/{older.name}" in line
        assert f"random/{whole.name}" in line


def test_a_damaged_file_is_named_and_the_others_are_drawn(study: Any) -> None:
    folder = study.run("model=vae")
    drawn_illustrations(folder, conditional=False, prior=1)
    RunFolder(folder).latents.write_bytes(b"no archive")
    notes: list[str] = []
    assert set(drawn(study, notes)) == {"reconstructions", "traversals", "prior"}
    (note,) = notes
    assert str(RunFolder(folder).latents) in note
    assert "\n" not in note


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_latents_that_are_no_numbers_are_named(study: Any, value: float) -> None:
    folder = study.run("model=vae")
    drawn_latents(folder)
    stored = latents.read(RunFolder(folder).latents)
    stored.mean[0, 0] = value
    latents.write(RunFolder(folder).latents, stored)
    notes: list[str] = []
    assert "latents" not in drawn(study, notes)
    assert "no numbers" in notes[0]


def test_an_ae_has_no_prior_and_an_unconditional_model_no_swapped_labels(study: Any) -> None:
    drawn_illustrations(study.run("model=ae"), conditional=False, prior=0)
    assert set(drawn(study, [])) == {"reconstructions", "traversals"}


def test_the_lowest_seed_and_fold_of_a_cell_is_drawn(study: Any) -> None:
    for seed in (2, 1):
        for fold in (1, 0):
            study.run("split=speaker", f"fold={fold}", seed=seed)
    study.run("split=speaker", "fold=3", "model.beta=0.1", seed=7)
    found = sorted((run.seed, run.fold) for run in of_runs.chosen(study.runs))
    assert found == [(1, 0), (7, 3)]


def test_runs_of_other_settings_are_other_files(study: Any, sick: Any) -> None:
    study.run("model=vae", health=sick())
    study.run("model=vae", "model.beta=0.1", health=sick())
    study.run("model=vae", "training.pretrain.epochs=9", "normalise=none", health=sick())
    chosen = of_runs.chosen(study.runs)
    captions = {o.name: o.caption for o in of_runs.drawings(study.folder, chosen, [])}
    plain = "kl-urdu-random-vae-complete-seed-0"
    assert "defaults: none." in captions.pop(plain)
    assert "defaults: model.beta=0.1." in captions.pop(f"{plain}-model-beta-0-1")
    ((name, caption),) = captions.items()
    assert re.fullmatch(rf"{plain}-[0-9a-f]{{8}}", name)  # too long to be spelled out
    assert "normalise=none, training.pretrain.epochs=9." in caption


def test_names_that_a_file_can_not_tell_apart_are_numbered() -> None:
    same = [drawing.Drawing("kl-beta-1", text, Figure) for text in ("beta=1", "beta=-1")]
    found = {own.name: own.caption for own in unique(same)}
    assert found == {"kl-beta-1": "beta=1", "kl-beta-1-2": "beta=-1"}


def test_figures_need_no_torch(study: Any, sick: Any) -> None:
    drawn_latents(study.run("model=vae", health=sick()))
    code = (
        "import sys; from ser_vae.report.__main__ import main; main();"
        "print([m for m in ('torch', 'lightning', 'hydra') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(study.folder), "--figures"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_table_one_has_the_scores_of_the_report(study: Any, heard: Any) -> None:
    for seed in (0, 1):
        study.run("model=ae", "data=improvised", seed=seed, said=heard(0.7, seed=seed))
        study.run("model=vae", "data=improvised", seed=seed, said=heard(0.9, seed=seed))
    (table,) = tables(study.runs)
    first, listed, _ = scores.drawings(table, subsets(table), [])
    cells = table.rows[0].cells
    bars = [bar.get_height() for bar in first.draw().axes[0].patches]
    assert bars == pytest.approx([cells["ae"].ua.mean, cells["vae"].ua.mean])
    whiskers = first.draw().axes[0].collections[0].get_segments()
    interval = cells["ae"].interval
    assert interval is not None
    assert whiskers[0][:, 1] == pytest.approx([interval.low, interval.high])
    assert [label.get_text() for label in listed.draw().axes[0].get_yticklabels()] == ["VAE", "AE"]
    assert "over speakers" in first.caption


def test_what_leaks_is_in_no_figure_and_is_named(study: Any) -> None:
    study.run("model=cvae", "label_policy=oracle", leaks=True)
    (table,) = tables(study.runs)
    notes: list[str] = []
    assert list(scores.drawings(table, subsets(table), notes)) == []
    assert "CVAE, label_policy=oracle" in notes[0]


def test_confusions_of_seeds_are_added(study: Any) -> None:
    for seed in (0, 1):
        study.run("model=vae", seed=seed)
    (table,) = tables(study.runs)
    *_, matrices = scores.drawings(table, subsets(table), [])
    shown = [text.get_text() for text in matrices.draw().axes[0].texts]
    assert shown == ["90\n(18)", "10\n(2)", "20\n(4)", "80\n(16)"]


def test_every_run_and_fold_with_a_kl_is_a_point(study: Any, sick: Any) -> None:
    for fold in range(3):
        study.run("split=speaker", f"fold={fold}", health=sick(kl=20.0 + fold))
    study.run("split=speaker", "fold=0", "model=ae", health=sick(kl=None))
    study.run("split=speaker", "fold=1", "model=pca")
    (only,) = scores.rate_distortions(study.runs)
    assert only.name == "rate-distortion-urdu-speaker"
    *_, points = only.draw().axes[0].collections
    assert sorted(points.get_offsets()[:, 0].tolist()) == [20.0, 21.0, 22.0]


def test_a_folder_that_can_not_be_written_is_an_error(
    study: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    study.run()
    (study.folder / "figures").write_text("")
    assert main([str(study.folder), "--figures"]) == 1
    assert "figures can't be written" in capsys.readouterr().err
