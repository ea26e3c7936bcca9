"""Everything from Python: `import ser_vae`, and nothing of its modules."""

import doctest
import json
import re
import resource
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from run_files import noise_settings, python

import ser_vae
from ser_vae import SerVaeError
from ser_vae.recogniser import JSON
from ser_vae.run import TrainedRun, configure, run

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def trained(trained_run) -> TrainedRun:
    return trained_run("model=vae")


def test_importing_the_package_imports_nothing_slow():
    code = "import sys, ser_vae; print({'torch', 'pandas', 'hydra', 'numpy'} & set(sys.modules))"
    assert python("-c", code) == "set()\n"


def test_the_examples_of_the_docstrings_run(trained, noises):
    names = {"ser_vae": ser_vae, "run": trained, "runs": trained.path.parents[1]}
    names |= {"wav": noises / "gay03.wav"}
    result = doctest.testmod(ser_vae, extraglobs=names, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_example_of_the_readme_runs(trained, noises, capsys):
    (code,) = re.findall(r"```python\n(import ser_vae\n.*?)```", README.read_text(), re.DOTALL)
    assert len(code.split("\n")) <= 5  # three lines, a blank one, and the end
    folder, wav = re.findall(r'"(.*?)"', code)
    exec(code.replace(folder, str(trained.path)).replace(wav, str(noises / "gay03.wav")), {})
    assert capsys.readouterr().out.strip() in ("calm", "cross", "gay")


def test_a_trained_run_has_its_model_scores_and_predictions(trained):
    table = trained.predictions
    assert trained.metrics["random/test/wa"] == (table.truth == table.guess).mean()
    assert trained.model.emotions == ("calm", "cross", "gay")
    row = ser_vae.load_runs(trained.path.parents[1]).iloc[0]
    assert (row.model, row.wa) == ("vae", trained.metrics["random/test/wa"])


def test_a_finished_run_ends_with_the_commands_that_use_it(trained, noises, cache, capsys):
    runs = trained.path.parents[1]
    run(configure(*noise_settings(noises, cache, runs), "model=vae"), print_next=True)
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"python -m ser_vae.predict {trained.path} your.wav",
        f"python -m ser_vae.report {runs}",
    ]


def test_several_folds_are_not_one_run(noises, cache, tmp_path):
    command = noise_settings(noises, cache, tmp_path / "runs")
    with pytest.raises(SerVaeError, match="expected one run"):
        ser_vae.train(*command, "split=speaker", "fold=all")


def test_samples_are_recognised_as_their_file_is(trained, noises):
    samples, rate = soundfile.read(noises / "gay03.wav", dtype="int16")
    expected = trained.model.predict(noises / "gay03.wav")
    assert trained.model.predict(samples, rate) == expected
    stereo = np.stack([samples, samples], axis=1) / 32768
    assert trained.model.predict(stereo, rate).emotion == expected.emotion
    with pytest.raises(SerVaeError, match="expected their rate in Hz"):
        trained.model.predict(samples)


def test_a_decoded_recording_resembles_it(trained, noises):
    model, file = trained.model, noises / "gay03.wav"
    z, frames = model.encode(file), model.frames(file)
    assert z.shape == (len(frames) // 10, 128)
    decoded = model.decode(z)
    assert decoded.shape == (10 * len(z), 80)
    error = np.abs(decoded - frames[: len(decoded)]).mean()
    assert error < np.abs(model.decode(np.zeros_like(z)) - frames[: len(decoded)]).mean()
    assert np.array_equal(model.decode(z, emotion="calm"), decoded)  # a VAE takes no label


def test_long_recordings_are_read_in_blocks_with_the_same_result(trained, tmp_path, monkeypatch):
    samples = 0.1 * np.random.default_rng(0).standard_normal((44_100 * 20, 2))
    soundfile.write(tmp_path / "long.wav", samples, 44_100)
    model, file = trained.model, tmp_path / "long.wav"
    z, probabilities = model.encode(file), model.predict(file).probabilities
    monkeypatch.setattr("ser_vae.features.audio.BLOCK", 70_001)
    np.testing.assert_allclose(model.encode(file), z, atol=1e-4)
    in_blocks = model.predict(file).probabilities
    np.testing.assert_allclose(list(in_blocks.values()), list(probabilities.values()), atol=1e-5)
    clip = model.encode(file, clip=(1.5, 12.0))
    np.testing.assert_allclose(clip[:100], z[15:115], atol=1e-2)  # the resampler starts elsewhere


def predict_in_little_memory(folder: Path, file: Path) -> None:
    model = ser_vae.load(folder)
    model.predict(np.random.default_rng(0).standard_normal(32_000) / 10, 16_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model.predict(file)
    more_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert more_kb < 70 * 1024  # the samples alone are 73 MiB


@pytest.mark.slow(15)
def test_long_recordings_need_little_memory(trained, tmp_path, forking):
    noise = 0.1 * np.random.default_rng(0).standard_normal(16_000 * 60)
    with soundfile.SoundFile(tmp_path / "long.wav", "w", 16_000, 1) as file:
        for _ in range(20):
            file.write(noise)
    files = (trained.path, tmp_path / "long.wav")
    process = forking.context.Process(target=predict_in_little_memory, args=files)
    process.start()
    process.join()
    assert process.exitcode == 0


@settings(max_examples=25)
@given(data=st.data())
def test_an_altered_model_folder_is_an_error_of_ours_or_loads(data, trained):
    """Whatever is removed from the JSON, or put in its place."""
    folder = trained.path.parent / "altered"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(trained.path / "model", folder)
    document = json.loads((folder / JSON).read_text())
    place, key = document, data.draw(st.sampled_from(sorted(document)))
    while isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    del place[key]
    values = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
    if data.draw(st.booleans()):
        place[key] = data.draw(values | st.dictionaries(st.text(max_size=2), st.integers()))
    (folder / JSON).write_text(json.dumps(document))
    with suppress(SerVaeError):
        ser_vae.load(folder)
