"""Which sidecar is a photo's to write, and that one is written whole, or not touched."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from core.errors import SidecarError
from core.photos import sidecar_files, xmp_markup
from core.photos.sidecar_files import Beside, read, take_away, write


@pytest.mark.parametrize(
    ("photo", "beside", "name"),
    [
        ("a.jpg", [], "a.jpg.xmp"),
        ("a.jpg", ["a.jpg.xmp"], "a.jpg.xmp"),
        ("a.jpg", ["a.xmp"], "a.xmp"),
        ("a.jpg", ["a.xmp", "a.jpg.xmp"], "a.jpg.xmp"),
        ("A.JPG", ["a.XMP"], "a.XMP"),
        ("A.JPG", ["a.jpg.xmp"], "a.jpg.xmp"),
        ("A.JPG", ["a.jpg.xmp", "A.JPG.xmp"], "A.JPG.xmp"),
        ("a.jpg", ["b.xmp", "b.jpg"], "a.jpg.xmp"),
        ("a.cr2", ["a.xmp"], "a.xmp"),
        ("a.b.jpg", ["a.xmp"], "a.b.jpg.xmp"),
        ("a.jpg", [".a.jpg.xmp"], "a.jpg.xmp"),
        ("a.jpg", ["a.txt", "a.json"], "a.jpg.xmp"),
    ],
)
def test_the_sidecar_that_is_there_is_taken_in_either_style(
    tmp_path: Path, photo: str, beside: list[str], name: str
) -> None:
    for each in (photo, *beside):
        (tmp_path / each).write_bytes(b"")
    assert Beside(tmp_path).choose(photo) == sidecar_files.Choice(name)


@pytest.mark.parametrize(
    ("photo", "beside", "name"),
    [
        ("a.jpg", ["a.cr2", "a.xmp"], "a.jpg.xmp"),
        ("a.cr2", ["a.jpg", "a.xmp"], "a.cr2.xmp"),
        ("a.jpg.png", ["a.jpg", "a.jpg.xmp"], "a.jpg.png.xmp"),
    ],
)
def test_a_sidecar_of_several_photos_is_left_alone_and_that_is_said(
    tmp_path: Path, photo: str, beside: list[str], name: str
) -> None:
    for each in (photo, *beside):
        (tmp_path / each).write_bytes(b"")
    choice = Beside(tmp_path).choose(photo)
    assert choice.name == name
    assert "gets a sidecar of its own" in choice.note


def test_two_photos_that_differ_by_case_alone_do_not_share(tmp_path: Path) -> None:
    for each in ("a.jpg", "A.jpg", "a.jpg.xmp"):
        (tmp_path / each).write_bytes(b"")
    if len(list(tmp_path.iterdir())) < 3:
        pytest.skip("this file system makes no difference by case")
    assert Beside(tmp_path).choose("a.jpg").name == "a.jpg.xmp"
    assert Beside(tmp_path).choose("A.jpg").name == "A.jpg.xmp"


def test_a_sidecar_is_made_and_replaced_whole_with_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    write(path, None, b"one")
    assert path.read_bytes() == b"one"
    path.chmod(0o604)
    write(path, b"one", b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def refused(work) -> str:
    with pytest.raises(SidecarError) as error:
        work()
    return str(error.value)


def test_a_sidecar_that_another_program_wrote_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(b"theirs")
    for before in (None, b"what we had read"):
        assert "changed it meanwhile" in refused(lambda before=before: write(path, before, b"ours"))
    assert "changed it meanwhile" in refused(lambda: take_away(path, sha256(b"ours").digest()))
    assert path.read_bytes() == b"theirs"
    path.unlink()
    assert "changed it meanwhile" in refused(lambda: write(path, b"theirs", b"ours"))
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere.xmp", tmp_path / "a.jpg.xmp"
    target.write_bytes(b"theirs")
    link.symlink_to(target)
    for work in (lambda: read(link), lambda: write(link, b"theirs", b"ours"), lambda: take_away(link, b"")):
        assert refused(work) == "It is a link to another file, which Retrouve does not write through."
    link.unlink()
    link.symlink_to(tmp_path / "nowhere.xmp")
    assert "is a link" in refused(lambda: read(link))
    assert target.read_bytes() == b"theirs"


def test_what_is_write_protected_is_not_written_even_by_root(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.jpg.xmp"
    path.parent.mkdir()
    path.write_bytes(b"theirs")
    path.chmod(0o444)
    assert refused(lambda: read(path)) == "It is write-protected."
    path.chmod(0o644)
    path.parent.chmod(0o555)
    try:
        assert refused(lambda: read(path)) == "Its folder is write-protected."
        assert refused(lambda: read(path.with_name("b.jpg.xmp"))) == "Its folder is write-protected."
    finally:
        path.parent.chmod(0o755)
    assert path.read_bytes() == b"theirs"


def test_what_is_no_file_or_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "folder.xmp").mkdir()
    assert refused(lambda: read(tmp_path / "folder.xmp")) == "It is no ordinary file."
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.xmp")
        assert refused(lambda: read(tmp_path / "pipe.xmp")) == "It is no ordinary file."
    with (tmp_path / "huge.xmp").open("wb") as file:
        file.truncate(xmp_markup.LARGEST + 1)
    assert "larger than 8 MiB" in refused(lambda: read(tmp_path / "huge.xmp"))


def test_a_name_or_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    assert "too long" in refused(lambda: write(tmp_path / ("a" * 300), None, b""))
    assert refused(lambda: read(tmp_path / "gone" / "a.jpg.xmp")) == "Its folder is not there now."
    assert refused(lambda: Beside(tmp_path / "gone")) == "Its folder is not there now."


def test_a_full_disk_leaves_the_sidecar_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(b"theirs")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.copying.os.fsync", full)
    assert refused(lambda: write(path, b"theirs", b"ours")) == "The disk is full."
    assert path.read_bytes() == b"theirs"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
