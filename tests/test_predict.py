"""`python -m ser_vae.predict`: recordings of any kind in, a row for each out."""

import io
import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile

from ser_vae import predict
from ser_vae.recogniser import Recogniser
from ser_vae.run import TrainedRun

P = ["p_calm", "p_cross", "p_gay"]
Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def trained(trained_run) -> TrainedRun:
    return trained_run("model=ae")


@pytest.fixture(scope="module")
def by_speaker(trained_run) -> TrainedRun:
    return trained_run("model=ae", "normalise=speaker")


def rows_of(output: Output, *arguments: object, status: int = 0) -> pd.DataFrame:
    assert predict.main([str(argument) for argument in arguments]) == status
    return pd.read_csv(io.StringIO(output.readouterr().out))


def test_a_folder_is_read_whole_and_predicted_as_by_the_model(trained, noises, capsys):
    table = rows_of(capsys, trained.path, noises)
    assert list(table) == ["file", "start", "end", "emotion", "confidence", *P, "error"]
    assert len(table) == 60
    row = table.iloc[7]
    expected = trained.model.predict(row.file)
    assert row.emotion == expected.emotion
    assert row.confidence == pytest.approx(max(expected.probabilities.values()))
    np.testing.assert_allclose(row[P].astype(float), list(expected.probabilities.values()))


def test_files_in_other_formats_are_counted(trained, noises, tmp_path, capsys):
    shutil.copy(noises / "gay19.wav", tmp_path)
    (tmp_path / "memo.m4a").touch()
    assert predict.main([str(trained.path), str(tmp_path)]) == 0
    assert "1 files are left out, as their format cannot be read" in capsys.readouterr().err


def test_a_glob_and_a_file_are_inputs(trained, noises, capsys):
    table = rows_of(capsys, trained.path, f"{noises}/**calm0*.wav", noises / "gay03.wav")
    assert [Path(file).name for file in table.file] == [
        *(f"calm0{n}.wav" for n in range(10)),
        "gay03.wav",
    ]


def test_a_table_gives_clips_truth_and_columns_of_its_own(trained, noises, capsys, tmp_path):
    lines = ["path,start,end,truth,room", f"{noises}/calm09.wav,0.2,0.8,Calm,kitchen"]
    lines.append(f"{noises}/gay08.wav,,,gay,hall")
    (tmp_path / "clips.csv").write_text("\n".join(lines))
    assert predict.main([str(trained.path), str(tmp_path / "clips.csv")]) == 0
    out, err = capsys.readouterr()
    table = pd.read_csv(io.StringIO(out))
    assert list(table.room) == ["kitchen", "hall"]
    assert table.start.iloc[0] == 0.2
    clip = trained.model.predict(noises / "calm09.wav", clip=(0.2, 0.8))
    np.testing.assert_allclose(table[P].iloc[0], list(clip.probabilities.values()))
    assert "scores of 2 of 2 recordings" in err


def test_scores_are_those_of_the_run_on_its_test_set(trained, noises, tmp_path, capsys):
    test = trained.predictions
    table = pd.DataFrame(
        {"path": [noises / name for name in test.utterance], "emotion": test.truth}
    )
    table.to_csv(tmp_path / "test.csv", index=False)
    assert predict.main([str(trained.path), str(tmp_path / "test.csv")]) == 0
    metrics = trained.metrics
    expected = f"WA {metrics['random/test/wa']:.1%}  UA {metrics['random/test/ua']:.1%}"
    assert expected in capsys.readouterr().err


def test_a_broken_file_is_a_row_with_its_error(trained, noises, tmp_path, capsys):
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    names = [tmp_path / "broken.wav", tmp_path / "missing.wav", noises / "gay03.wav"]
    table = rows_of(capsys, trained.path, *names, status=1)
    assert "cannot be decoded" in table.error[0]
    assert "cannot be opened" in table.error[1]
    assert table.error.isna()[2]
    assert table.emotion.isna().tolist() == [True, True, False]


@pytest.mark.parametrize("suffix", predict.SUFFIXES)
def test_every_format_holds_the_same_table(suffix, trained, noises, tmp_path, capsys):
    expected = rows_of(capsys, trained.path, noises / "gay03.wav")
    path = tmp_path / f"out{suffix}"
    assert predict.main([str(trained.path), str(noises / "gay03.wav"), "--out", str(path)]) == 0
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".jsonl": pd.read_json}[suffix]
    table = read(path, lines=True) if suffix == ".jsonl" else read(path)
    np.testing.assert_allclose(table[P].astype(float), expected[P], atol=1e-12)
    assert list(table) == list(expected)


def test_standard_input_is_a_wav_or_raw_pcm(trained, noises, monkeypatch, capsys):
    expected = rows_of(capsys, trained.path, noises / "gay03.wav")
    samples, rate = soundfile.read(noises / "gay03.wav", dtype="int16")
    contents = {(): (noises / "gay03.wav").read_bytes(), ("--rate", str(rate)): samples.tobytes()}
    for options, content in contents.items():
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        table = rows_of(capsys, trained.path, "-", *options)
        np.testing.assert_allclose(table[P], expected[P], atol=1e-6)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(contents[()][:-1_000])))
    assert predict.main([str(trained.path), "-"]) == 1
    assert "standard input: truncated" in capsys.readouterr().err


