"""Table I of Latif et al., Interspeech 2018 (arXiv:1712.08708); its numbers are in report.yaml."""

from ser_vae.report.contents import CONTENTS

CORPUS = "iemocap"
TABLE_I: dict[str, dict[str, float]] = CONTENTS["table_one"]  # subset -> model -> accuracy in %
SUBSETS = tuple(TABLE_I)  # its rows
MODELS = tuple(TABLE_I["complete"])  # its columns, each followed by an LSTM


def heading(model: str) -> str:
    """Return the name of a model as in tables: the models of the paper in capitals."""
    return model.upper() if model in MODELS else model
