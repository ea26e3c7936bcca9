"""The paper's Table I, the one place where its numbers stand."""

SOURCE = "Latif et al., Interspeech 2018 (arXiv:1712.08708), Table I"
CORPUS = "iemocap"

MODELS = ("ae", "vae", "cvae")  # its columns, followed by an LSTM each
SUBSETS = ("improvised", "scripted", "complete")  # its rows

# Accuracy in %, trained on 70 % and tested on 30 % (IV-D). How that was drawn, how often, and
# whether accuracy is weighted or unweighted, the paper does not say.
TABLE_I = {
    "improvised": {"ae": 59.26, "vae": 62.67, "cvae": 64.86},
    "scripted": {"ae": 50.08, "vae": 53.21, "cvae": 55.31},
    "complete": {"ae": 53.16, "vae": 56.42, "cvae": 58.08},
}
