"""The notebooks of the documentation run from start to end."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs/notebooks").glob("*.ipynb"))


@pytest.mark.slow(40)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the packages that start a kernel
def test_the_notebooks_run(cache, tmp_path, monkeypatch):
    """In one kernel, which forgets all names in between; the second finds the run of the first."""
    pytest.importorskip("espeakng_loader", reason="the extra `demo` is not installed")
    monkeypatch.setenv("SER_VAE_CACHE", str(cache))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    first, second = (nbformat.read(path, as_version=4) for path in NOTEBOOKS)
    first.cells += [nbformat.v4.new_code_cell("%reset -f"), *second.cells]
    assert not any(cell.get("outputs") for cell in first.cells)
    NotebookClient(first, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
