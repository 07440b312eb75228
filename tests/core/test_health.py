"""The doctor and the status, of libraries that are well and of those that are not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from core import health
from core.catalog import contents, embeddings, failures, folders, linking, photos, roots
from core.health import Check
from core.library import Library
from core.models import probing
from core.models.encoder import EncoderSpec
from core.models.openvino import OpenVinoEncoder, cores, machine
from core.models.probing import Choice
from core.models.registry import ModelInfo, load_info, starter_folder
from core.types import FileStamp, PhotoMetadata


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", model=tmp_path / "no model") as library:
        yield library


def fill(library: Library, root: Path, count: int = 3) -> None:
    root.mkdir(exist_ok=True)
    (root / "something.txt").write_text("x")

    def work(db: object) -> None:
        root_id = roots.add(db, root, None).id  # type: ignore[arg-type]
        folder_id = folders.ensure(db, root_id, "")  # type: ignore[arg-type]
        for number in range(count):
            content_id = contents.ensure(db, os.urandom(16))  # type: ignore[arg-type]
            stamp = FileStamp(1, 1, number)
            photos.upsert(db, folder_id, f"{number}.jpg", stamp, content_id, PhotoMetadata())  # type: ignore[arg-type]
        failures.record(db, folder_id, "x.jpg", FileStamp(1, 1, 9), "The file is empty.")  # type: ignore[arg-type]

    library.catalog.write(work)


def found(library: Library) -> dict[str, Check]:
    return {check.name: check for check in library.doctor()}


def test_status_counts(library: Library, tmp_path: Path) -> None:
    fill(library, tmp_path / "album")
    library.thumbnails.put_many([(b"h" * 16, b"j" * 50_000)])
    status = library.status()
    assert status.library == tmp_path / "library"
    assert (status.roots, status.photos, status.contents, status.embedded, status.failures) == (1, 3, 3, 0, 1)
    assert (status.model, status.model_id, status.index) == (None, None, "exact")
    assert status.catalog_bytes > 100_000
    assert status.cache_bytes > 50_000
    assert status.version != "unknown"
    assert not status.read_only


def test_a_missing_model_is_a_finding_and_the_rest_is_looked_at(library: Library, tmp_path: Path) -> None:
    fill(library, tmp_path / "album")
    checks = found(library)
    assert not checks["model"].ok
    assert "no model" in checks["model"].sentence
    assert not checks["encoder"].ok
    for name in ("catalogue", "folder", "failures", "thumbnails", "root", "devices"):
        assert checks[name].ok, checks[name]
    assert "1 files could not be read" in checks["failures"].sentence
    assert "3 photos" in checks["root"].sentence


def test_doctor_says_how_photos_are_encoded_and_how_far_ahead(tmp_path: Path) -> None:
    """By rule before anything was measured, and as it was measured then."""
    spec = EncoderSpec(starter_folder(), cache=tmp_path)
    said = health._way(OpenVinoEncoder(spec))
    assert "as is best as a rule" in said and "five thousand" in said
    assert f"{cores()} threads read photos, of which at most" in said
    choice = Choice("f32", 8, 9, machine(), (("f32/4x9", 90.0), ("f32/8x9", 100.0)))
    probing.keep(tmp_path, load_info(starter_folder()), choice)
    said = health._way(OpenVinoEncoder(spec))
    assert "in f32, 8 at once on each of 9 streams: measured here, photos a second: f32 100." in said
    assert said.endswith("at most 216 are under way.")


def test_an_offline_root(library: Library, tmp_path: Path) -> None:
    fill(library, tmp_path / "album")
    shutil.rmtree(tmp_path / "album")
    check = found(library)["root"]
    assert not check.ok
    assert "kept" in check.sentence


def test_little_space(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=300_000_000))
    check = found(library)["disk"]
    assert not check.ok
    assert "300 MB" in check.sentence


def test_photos_that_are_not_encoded(library: Library, tmp_path: Path) -> None:
    fill(library, tmp_path / "album")
    library._wanted[None] = cast(ModelInfo, SimpleNamespace(name="m", model_id="m-1", dim=2))
    check = health._embeddings(library)
    assert not check.ok
    assert check.sentence.startswith("3 photos")

    def encode(db: object) -> None:
        import numpy as np

        model = embeddings.model_id(db, "m-1", 2)  # type: ignore[arg-type]
        rows = [(id, np.array([1.0, 0.0])) for id in embeddings.missing(db, model)]  # type: ignore[arg-type]
        embeddings.add(db, model, rows)  # type: ignore[arg-type]

    library.catalog.write(encode)
    assert health._embeddings(library).ok
    assert library.status().embedded == 3


def test_words_in_step_behind_and_damaged(library: Library, tmp_path: Path) -> None:
    fill(library, tmp_path / "album")
    assert found(library)["words"] == Check(
        "words", True, "The index of captions, tags and names is in step with the catalogue."
    )
    with closing(linking.connect(library.catalog.path, linking.Mode.WRITE, 5)) as db:
        db.execute("INSERT INTO caption (photo_id, text, source) VALUES (1, 'A dog', 'user')")
    check = found(library)["words"]
    assert not check.ok and "behind the catalogue in 1 place " in check.sentence and "index`" in check.sentence
    library.catalog.write(lambda db: None)
    assert found(library)["words"].ok, "any write brings it up to date"
    library.catalog.write(lambda db: db.execute("DELETE FROM caption_words"))
    check = found(library)["words"]
    assert not check.ok and "differs from the catalogue in 1 place:" in check.sentence
    library.catalog.write(lambda db: db.execute("UPDATE folder_words_content SET c0 = 'nonsense'"))
    check = found(library)["words"]
    assert not check.ok and "is damaged" in check.sentence and "--mend" in check.sentence
    [mended] = [check for check in library.doctor(mend=True) if check.name == "words"]
    assert mended.ok and mended.sentence.endswith("made anew.")
    assert found(library)["words"].sentence.endswith("in step with the catalogue.")


def test_nothing_is_mended_where_nothing_can_be_written(library: Library, tmp_path: Path) -> None:
    fill(library, tmp_path / "album")
    library.catalog.write(lambda db: db.execute("DELETE FROM name_words"))
    library.catalog.read_only = True
    [check] = [check for check in library.doctor(mend=True) if check.name == "words"]
    assert not check.ok and "nothing can be written" in check.sentence


def test_a_damaged_catalogue_is_found(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        fill(library, tmp_path / "album", 5000)
    path = tmp_path / "library" / "catalog.sqlite"
    content = bytearray(path.read_bytes())
    for place in range(80 * 16384, len(content), 16384):
        content[place : place + 64] = b"\xff" * 64
    path.write_bytes(content)
    with Library.open(tmp_path / "library", model=tmp_path / "no model") as library:
        check = found(library)["catalogue"]
    assert not check.ok
    assert "Your photos are safe" in check.sentence


def test_thumbnails_that_cannot_be_read(library: Library, tmp_path: Path) -> None:
    (tmp_path / "library" / "cache").mkdir()
    (tmp_path / "library" / "cache" / "thumbnails.sqlite").write_bytes(b"garbage" * 3000)
    assert not health._thumbnails(library).ok
    assert health._thumbnails(library).ok


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (73_000_000, "73 MB"), (2.5e12, "2.5 TB")]
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert health._words(size) == words
