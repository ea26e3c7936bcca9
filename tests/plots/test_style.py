"""Figure files: embedded fonts, reproducible bytes, no global state; and colours."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from run_files import python

from ser_vae.plots import style
from ser_vae.plots.latents import kl_per_dimension
from ser_vae.plots.style import FIXED_COLOURS, blank, colours, markers, png_bytes, save


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> list[Path]:
    figure = kl_per_dimension([3.0, 0.5, 0.0], title="VAE, urdu")
    folder = tmp_path_factory.mktemp("figures")
    save(figure, folder / "kl.of-a.run")
    return sorted(folder.iterdir())


def test_fonts_are_embedded_as_truetype(written):
    text = written[0].read_bytes()  # dictionaries are not compressed
    assert b"/FontFile2" in text
    assert b"/Type3" not in text
    (name,) = set(re.findall(rb"/BaseFont /[A-Z]{6}\+([\w-]+)", text))
    assert name == b"DejaVuSans"


def test_the_same_figure_gives_the_same_bytes(written, tmp_path):
    assert [path.name for path in written] == ["kl.of-a.run.pdf", "kl.of-a.run.png"]
    save(kl_per_dimension([3.0, 0.5, 0.0], title="VAE, urdu"), tmp_path / "again")
    for one, other in zip(written, sorted(tmp_path.iterdir()), strict=True):
        assert one.read_bytes() == other.read_bytes()
    for path in written:  # no date or version, which would change
        assert not re.search(rb"CreationDate|matplotlib|Software", path.read_bytes())


def test_drawing_needs_neither_pyplot_nor_torch():
    code = (
        "import sys;"
        "from ser_vae.plots import latents, scores, spectrogram;"
        "latents.kl_per_dimension([1.0], title='x');"
        "print([m for m in ('matplotlib.pyplot', 'torch', 'hydra') if m in sys.modules])"
    )
    assert python("-c", code) == "[]\n"


def test_emotions_and_models_of_the_paper_have_fixed_colours():
    for names in (("neutral", "happy", "sad", "angry"), ("ae", "vae", "cvae")):
        assert colours(names) == {name: FIXED_COLOURS[name] for name in names}
        assert colours(reversed(names)) == colours(names)
        assert len(set(colours(names).values())) == len(names)


def test_colour_and_marker_together_distinguish_many_names():
    speakers = [f"s{number:02d}" for number in range(56)]
    colour, marker = colours(speakers), markers(speakers)
    pairs = {name: (colour[name], marker[name]) for name in speakers}
    assert all(pairs[one] != pairs[other] for one, other in combinations(speakers, 2))


def test_a_long_title_is_broken_after_commas():
    parts = ["CVAE", "ravdess", "protocol speaker", "complete", "seed 0", "fold 3", "SYNTHETIC"]
    figure = blank(", ".join(parts), 3.5, 2.0)
    lines = figure.get_suptitle().replace("\N{NO-BREAK SPACE}", " ").split("\n")
    assert len(lines) == 2
    assert ", ".join(line.rstrip(",") for line in lines) == ", ".join(parts)
    assert figure.get_figheight() > blank("short", 3.5, 2.0).get_figheight()


def test_characters_that_no_font_has_are_named_in_one_line(monkeypatch, caplog, recwarn):
    monkeypatch.setattr(style, "FONTS", ["DejaVu Sans"])
    for title in ("愤怒, 高兴", "愤怒, 高兴", "fâché, glücklich"):
        png_bytes(blank(title, 2, 1), 50)
    (record,) = caplog.records
    assert "figures: no font for 兴 怒 愤 高: install one" in record.getMessage()
    assert not recwarn.list
