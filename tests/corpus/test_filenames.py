"""Corpora that are data: on names of every corpus, on lists of all names, on RAVDESS and URDU."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from composed import composed

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Corpus, Utterance, corpus_warnings
from ser_vae.settings import build, validate


def read(option: str, root: Path | str | None, **settings: Any) -> Corpus:
    config = composed(f"corpus={option}")
    corpus = config["corpus"] | {"root": root and str(root)} | settings
    result: Corpus = build(validate(config | {"corpus": corpus}).corpus)
    return result


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


# option | path | id | label | speaker | sex | script | language | part of the split
NAMES = """\
ravdess|Actor_12/03-01-05-02-01-02-12.flac|03-01-05-02-01-02-12|angry|actor12|F|statement 1|English|
ravdess|03-01-08-01-02-01-01.WAV|03-01-08-01-02-01-01|surprised|actor01|M|statement 2|English|
urdu|Angry/SM1_F10_A010.wav|SM1_F10_A010|angry|SM1|M||Urdu|
emodb|wav/03a01Fa.wav|03a01Fa|happy|03|M|a01|German|
emodb|16b10Td.wav|16b10Td|sad|16|F|b10|German|
emodb2|wav/03a01Ab.wav|03a01Ab|fearful|03|M|a01|German|
crema_d|AudioWAV/1001_DFA_ANG_XX.wav|1001_DFA_ANG_XX|angry|1001|M|DFA|English|
crema_d|1040_ITH_SAD_X.wav|1040_ITH_SAD_X|sad|1040|M|ITH|English|
crema_d|1091_IEO_FEA_HI.wav|1091_IEO_FEA_HI|fearful|1091|F|IEO|English|
savee|DC/sa01.wav|DC/sa01|sad|DC|M||English|
savee|ALL/JK_su15.wav|JK_su15|surprised|JK|M||English|
savee|KL/n30.wav|KL/n30|neutral|KL|M||English|
tess|OAF_Fear/OAF_back_fear.wav|OAF_back_fear|fearful|OAF|F|back|English|
tess|OA_bite_neutral.wav|OA_bite_neutral|neutral|OAF|F|bite|English|
tess|YAF_youth_ps.wav|YAF_youth_ps|surprised|YAF|F|youth|English|
esd|0001/Angry/0001_000351.wav|0001_000351|angry|0001|F||Mandarin|validation
esd|0020/Sad/train/0020_001101.wav|0020_001101|sad|0020|M||English|train
esd|0010/Surprise/0010_001450.wav|0010_001450|surprised|0010|M||Mandarin|test
emovo|m3/gio-m3-n5.wav|gio-m3-n5|happy|m3|M|n5|Italian|
shemo|female/F01F02.wav|F01F02|fearful|F01|F||Persian|
shemo|male/M01W03.wav|M01W03|surprised|M01|M||Persian|
aesdd|disgust/d03 (01).wav|d03 (01)|disgusted|1||03|Greek|
aesdd|happiness/h11 (5)b.wav|h11 (5)b|happy|5||11|Greek|
jl|female1_sad_10a_1.wav|female1_sad_10a_1|sad|female1|F|10|English|
jl|male2_anxious_3b_2.wav|male2_anxious_3b_2|anxious|male2|M||English|
subesco|F_02_MONIKA_S_2_SURPRISE_3].wav|F_02_MONIKA_S_2_SURPRISE_3]|surprised|F_02|F|2|Bangla|
subesco|M_02_X_S_10_ANGRY_5.wav|M_02_X_S_10_ANGRY_5|angry|M_02|M|10|Bangla|
"""
ROWS = [[cell or None for cell in line.split("|")] for line in NAMES.splitlines()]


@pytest.mark.parametrize("option", sorted({str(row[0]) for row in ROWS}))
def test_a_name_says_what_is_known_of_the_utterance(option, tmp_path):
    rows = [row for row in ROWS if row[0] == option]
    corpus = read(option, touch(tmp_path, *(str(row[1]) for row in rows)), classes="all")
    by_path = {u.path: u for u in corpus.utterances}
    assert len(by_path) == len(rows)
    for _, name, id_, label, speaker, sex, script, language, part in rows:
        path = tmp_path / str(name)
        known: dict[str, Any] = {"sex": sex, "script": script, "language": language, "part": part}
        assert by_path[path] == Utterance(str(id_), path, str(label), str(speaker), **known)


# list of names -> option, speakers of each sex, texts that names say
LISTS = {
    "emodb.txt": ("emodb", {"F": 5, "M": 5}, 10),
    "emodb_2.0.txt": ("emodb2", {"F": 5, "M": 5}, 10),
    "crema-d.txt": ("crema_d", {"F": 43, "M": 48}, 12),
    "savee.txt": ("savee", {"M": 4}, 0),
    "savee_flat.txt": ("savee", {"M": 4}, 0),
    "tess.txt": ("tess", {"F": 2}, 200),
    "tess_folders.txt": ("tess", {"F": 2}, 200),
    "esd.txt": ("esd", {"F": 10, "M": 10}, 0),
    "emovo.txt": ("emovo", {"F": 3, "M": 3}, 14),
    "shemo.txt": ("shemo", {"F": 31, "M": 56}, 0),
    "aesdd.txt": ("aesdd", {None: 6}, 20),
    "jl.txt": ("jl", {"F": 2, "M": 2}, 15),
    "subesco.txt": ("subesco", {"F": 10, "M": 10}, 10),
}


@pytest.mark.skipif("NAMES_ROOT" not in os.environ, reason="NAMES_ROOT is not set")
@pytest.mark.parametrize("file", LISTS)
def test_every_published_name_is_read(file, tmp_path, monkeypatch):
    option, sexes, texts = LISTS[file]
    names = Path(os.environ["NAMES_ROOT"], file).read_text()
    paths = [tmp_path / name for name in names.splitlines()]
    monkeypatch.setattr("ser_vae.corpus.filenames.walk", lambda _: paths)
    corpus = read(option, tmp_path, classes="all")
    assert len(corpus.utterances) == len(paths)
    assert corpus_warnings(corpus) == []  # the published counts
    speakers = {u.speaker: u.sex for u in corpus.utterances}
    assert len(speakers) == corpus.expected["speakers"]
    assert Counter(speakers.values()) == sexes
    assert len({u.script for u in corpus.utterances} - {None}) == texts


MELD = {  # CSV: its rows
    "train_sent_emo.csv": "1,Oh,Monica,joy,positive,0,0\n2,No!,Both,fear,negative,0,1\n",
    "dev_sent_emo.csv": "1,Hi,Dr. Leedbetter,neutral,neutral,0,0\n2,So?,Ross,anger,negative,7,7\n",
    "test_sent_emo.csv": "1,Well,Ross,sadness,negative,0,0\n",
}
MELD_FILES = (
    *("train_splits/dia0_utt0.wav", "train_splits/dia0_utt1.wav"),
    *("dev_splits_complete/dia0_utt0.wav", "dev_splits_complete/dia49_utt4.wav"),
    "output_repeated_splits_test/dia0_utt0.wav",
)


def test_meld_is_labelled_by_three_tables_whose_ids_restart(tmp_path):
    header = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID\n"
    for name, rows in MELD.items():
        (tmp_path / name).write_text(header + rows, encoding="utf-8-sig", newline="\r\n")
    corpus = read("meld", touch(tmp_path, *MELD_FILES))
    assert {u.id: (u.emotion, u.speaker, u.dialogue, u.part) for u in corpus.utterances} == {
        "train_splits/dia0_utt0": ("happy", "Monica", "train 0", "train"),
        "dev_splits_complete/dia0_utt0": (
            *("neutral", "Dr. Ledbetter", "validation 0", "validation"),
        ),
        "output_repeated_splits_test/dia0_utt0": ("sad", "Ross", "test 0", "test"),
    }
    assert [(u.emotion, u.speaker) for u in corpus.others] == [("fearful", "unknown")]
    assert corpus.warnings == (
        "1 files have no row in corpus.labels and are ignored: dev_splits_complete/dia49_utt4.wav",
        "1 rows of corpus.labels have no file: dev dia7_utt7",
    )


def test_msp_podcast_is_labelled_by_its_table(tmp_path):
    rows = "FileName,EmoClass,EmoAct,SpkrID,Gender,Split_Set\n"
    names = [f"MSP-PODCAST_0001_000{number}.wav" for number in range(3)]
    ends = ("A,5,12,Female,Train", "X,4,Unknown,Male,Test1", "N,4,7,x,Development")
    rows += "".join(f"{name},{end}\n" for name, end in zip(names, ends, strict=True))
    root = touch(tmp_path, *(f"Audios/{name}" for name in names))
    with pytest.raises(SerVaeError, match=r"labels_consensus.csv: expected a CSV"):
        read("msp_podcast", root)
    (touch(root, "Labels/x") / "Labels" / "labels_consensus.csv").write_text(rows)
    utterances = read("msp_podcast", root, classes="all").utterances
    assert [(u.emotion, u.speaker, u.sex, u.part) for u in utterances] == [
        ("angry", "12", "F", "train"),
        ("no_agreement", "unknown", "M", "test"),
        ("neutral", "7", None, "validation"),
    ]


@pytest.fixture
def ravdess(tmp_path) -> Path:
    """Eight emotions by actors 1 and 2."""
    names = [f"Actor_0{a}/03-01-0{e}-01-02-01-0{a}.wav" for e in range(1, 9) for a in (1, 2)]
    return touch(tmp_path, *names)


def test_the_default_is_the_four_classes_of_the_paper_in_its_order(ravdess):
    corpus = read("ravdess", ravdess)
    assert (corpus.name, corpus.emotions) == ("ravdess", ("neutral", "happy", "sad", "angry"))
    codes = {"01": "neutral", "03": "happy", "04": "sad", "05": "angry"}
    assert {u.id[6:8]: u.emotion for u in corpus.utterances} == codes
    assert {u.emotion for u in corpus.others} == {"calm", "fearful", "disgusted", "surprised"}
    assert corpus.expected["others"] == 768


@pytest.mark.parametrize(
    ("classes", "name", "emotions", "counts"),
    [
        ("all", "ravdess8", 8, [2] * 8),
        (["sad", "calm"], "ravdess2", ("sad", "calm"), [2, 2]),
        ({"up": ["happy", "surprised"], "low": ["sad"]}, "ravdess2", ("up", "low"), [4, 2]),
    ],
)
def test_other_classes_are_a_corpus_of_another_name(ravdess, classes, name, emotions, counts):
    corpus = read("ravdess", ravdess, classes=classes)
    assert corpus.name == name
    assert emotions in (corpus.emotions, len(corpus.emotions))
    counted = Counter(u.emotion for u in corpus.utterances)
    assert [counted[emotion] for emotion in corpus.emotions] == counts
    assert len(corpus.utterances) + len(corpus.others) == 16
    inside = sum(c["complete"] for c in corpus.expected["classes"].values())
    assert inside + corpus.expected["others"] == 1_440


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["sad", "bored"], "corpus.classes.bored: 'bored' is not one of angry, calm"),
        ({"a": ["sad"], "b": ["sad"]}, "corpus.classes: sad is in a and b"),
    ],
)
def test_classes_that_the_corpus_does_not_have_are_an_error(ravdess, classes, message):
    with pytest.raises(SerVaeError, match=message):
        read("ravdess", ravdess, classes=classes)


def test_other_files_are_ignored_with_a_warning(ravdess):
    touch(ravdess, "Actor_01/03-02-05-01-02-01-01.wav", "Actor_01/._x.wav", "README.md")
    corpus = read("ravdess", ravdess)
    assert len(corpus.utterances) == 8
    assert corpus.warnings == (
        "1 files do not follow the naming of this corpus and are ignored: 03-02-05-01-02-01-01.wav",
    )


def test_a_code_of_no_label_is_named(tmp_path):
    root = touch(tmp_path, "female1_angry_1a_1.wav", "male1_pensive_1a_1.wav")
    assert read("jl", root).warnings == (
        "1 files have a code that corpus.emotions does not list and are ignored: "
        "male1_pensive_1a_1.wav (pensive)",
    )


def test_a_second_copy_of_the_tree_is_ignored_with_a_warning(ravdess):
    touch(ravdess, "copy/Actor_01/03-01-05-01-02-01-01.wav")
    corpus = read("ravdess", ravdess)
    assert len(corpus.utterances) == 8
    assert all(u.path.parent.parent == ravdess for u in corpus.utterances)
    assert corpus.warnings[0].endswith("are ignored: copy/Actor_01/03-01-05-01-02-01-01.wav")


@pytest.mark.parametrize("twin", ["Actor_01/{}.flac", "Angry/{}.wav"])
def test_one_name_twice_in_the_tree_is_an_error(ravdess, twin):
    touch(ravdess, twin.format("03-01-05-01-02-01-01"))
    with pytest.raises(SerVaeError, match=r"03-01-05-01-02-01-01 exists twice.*Actor_01.*"):
        read("ravdess", ravdess)


def test_missing_utterances_are_counted(ravdess):
    assert corpus_warnings(read("ravdess", ravdess)) == [
        "differs from a complete copy: neutral 2 of 96, happy 2 of 192, sad 2 of 192, "
        "angry 2 of 192"
    ]


def test_another_folder_is_an_error_that_says_what_was_expected(tmp_path):
    with pytest.raises(SerVaeError, match="is not RAVDESS: expected files such as Actor_01/"):
        read("ravdess", tmp_path)
    with pytest.raises(SerVaeError, match=r"SAVEE: .*\n2 files do not follow .*: E1.wav, E2.wav\."):
        read("savee", touch(tmp_path, "E1.wav", "E2.wav"))


def test_without_a_root_the_error_names_the_variable():
    with pytest.raises(SerVaeError, match="EMODB_ROOT"):
        read("emodb", None)
