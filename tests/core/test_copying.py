"""Files that are written whole and over nothing: copies, and lists under a name that is still free."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.copying import Copied, Copier, Unfinished, place, refused


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "from" / "a dog.jpg"
    path.parent.mkdir()
    path.write_bytes(b"photo" * 1000)
    os.utime(path, ns=(1_500_000_000_000_000_000, 1_400_000_000_123_000_000))
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "to"
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_has_the_name_the_bytes_and_the_time(source: Path, target: Path) -> None:
    assert Copier(target).copy(source) == Copied(True)
    copy = target / "a dog.jpg"
    assert copy.read_bytes() == source.read_bytes()
    assert copy.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert names(target) == ["a dog.jpg"]
    assert copy.stat().st_ino != source.stat().st_ino, "a copy, not the photo under another name"


def test_a_name_that_is_taken_gets_a_number(source: Path, target: Path) -> None:
    (target / "a dog.jpg").write_bytes(b"another")
    (target / "a dog (2).jpg").mkdir()
    assert Copier(target).copy(source) == Copied(True, renamed=True)
    assert (target / "a dog.jpg").read_bytes() == b"another"
    assert (target / "a dog (3).jpg").read_bytes() == source.read_bytes()
    assert Copier(target).copy(source) == Copied(False), "the third time it is there already"
    assert len(names(target)) == 3


def test_a_name_without_an_ending_and_one_with_two(tmp_path: Path, target: Path) -> None:
    for name in ("photo", "a.b.jpg"):
        (tmp_path / name).write_bytes(b"mine")
        (target / name).write_bytes(b"theirs")
        assert Copier(target).copy(tmp_path / name) == Copied(True, renamed=True)
    assert names(target) == ["a.b (2).jpg", "a.b.jpg", "photo", "photo (2)"]


def test_into_its_own_folder_nothing_is_copied(source: Path) -> None:
    assert Copier(source.parent).copy(source) == Copied(False)
    assert names(source.parent) == ["a dog.jpg"]


def test_a_link_that_leads_nowhere_is_a_name_that_is_taken(source: Path, target: Path, tmp_path: Path) -> None:
    (target / "a dog.jpg").symlink_to(tmp_path / "nowhere")
    assert Copier(target).copy(source) == Copied(True, renamed=True)
    assert not (tmp_path / "nowhere").exists()


def test_what_cannot_be_read_is_told_and_leaves_nothing(source: Path, target: Path, tmp_path: Path) -> None:
    copier = Copier(target)
    empty = tmp_path / "empty.jpg"
    empty.touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "gone.jpg", tmp_path / "from", empty, tmp_path / "pipe.jpg"):
        copied = copier.copy(path)
        assert copied is not None and not copied.made and copied.why.endswith(".")
    assert names(target) == []


def test_a_photo_that_breaks_off_leaves_no_half_of_it(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaks:
        def __init__(self, file: object) -> None:
            self._file, self._reads = file, 0

        def read(self, size: int) -> bytes:
            self._reads += 1
            if self._reads > 2:
                raise OSError(errno.EIO, "Input/output error")
            return bytes(self._file.read(10))

        def __getattr__(self, name: str) -> object:
            return getattr(self._file, name)

        def __enter__(self) -> object:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

    whole_open = Path.open

    def breaking_open(path: Path, mode: str = "r", **more: object) -> object:
        file = whole_open(path, mode, **more)
        return Breaks(file) if path == source else file

    monkeypatch.setattr(Path, "open", breaking_open)
    copied = Copier(target).copy(source)
    assert copied is not None and "Input/output error" in copied.why
    assert names(target) == []


def test_cancelled_in_the_middle_leaves_nothing(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.copying._CHUNK", 100)
    asked = iter(range(100))
    assert Copier(target, lambda: next(asked) == 3).copy(source) is None
    assert names(target) == []


def test_a_file_system_without_hard_links_does_as_well(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert Copier(target).copy(source) == Copied(True)
    assert (target / "a dog.jpg").read_bytes() == source.read_bytes()
    assert names(target) == ["a dog.jpg"]
    other = target / "free.jpg"
    other.write_bytes(b"mine")
    assert not place(other, target / "a dog.jpg")
    assert other.exists() and (target / "a dog.jpg").read_bytes() == source.read_bytes()


def test_a_name_that_was_taken_meanwhile_is_not_overwritten(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copier = Copier(target)

    def faster() -> bool:
        (target / "a dog.jpg").write_bytes(b"faster")
        return False

    copier._cancelled = faster
    assert copier.copy(source) == Copied(True, renamed=True)
    assert (target / "a dog.jpg").read_bytes() == b"faster"
    assert names(target) == ["a dog (2).jpg", "a dog.jpg"]


def test_a_name_that_the_folder_cannot_hold(source: Path, target: Path) -> None:
    longest = source.with_name("x" * 251 + ".jpg")
    source.rename(longest)
    (target / longest.name).write_bytes(b"taken")
    copied = Copier(target).copy(longest)
    assert copied is not None and "name" in copied.why
    assert names(target) == [longest.name]


def test_a_list_is_whole_or_not_there(target: Path) -> None:
    path = target / "list.txt"
    with pytest.raises(ValueError, match="half way"), Unfinished(path) as file:
        file.write(b"half")
        raise ValueError("half way")
    assert names(target) == []
    with Unfinished(path) as file:
        file.write(b"whole")
        assert not path.exists()
        file.finish()
    assert path.read_bytes() == b"whole"
    with pytest.raises(FileExistsError), Unfinished(path, overwrite=False) as file:
        file.write(b"over")
        file.finish()
    assert path.read_bytes() == b"whole"
    with Unfinished(path) as file:
        file.write(b"anew")
        file.finish()
    assert path.read_bytes() == b"anew" and names(target) == ["list.txt"]


def test_through_a_link_the_file_behind_it_is_written(target: Path, tmp_path: Path) -> None:
    behind = tmp_path / "behind.txt"
    behind.write_bytes(b"old")
    (target / "list.txt").symlink_to(behind)
    with Unfinished(target / "list.txt") as file:
        file.write(b"new")
        file.finish()
    assert behind.read_bytes() == b"new" and (target / "list.txt").is_symlink()


def test_a_device_is_written_as_it_is() -> None:
    with Unfinished(Path(os.devnull)) as file:
        file.write(b"gone")
        file.finish()
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "permission"),
        (errno.EROFS, "write-protected"),
        (errno.ENOENT, "folder /x is not there"),
        (errno.EEXIST, "already"),
        (errno.ENOTDIR, "already"),
        (errno.EIO, "Input/output"),
    ],
)
def test_what_the_disk_says_is_told_in_words(code: int, words: str) -> None:
    assert words in str(refused(OSError(code, os.strerror(code)), Path("/x/list.txt")))
