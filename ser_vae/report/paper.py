"""The paper's Table I, the one place where its numbers stand."""

SOURCE = "Latif et al., Interspeech 2018 (arXiv:1712.08708), Table I"
CORPUS = "iemocap"

MODELS = ("ae", "vae", "cvae")  # its columns, followed by an LSTM each
SUBSETS = ("improvised", "scripted", "complete")  # its rows

# Accuracy in %, of one random 70/30 split (IV-D). Whether that is weighted or unweighted accuracy,
# the paper does not say.
TABLE_I = {
    "improvised": {"ae": 59.26, "vae": 62.67, "cvae": 64.86},
    "scripted": {"ae": 50.08, "vae": 53.21, "cvae": 55.31},
    "complete": {"ae": 53.16, "vae": 56.42, "cvae": 58.08},
}
