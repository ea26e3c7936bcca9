"""The command: what it leaves behind, what it reuses, how it goes on after an interruption."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ser_vae import SerVaeError, pipeline
from ser_vae.run import configure, run

Run = Callable[..., dict[str, Any]]
Command = Callable[..., subprocess.CompletedProcess[str]]

NOT_COMPARED = ("times_s", "peak_memory_mb")


def folders(runs: Path) -> list[Path]:
    return sorted(path.parent for path in runs.glob("*/*/config.yaml"))


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def comparable(folder: Path) -> dict[str, Any]:
    metrics = json.loads((folder / "metrics.json").read_text())
    return {key: value for key, value in metrics.items() if key not in NOT_COMPARED}


@pytest.mark.parametrize("model", ["ae", "vae", "cvae"])
def test_a_run_leaves_its_documented_files(run_noises: Run, tmp_path: Path, model: str) -> None:
    metrics = run_noises(f"model={model}")
    (folder,) = folders(tmp_path / "runs")
    assert folder.name.startswith(f"{model}-complete-folder-seed0-")
    assert {path.name for path in folder.iterdir()} == {
        "config.yaml",
        "split.csv",
        "audit.json",
        "pretrained.ckpt",
        "pretrain.csv",
        "classifier.ckpt",
        "classify.csv",
        "predictions.csv",
        "metrics.json",
    }
    assert json.loads((folder / "audit.json").read_text()) == metrics["audit"]
    assert metrics["counts"]["test"]["utterances"] == 18
    assert metrics["random/test/ua"] > metrics["majority"]["random/test/ua"] == pytest.approx(1 / 3)


def test_every_utterance_is_in_one_part_and_every_test_utterance_is_predicted_once(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises("split.validation=0.2")
    (folder,) = folders(tmp_path / "runs")
    split = table(folder / "split.csv")
    predicted = [row["utterance"] for row in table(folder / "predictions.csv")]
    assert len({row["utterance"] for row in split}) == len(split) == 60
    assert sorted(predicted) == [row["utterance"] for row in split if row["part"] == "test"]
    header = (folder / "classify.csv").read_text().splitlines()[0]
    assert "classify/validation/loss" in header


def test_the_same_seed_gives_the_same_bytes(run_noises: Run, tmp_path: Path) -> None:
    for place in ("first", "second"):
        run_noises("model=cvae", f"runs={tmp_path / place}")
    (first,), (second,) = (folders(tmp_path / place) for place in ("first", "second"))
    for name in ("predictions.csv", "split.csv", "pretrain.csv", "classify.csv"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_seed_zero_is_a_seed(run_noises: Run, tmp_path: Path) -> None:
    run_noises("seed=0")
    run_noises("seed=1")
    zero, one = folders(tmp_path / "runs")
    assert (zero / "split.csv").read_text() != (one / "split.csv").read_text()


def test_a_finished_command_answers_at_once(
    run_noises: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_noises()
    monkeypatch.setattr(pipeline, "execute", None)
    assert run_noises() == first
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == lines[2:]  # the summary line, and the folder


def test_a_finished_command_does_not_wait_for_torch(
    run_noises: Run, noise_command: list[str]
) -> None:
    run_noises()
    code = "import sys; from ser_vae.run import configure, run; run(configure(*sys.argv[1:]))"
    code += "; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code, *noise_command], check=True, timeout=60)


def test_force_starts_over(run_noises: Run, tmp_path: Path) -> None:
    run_noises()
    (folder,) = folders(tmp_path / "runs")
    before = (folder / "metrics.json").stat().st_mtime_ns
    run_noises("force=true")
    assert folders(tmp_path / "runs") == [folder]
    assert (folder / "metrics.json").stat().st_mtime_ns > before


@pytest.mark.parametrize(
    "change",
    [
        "seed=1",
        "model=ae",
        "normalise=none",
        "classifier.hidden=8",
        "data.hop=5",
        "features.floor=1e-4",
    ],
)
def test_every_setting_has_its_own_folder(run_noises: Run, tmp_path: Path, change: str) -> None:
    run_noises("training.pretrain.epochs=1", "training.classify.epochs=1")
    run_noises("training.pretrain.epochs=1", "training.classify.epochs=1", change)
    assert len(folders(tmp_path / "runs")) == 2


def test_where_things_lie_is_not_part_of_the_address(
    run_noises: Run, noises: Path, tmp_path: Path
) -> None:
    run_noises()
    shutil.copytree(noises, tmp_path / "copy")
    run_noises(f"corpus.root={tmp_path / 'copy'}", "jobs=1", "logger=csv")
    assert len(folders(tmp_path / "runs")) == 1


def test_a_changed_corpus_is_another_run(run_noises: Run, noises: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(noises, copy)
    run_noises(f"corpus.root={copy}")
    listed = (copy / "list.csv").read_text()
    (copy / "list.csv").write_text(listed.replace("calm00.wav,calm", "calm00.wav,cross"))
    run_noises(f"corpus.root={copy}")
    assert len(folders(tmp_path / "runs")) == 2


# --- protocols of several folds -----------------------------------------------------------------

BRIEF = ("split=speaker", "training.pretrain.epochs=1", "training.classify.epochs=2")


def test_all_folds_leave_out_each_speaker_once_and_are_scored_together(
    run_noises: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = run_noises(*BRIEF, "fold=all")
    found = folders(tmp_path / "runs")
    assert [folder.parent.name for folder in found] == ["speaker"] * 4
    predicted = [table(folder / "predictions.csv") for folder in found]
    for number, rows in enumerate(predicted):
        assert {row["speaker"] for row in rows} == {f"s{number}"}
        assert comparable(found[number])["fold"] == number
        assert comparable(found[number])["audit"]["verdict"] == "INDEPENDENT"
    rows = [row for part in predicted for row in part]
    assert len({row["utterance"] for row in rows}) == len(rows) == 60
    right = sum(row["truth"] == row["guess"] for row in rows)
    assert scores["speaker/test/wa"] == pytest.approx(right / 60)
    each = [comparable(folder)["speaker/test/ua"] for folder in found]
    assert scores["speaker/test/ua_of_folds"] == each
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("vae-complete-folder-seed0, 4 folds: speaker/test/ua ")


def test_folds_do_not_share_an_encoder_that_has_seen_their_test_speaker(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises(*BRIEF, "fold=all")
    assert len(list((tmp_path / "runs/pretrained").glob("vae-*"))) == 4


def test_a_fold_alone_is_the_fold_of_all(run_noises: Run, tmp_path: Path) -> None:
    run_noises(*BRIEF, "fold=2", f"runs={tmp_path / 'alone'}")
    run_noises(*BRIEF, "fold=all")
    (alone,), of_all = folders(tmp_path / "alone"), folders(tmp_path / "runs")[2]
    assert alone.name == of_all.name
    assert comparable(alone) == comparable(of_all)
    assert (alone / "predictions.csv").read_bytes() == (of_all / "predictions.csv").read_bytes()


def test_all_folds_asked_for_again_answer_at_once(
    run_noises: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_noises(*BRIEF, "fold=all")
    monkeypatch.setattr(pipeline, "execute", None)
    assert run_noises(*BRIEF, "fold=all") == first
    lines = capsys.readouterr().out.splitlines()
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 :]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("split=speaker",), r"fold=None: split=speaker has 4 folds here\.\nGive fold=0 to fold=3"),
        (("split=speaker", "fold=4"), r"fold=4: split=speaker has 4 folds"),
        (("split=speaker", "fold=some"), r"fold=some: split=speaker has 4 folds"),
        (("split=random", "fold=0"), r"fold=0: split=random has no folds"),
        (("split=random", "fold=all"), r"fold=all: split=random has no folds"),
        (("split=session", "fold=all"), r"does not say the session of 60 of 60"),
    ],
)
def test_a_fold_that_is_not_there_is_refused_before_training(
    run_noises: Run, tmp_path: Path, overrides: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SerVaeError, match=message):
        run_noises(*overrides)
    assert not (tmp_path / "runs/pretrained").exists()


@pytest.mark.parametrize("protocol", ["random", "speaker"])
def test_the_protocol_is_in_the_name_of_every_score(run_noises: Run, protocol: str) -> None:
    metrics = run_noises(*BRIEF[1:], f"split={protocol}", *(["fold=0"] * (protocol == "speaker")))
    named = ("wa", "ua", "macro_f1", "recall", "confusion")
    assert {f"{protocol}/test/{name}" for name in named} <= metrics.keys()
    assert {f"{protocol}/test/{name}" for name in named} <= metrics["majority"].keys()
    scores = [k for k in (*metrics, *metrics["majority"]) if k.rpartition("/")[2] in named]
    assert all(key.startswith(f"{protocol}/test/") for key in scores)


def test_a_runs_own_split_can_be_run_again_from_its_file(run_noises: Run, tmp_path: Path) -> None:
    run_noises(*BRIEF, "fold=1")
    (first,) = folders(tmp_path / "runs")
    given = ("split=file", f"split.path={first / 'split.csv'}", *BRIEF[1:])
    run_noises(*given)
    (again,) = (tmp_path / "runs/file").glob("vae-*")
    for name in ("split.csv", "predictions.csv"):
        assert (again / name).read_bytes() == (first / name).read_bytes(), name


def test_another_split_under_the_same_path_is_another_run(run_noises: Run, tmp_path: Path) -> None:
    run_noises("training.pretrained=none", *BRIEF[1:])
    (first,) = folders(tmp_path / "runs")
    path = tmp_path / "split.csv"
    given = ("training.pretrained=none", "split=file", f"split.path={path}", *BRIEF[1:])
    text = (first / "split.csv").read_text()
    path.write_text(text)
    run_noises(*given)
    path.write_text(text.replace(",test", ",train", 1))
    assert run_noises(*given)["counts"]["test"]["utterances"] == 17


def test_a_split_without_its_file_is_named(run_noises: Run) -> None:
    with pytest.raises(SerVaeError, match=r"split\.path: nowhere\.csv can't be read"):
        run_noises("split=file", "split.path=nowhere.csv")


def test_another_session_of_an_utterance_is_another_run(
    run_noises: Run, noises: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(noises, copy)
    rows = table(copy / "list.csv")
    for turn in (0, 1):
        lines = [f"{','.join(row.values())},S{(n + turn) % 2}" for n, row in enumerate(rows)]
        (copy / "list.csv").write_text("\n".join(["path,emotion,speaker,session", *lines]) + "\n")
        run_noises(f"corpus.root={copy}", "split=session", "fold=0", *BRIEF[1:])
    first, second = folders(tmp_path / "runs")
    assert (first / "split.csv").read_text() != (second / "split.csv").read_text()


# --- pretraining: once, never, or from a file ---------------------------------------------------


def test_classifiers_share_a_pretrained_encoder_and_seeds_do_not(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises()
    run_noises("classifier.hidden=8")
    assert len(list((tmp_path / "runs/pretrained").glob("vae-*"))) == 1
    run_noises("seed=1")
    assert len(list((tmp_path / "runs/pretrained").glob("vae-*"))) == 2


def test_a_reused_encoder_gives_the_same_result_as_an_own_one(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises("classifier.hidden=8")
    run_noises("classifier.hidden=8", "classifier.dense=9")  # reuses
    run_noises("classifier.hidden=8", "classifier.dense=9", f"runs={tmp_path / 'alone'}")
    (alone,) = folders(tmp_path / "alone")
    (reused,) = (f for f in folders(tmp_path / "runs") if f.name == alone.name)
    assert comparable(alone) == comparable(reused)
    assert (alone / "pretrain.csv").read_text() == (reused / "pretrain.csv").read_text()


def test_an_untrained_encoder_is_left_as_initialised(run_noises: Run, tmp_path: Path) -> None:
    run_noises("training.pretrained=none")
    (folder,) = folders(tmp_path / "runs")
    assert not (tmp_path / "runs/pretrained").exists()
    assert not (folder / "pretrain.csv").exists()


def test_a_run_starts_from_another_runs_checkpoint(run_noises: Run, tmp_path: Path) -> None:
    first = run_noises()
    (folder,) = folders(tmp_path / "runs")
    again = run_noises(f"training.pretrained={folder / 'pretrained.ckpt'}")
    assert again["random/test/confusion"] == first["random/test/confusion"]


def test_a_checkpoint_of_another_model_is_refused(run_noises: Run, tmp_path: Path) -> None:
    run_noises("model=ae")
    (folder,) = folders(tmp_path / "runs")
    with pytest.raises(SerVaeError, match=r"expected the weights of a VAE"):
        run_noises("model=vae", f"training.pretrained={folder / 'pretrained.ckpt'}")


def test_a_missing_checkpoint_is_named(run_noises: Run) -> None:
    with pytest.raises(SerVaeError, match=r"nowhere\.ckpt"):
        run_noises("training.pretrained=nowhere.ckpt")


def test_fine_tuning_changes_the_encoder_and_freezing_does_not(
    run_noises: Run, tmp_path: Path
) -> None:
    import torch  # noqa: PLC0415

    run_noises("training.encoder_lr=1e-3")
    (folder,) = folders(tmp_path / "runs")
    before = torch.load(folder / "pretrained.ckpt", weights_only=True)
    after = torch.load(folder / "classifier.ckpt", weights_only=True)
    name = "encoder.0.weight"
    assert not torch.equal(before[name], after[f"encoder.{name}"])
    run_noises(f"runs={tmp_path / 'frozen'}")
    (frozen,) = folders(tmp_path / "frozen")
    stored = torch.load(frozen / "classifier.ckpt", weights_only=True)
    assert not [key for key in stored if key.startswith("encoder")]


# --- what may not be ----------------------------------------------------------------------------


def listed_with_split(noises: Path, root: Path, swap: bool) -> Path:
    """A copy of the noises with a given split; `swap` turns the test labels round."""
    shutil.copytree(noises, root)
    turned = {"calm": "cross", "cross": "gay", "gay": "calm"}
    rows = table(root / "list.csv")
    lines = ["path,emotion,speaker,split"]
    for number, row in enumerate(rows):
        part = "test" if number % 3 == 0 else "train"
        emotion = turned[row["emotion"]] if swap and part == "test" else row["emotion"]
        lines.append(f"{row['path']},{emotion},{row['speaker']},{part}")
    (root / "list.csv").write_text("\n".join(lines) + "\n")
    return root


@pytest.mark.parametrize("model", ["vae", "cvae"])
@pytest.mark.parametrize("normalise", ["train", "speaker"])
def test_test_labels_change_no_prediction(
    run_noises: Run, noises: Path, tmp_path: Path, model: str, normalise: str
) -> None:
    said = []
    for swap in (False, True):
        root = listed_with_split(noises, tmp_path / f"swap{swap}", swap)
        runs = tmp_path / f"runs{swap}"
        run_noises(
            "split=given",
            f"corpus.root={root}",
            f"model={model}",
            f"normalise={normalise}",
            f"runs={runs}",
        )
        (folder,) = folders(runs)
        rows = table(folder / "predictions.csv")
        said.append([{k: v for k, v in row.items() if k != "truth"} for row in rows])
    assert said[0] == said[1]


@pytest.mark.parametrize("split", [("split=random",), ("split=speaker", "fold=1")])
def test_the_order_of_the_lines_of_a_corpus_changes_nothing(
    run_noises: Run, noises: Path, tmp_path: Path, split: tuple[str, ...]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(noises, copy)
    header, *lines = (noises / "list.csv").read_text().splitlines()
    turned = [header, *random.Random(1).sample(lines, len(lines))]
    (copy / "list.csv").write_text("\n".join(turned) + "\n")
    for root in (noises, copy):
        run_noises(f"corpus.root={root}", f"runs={tmp_path / root.name}", *BRIEF[1:], *split)
    (first,), (second,) = folders(tmp_path / noises.name), folders(tmp_path / "copy")
    assert first.name == second.name
    for name in ("predictions.csv", "split.csv", "audit.json", "pretrain.csv", "classify.csv"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_the_oracle_policy_does_see_test_labels_and_says_so(
    run_noises: Run, noises: Path, tmp_path: Path
) -> None:
    said = []
    for swap in (False, True):
        root = listed_with_split(noises, tmp_path / f"swap{swap}", swap)
        runs = tmp_path / f"runs{swap}"
        metrics = run_noises(
            "split=given",
            f"corpus.root={root}",
            "model=cvae",
            "label_policy=oracle",
            f"runs={runs}",
        )
        assert any("leak" in caveat for caveat in metrics["caveats"])
        (folder,) = folders(runs)
        rows = table(folder / "predictions.csv")
        said.append([[row["p_calm"], row["p_gay"]] for row in rows])
    assert said[0] != said[1]


def test_a_policy_that_would_be_ignored_is_refused(run_noises: Run) -> None:
    with pytest.raises(SerVaeError, match="never told a label"):
        run_noises("model=vae", "label_policy=oracle")


def test_a_subset_that_the_corpus_does_not_know_is_refused(run_noises: Run) -> None:
    with pytest.raises(SerVaeError, match="does not distinguish improvised from scripted"):
        run_noises("data=improvised")


# --- bad audio ----------------------------------------------------------------------------------


@pytest.fixture
def spoilt(noises: Path, tmp_path: Path) -> Path:
    root = tmp_path / "spoilt"
    shutil.copytree(noises, root)
    (root / "calm03.wav").write_bytes(b"no audio at all")
    (root / "gay07.wav").write_bytes((root / "gay07.wav").read_bytes()[:1000])
    return root


def test_a_bad_file_stops_the_run_and_loses_no_other_files_work(
    run_noises: Run, spoilt: Path, tmp_path: Path
) -> None:
    with pytest.raises(SerVaeError, match=r"(?s)2 of 60 .*calm03.*gay07.*bad_audio=drop"):
        run_noises(f"corpus.root={spoilt}", f"cache={tmp_path / 'cache'}")
    assert len(list((tmp_path / "cache").rglob("*.npy"))) >= 58


def test_bad_files_are_left_out_counted_and_named_where_asked_for(
    run_noises: Run, spoilt: Path, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = run_noises(f"corpus.root={spoilt}", "bad_audio=drop")
    assert set(metrics["left_out"]) == {"calm03.wav", "gay07.wav"}
    assert sum(part["utterances"] for part in metrics["counts"].values()) == 58
    assert any("2 unusable" in caveat for caveat in metrics["caveats"])
    assert "calm03" in caplog.text


# --- interruptions, crowds, devices -------------------------------------------------------------


def start(*overrides: str) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k != "IEMOCAP_ROOT"}
    return subprocess.Popen(
        [sys.executable, "-m", "ser_vae.run", *overrides],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_when(seen: Callable[[], bool], *overrides: str) -> None:
    """Start the command and kill it, as the kernel kills, as soon as `seen` says so."""
    process = start(*overrides)
    until = time.monotonic() + 120
    while not seen():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_run_killed_in_each_stage_ends_like_an_uninterrupted_one(
    cache: Path, tmp_path: Path, command: Command
) -> None:
    settings = [
        "corpus=demo",
        "data=improvised",
        "model=cvae",
        "logger=none",
        "progress=false",
        "threads=1",
        "training.pretrain.epochs=6",
        "training.classify.epochs=30",
        "trainer=cpu",
    ]
    whole = [*settings, f"cache={cache}", f"runs={tmp_path / 'whole'}"]
    assert command(*whole).returncode == 0

    shutil.copytree(cache, tmp_path / "cache", ignore=shutil.ignore_patterns("features"))
    runs = tmp_path / "killed"
    killed = [*settings, f"cache={tmp_path / 'cache'}", f"runs={runs}"]
    kill_when(lambda: len(list((tmp_path / "cache/features").rglob("*.npy"))) > 20, *killed)
    assert len(list((tmp_path / "cache/features").rglob("*.npy"))) < 290
    kill_when(lambda: any(runs.glob("pretrained/*/last.ckpt")), *killed)
    assert not any(runs.glob("pretrained/*/pretrained.ckpt"))
    kill_when(lambda: any(runs.glob("random/*/classify/last.ckpt")), *killed)
    assert not any(runs.glob("random/*/metrics.json"))
    assert command(*killed).returncode == 0

    (expected,), (got,) = folders(tmp_path / "whole"), folders(runs)
    assert comparable(got) == comparable(expected)
    for name in ("predictions.csv", "pretrain.csv", "classify.csv"):
        assert (got / name).read_bytes() == (expected / name).read_bytes(), name


@pytest.mark.slow
def test_two_processes_with_one_command_share_one_result(
    noise_command: list[str], tmp_path: Path
) -> None:
    processes = [start(*noise_command) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    (folder,) = folders(tmp_path / "runs")
    assert (folder / "metrics.json").exists()


@pytest.mark.slow
def test_two_devices_give_the_curve_of_one_with_the_doubled_batch(
    noise_command: list[str], tmp_path: Path, command: Command
) -> None:
    """In double precision: float32 and Adam magnify the last bit to a part in a thousand."""
    exact = [*noise_command, "model=ae", "trainer.precision=64-true"]
    two = command(*exact, "trainer=[cpu,ddp]", "training.pretrain.batch_size=25")
    assert two.returncode == 0, two.stderr
    one = command(*exact, "trainer=cpu", "training.pretrain.batch_size=50")
    assert one.returncode == 0, one.stderr
    first, second = (
        [float(row["pretrain/train/loss"]) for row in table(f / "pretrain.csv")]
        for f in folders(tmp_path / "runs")
    )
    assert len(first) == 3
    assert first == pytest.approx(second, rel=1e-6)


@pytest.mark.slow
def test_a_failed_job_names_its_error_at_once_and_leaves_the_others_running(
    noise_command: list[str], tmp_path: Path, command: Command
) -> None:
    result = command("-m", *noise_command, "data=improvised,complete", "model=ae,vae")
    assert result.returncode != 0
    assert len(folders(tmp_path / "runs")) == 2
    error = result.stderr.index("does not distinguish improvised")
    assert error < result.stderr.index("Traceback") if "Traceback" in result.stderr else True
    assert result.stdout.count("random/test/ua") == 2


def test_half_precision_runs_on_the_cpu(run_noises: Run) -> None:
    assert run_noises("trainer=[cpu,bf16]")["random/test/ua"] > 0.5


def test_a_sampled_latent_is_another_result_than_the_mean(run_noises: Run, tmp_path: Path) -> None:
    run_noises("training.latent=sample")
    run_noises("training.latent=mu")
    first, second = folders(tmp_path / "runs")
    assert (first / "predictions.csv").read_text() != (second / "predictions.csv").read_text()


@pytest.mark.slow
def test_without_iemocap_the_first_line_says_that_the_speech_is_synthetic(
    cache: Path, tmp_path: Path, command: Command
) -> None:
    result = command(
        f"cache={cache}",
        f"runs={tmp_path}",
        "model=cvae",
        "data=improvised",
        "logger=none",
        "training.pretrain.epochs=1",
        "training.classify.epochs=1",
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("corpus demo: synthetic speech")
    assert "synthetic" in result.stdout.splitlines()[1]
    (folder,) = folders(tmp_path)
    assert json.loads((folder / "metrics.json").read_text())["synthetic"] is True


def test_the_python_way_in_is_the_command_line(noise_command: list[str]) -> None:
    assert run(configure(*noise_command))["run"] == "vae-complete-folder-seed0"


def test_an_autoencoder_is_refused_a_sample_before_it_is_trained(
    run_noises: Run, tmp_path: Path
) -> None:
    with pytest.raises(SerVaeError, match="no posterior to sample from"):
        run_noises("model=ae", "training.latent=sample")
    assert not (tmp_path / "runs" / "pretrained").exists()


def test_other_audio_of_the_same_size_is_another_run(
    run_noises: Run, noises: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(noises, copy)
    run_noises(f"corpus.root={copy}")
    audio = bytearray((copy / "calm00.wav").read_bytes())
    audio[-2:] = bytes([audio[-2] ^ 1, audio[-1]])
    (copy / "calm00.wav").write_bytes(audio)
    run_noises(f"corpus.root={copy}")
    assert len(folders(tmp_path / "runs")) == 2


@pytest.mark.slow
def test_an_encoder_is_fine_tuned_on_two_devices(
    noise_command: list[str], command: Command
) -> None:
    result = command(*noise_command, "trainer=[cpu,ddp]", "training.encoder_lr=1e-3")
    assert result.returncode == 0, result.stderr
