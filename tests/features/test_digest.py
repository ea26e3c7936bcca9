"""Digests: of the content, remembered for as long as the file is the same."""

import hashlib
import os

import pytest

from ser_vae import SerVaeError
from ser_vae.features import digest as module
from ser_vae.features.audio import AudioError
from ser_vae.features.digest import Digests


@pytest.fixture
def settled(monkeypatch):
    """Trust time stamps at once, as for files that were not changed just now."""
    monkeypatch.setattr(module, "GRAIN_NS", -1)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"first")
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_digest_is_the_sha256_of_the_content(tmp_path, recording):
    assert Digests(tmp_path / "digests").of(recording) == sha256(b"first")


@pytest.mark.usefixtures("settled")
def test_a_digest_is_remembered_across_processes(tmp_path, recording):
    digests = Digests(tmp_path / "digests")
    digests.of(recording)
    digests.keep()
    assert Digests(tmp_path / "digests").remembered(recording) == sha256(b"first")


@pytest.mark.usefixtures("settled")
def test_files_are_learnt_once_and_one_that_is_gone_is_passed_over(
    tmp_path, recording, monkeypatch
):
    gone = tmp_path / "gone.wav"
    Digests(tmp_path / "digests").learn([recording, gone])
    again = Digests(tmp_path / "digests")
    assert again.remembered(recording) == sha256(b"first")
    assert again.remembered(gone) is None
    monkeypatch.setattr(Digests, "of", lambda _, path: pytest.fail(f"{path} is read again"))
    again.learn([recording])


def test_a_file_never_read_is_not_known(tmp_path, recording):
    assert Digests(tmp_path / "digests").remembered(recording) is None


@pytest.mark.usefixtures("settled")
def test_a_changed_file_has_a_new_digest(tmp_path, recording):
    digests = Digests(tmp_path / "digests")
    digests.of(recording)
    recording.write_bytes(b"other, and longer")
    assert digests.remembered(recording) is None
    assert digests.of(recording) == sha256(b"other, and longer")


@pytest.mark.usefixtures("settled")
def test_a_change_that_keeps_size_and_mtime_is_noticed(tmp_path, recording):
    digests = Digests(tmp_path / "digests")
    digests.of(recording)
    before = recording.stat()
    other = tmp_path / "b.wav"
    other.write_bytes(b"later")
    other.replace(recording)
    os.utime(recording, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests.of(recording) == sha256(b"later")


def test_a_file_changed_a_moment_ago_is_read_again_each_time(tmp_path, recording, monkeypatch):
    monkeypatch.setattr(module, "GRAIN_NS", 60 * 10**9)
    digests = Digests(tmp_path / "digests")
    digests.of(recording)
    assert digests.remembered(recording) is None
    recording.write_bytes(b"later")  # perhaps within one tick of the clock of the file system
    assert digests.of(recording) == sha256(b"later")


def test_copies_have_one_digest(tmp_path, recording):
    copy = tmp_path / "copy.wav"
    copy.write_bytes(recording.read_bytes())
    digests = Digests(tmp_path / "digests")
    assert digests.of(copy) == digests.of(recording)


@pytest.mark.usefixtures("settled")
def test_a_file_name_that_is_no_text_has_a_digest(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    path.write_bytes(b"first")
    assert Digests(tmp_path / "digests").of(path) == sha256(b"first")


@pytest.mark.usefixtures("settled")
def test_a_file_that_vanished_is_named_with_what_to_do(tmp_path, recording):
    digests = Digests(tmp_path / "digests")
    digests.of(recording)
    recording.unlink()
    assert digests.remembered(recording) is None
    with pytest.raises(AudioError, match=r"a\.wav: cannot be opened: No such file.*restore it"):
        digests.of(recording)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.usefixtures("settled")
def test_a_file_that_may_no_longer_be_read_is_named(tmp_path, recording):
    digests = Digests(tmp_path / "digests")
    digests.of(recording)
    recording.chmod(0)
    with pytest.raises(AudioError, match=r"a\.wav: cannot be opened: Permission denied"):
        digests.of(recording)


def test_a_folder_that_can_not_be_made_is_named_with_what_to_do(recording):
    with pytest.raises(SerVaeError, match=r"a\.wav.*Not a directory; .*another folder"):
        Digests(recording / "digests")
