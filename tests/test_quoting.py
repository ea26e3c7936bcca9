"""The advice on how to quote a value works when it is pasted into a shell."""

import shlex

import pytest

from ser_vae.command_errors import quote_override
from ser_vae.compose import OverrideError
from ser_vae.run import configure


@pytest.mark.parametrize(
    "root", ["/data/a,b", "/data/it's", "/data/it's, all", '/data/a"b', "/data/$a `b`", "~/c (1)"]
)
@pytest.mark.parametrize("quotes", ["", "'"])
def test_the_quoted_override_gives_the_value(root: str, quotes: str) -> None:
    (word,) = shlex.split(quote_override(f"corpus.root={quotes}{root}{quotes}"))
    assert configure("corpus=folder", word)["corpus"]["root"] == root


@pytest.mark.parametrize("root", ["/data/a,b", "/data/it's", "~/corpora"])
def test_a_root_that_must_be_quoted_is_answered_with_how_to_do_it(root: str) -> None:
    override = f"corpus.root={root}"
    with pytest.raises(OverrideError) as caught:
        configure("corpus=folder", override)
    answer = str(caught.value).splitlines()
    assert answer[-1].endswith(quote_override(override))
    assert len(answer) <= 3
