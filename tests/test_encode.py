"""`python -m ser_vae.encode`: the latents of recordings, and of the corpus of a run."""

import numpy as np
import pandas as pd
import pytest
from deployed import noise, recogniser
from run_files import table

from ser_vae import SerVaeError, encode
from ser_vae.features.imported import Imported
from ser_vae.inputs import Input
from ser_vae.recogniser import Recording
from ser_vae.run import TrainedRun


@pytest.fixture(scope="module")
def trained(trained_run) -> TrainedRun:
    return trained_run("model=cvae")


def test_a_row_per_segment_holds_its_time_and_latent(trained, noises, tmp_path):
    files = [noises / "calm00.wav", noises / "gay19.wav"]
    out = tmp_path / "latents.parquet"
    assert encode.main([str(trained.path), *map(str, files), "--out", str(out)]) == 0
    rows = pd.read_parquet(out)
    z = np.concatenate([trained.model.encode(file) for file in files])
    np.testing.assert_array_equal(rows[[f"z{n}" for n in range(128)]], z)
    first = rows[rows.file == str(files[0])]
    np.testing.assert_allclose(first.start, 0.1 * np.arange(len(first)))
    np.testing.assert_allclose(first.end - first.start, 0.1)


def test_a_row_has_the_columns_of_a_csv_and_no_times_if_quiet_ends_are_cut(noises):
    known = recogniser([noise()], "model=ae", "features.trim_db=40")
    given = Input("a", Recording(noises / "gay19.wav"), "s1", "gay", {"room": "big"})
    rows = encode.encode_input(known, given, mean=False)
    assert isinstance(rows, pd.DataFrame)
    assert rows[["start", "end"]].isna().all(axis=None)
    assert {*rows[["room", "speaker", "emotion"]].itertuples(index=False, name=None)} == {
        ("big", "s1", "gay")
    }


def test_the_corpus_of_a_run_is_encoded_with_its_sets(trained, tmp_path):
    out = tmp_path / "latents.npz"
    assert encode.main([str(trained.path), "--corpus", "--mean", "--out", str(out)]) == 0
    arrays = np.load(out)
    split = table(trained.path / "split.csv")
    for column in ("part", "speaker", "emotion"):
        assert list(arrays[column]) == [row[column] for row in split]
    with np.load(trained.path / "latents.npz") as stored:
        order = [list(arrays["name"]).index(name) for name in stored["utterance"]]
        np.testing.assert_allclose(arrays["z"][order], stored["mean"], atol=1e-5)


def test_the_corpus_of_a_run_on_a_parquet_file_is_refused(trained):
    with pytest.raises(SerVaeError, match=r"f\.parquet, one file for all"):
        encode.corpus_inputs(trained.path, Imported("f.parquet", 0.01, 80), ())


def test_a_model_without_latents_is_refused_with_the_reason(trained_run, noises, tmp_path, capsys):
    run = trained_run("model=majority")
    out = tmp_path / "latents.parquet"
    assert encode.main([str(run.path), str(noises / "gay03.wav"), "--out", str(out)]) == 1
    assert "a model of whole utterances has no latents" in capsys.readouterr().err
    assert not out.exists()
