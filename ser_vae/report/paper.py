"""Table I of Latif et al., Interspeech 2018 (arXiv:1712.08708): the only file with its numbers."""

CORPUS = "iemocap"

MODELS = ("ae", "vae", "cvae")  # its columns, each followed by an LSTM
SUBSETS = ("improvised", "scripted", "complete")  # its rows

# Accuracy in %, trained on 70 % and tested on 30 % (IV-D). The paper does not say how the split was
# drawn, how often, or whether the accuracy is weighted or unweighted.
TABLE_I = {
    "improvised": {"ae": 59.26, "vae": 62.67, "cvae": 64.86},
    "scripted": {"ae": 50.08, "vae": 53.21, "cvae": 55.31},
    "complete": {"ae": 53.16, "vae": 56.42, "cvae": 58.08},
}


def heading(model: str) -> str:
    """Return the name of a model as in tables: the models of the paper in capitals."""
    return model.upper() if model in MODELS else model
