"""Exports: lists and copies, whole or not at all, and never over a photo."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import CallError, ExportError
from core.exporting import ExportProgress, Format, as_bytes, hits_of, written
from core.library import Library
from core.types import Hit
from tests.colours import paint
from tests.core.test_library import ColourLibrary, run


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Four photos, two of one name, in two folders."""
    for number, name in enumerate(("a/red 1.jpg", "b/red 1.jpg", "a/blue.jpg", "b/x.jpg")):
        paint(tmp_path / "album" / name, "blue" if "blue" in name else "red", number)
    return tmp_path / "album"


@pytest.fixture
def library(tmp_path: Path, album: Path) -> Iterator[Library]:
    with ColourLibrary.open(tmp_path / "library") as library:
        library.add_root(album)
        run(library)
        yield library


@pytest.fixture
def hits(library: Library) -> tuple[Hit, ...]:
    return library.search("red").hits


def export(library: Library, hits: Any, format: Format, target: Path, **more: Any) -> ExportProgress:
    *_, last = library.exporter.export(hits, format, target, total=len(hits), **more)
    return last


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below a folder: its bytes and its time."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(f): (hashlib.sha256(f.read_bytes()).hexdigest(), f.stat().st_mtime_ns) for f in files}


def test_paths(library: Library, hits: tuple[Hit, ...], tmp_path: Path) -> None:
    last = export(library, hits, Format.PATHS, tmp_path / "found.txt")
    assert last.finished and last.done == last.total == last.report.written == 4
    assert (tmp_path / "found.txt").read_text().splitlines() == [str(hit.path) for hit in hits]


