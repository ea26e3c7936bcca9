import time
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus import espeak
from ser_vae.corpus.espeak import Sentence, speak

PLAIN = Sentence("The letter is on the table.", "en-us+m1", rate=160, pitch=50, range=50, seed=1)
BREATHY = replace(PLAIN, voice="en-us+f3")  # its breath is the library's noise


def test_the_same_sentences_give_the_same_bytes_at_another_time():
    before = speak([PLAIN, BREATHY, PLAIN])
    time.sleep(1.1)  # the library's own seed is the clock, in seconds
    assert speak([PLAIN, BREATHY, PLAIN]) == before


def test_another_seed_gives_another_breath():
    assert speak([BREATHY]) != speak([replace(BREATHY, seed=2)])


def test_earlier_sentences_do_not_change_later_ones():
    speak([replace(PLAIN, text="Something else, at length, to move the flutter on.")])
    one, two = speak([PLAIN, PLAIN])
    assert one == speak([PLAIN])[0]
    assert two != one  # why each group of sentences needs a new process


def test_an_unknown_voice_is_an_error_that_names_it():
    with pytest.raises(SerVaeError, match="no voice nowhere"):
        speak([replace(PLAIN, voice="nowhere")])


def test_without_the_library_the_error_says_what_to_install(monkeypatch):
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(espeak.metadata, "version", missing)
    with pytest.raises(SerVaeError, match=r"pip install 'ser_vae\[demo\]'") as caught:
        espeak.library_version()
    assert "GPL-3" in str(caught.value)
