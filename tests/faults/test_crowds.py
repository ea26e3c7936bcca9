"""Several processes at the same time over one cache and one folder of runs; some are killed."""

import json
import random
import signal
import time
from contextlib import suppress

import numpy as np
import pytest
from run_files import assert_same_runs

from ser_vae.corpus.folder import read
from ser_vae.features.store import FeatureStore
from ser_vae.run import configure, run
from ser_vae.settings import build

PROCESSES = 8


def test_killed_processes_leave_complete_entries_in_a_store(forking, noises, tmp_path):
    settings, rng = configure()["features"], random.Random(0)
    command = (str(noises), str(tmp_path / "shared"), json.dumps(settings))
    processes = [forking.start(*command, module="crowd_member") for _ in range(PROCESSES)]
    for process in processes[: PROCESSES // 2]:
        time.sleep(rng.uniform(0, 0.05))
        if process.alive():
            with suppress(ProcessLookupError):  # it has ended since
                process.send(signal.SIGKILL)
        processes.append(forking.start(*command, module="crowd_member"))
    codes = [process.wait() for process in processes]
    assert set(codes) <= {0, -signal.SIGKILL}
    assert codes.count(0) >= PROCESSES
    unusable = {process.out for process in processes if process.wait() == 0}
    assert unusable == {"{}\n"}
    utterances = read(noises, "list.csv", "folder").utterances
    shared, alone = (FeatureStore(tmp_path / name, build(settings), 2) for name in ("shared", "a"))
    for store in (shared, alone):
        assert store.compute(utterances) == {}
    for utterance in utterances:
        np.testing.assert_array_equal(shared.frames(utterance), alone.frames(utterance))


@pytest.mark.slow(20)
def test_sweeps_at_the_same_time_end_with_the_results_of_one(forking, small, tmp_path):
    command = ["-m", *small("model=majority,logmel_svm", f"cache={tmp_path / 'cache'}")]
    processes = [forking.start(*command) for _ in range(3)]
    processes[0].send(signal.SIGKILL)
    processes.append(forking.start(*command))
    for process in processes[1:]:
        assert process.wait() == 0, process.err
    alone = tmp_path / "alone"
    for model in ("majority", "logmel_svm"):
        run(configure(*small(f"model={model}", f"runs={alone}", f"cache={alone}")))
    assert_same_runs(tmp_path / "runs", alone, count=2)
