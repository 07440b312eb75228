"""Whether the word index is in step: what is found wrong with it, and that making it anew mends that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.catalog import contents, folders, linking, photos, roots, word_checking, word_index
from core.catalog.connection import Catalog, structural
from core.types import FileStamp, FoundCaption, PhotoMetadata
from tests.core.catalog.words_of_catalog import is_in_step

MANY = 300


def fill(db: sqlite3.Connection) -> None:
    """Photos with and without captions, tags and words in their names."""
    root = roots.add(db, Path("/photos"), None)
    for number in range(MANY):
        said = (FoundCaption(f"Grandma and dog {number}", "xmp"), FoundCaption("...", "iptc"))[: number % 3]
        folder = folders.ensure(db, root.id, f"Italy {number % 7}")
        metadata = PhotoMetadata(captions=said, keywords=("Cat", "--")[: number % 3])
        content = contents.ensure(db, number.to_bytes(16, "big"))
        name = "!!!.jpg" if number == 5 else f"IMG_{number}.jpg"
        photos.upsert(db, folder, name, FileStamp(1, 2, number), content, metadata)


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    catalog.write(fill)
    return catalog


def past_the_writer(catalog: Catalog, sql: str) -> None:
    """What another program does."""
    with closing(linking.connect(catalog.path, linking.Mode.WRITE, 5)) as db:
        db.execute(sql)


def test_a_whole_one_is_in_step(filled: Catalog) -> None:
    seen = word_checking.look(filled)
    assert seen.in_step and (seen.waiting, seen.differing, seen.damaged) == (0, 0, ())
    assert is_in_step(filled), "and so says who builds it from nothing"


def test_an_empty_one_is_in_step(catalog: Catalog) -> None:
    assert word_checking.look(catalog).in_step


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("INSERT INTO caption (photo_id, text, source) VALUES (4, 'A cat', 'user')", 1),
        ("DELETE FROM photo WHERE id <= 10", 10),
        ("UPDATE root SET path = '/mnt/other'", 7),
        ("UPDATE label SET name = 'Hund' WHERE name = 'Cat'", 1),
    ],
)
def test_what_waits_is_told_from_what_is_wrong(filled: Catalog, sql: str, count: int) -> None:
    past_the_writer(filled, sql)
    seen = word_checking.look(filled)
    assert (seen.waiting, seen.differing, seen.damaged) == (count, 0, ())
    assert word_checking.look(filled) == seen, "looking changes nothing"
    filled.write(lambda db: None)
    assert word_checking.look(filled).in_step


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("DELETE FROM caption_words WHERE rowid = 2", 1),
        ("DELETE FROM name_words WHERE rowid > 290", 10),
        ("UPDATE name_words SET text = 'nonsense' WHERE rowid = 2", 1),
        ("INSERT INTO name_words (rowid, text) VALUES (6, 'a photo without a word in its name')", 1),
        ("INSERT INTO folder_words (rowid, text) VALUES (77, 'gone')", 1),
        ("INSERT INTO label_words (rowid, text) VALUES (0, 'gone')", 1),
        ("DELETE FROM label_words", 1),
        ("UPDATE caption_size SET words = 40 WHERE photo_id < 10", 6),
    ],
)
def test_every_row_that_is_wrong_is_counted_and_mended(filled: Catalog, sql: str, count: int) -> None:
    filled.write(lambda db: db.execute(sql))
    seen = word_checking.look(filled)
    assert (seen.waiting, seen.differing, seen.damaged) == (0, count, ())
    filled.write(word_index.rebuild)
    assert word_checking.look(filled).in_step
    assert is_in_step(filled)


def _swap(db: sqlite3.Connection) -> None:
    """The rows say one thing and what is looked up another."""
    db.execute("UPDATE name_words_content SET c0 = 'nonsense' WHERE id = 7")


def _empty(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM name_words_data WHERE id > 10")


def _garble(db: sqlite3.Connection) -> None:
    db.execute("UPDATE name_words_data SET block = zeroblob(length(block)) WHERE id > 10")


@pytest.mark.parametrize("damage", [_swap, _empty, _garble])
def test_what_cannot_be_looked_up_is_found_and_mended(
    filled: Catalog, damage: Callable[[sqlite3.Connection], None]
) -> None:
    filled.write(damage)
    seen = word_checking.look(filled)
    assert seen.damaged == ("name_words",) and not seen.in_step
    filled.write(word_index.rebuild)
    assert word_checking.look(filled).in_step
    assert is_in_step(filled)


def test_a_library_that_can_only_be_read_is_compared_all_the_same(filled: Catalog) -> None:
    filled.write(lambda db: db.execute("DELETE FROM caption_words WHERE rowid = 2"))
    with Catalog.open(filled.path.parent, read_only=True) as catalog:
        assert word_checking.look(catalog).differing == 1
    filled.write(word_index.rebuild)
    with Catalog.open(filled.path.parent, read_only=True) as catalog:
        assert word_checking.look(catalog).in_step


def test_what_newer_sqlite_says_of_the_word_index_is_not_about_the_file() -> None:
    words = "malformed inverted index for FTS5 table main.name_words"
    assert structural(["ok"]) == structural([words]) == []
    broken = "Tree 12 page 40: btreeInitPage() returns error code 11"
    assert structural([broken, words]) == [broken]