def test_the_microphone_is_recorded_or_the_extra_is_named(trained, noises, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert predict.main([str(trained.path), "--microphone", "1"]) == 1
    assert "pip install 'ser_vae[audio]'" in capsys.readouterr().err
    samples, _ = soundfile.read(noises / "gay03.wav", dtype="float32", always_2d=True)
    fake = SimpleNamespace(rec=lambda *_, **__: samples, PortAudioError=OSError)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    assert len(rows_of(capsys, trained.path, "--microphone", "1")) == 1


def test_several_models_are_averaged(trained, noises, tmp_path, capsys):
    copy = shutil.copytree(trained.path / "model", tmp_path / "copy")
    document = json.loads((copy / "recogniser.json").read_text())
    (copy / "recogniser.json").write_text(json.dumps(document | {"temperature": 3.0}))
    file = noises / "gay03.wav"
    table = rows_of(capsys, trained.path, copy, file)
    each = [Recogniser.load(path).predict(file).probabilities for path in (trained.path, copy)]
    mean = np.mean([list(probabilities.values()) for probabilities in each], axis=0)
    np.testing.assert_allclose(table[P].iloc[0], mean)
    (copy / "recogniser.json").write_text(json.dumps(document | {"emotions": ["a", "b", "c"]}))
    assert predict.main([str(trained.path), str(copy), str(file)]) == 1
    assert "Average models of the same emotions" in capsys.readouterr().err


def test_the_trajectory_is_what_each_beginning_gives(trained, noises, capsys):
    table = rows_of(capsys, trained.path, noises / "gay19.wav", "--every", "0.4")
    assert len(table) == 4  # of 15 segments
    samples, rate = soundfile.read(noises / "gay19.wav", dtype="float32")
    for row in table.itertuples():
        beginning = trained.model.predict(samples[: round(row.end * rate)], rate)
        given = [getattr(row, name) for name in P]
        np.testing.assert_allclose(given, list(beginning.probabilities.values()), atol=1e-5)
    whole = trained.model.predict(noises / "gay19.wav").probabilities
    np.testing.assert_allclose(table[P].iloc[-1], list(whole.values()), atol=1e-5)


def test_no_trajectory_of_a_model_that_needs_the_whole_utterance(by_speaker, noises, capsys):
    assert predict.main([str(by_speaker.path), str(noises / "gay19.wav"), "--every", "0.1"]) == 1
    assert "normalise=speaker: it needs statistics over all recordings" in capsys.readouterr().err


def test_little_confidence_is_uncertain(trained, noises, capsys):
    confidence = rows_of(capsys, trained.path, noises).confidence
    limit = float(np.median(confidence))
    table = rows_of(capsys, trained.path, noises, "--min-confidence", limit)
    assert table.emotion.eq("uncertain").tolist() == (confidence < limit).tolist()


def test_statistics_of_speakers_come_from_table_or_inputs(by_speaker, noises, tmp_path, capsys):
    files = [noises / f"{name}.wav" for name in ("calm00", "gay04", "cross08")]
    assert predict.main([str(by_speaker.path), *map(str, files)]) == 1
    assert "give --one-speaker" in capsys.readouterr().err
    one = rows_of(capsys, by_speaker.path, *files, "--one-speaker")
    together = by_speaker.model.predict_files(files, ["new"] * 3)
    expected = [list(prediction.probabilities.values()) for prediction in together]
    np.testing.assert_allclose(one[P], expected, atol=1e-6)
    table = pd.DataFrame({"path": [*files, tmp_path / "missing.wav"], "speaker": "new"})
    table.to_csv(tmp_path / "speakers.csv", index=False)
    listed = rows_of(capsys, by_speaker.path, tmp_path / "speakers.csv", status=1)
    np.testing.assert_allclose(listed[P].iloc[:3], expected, atol=1e-6)


def test_a_new_speaker_gets_statistics_of_their_latents_too(trained_run, noises, capsys):
    overrides = ["model=pca", "model.latent=8", "classifier=functionals", "normalise=speaker"]
    run = trained_run(*overrides)
    capsys.readouterr()
    files = sorted(noises.glob("*[02468].wav"))  # of speakers s0 and s2, each emotion alike
    table = rows_of(capsys, run.path, *files, "--one-speaker")
    truth = [file.name.rstrip("0123456789.wav") for file in files]
    assert (table.emotion == truth).mean() > 0.9


def test_a_person_at_a_terminal_gets_a_table(trained, noises, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert predict.main([str(trained.path), str(noises / "gay03.wav")]) == 0
    out = capsys.readouterr().out
    assert "confidence" in out
    assert "error" not in out


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "Give recordings after the model"),
        (["nothing*.wav"], "no file matches"),
        (["empty"], "no input in this folder; this model takes .aif"),
        (["no_path.csv"], "expected columns path"),
        (["taken.csv"], "p_joy: the output has this column too"),
        ([""], "an empty name"),
        (["blank.csv"], "line 2: path is empty"),
        (["--every", "0", "a.wav"], "--every 0: expected a number of seconds"),
    ],
)
def test_inputs_that_are_none_are_named(inputs, message, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "no_path.csv").write_text("file\na.wav\n")
    (tmp_path / "blank.csv").write_text("path,room\n,big\n")
    (tmp_path / "taken.csv").write_text("path,p_joy\na.wav,1\n")
    assert predict.main([str(trained.path), *inputs]) == 1
    assert message in capsys.readouterr().err.replace("\n", " ")
