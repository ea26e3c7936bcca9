"""Eight processes at once over one cache and one folder of runs, some of which are killed."""

import json
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from forked import Forked, Forking
from run_files import comparable, folders

from ser_vae.configuration import build
from ser_vae.corpus.folder import read
from ser_vae.features.store import FeatureStore
from ser_vae.run import configure, run

CROWD = 8


def frames_of(store: FeatureStore, noises: Path) -> dict[str, np.ndarray]:
    return {u.id: np.array(store.frames(u)) for u in read(noises, "list.csv", "folder").utterances}


def test_eight_processes_on_one_store_some_of_them_killed_lose_and_tear_no_entry(
    forking: Forking, noises: Path, tmp_path: Path
) -> None:
    settings, chance = configure()["features"], random.Random(0)
    log_mel = build(settings)
    expected = frames_of(FeatureStore(tmp_path / "alone", log_mel, jobs=2), noises)
    for start in range(2):
        folder = tmp_path / f"crowd{start}"
        command = (str(noises), str(folder), json.dumps(settings))
        crowd = [forking.start(*command, module="crowd_member") for _ in range(CROWD)]
        for process in crowd[: CROWD // 2]:  # and another in its place
            time.sleep(chance.uniform(0, 0.05))
            if process.alive():
                process.send(signal.SIGKILL)
            crowd.append(forking.start(*command, module="crowd_member"))
        for process in crowd:
            assert process.wait() in (0, -signal.SIGKILL), process.err
        ended = [process for process in crowd if process.wait() == 0]
        assert len(ended) >= CROWD
        assert {process.out for process in ended} == {"{}\n"}
        store = FeatureStore(folder, log_mel, jobs=2)
        assert store.compute(read(noises, "list.csv", "folder").utterances) == {}
        got = frames_of(store, noises)
        assert got.keys() == expected.keys()
        for name, frames in got.items():
            np.testing.assert_array_equal(frames, expected[name], err_msg=name)


@pytest.mark.slow
def test_eight_sweeps_at_once_end_with_the_results_of_one(
    forking: Forking, small, tmp_path: Path
) -> None:
    cells = ("model=majority,logmel_svm", f"cache={tmp_path / 'cache'}")
    command = ["-m", *small(*cells)]
    crowd: list[Forked] = [forking.start(*command) for _ in range(CROWD)]
    crowd[0].send(signal.SIGKILL)
    crowd.append(forking.start(*command))
    for process in crowd[1:]:
        assert process.wait() == 0, process.err
    got = folders(tmp_path / "runs")
    assert len(got) == 2
    for model in ("majority", "logmel_svm"):
        own = (f"model={model}", f"runs={tmp_path / 'alone'}", f"cache={tmp_path / 'alone'}")
        run(configure(*small(*own)))
    for mine, expected in zip(got, folders(tmp_path / "alone"), strict=True):
        assert comparable(mine) == comparable(expected)
        assert (mine / "predictions.csv").read_bytes() == (
            expected / "predictions.csv"
        ).read_bytes()
