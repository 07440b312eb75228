"""The facade, with real photos, a real catalogue, and an encoder of a small world in place of the model."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.catalog.lock import IndexLock
from core.errors import (
    CallError,
    CatalogMissing,
    CatalogReadOnly,
    FolderError,
    LibraryBusy,
    ModelMissing,
    PhotoError,
)
from core.library import Library, default_folder
from core.search.calibration import Curve
from core.search.store import VectorStore
from core.types import IndexReport, Phase
from tests.colours import ColourEncoder, paint

PROJECT = Path(__file__).resolve().parents[2]


class ColourLibrary(Library):
    """The library with the small encoder in place of the bundled model."""

    @cached_property
    def colours(self) -> ColourEncoder:
        return ColourEncoder()

    @cached_property
    def info(self) -> Any:
        return SimpleNamespace(
            name="colours",
            model_id="colours-1",
            dim=4,
            image_size=32,
            calibration=Curve(20.0, -16.0, 0.5),
            photo_calibration=Curve(15.0, -9.7, 0.4),
            folder=self.folder / "no model",
        )

    @property
    def encoder(self) -> Any:
        return self.colours

    def local_encoder(self) -> Any:
        return self.colours


def run(library: Library, folders: Sequence[Path] | None = None) -> IndexReport:
    *_, last = library.index(folders)
    assert last.phase is Phase.DONE
    return last.report


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Three photos in two folders, and a file that is none."""
    folder = tmp_path / "album"
    paint(folder / "2019" / "IMG-20190704-WA0001.jpg", "red")
    paint(folder / "2019" / "IMG-20190705-WA0002.jpg", "green")
    paint(folder / "2020" / "IMG-20200101-WA0003.jpg", "blue")
    (folder / "2020" / "broken.jpg").write_bytes(b"\xff\xd8 no photo at all")
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[ColourLibrary]:
    with ColourLibrary.open(tmp_path / "library") as library:
        yield library


def names(library: Library, ids: Iterable[int]) -> list[str]:
    return [photo.path.name[:14] for photo in library.photos(list(ids))]


def test_from_a_folder_to_a_hit(library: ColourLibrary, album: Path) -> None:
    root = library.add_root(album)
    report = run(library)
    assert (report.scanned, report.encoded, report.reused, report.failed) == (4, 3, 0, 1)
    hit = library.search("something green", top=1).hits[0]
    assert hit.path == album / "2019" / "IMG-20190705-WA0002.jpg"
    assert library.search("something green", worker=True).hits[0] == hit
    [failure] = library.failures()
    assert failure.path == album / "2020" / "broken.jpg"
    [status] = library.roots()
    assert (status.root.id, status.online, status.photos, status.failures) == (root.id, True, 3, 1)
    assert run(library).reused == 3
    assert len(library.colours.encoded) == 3


