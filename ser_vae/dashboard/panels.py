"""The panels of a comparison; every key in them is one that a run logs."""

from collections.abc import Sequence

from wandb_workspaces.reports.v2 import interface as wr

from ser_vae.logger import media
from ser_vae.logger.epochs import EPOCH

MODEL = wr.Config("choice/model")
CURVES = {
    "pretrain/train/loss": "pretraining: loss (squared error; of a VAE + KL), nats a segment",
    "pretrain/train/kl": "pretraining: KL, nats a segment",
    "pretrain/health/relative_error": "pretraining: error relative to the variance",
    "classify/train/loss": "classifier: cross-entropy",
    "classify/train/accuracy": "classifier: accuracy on the training part",
}
HEALTH = {
    "health/kl": "KL in all, nats a segment",
    "health/active_units": "active units",
    "health/relative_error": "error relative to the variance",
}
LEAKS = {
    "leak_panel/follows_random_label/share": "guesses that follow a random label; chance: 1 of K",
    "leak_panel/random_label_in_z/share": "a random label read out of z; chance: 1 of K",
    "leak_panel/permuted_labels/oracle_ua": "UA of the oracle on permuted labels; chance: 1 of K",
    "leak_panel/oracle_minus_null/difference": "UA of the oracle minus that of null",
}
ACROSS, HALF, THIRD = 24, 12, 8  # columns of W&B's grid
HEIGHT = 8


def scores(protocol: str) -> list[wr.PanelTypes]:
    """Means over the seeds of each model, with their deviation."""
    titles = {"ua": "UA", "wa": "WA", "macro_f1": "macro-F1"}
    return [
        bars([f"{protocol}/test/{name}"], title, width=THIRD, place=place)
        for place, (name, title) in enumerate(titles.items())
    ]


def policies(protocol: str, names: Sequence[str]) -> list[wr.PanelTypes]:
    """The headline beside the other label policies, all of one protocol."""
    headline = f"{protocol}/test/ua"
    keys = [headline, *(f"policies/{name}/{headline}" for name in names)]
    return [bars(keys, "UA by label policy; the first is the headline", width=ACROSS, place=0)]


def leaks() -> list[wr.PanelTypes]:
    return [
        bars([key], title, width=HALF, place=place)
        for place, (key, title) in enumerate(LEAKS.items())
    ]


def health() -> list[wr.PanelTypes]:
    return [
        bars([key], title, width=THIRD, place=place)
        for place, (key, title) in enumerate(HEALTH.items())
    ]


def bars(keys: Sequence[str], title: str, *, width: int, place: int) -> wr.BarPlot:
    return wr.BarPlot(
        title=title,
        metrics=list(keys),
        groupby=MODEL,
        groupby_aggfunc="mean",
        groupby_rangefunc="stddev",
        layout=layout(width, place),
    )


def curves() -> list[wr.PanelTypes]:
    """Over the epochs of their stage; a line a model, the mean over its runs."""
    return [
        wr.LinePlot(
            title=title,
            x=EPOCH,
            y=[key],
            title_x="epoch of the stage",
            groupby=MODEL,
            groupby_aggfunc="mean",
            groupby_rangefunc="stddev",
            layout=layout(HALF, place),
        )
        for place, (key, title) in enumerate(CURVES.items())
    ]


def pictures() -> list[wr.PanelTypes]:
    """Of each run, side by side."""
    titles = {
        media.CONFUSION: "confusion: rows the truth",
        media.KL: "KL by latent dimension",
        media.MAP: "latent means of the test utterances: principal components",
        media.RECONSTRUCTIONS: "input and reconstruction",
        media.SWAPPED: "decoded under each label",
    }
    return [
        wr.MediaBrowser(title=title, media_keys=[key], num_columns=2, layout=layout(ACROSS, place))
        for place, (key, title) in enumerate(titles.items())
    ]


def predictions() -> list[wr.PanelTypes]:
    """What was said of each test utterance; filter and sort in place."""
    return [
        wr.WeavePanelSummaryTable(table_name=media.PREDICTIONS, layout=layout(ACROSS, 0)),
    ]


def layout(width: int, place: int) -> wr.Layout:
    """The `place`th of panels of one `width`, filled in row after row."""
    in_a_row = ACROSS // width
    row, column = divmod(place, in_a_row)
    return wr.Layout(x=column * width, y=row * HEIGHT, w=width, h=HEIGHT)
