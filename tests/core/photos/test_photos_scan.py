"""Scanning: what is found, what is left out, links, odd names, sidecars, and roots that are offline."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.photos.scan import UnreadableFolder, is_photo_name, mount_of, scan, why_offline
from core.types import FoundFile, Root


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(root: Path, ignore: tuple[str, ...] = ()) -> dict[str, FoundFile]:
    """What a scan of ``root`` yields, by relative path."""
    files = [f for f in scan(Root(1, root, "", ignore=ignore)) if isinstance(f, FoundFile)]
    by_path = {f"{f.folder}/{f.name}".lstrip("/"): f for f in files}
    assert len(by_path) == len(files), "a file was yielded twice"
    return by_path


def test_every_kind_of_photo_is_found_and_nothing_else(tmp_path: Path) -> None:
    kinds = ["a.jpg", "b.JPEG", "c.PNG", "d.webp", "e.tif", "f.TIFF", "g.bmp", "h.gif", "i.heic", "j.HEIF", "k.avif"]
    kinds += ["l.hif", "m.CR2", "n.nef", "o.dng", "p.arw"]
    for name in kinds:
        put(tmp_path / "deep" / "deeper" / name)
    for name in ["a.txt", "b.mp4", "c.pdf", "d.jpg.xmp", "jpg", ".hidden.jpg", "._a.jpg", "e.jpg.part"]:
        put(tmp_path / name)
    assert sorted(found(tmp_path)) == sorted(f"deep/deeper/{name}" for name in kinds)
    assert not is_photo_name("jpg")
    assert is_photo_name("x.JPG")


def test_hidden_trash_and_system_folders_are_left_out(tmp_path: Path) -> None:
    for folder in (
        ".thumbnails", "@eaDir", "a/@eaDir", "$RECYCLE.BIN", ".Trash-1000", "#recycle", "System Volume Information",
        "@Recycle", "#snapshot", "lost+found", "__MACOSX", "My.lrdata",
    ):  # fmt: skip
        put(tmp_path / folder / "photo.jpg")
    put(tmp_path / "a" / "kept.jpg")
    assert list(found(tmp_path)) == ["a/kept.jpg"]


def test_a_photos_library_gives_its_originals_only(tmp_path: Path) -> None:
    library = tmp_path / "Photos Library.photoslibrary"
    put(library / "originals" / "4" / "one.heic")
    put(library / "resources" / "derivatives" / "one.jpg")
    put(library / "Masters" / "2014" / "two.jpg")
    assert sorted(path.rpartition("/")[2] for path in found(tmp_path)) == ["one.heic", "two.jpg"]
    assert sorted(path.rpartition("/")[2] for path in found(library)) == ["one.heic", "two.jpg"]


def test_the_root_itself_may_be_hidden(tmp_path: Path) -> None:
    put(tmp_path / ".secret" / "photo.jpg")
    assert list(found(tmp_path / ".secret")) == ["photo.jpg"]


def test_ignore_patterns_match_names_and_relative_paths(tmp_path: Path) -> None:
    for path in ("Screenshots/a.png", "trips/italy/b.jpg", "trips/raw/c.cr2", "trips/d.CR2", "e.jpg"):
        put(tmp_path / path)
    ignore = ("screenshots", "trips/italy/", "*.cr2", "", " / ")
    assert list(found(tmp_path, ignore)) == ["e.jpg"]


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_links_that_lead_back_end_and_links_elsewhere_are_followed_once(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    put(root / "a" / "one.jpg")
    put(outside / "two.jpg")
    (outside / "back").symlink_to(root)
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "self").symlink_to(".")
    (root / "0-inside").symlink_to(root / "a")
    (root / "away").symlink_to(outside)
    (root / "away-again").symlink_to(outside)
    (root / "nowhere").symlink_to(root / "missing")
    (root / "dead.jpg").symlink_to(root / "missing.jpg")
    (root / "linked.jpg").symlink_to(outside / "two.jpg")
    assert sorted(found(root)) == ["a/one.jpg", "away/two.jpg", "linked.jpg"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_with_a_photo_name_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    put(tmp_path / "photo.jpg")
    assert list(found(tmp_path)) == ["photo.jpg"]


def test_names_of_any_script_and_shape(tmp_path: Path) -> None:
    names = [
        "été.jpg",
        "写真.jpg",
        "שלום.jpg",
        "a\u202egpj.jpg",
        "👩‍👧.jpg",
        " lead.jpg",
        "a.b.c.jpg",
        "'; DROP TABLE.jpg",
    ]
    if sys.platform != "win32":
        names += ["new\nline.jpg", 'quote".jpg', "tab\t.jpg", "back\\slash.jpg"]
    for name in names:
        put(tmp_path / "Ordner ü" / name)
    assert sorted(f.name for f in found(tmp_path).values()) == sorted(names)
    assert {f.folder for f in found(tmp_path).values()} == {"Ordner ü"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux' file systems take names in no encoding")
def test_names_in_no_encoding_come_with_surrogates(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    [file] = found(tmp_path).values()
    assert os.fsencode(file.path) == raw
    assert file.name == "caf\udce9.jpg"


def test_a_deep_tree_is_walked(tmp_path: Path) -> None:
    put(tmp_path.joinpath(*["d"] * 100) / "deep.jpg")
    assert list(found(tmp_path)) == ["/".join(["d"] * 100) + "/deep.jpg"]


def test_the_stamp_tells_size_time_and_inode(tmp_path: Path) -> None:
    path = put(tmp_path / "photo.jpg", b"12345")
    os.utime(path, ns=(10**18, 10**18))
    stamp = found(tmp_path)["photo.jpg"].stamp
    assert (stamp.size, stamp.mtime_ns, stamp.sidecar_ns) == (5, 10**18, 0)
    assert stamp.inode == path.stat().st_ino & ((1 << 63) - 1)
    path.rename(tmp_path / "renamed.jpg")
    assert found(tmp_path)["renamed.jpg"].stamp == stamp


def test_sidecars_belong_to_their_photo_and_make_its_stamp(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.JPG", "c.jpg", "d.cr2", "d.jpg"):
        put(tmp_path / name)
    for number, name in enumerate(("a.jpg.xmp", "a.xmp", "B.txt", "c.jpg.json", "d.xmp", "readme.txt", "x.xmp"), 1):
        os.utime(put(tmp_path / name), ns=(number, number))
    files = found(tmp_path)
    assert [p.name for p in files["a.jpg"].sidecars] == ["a.jpg.xmp", "a.xmp"]
    assert files["a.jpg"].stamp.sidecar_ns == 2
    assert [p.name for p in files["b.JPG"].sidecars] == ["B.txt"]
    assert [p.name for p in files["c.jpg"].sidecars] == ["c.jpg.json"]
    assert [p.name for p in files["d.jpg"].sidecars] == ["d.xmp"] == [p.name for p in files["d.cr2"].sidecars]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root and Windows read every folder")
def test_a_folder_without_permission_is_reported(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    put(locked / "photo.jpg")
    locked.chmod(0)
    try:
        [report] = scan(Root(1, tmp_path, ""))
    finally:
        locked.chmod(0o700)
    assert report == UnreadableFolder(locked, "locked", "You have no permission to read this folder.")


def test_a_folder_that_fails_is_reported_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "bad" / "one.jpg")
    put(tmp_path / "good" / "two.jpg")
    real = os.scandir

    def failing(path: str) -> object:
        if str(path).endswith("bad"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", failing)
    results = list(scan(Root(1, tmp_path, "")))
    assert [r.folder for r in results if isinstance(r, UnreadableFolder)] == ["bad"]
    assert [r.name for r in results if isinstance(r, FoundFile)] == ["two.jpg"]


def test_a_scan_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    for number in range(20):
        put(tmp_path / f"{number}" / "photo.jpg")
    seen: list[object] = []
    for file in scan(Root(1, tmp_path, ""), cancelled=lambda: len(seen) >= 3):
        seen.append(file)
    assert len(seen) == 3


def test_a_root_is_online_only_when_nothing_could_be_lost(tmp_path: Path) -> None:
    root = Root(1, tmp_path / "photos", "", mount=mount_of(tmp_path))
    assert "not there" in (why_offline(root, 0) or "")
    root.path.mkdir()
    assert why_offline(root, 0) is None
    assert why_offline(root, 5) == (
        f"The folder {root.path} is empty, though it held photos: perhaps its disk is not connected. "
        "If you emptied it yourself, `retrouve forget` takes it out of the library."
    )
    put(root.path / "photo.jpg")
    assert why_offline(root, 5) is None
    gone = Root(1, root.path, "", mount=tmp_path / "photos")
    assert "not connected" in (why_offline(gone, 5) or "")
    assert why_offline(Root(1, root.path / "photo.jpg", ""), 0) == f"{root.path / 'photo.jpg'} is no longer a folder."


def test_the_mount_of_a_folder_is_a_mount(tmp_path: Path) -> None:
    mount = mount_of(tmp_path / "not" / "yet")
    assert mount.is_mount()
    assert mount in tmp_path.parents or mount == tmp_path


def test_part_of_a_root_is_walked_alone(tmp_path: Path) -> None:
    for name in ("a/x.jpg", "a/b/y.jpg", "c/z.jpg", ".hidden/h.jpg", "skip/s.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    root = Root(1, tmp_path, "", ignore=("skip",))

    def names(*below: str) -> set[str]:
        return {f"{f.folder}/{f.name}" for f in scan(root, below=below) if isinstance(f, FoundFile)}

    assert names("a") == {"a/x.jpg", "a/b/y.jpg"}
    assert names("a/b", "c") == {"a/b/y.jpg", "c/z.jpg"}
    assert names(".hidden") == names("skip") == names("gone") == set()
    assert names("") == {"a/x.jpg", "a/b/y.jpg", "c/z.jpg"}


def test_part_of_a_root_leaves_links_into_the_root_to_the_whole(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "c").mkdir()
    (tmp_path / "c/z.jpg").write_bytes(b"x")
    (tmp_path / "a/link").symlink_to(tmp_path / "c")
    found = list(scan(Root(1, tmp_path, ""), below=("a",)))
    assert found == []


class _Listing:
    """What ``os.scandir`` gives in a folder that may be listed but not entered (mode 444)."""

    def __init__(self, listing: Any, denied: Callable[[str], bool]) -> None:
        self._listing, self._denied = listing, denied

    def __enter__(self) -> _Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self._listing.close()

    def __iter__(self) -> Iterator[object]:
        return (_Entry(entry) if self._denied(entry.name) else entry for entry in self._listing)


class _Entry:
    """An entry whose kind is known from the listing, and of which nothing else may be asked."""

    def __init__(self, entry: os.DirEntry[str]) -> None:
        self.name, self.path = entry.name, entry.path
        self.is_dir, self.is_file, self.is_symlink = entry.is_dir, entry.is_file, entry.is_symlink

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        raise PermissionError(13, "Permission denied", self.path)


@pytest.mark.parametrize("kept", ["", "3.jpg"])
def test_a_folder_that_may_be_listed_but_not_entered_is_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    for name in ("a/1.jpg", "listed/1.jpg", "listed/1.xmp", "listed/2.jpg", "listed/3.jpg", "z/9.jpg"):
        put(tmp_path / name)
    real = os.scandir

    def half(path: str) -> object:
        denied = str(path).endswith("listed")
        return _Listing(real(path), lambda name: denied and name != kept)

    monkeypatch.setattr(os, "scandir", half)
    results = list(scan(Root(1, tmp_path, "")))
    reports = [r for r in results if isinstance(r, UnreadableFolder)]
    assert reports == [UnreadableFolder(tmp_path / "listed", "listed", "You have no permission to read this folder.")]
    files = [f"{r.folder}/{r.name}" for r in results if isinstance(r, FoundFile)]
    assert files == ["a/1.jpg", *([f"listed/{kept}"] if kept else []), "z/9.jpg"]


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_links_to_what_holds_the_root_are_not_followed(tmp_path: Path) -> None:
    root, other = tmp_path / "above" / "root", tmp_path / "other"
    put(root / "sub" / "one.jpg")
    put(tmp_path / "above" / "beside.jpg")
    put(tmp_path / "above" / "sibling" / "two.jpg")
    put(other / "three.jpg")
    for name, target in (
        ("up", root.parent), ("up2", tmp_path), ("self", root), ("slash", Path("/")), ("relative", Path("../..")),
        ("other", other), ("sibling", root.parent / "sibling"),
    ):  # fmt: skip
        (root / "sub" / name).symlink_to(target)
    (other / "back").symlink_to(root.parent)
    wanted = ["sub/one.jpg", "sub/other/three.jpg", "sub/sibling/two.jpg"]
    assert sorted(found(root)) == wanted
    (tmp_path / "way").symlink_to(root)
    assert sorted(found(tmp_path / "way")) == wanted
    part = [f for f in scan(Root(1, root, ""), below=("sub",)) if isinstance(f, FoundFile)]
    assert sorted(f"{f.folder}/{f.name}" for f in part) == wanted