def test_warming_up_has_the_worker_answer_and_holds_the_graphs(
    library: ColourLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    worker = SimpleNamespace(start=lambda: done.append("worker"), encode_texts=lambda _: done.append("sentence"))
    monkeypatch.setattr(library, "_worker_for", lambda _: worker)
    monkeypatch.setattr(VectorStore, "warm", lambda _: done.append("graphs"))
    library.warm_up()
    assert done == ["worker", "sentence", "graphs"]


def test_only_a_process_that_was_warmed_up_holds_graphs_after_indexing(
    library: ColourLibrary, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    monkeypatch.setattr(VectorStore, "build_graph", lambda *_, threads, hold: held.append(hold))
    monkeypatch.setattr(library, "_worker_for", lambda _: SimpleNamespace(start=int, encode_texts=len))
    library.add_root(album)
    list(library.index([]))
    library.warm_up()
    list(library.index([]))
    assert held == [False, True]


def test_browsing_is_newest_first_and_filtered(library: ColourLibrary, album: Path) -> None:
    library.add_root(album)
    run(library)
    assert names(library, library.browse()) == ["IMG-20200101-W", "IMG-20190705-W", "IMG-20190704-W"]
    assert names(library, library.browse("folder:2019")) == ["IMG-20190705-W", "IMG-20190704-W"]
    assert library.browse("date:1999").dtype == np.int64
    assert len(library.browse("date:1999")) == 0


def test_similar_and_like_take_a_path_in_any_form(
    library: ColourLibrary, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add_root(album)
    run(library)
    monkeypatch.chdir(album / "2019")
    result = library.similar(Path("IMG-20190704-WA0001.jpg"), top=5)
    assert {hit.path.name[:14] for hit in result.hits} == {"IMG-20190705-W", "IMG-20200101-W"}
    outside = paint(tmp_path / "outside.png", "blue", 7)
    assert library.search("", like=outside, top=1).hits[0].path.name == "IMG-20200101-WA0003.jpg"
    with pytest.raises(PhotoError):
        library.similar(tmp_path / "not there.jpg")
    with pytest.raises(CallError):
        library.search("   ")


def test_one_photo_with_all_that_is_known(library: ColourLibrary, tmp_path: Path) -> None:
    path = paint(tmp_path / "album" / "a.jpg", "red")
    path.with_suffix(".txt").write_text("A red wall", encoding="utf-8")
    library.add_root(path.parent)
    run(library)
    [photo_id] = library.browse().tolist()
    photo = library.photo(photo_id)
    assert photo is not None
    assert photo.path == path
    assert (photo.metadata.width, photo.metadata.height) == (200, 150)
    assert list(photo.metadata.captions) == library.captions(photo_id)
    assert [caption.text for caption in library.captions(photo_id)] == ["A red wall"]
    assert library.tags(photo_id) == []
    assert library.photo(10**6) is None
    assert library.photos([]) == []


def test_a_folder_inside_a_root_is_indexed_alone(library: ColourLibrary, album: Path) -> None:
    library.add_root(album)
    assert library.add_root(album / "2019").path == album
    report = run(library, [album / "2019"])
    assert (report.scanned, report.encoded) == (2, 2)
    with pytest.raises(CallError, match=r"not in the library. It has: .*album"):
        run(library, [album.parent])


def test_a_parent_takes_its_folders_over_without_encoding(library: ColourLibrary, album: Path) -> None:
    library.add_root(album / "2019")
    library.add_root(album / "2020")
    run(library)
    before = {photo.path: photo.id for photo in library.photos(library.browse().tolist())}
    library.colours.encoded.clear()
    parent = library.add_root(album)
    assert [status.root.path for status in library.roots()] == [album]
    assert {photo.path: photo.id for photo in library.photos(library.browse().tolist())} == before
    report = run(library)
    assert (report.scanned, report.encoded, report.reused, report.failed) == (4, 0, 3, 1)
    assert library.colours.encoded == []
    assert library.add_root(album) == library.roots()[0].root
    assert parent.path == album


def test_an_offline_root_is_not_taken_over(library: ColourLibrary, album: Path, tmp_path: Path) -> None:
    library.add_root(album / "2019")
    run(library)
    shutil.move(album / "2019", tmp_path / "unplugged")
    library.add_root(album)
    run(library)
    assert {status.root.path: status.photos for status in library.roots()} == {album / "2019": 2, album: 1}
    shutil.move(tmp_path / "unplugged", album / "2019")
    report = run(library)
    assert (report.encoded, report.reused) == (0, 3)
    assert sorted(status.photos for status in library.roots()) == [1, 2]


def test_folders_that_cannot_be_added(library: ColourLibrary, album: Path) -> None:
    with pytest.raises(FolderError, match="is not there"):
        library.add_root(album / "nowhere")
    with pytest.raises(FolderError, match="is a file"):
        library.add_root(album / "2020" / "broken.jpg")
    library.thumbnails.put_many([(b"0" * 16, b"jpeg")])
    for own in (library.folder, library.folder / "cache"):
        with pytest.raises(FolderError, match="its own library"):
            library.add_root(own)
    assert library.roots() == []


def test_a_root_that_holds_the_library_leaves_it_out(library: ColourLibrary, album: Path) -> None:
    shutil.copytree(album, library.folder / "inside")
    library.add_root(library.folder.parent)
    report = run(library)
    assert report.scanned > 0
    found = [photo.path for photo in library.photos(library.browse().tolist())]
    assert found and not [path for path in found if path.is_relative_to(library.folder)]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_root_keeps_its_name_and_is_known_by_its_others(library: ColourLibrary, album: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(album)
    assert library.add_root(link).path == link
    assert library.add_root(album).path == link
    report = run(library, [album / "2019"])
    assert report.encoded == 2
    assert {photo.path.parent for photo in library.photos(library.browse().tolist())} == {link / "2019"}
    assert library.forget(album) == 2


def test_forgetting_takes_photos_embeddings_and_thumbnails(library: ColourLibrary, album: Path, tmp_path: Path) -> None:
    shared = tmp_path / "other" / "copy.jpg"
    shared.parent.mkdir()
    shutil.copy(album / "2020" / "IMG-20200101-WA0003.jpg", shared)
    library.add_root(album)
    library.add_root(shared.parent)
    run(library)
    hashes = {photo.path.name: photo.content_hash for photo in library.photos(library.browse().tolist())}
    with pytest.raises(CallError, match="lies in"):
        library.forget(album / "2019")
    with pytest.raises(CallError, match=r"It has: .*album.*other"):
        library.forget(tmp_path)
    with IndexLock(library.folder), pytest.raises(LibraryBusy):
        library.forget(album)
    assert library.forget(album) == 3
    assert names(library, library.browse()) == ["copy.jpg"]
    assert library.thumbnails.get(hashes["IMG-20190704-WA0001.jpg"]) is None
    assert library.thumbnails.get(hashes["copy.jpg"]) is not None
    assert library.failures() == []
    status = library.status()
    assert (status.photos, status.contents, status.embedded) == (1, 1, 1)
    assert [hit.path for hit in library.search("red").hits] == [shared]
    assert (album / "2020" / "broken.jpg").exists()
    assert library.forget(shared.parent) == 1
    with pytest.raises(CallError, match="no folder yet"):
        library.forget(album)


def test_thumbnails_come_back_from_any_copy_that_did_not_change(
    library: ColourLibrary, album: Path, tmp_path: Path
) -> None:
    copy = album / "2020" / "copy.jpg"
    shutil.copy2(album / "2019" / "IMG-20190704-WA0001.jpg", copy)
    library.add_root(album)
    run(library)
    photo = next(photo for photo in library.photos(library.browse().tolist()) if photo.path == copy)
    library.thumbnails.remove([photo.content_hash])
    (album / "2019" / "IMG-20190704-WA0001.jpg").unlink()
    made = library.thumbnail(photo.content_hash)
    assert made is not None
    assert max(Image.open(BytesIO(made)).size) <= 384
    assert library.thumbnails.get(photo.content_hash) == made
    library.thumbnails.remove([photo.content_hash])
    paint(copy, "yellow", 99)
    assert library.thumbnail(photo.content_hash) is None
    assert library.thumbnail(b"?" * 16) is None


def test_stopping_a_run_keeps_what_it_stored(library: ColourLibrary, tmp_path: Path) -> None:
    for number in range(150):
        paint(tmp_path / "album" / f"{number}.jpg", "red", number)
    library.add_root(tmp_path / "album")
    steps = library.index()
    for progress in steps:
        if progress.done > 70:
            break
    steps.close()
    stored = library.status().photos
    assert 0 < stored <= 150
    report = run(library)
    assert (report.scanned, report.encoded + report.reused) == (150, 150)
    assert len(library.browse()) == 150
    with IndexLock(library.folder), pytest.raises(LibraryBusy):
        run(library)


def test_a_library_that_cannot_be_written_can_be_searched(
    tmp_path: Path, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.catalog import connection

    with ColourLibrary.open(tmp_path / "library") as library:
        library.add_root(album)
        run(library)
    monkeypatch.setattr(connection, "is_writable", lambda folder: False)
    with ColourLibrary.open(tmp_path / "library") as library:
        assert library.read_only
        assert library.status().read_only
        assert library.search("green", top=1).hits[0].path.name == "IMG-20190705-WA0002.jpg"
        assert len(library.browse()) == 3
        for change in (lambda: library.forget(album), lambda: library.add_root(tmp_path), lambda: run(library)):
            with pytest.raises(CatalogReadOnly, match="searched but not changed"):
                change()


def test_opening_without_making(tmp_path: Path) -> None:
    with pytest.raises(CatalogMissing):
        Library.open(tmp_path / "library", create=False)
    assert not (tmp_path / "library").exists()


def test_what_needs_no_model_works_without_one(tmp_path: Path, album: Path) -> None:
    with Library.open(tmp_path / "library", model=tmp_path / "no model") as library:
        library.add_root(album)
        assert len(library.roots()) == 1
        assert library.status().model is None
        assert list(library.browse()) == []
        for use in (lambda: run(library), lambda: library.search("a dog")):
            with pytest.raises(ModelMissing, match="no model"):
                use()
        assert library.forget(album) == 0


def test_a_closed_library_leaves_the_folder_to_others(tmp_path: Path, album: Path) -> None:
    library = ColourLibrary.open(tmp_path / "library")
    library.add_root(album)
    run(library)
    library.search("red")
    library.close()
    library.close()
    shutil.rmtree(tmp_path / "library")


def test_opening_is_quick_to_import() -> None:
    source = """
    import sys
    import core.library
    heavy = {"openvino", "tokenizers", "hnswlib", "sqlite_utils", "PIL", "rawpy", "torch", "PySide6", "ftfy"}
    raise SystemExit(", ".join(sorted(heavy & set(sys.modules))) or 0)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(source)], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_default_folder_is_the_platforms(own_home: Path) -> None:
    assert default_folder().name == "retrouve"
    if sys.platform == "linux":
        assert default_folder().is_relative_to(own_home)


@pytest.mark.slow
def test_the_bundled_model_in_the_worker(tmp_path: Path, starter: Path, album: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        library.add_root(album)
        report = run(library)
        assert (report.encoded, report.failed) == (3, 1)
        assert len(library.search("a red wall").hits) == 3
        assert all(check.ok for check in library.doctor() if check.name != "disk"), library.doctor()
