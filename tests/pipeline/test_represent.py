"""An encoder that several runs share."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock, Timeout
from run_files import Run, folders


def test_its_curves_are_copied_while_no_other_run_can_clear_it(
    run_noises: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[bool] = []
    as_before = shutil.copyfile

    def copyfile(source: Path, to: Path) -> Path:
        lock = FileLock(source.parents[1] / ".locks" / f"{source.parent.name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            locked.append(True)
        else:
            lock.release()
            locked.append(False)
        return as_before(source, to)

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    brief = ("training.pretrain.epochs=1", "training.classify.epochs=1")
    run_noises("model=ae", "force=true", *brief)
    (folder,) = folders(tmp_path / "runs")
    assert (folder / "pretrain.csv").exists()
    assert locked[0]
