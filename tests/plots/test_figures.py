"""The content of each kind of figure."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_vae.evaluation.arrays import Illustrations
from ser_vae.plots.latents import kl_per_dimension, latent_map
from ser_vae.plots.run_figures import run_figures
from ser_vae.plots.scores import confusion, grouped
from ser_vae.plots.spectrogram import trajectory

EMOTIONS = ("neutral", "happy", "sad", "angry")


def spectrum(frames: int, level: float = 0.0) -> np.ndarray:
    noise = np.random.default_rng(frames).normal(level - 6, 2, (frames, 80))
    return noise.astype(np.float32)


def panels(figure: Figure) -> list[Axes]:
    """Return the axes that contain an image, without the colour bar."""
    return [axes for axes in figure.axes if axes.images and axes.get_label() != "<colorbar>"]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Figure]:
    """The figures of made-up illustrations, by kind."""
    given = spectrum(50), spectrum(120)
    decoded = tuple(frames + 1 for frames in given)
    swapped = tuple(np.stack([frames + level for level in range(4)]) for frames in given)
    moved = np.array([17, 3]), np.array([-2.0, 0.0, 1.5]), np.arange(4_800.0).reshape(2, 3, 10, 80)
    about = EMOTIONS, ("a", "b"), EMOTIONS[:2]
    illustrations = Illustrations(*about, given, decoded, swapped, *moved, np.zeros((0,) * 4), 0.01)
    return {kind: draw(title="t") for kind, draw in run_figures(None, illustrations, None)}


def test_input_and_reconstruction_share_a_colour_scale(drawn):
    images = [axes.images[0] for axes in panels(drawn["reconstructions"])]
    assert len(images) == 4
    assert len({image.get_clim() for image in images}) == 1
    np.testing.assert_array_equal(images[2].get_array(), spectrum(120).T)
    np.testing.assert_array_equal(images[3].get_array(), spectrum(120).T + 1)
    extents = [tuple(image.get_extent()) for image in images[1:3]]
    assert extents == [(0, 0.5, 0, 80), (0, 1.2, 0, 80)]
    assert {"input", "reconstruction", "time (s)", "t"} <= set(texts(drawn["reconstructions"]))


def test_each_swapped_label_has_a_column_after_the_input(drawn):
    shown = panels(drawn["swapped"])[:5]
    assert [axes.get_title() for axes in shown] == ["input", *map("as {}".format, EMOTIONS)]
    np.testing.assert_array_equal(shown[3].images[0].get_array(), spectrum(50).T + 2)


def test_a_traversal_has_a_row_per_dimension_and_a_column_per_step(drawn):
    figure = drawn["traversals"]
    assert [axes.get_title() for axes in panels(figure)[:3]] == ["−2 sd", "mean", "+1.5 sd"]
    assert [axes.get_ylabel() for axes in panels(figure)[::3]] == ["z 17", "z 3"]
    shown = panels(figure)[4].images[0].get_array()
    np.testing.assert_array_equal(shown, np.arange(3_200, 4_000).reshape(10, 80).T)
    assert any("100 ms" in text for text in texts(figure))


def test_a_confusion_matrix_shows_the_percentage_of_the_truth_and_the_count():
    counts = np.array([[6, 2], [1, 0]])
    figure = confusion({"VAE": counts, "AE": counts.T}, ["calm", "gay"], title="t")
    labels = [text.get_text() for text in panels(figure)[0].texts]
    assert labels == ["75\n(6)", "25\n(2)", "100\n(1)", "0\n(0)"]
    assert [axes.get_title() for axes in panels(figure)] == ["VAE", "AE"]


def test_every_panel_of_a_map_has_all_points():
    points = np.random.default_rng(0).normal(size=(30, 2))
    emotion = [EMOTIONS[number % 4] for number in range(30)]
    speaker = [f"s{number % 7}" for number in range(30)]
    figure = latent_map(
        points,
        {"emotion": emotion, "speaker": speaker},
        explained=(0.5, 0.25),
        title="t",
        marked=np.array([9, 1]),
    )
    for axes, names in zip(figure.axes, (emotion, speaker), strict=True):
        *groups, star = axes.collections
        assert star.get_label() == "this recording"
        assert sorted(group.get_label() for group in groups) == sorted(set(names))
        xy = np.concatenate([group.get_offsets() for group in groups])
        assert {tuple(point) for point in xy.tolist()} == {tuple(p) for p in points.tolist()}
        assert axes.get_xlabel() == "component 1 (50.0 % of variance)"
        assert axes.get_ylabel() == "component 2 (25.0 %)"


def test_kl_is_sorted_and_summed():
    figure = kl_per_dimension([0.5, 3.0, 0.0, 1.5], title="t")
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == [3.0, 1.5, 0.5, 0.0]
    assert "sum: 5.0 nats" in texts(figure)


def test_bars_have_intervals_and_a_gap_for_a_missing_score():
    bars = [
        ("improvised", "ae", 60.0, 50.0, 65.0, 25.0),
        ("scripted", "ae", 70.0, 66.0, 71.0, 30.0),
        ("scripted", "vae", 80.0, np.nan, np.nan, 30.0),
    ]
    columns = ["data", "model", "ua", "low", "high", "best_trivial_ua"]
    scores = pd.DataFrame(bars, columns=columns)
    figure = grouped(scores, {"ae": "AE", "vae": "VAE"}, title="t")
    (axes,) = figure.axes
    drawn = [
        (round(bar.get_x() + bar.get_width() / 2, 6), bar.get_height()) for bar in axes.patches
    ]
    assert drawn == [(-0.2, 60.0), (0.8, 70.0), (1.2, 80.0)]
    whiskers, _, lines = axes.collections
    assert [segment[:, 1].tolist() for segment in whiskers.get_segments()] == [[50, 65], [66, 71]]
    assert [segment[0, 1] for segment in lines.get_segments()] == [25.0, 30.0]


@pytest.mark.parametrize("times", [[], [0.1, 0.2, 0.5]])
def test_probabilities_share_the_time_axis_of_the_spectrogram(times):
    probabilities = {emotion: [0.25] * len(times) for emotion in EMOTIONS}
    figure = trajectory(spectrum(50), times, probabilities, frame_shift_s=0.01, title="t")
    (below,) = panels(figure)
    assert below.get_xlim() == (0, 0.5)
    if times:
        assert figure.axes[0].get_xlim() == (0, 0.5)
        assert [line.get_label() for line in figure.axes[0].lines] == list(EMOTIONS)
    else:
        assert not any(axes.lines for axes in figure.axes)
