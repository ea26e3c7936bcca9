"""Records: rows come back as they were put in, whoever else writes, and never from a torn file."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae.features import records

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
ROWS = st.lists(st.lists(TEXT, min_size=2, max_size=3), min_size=1, max_size=5)


def test_rows_of_all_files_come_back_and_no_file_twice(tmp_path):
    seen: set[str] = set()
    records.add(tmp_path, [("a", 1), ("b", 2)])
    assert list(records.read(tmp_path, seen)) == [["a", "1"], ["b", "2"]]
    records.add(tmp_path, [("c", 3)])
    assert list(records.read(tmp_path, seen)) == [["c", "3"]]
    assert list(records.read(tmp_path, seen)) == []


def test_the_same_rows_are_one_file(tmp_path):
    first, second = (records.add(tmp_path, [("a", 1)]) for _ in range(2))
    assert first == second
    assert len(list(tmp_path.iterdir())) == 1


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_any_printed_text_comes_back(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    records.add(folder, rows)
    assert list(records.read(folder, set())) == rows


def test_no_part_of_a_file_is_believed(tmp_path, caplog):
    path = records.add(tmp_path, [("a", 1), ("b", 2)])
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert list(records.read(tmp_path, set())) == []
        assert f"{path}: damaged" in caplog.text
        caplog.clear()
    path.write_bytes(whole)
    written = list(csv.reader(io.StringIO(whole.decode())))
    assert list(records.read(tmp_path, set())) == written


def test_files_of_others_are_named_and_passed_over(tmp_path, caplog):
    (tmp_path / "notes.csv").write_text("mine")
    (tmp_path / ".hidden.csv").write_text("a part")
    records.add(tmp_path, [("a", 1)])
    assert list(records.read(tmp_path, set())) == [["a", "1"]]
    assert "notes.csv: damaged" in caplog.text
    assert "hidden" not in caplog.text
