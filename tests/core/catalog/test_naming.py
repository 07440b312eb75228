"""File names in any encoding, kept and given back."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.catalog import folders, photos, roots
from core.catalog.connection import Catalog
from core.catalog.naming import readable, to_name, to_text
from core.types import FileStamp, PhotoMetadata

ANY_TEXT = st.text(st.characters(codec=None, categories=None))


@given(ANY_TEXT)
@example("plain.jpg")
@example("\udcff.jpg")
@example("\ufdd0dcff.jpg")
@example("\ufdd0")
@example("\ud83d unpaired")
def test_every_name_comes_back(name: str) -> None:
    text = to_text(name)
    text.encode("utf-8")
    assert to_name(text) == name


@given(ANY_TEXT, ANY_TEXT)
@example("\udcff", "\ufdd0dcff")
def test_different_names_stay_different(one: str, other: str) -> None:
    assert (to_text(one) == to_text(other)) == (one == other)


@given(st.text())
def test_names_that_people_can_read_stay_as_they_are(name: str) -> None:
    if "\ufdd0" not in name:
        assert to_text(name) == name


@given(ANY_TEXT)
def test_words_can_always_be_stored(words: str) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        [stored] = db.execute("SELECT ?", [readable(words)]).fetchone()
    assert len(stored) == len(words)


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux alone")
def test_a_file_whose_name_is_no_text(catalog: Catalog, tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode(b"caf\xe9") / "inner"
    place.mkdir(parents=True)
    path = place / os.fsdecode(b"\xff.jpg")
    path.write_bytes(b"x")
    [found] = [Path(entry.path) for entry in os.scandir(place)]

    def work(db: sqlite3.Connection) -> int:
        root = roots.add(db, found.parent.parent, None)
        folder_id = folders.ensure(db, root.id, "inner")
        content = db.execute("INSERT INTO content (hash) VALUES (?) RETURNING id", [b"h" * 16]).fetchone()[0]
        return photos.upsert(db, folder_id, found.name, FileStamp(1, 2, 3), content, PhotoMetadata())

    photo_id = catalog.write(work)
    with catalog.read() as db:
        [photo] = photos.by_ids(db, [photo_id])
        assert photo.path == found
        assert photo.path.read_bytes() == b"x"
        assert photos.by_path(db, found) == photo
        [root] = roots.all(db)
        assert os.fsencode(root.path).endswith(b"caf\xe9")
        [known] = photos.known(db, root.id)
        assert os.fsencode(known.name) == b"\xff.jpg"
