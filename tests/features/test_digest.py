"""Digests of audio files: those of the content, remembered while the file is unchanged."""

import hashlib
import os

import pytest

from ser_vae.features.digest import Digests


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")  # a name that is not valid UTF-8
    path.write_bytes(b"first")
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_another_process_remembers_the_digest(tmp_path, recording):
    digests = Digests(tmp_path / "digests")
    assert digests.remembered(recording) is None
    digests.learn([recording, tmp_path / "missing.wav"])
    again = Digests(tmp_path / "digests")
    assert again.remembered(recording) == sha256(b"first")
    assert again.remembered(tmp_path / "missing.wav") is None


@pytest.mark.parametrize("content", [b"other, and longer", b"later"])
def test_a_changed_file_has_a_new_digest_even_with_the_old_mtime(tmp_path, recording, content):
    digests = Digests(tmp_path / "digests")
    digests.of(recording)
    before = recording.stat()
    copy = tmp_path / "b.wav"
    copy.write_bytes(content)
    copy.replace(recording)
    os.utime(recording, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests.remembered(recording) is None
    assert digests.of(recording) == sha256(content)


def test_an_incomplete_line_is_ignored(tmp_path, recording):
    digests = Digests(tmp_path / "digests")
    digests.of(recording)
    (lines,) = (tmp_path / "digests").iterdir()
    whole = lines.read_bytes()
    for place in range(len(whole)):
        lines.write_bytes(whole[:place])
        remembered = Digests(tmp_path / "digests").remembered(recording)
        assert remembered in (None, sha256(b"first"))


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path, recording):
    digests = Digests(tmp_path / "digests")
    (tmp_path / "digests" / "sha256.txt").mkdir()
    digests.learn([recording])
    assert digests.remembered(recording) == sha256(b"first")