def test_csv(library: Library, hits: tuple[Hit, ...], tmp_path: Path) -> None:
    export(library, hits, Format.CSV, tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [str(hit.path) for hit in hits]
    assert [row["good match"] for row in rows] == ["yes"] * 3 + ["no"]
    assert [float(row["match"]) for row in rows] == pytest.approx([hit.match for hit in hits], abs=1e-4)
    assert rows[0]["reasons"] == "; ".join(hits[0].reasons)


def test_json(library: Library, hits: tuple[Hit, ...], tmp_path: Path) -> None:
    export(library, hits, Format.JSON, tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_bytes())["hits"]
    assert [hit["path"] for hit in found] == [str(hit.path) for hit in hits]
    assert set(found[0]) == {"path", "score", "match", "strong", "reasons", "copies"}
    assert json.loads("".join(written((), Format.JSON))) == {"hits": []}


def test_copies_keep_names_and_leave_the_originals(
    library: Library, hits: tuple[Hit, ...], album: Path, tmp_path: Path
) -> None:
    before, folder = state(album), tmp_path / "new" / "folder"
    report = export(library, hits, Format.COPIES, folder).report
    assert (report.written, report.renamed, report.present, report.failed) == (4, 1, 0, ())
    assert sorted(path.name for path in folder.iterdir()) == ["blue.jpg", "red 1 (2).jpg", "red 1.jpg", "x.jpg"]
    assert {digest for digest, _ in state(folder).values()} == {digest for digest, _ in before.values()}
    again = export(library, hits, Format.COPIES, folder).report
    assert (again.written, again.present) == (0, 4) and len(list(folder.iterdir())) == 4
    assert state(album) == before


def test_copies_into_a_folder_of_the_photos_touch_none_of_them(
    library: Library, hits: tuple[Hit, ...], album: Path
) -> None:
    before = state(album)
    report = export(library, hits, Format.COPIES, album / "a").report
    assert (report.written, report.renamed, report.present) == (2, 1, 2)
    assert before.items() <= state(album).items()


def test_photos_that_are_gone_are_told_and_the_others_copied(
    library: Library, hits: tuple[Hit, ...], tmp_path: Path
) -> None:
    hits[1].path.unlink()
    report = export(library, hits, Format.COPIES, tmp_path / "out").report
    assert report.written == 3
    assert report.failed == ((hits[1].path, "The file is no longer there."),)


@pytest.mark.parametrize("format", [Format.PATHS, Format.CSV, Format.JSON])
def test_nothing_is_written_over_a_photo(
    library: Library, hits: tuple[Hit, ...], album: Path, tmp_path: Path, format: Format
) -> None:
    link, list_link = tmp_path / "link.txt", tmp_path / "other.jpg"
    link.symlink_to(hits[0].path)
    list_link.symlink_to(tmp_path / "somewhere.txt")
    before = state(album)
    for target in (hits[0].path, album / "new.jpg", tmp_path / "elsewhere.CR2", link, list_link):
        for overwrite in (False, True):
            with pytest.raises(CallError, match="photo"):
                export(library, hits, format, target, overwrite=overwrite)
    assert state(album) == before


def test_nor_over_a_photo_of_the_library_whose_name_says_nothing(library: Library, album: Path, tmp_path: Path) -> None:
    """A hard link of a photo under another name would be another file once a list is renamed onto it."""
    photo = album / "a" / "blue.jpg"
    linked = tmp_path / "list.txt"
    os.link(photo, linked)
    before = photo.read_bytes()
    export(library, (), Format.PATHS, linked, overwrite=True)
    assert photo.read_bytes() == before and linked.read_bytes() == b""


def test_targets_that_make_no_sense_are_refused_in_a_sentence(
    library: Library, hits: tuple[Hit, ...], tmp_path: Path
) -> None:
    there = tmp_path / "there.txt"
    there.write_text("mine")
    for format, target, words in (
        (Format.PATHS, tmp_path, "is a folder"),
        (Format.COPIES, there, "is a file"),
        (Format.COPIES, library.folder, "its own library"),
        (Format.COPIES, library.folder / "cache", "its own library"),
        (Format.CSV, library.folder / "found.csv", "its own library"),
        (Format.CSV, there, "there already"),
    ):
        with pytest.raises(CallError, match=words):
            export(library, hits, format, target)
    for format, target, words in (
        (Format.JSON, tmp_path / "nowhere" / "found.json", "is not there"),
        (Format.COPIES, there / "below", "is a file already"),
    ):
        with pytest.raises(ExportError, match=words):
            export(library, hits, format, target)
    assert there.read_text() == "mine"
    assert export(library, hits, Format.PATHS, there, overwrite=True).finished
    assert len(there.read_text().splitlines()) == 4


def test_a_list_that_is_cancelled_or_dropped_is_not_there(
    library: Library, hits: tuple[Hit, ...], tmp_path: Path
) -> None:
    target = tmp_path / "out" / "found.txt"
    target.parent.mkdir()
    steps = list(library.exporter.export(hits, Format.PATHS, target, total=4, cancelled=lambda: True))
    assert not any(step.finished for step in steps)
    run = library.exporter.export(hits, Format.PATHS, target, total=4)
    assert not next(run).finished
    run.close()
    assert list(target.parent.iterdir()) == []


def test_copies_that_are_cancelled_stay_as_far_as_they_are_whole(
    library: Library, hits: tuple[Hit, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    stop = lambda: folder.exists() and len([p for p in folder.iterdir() if p.suffix == ".jpg"]) == 2  # noqa: E731
    *_, last = library.exporter.export(hits, Format.COPIES, folder, total=4, cancelled=stop)
    assert not last.finished and last.done == last.report.written == 2
    assert len(list(folder.iterdir())) == 2
    assert export(library, hits, Format.COPIES, folder).report.present == 2


def test_a_full_disk_ends_it_with_a_sentence(
    library: Library, hits: tuple[Hit, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.copying.place", full)
    with pytest.raises(ExportError, match="disk is full"):
        export(library, hits, Format.COPIES, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ExportError, match="disk is full"):
        export(library, hits, Format.CSV, tmp_path / "found.csv")
    assert not (tmp_path / "found.csv").exists()


def test_names_keep_their_very_bytes(tmp_path: Path) -> None:
    odd = Path("/photos") / os.fsdecode(b"caf\xe9 \xff.jpg")
    hit = Hit(1, 1, b"0" * 16, odd, 0.5, 0.9, True, ("looks like 'a'",), (odd.with_name("copy.jpg"),))
    assert as_bytes("".join(written([hit], Format.PATHS))) == b"/photos/caf\xe9 \xff.jpg\n"
    document = json.loads("".join(written([hit], Format.JSON)))
    assert Path(document["hits"][0]["path"]) == odd
    table = as_bytes("".join(written([hit], Format.CSV))).decode("utf-8", "surrogateescape")
    assert next(csv.DictReader(io.StringIO(table, newline="")))["path"] == str(odd)
    assert as_bytes("\ud800") == b"\xed\xa0\x80", "half a character, as Windows allows it in names"


def test_a_list_of_paths_cannot_hold_a_name_with_a_line_break(library: Library, tmp_path: Path) -> None:
    hit = Hit(1, 1, b"0" * 16, Path("/photos/a\nb.jpg"), 0.5, 0.9, True)
    with pytest.raises(CallError, match="line break"):
        export(library, (hit,), Format.PATHS, tmp_path / "found.txt")
    assert not (tmp_path / "found.txt").exists()
    assert export(library, (hit,), Format.CSV, tmp_path / "found.csv").finished


def test_a_listing_becomes_hits_that_are_certain(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.exporting._AT_ONCE", 2)
    ids = library.browse("folder:b")
    hits = list(hits_of(library, [int(id) for id in ids], "folder:b"))
    assert {hit.path.name for hit in hits} == {"red 1.jpg", "x.jpg"}
    assert all((hit.match, hit.strong, hit.reasons) == (1.0, True, ("folder: b",)) for hit in hits)
