"""The paper's cells, against its text."""

from ser_vae.report.paper import TABLE_I

TEXT = """
Data               AE-LSTM VAE-LSTM CVAE-LSTM
Improvised Speech  59.26%  62.67%   64.86%
Scripted Speech    50.08%  53.21%   55.31%
Complete Data      53.16%  56.42%   58.08%
"""


def test_the_cells_are_those_of_the_text() -> None:
    header, *rows = [line.split() for line in TEXT.strip().splitlines()]
    models = [heading.removesuffix("-LSTM").lower() for heading in header[1:]]
    read = {
        row[0].lower(): {
            model: float(cell.removesuffix("%"))
            for model, cell in zip(models, row[2:], strict=True)
        }
        for row in rows
    }
    assert read == TABLE_I
