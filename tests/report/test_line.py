"""A run in one line."""

from ser_vae.report.line import line

METRICS = {
    "run": "vae-complete-demo-seed0",
    "protocol": "random",
    "random/test/ua": 0.61234,
    "random/test/wa": 0.5,
    "majority": {"random/test/ua": 0.25, "random/test/wa": 0.309},
    "counts": {"test": {"utterances": 181}},
    "test_speakers": 10,
    "test_speakers_in_train": 9,
    "caveats": [],
}


def test_a_score_stands_with_protocol_baseline_and_shared_speakers():
    assert line(METRICS) == (
        "vae-complete-demo-seed0: random/test/ua 61.23%, wa 50.00% | majority 25.00%, 30.90% | "
        "181 test utterances | 9 of 10 test speakers also in train"
    )


def test_every_caveat_is_printed():
    printed = line({**METRICS, "caveats": ["synthetic speech", "test labels leak"]})
    assert printed.endswith(" | synthetic speech | test labels leak")


def test_it_is_one_line():
    assert "\n" not in line({**METRICS, "caveats": ["a", "b"]})
