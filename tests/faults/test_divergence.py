"""A loss that is no number ends its run, and no more than that."""

import pytest
from run_files import folders

from ser_vae import SerVaeError
from ser_vae.run import configure, run


@pytest.mark.parametrize(
    ("stage", "rate"), [("pretrain", "1e9"), ("classify", "1e30")], ids=["pretrain", "classify"]
)
def test_a_run_that_diverges_says_so_and_is_not_finished(small, tmp_path, stage, rate):
    with pytest.raises(SerVaeError) as raised:
        run(configure(*small("model=vae", f"training.{stage}.optimizer.lr={rate}")))
    first, what_to_do = str(raised.value).splitlines()
    assert first.startswith(f"{stage}, epoch ")
    assert "lower its optimizer.lr" in what_to_do
    (folder,) = folders(tmp_path / "runs")
    assert (folder / "error.txt").read_text().strip().endswith(what_to_do)
    assert not (folder / "metrics.json").exists()
